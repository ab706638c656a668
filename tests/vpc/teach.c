/*
 * teach.c - what a teaching Unix for PCs does between its entry and its first program, in its ways: large pages, an MP
 * table that must be there, all 224 MiB touched, local APIC and I/O APIC instead of the 8259s, start-up of a processor
 * that is not there, two disks by interrupt 14, keyboard by 1, serial line by 4 with its outputs off. It asks
 * for no CPUID, and never halts. With "shell" in its command line it ends in a shell, which takes keys by interrupt 1,
 * writes to serial line and screen, and knows: echo WORDS, cat DISK SECTOR (its first word), halt STATUS.
 */
#include "lib/interrupts.h"
#include "lib/paging.h"
#include "lib/words.h"

#define KERNEL_BASE 0x80000000u
#define LARGE (4u << 20)
#define RAM_TOP 0x0E000000u             /* 224 MiB */
#define PRESENT 0x83u                   /* large, writable */
#define VECTOR 32u
#define VECTOR_SPURIOUS (VECTOR + 31)
#define VECTOR_ERROR (VECTOR + 19)
#define IDE 0x1F0u
enum { LINE_TIMER, LINE_KEYBOARD, LINE_SERIAL = 4, LINE_IDE = 14 };

static uint32_t directory[1024] __attribute__((aligned(4096)));
static uint8_t stack0[4096];
static volatile uint32_t *lapic, *ioapic;
static uint8_t ioapic_id, processors;
static volatile uint32_t lock, counts[16];
static uint32_t sector[128];

#define KEYS 64u
#define LINE_BYTES 64u
#define FIRST_ROW 2u
#define ROWS 25u
#define COLUMNS 80u
#define SPACE 0x39u

/* By scancode of set 1, as far as it goes. */
static const char letters[] = "\0\0" "1234567890" "\0\0\0\0" "qwertyuiop" "\0\0\n\0" "asdfghjkl" "\0\0\0\0\0" "zxcvbnm";
static volatile uint8_t keys[KEYS];
static volatile bool has_shell;
static unsigned keys_taken, row = FIRST_ROW, column;

static void write_apic(unsigned offset, uint32_t value)
{
    lapic[offset / 4] = value;
    (void)lapic[0x20 / 4];              /* as such kernels wait for a write to be over */
}

static void acquire(void)
{
    uint32_t value;

    do {
        value = 1;
        __asm__ volatile("lock; xchgl %0, %1" : "+m"(lock), "+r"(value) : : "memory");
    } while (value != 0);
}

static void on_line(struct frame *frame)
{
    acquire();
    counts[frame->vector - VECTOR]++;
    __asm__ volatile("movl $0, %0" : "+m"(lock));
    if (frame->vector == VECTOR + LINE_KEYBOARD && has_shell)
        keys[counts[LINE_KEYBOARD] % KEYS] = inb(0x60);
    else if (frame->vector == VECTOR + LINE_KEYBOARD)
        check(inb(0x64) & 1 && inb(0x60) == 0x1E, "key");
    if (frame->vector == VECTOR + LINE_SERIAL)
        (void)inb(COM1 + 2);
    if (frame->vector == VECTOR + LINE_IDE)
        check((inb(IDE + 7) & 0xC1) == 0x40, "IDE status");
    write_apic(0xB0, 0);
}

/* As a spinning scheduler does. */
static void wait_for(unsigned line, uint32_t count)
{
    while (counts[line] < count) {
        sti();
        __asm__ volatile("nop");
        cli();
    }
}

static const uint8_t *search(uint32_t from, uint32_t bytes)
{
    for (const uint8_t *at = (const uint8_t *)from; at < (const uint8_t *)(from + bytes); at += 16) {
        uint8_t sum = 0;
        for (unsigned i = 0; i < 16; i++)
            sum = (uint8_t)(sum + at[i]);
        if (memcmp(at, "_MP_", 4) == 0 && sum == 0)
            return at;
    }
    return NULL;
}

/* Extended BIOS data; else the last KiB of base memory; else the ROM. */
static const uint8_t *find_table(void)
{
    const uint8_t *data = (const uint8_t *)(KERNEL_BASE + 0x400), *found = NULL;
    uint32_t extended = (uint32_t)(data[0x0F] << 8 | data[0x0E]) << 4;

    if (extended != 0)
        found = search(KERNEL_BASE + extended, 1024);
    else
        found = search(KERNEL_BASE + (uint32_t)(data[0x14] << 8 | data[0x13]) * 1024 - 1024, 1024);
    return found != NULL ? found : search(KERNEL_BASE + 0xF0000, 0x10000);
}

static bool read_processors(void)
{
    const uint8_t *pointer = find_table();

    if (pointer == NULL || *(const uint32_t *)(pointer + 4) == 0)
        return false;
    const uint8_t *table = (const uint8_t *)(KERNEL_BASE + *(const uint32_t *)(pointer + 4)), *at = table + 44;
    if (memcmp(table, "PCMP", 4) != 0 || (table[6] != 1 && table[6] != 4))
        return false;
    lapic = *(volatile uint32_t *const *)(table + 36);
    for (const uint8_t *end = table + *(const uint16_t *)(table + 4); at < end; at += *at == 0 ? 20 : 8) {
        if (*at > 4)
            return false;
        processors = (uint8_t)(processors + (*at == 0));
        if (*at == 2)
            ioapic = *(volatile uint32_t *const *)(at + 4), ioapic_id = at[1];
    }
    if (pointer[12] != 0) {             /* the interrupt mode register has to be told */
        outb(0x22, 0x70);
        outb(0x23, inb(0x23) | 1);
    }
    return ioapic != NULL;
}

static void start_lapic(void)
{
    write_apic(0xF0, 0x100 | VECTOR_SPURIOUS);
    write_apic(0x3E0, 0x0B);
    write_apic(0x320, 0x20000 | (VECTOR + LINE_TIMER));
    write_apic(0x380, 10000000);
    write_apic(0x350, 0x10000);
    write_apic(0x360, 0x10000);
    if ((lapic[0x30 / 4] >> 16 & 0xFF) >= 4)
        write_apic(0x340, 0x10000);
    write_apic(0x370, VECTOR_ERROR);
    write_apic(0x280, 0);
    write_apic(0x280, 0);
    write_apic(0xB0, 0);
    write_apic(0x310, 0);
    write_apic(0x300, 0x80000 | 0x500 | 0x8000);
    while (lapic[0x300 / 4] & 0x1000)
        ;
    write_apic(0x80, 0);
}

static void write_pin(unsigned index, uint32_t value)
{
    ioapic[0] = index;
    ioapic[4] = value;
}

static void start_ioapic(void)
{
    ioapic[0] = 1;
    unsigned most = ioapic[4] >> 16 & 0xFF;
    ioapic[0] = 0;
    check((ioapic[4] >> 24 & 15) == ioapic_id, "number of the I/O APIC");
    for (unsigned pin = 0; pin <= most; pin++) {
        write_pin(0x10 + 2 * pin, 0x10000 | (VECTOR + pin));
        write_pin(0x11 + 2 * pin, 0);
    }
    const unsigned open[] = { LINE_KEYBOARD, LINE_SERIAL, LINE_IDE };
    for (unsigned i = 0; i < 3; i++) {
        write_pin(0x10 + 2 * open[i], VECTOR + open[i]);
        write_pin(0x11 + 2 * open[i], lapic[0x20 / 4] & 0xFF000000);
    }
}

/* A processor that nobody has: shutdown code, warm reset vector, INIT, twice start-up. Nobody may come. */
static void start_other(void)
{
    volatile uint16_t *warm = (volatile uint16_t *)(KERNEL_BASE + (0x40 << 4 | 0x67));

    outb(0x70, 0x0F);
    outb(0x71, 0x0A);
    warm[0] = 0;
    warm[1] = 0x7000 >> 4;
    write_apic(0x310, 1u << 24);
    write_apic(0x300, 0xC500);
    write_apic(0x300, 0x8500);
    for (unsigned i = 0; i < 2; i++) {
        write_apic(0x310, 1u << 24);
        write_apic(0x300, 0x600 | 0x7000 >> 12);
    }
    outb(0x71, 0);
    say("nobody was started\n");
}

/* All frames, as a list of free ones is made: each is filled, and the first word is the next one's address. */
static void touch_all(uint32_t from)
{
    uint32_t last = 0, count = 0;

    for (uint32_t page = from; page < RAM_TOP; page += 4096) {
        uint32_t to = KERNEL_BASE + page, words = 1024;
        __asm__ volatile("rep stosl" : "+D"(to), "+c"(words) : "a"(0x01010101) : "memory");
        *(uint32_t *)(KERNEL_BASE + page) = last;
        last = KERNEL_BASE + page;
    }
    for (; last != 0; last = *(uint32_t *)last, count++)
        check(*(uint32_t *)(last + 4092) == 0x01010101, "a frame");
    say("%u frames\n", count);
}

static void wait_disk(void)
{
    while ((inb(IDE + 7) & 0xC0) != 0x40)
        ;
}

static void begin_disk(unsigned disk, uint32_t number, uint8_t command)
{
    wait_disk();
    outb(0x3F6, 0);
    outb(IDE + 2, 1);
    outb(IDE + 3, (uint8_t)number);
    outb(IDE + 4, (uint8_t)(number >> 8));
    outb(IDE + 5, (uint8_t)(number >> 16));
    outb(IDE + 6, (uint8_t)(0xE0 | disk << 4 | (number >> 24 & 15)));
    outb(IDE + 7, command);
}

static void read_disk(unsigned disk, uint32_t number)
{
    uint32_t *to = sector, count = 128, before = counts[LINE_IDE];

    begin_disk(disk, number, 0x20);
    wait_for(LINE_IDE, before + 1);
    __asm__ volatile("rep insl" : "+D"(to), "+c"(count) : "d"(IDE) : "memory");
}

static void write_disk(unsigned disk, uint32_t number)
{
    uint32_t *from = sector, count = 128, before = counts[LINE_IDE];

    begin_disk(disk, number, 0x30);
    __asm__ volatile("rep outsl" : "+S"(from), "+c"(count) : "d"(IDE) : "memory");
    wait_for(LINE_IDE, before + 1);
}

static void use_disks(void)
{
    unsigned looks = 0;

    wait_disk();
    outb(IDE + 6, 0xF0);
    while (inb(IDE + 7) == 0 && looks < 1000)
        looks++;
    check(looks < 1000, "the second disk");
    outb(IDE + 6, 0xE0);
    read_disk(0, 3);
    check(sector[0] == 4 && sector[127] == 4, "first disk");
    read_disk(1, 3);
    check(sector[0] == 1003 && sector[127] == 1003, "second disk");
    sector[5] = 0xC0B81E;
    write_disk(1, 17);
    read_disk(0, 17);
    check(sector[5] == 18, "the first one's");
    read_disk(1, 17);
    check(sector[5] == 0xC0B81E && sector[6] == 1003, "written");
    say("disks, %u interrupts\n", counts[LINE_IDE]);
}

static void use_console(void)
{
    uint16_t *page = (uint16_t *)(KERNEL_BASE + 0xB8000);

    outb(0x3D4, 14);
    outb(0x3D5, 0);
    outb(0x3D4, 15);
    outb(0x3D5, 80);
    page[80] = 0x0700 | '$';
    outb(0x3D4, 15);
    check(inb(0x3D5) == 80 && (page[80] & 0xFF) == '$', "text page");
    outb(0x64, 0xD2);                   /* a key, as if it had been pressed */
    outb(0x60, 0x1E);
    wait_for(LINE_KEYBOARD, 1);
    outb(COM1 + 4, 0);
    outb(COM1 + 1, 2);
    wait_for(LINE_SERIAL, 1);
    outb(COM1 + 1, 0);
    say("a key, the serial line\n");
}

/* To both consoles. The session is short: after the last row comes the first again. */
static void put(char character)
{
    put_character(character);
    if (character == '\n') {
        row = row + 1 < ROWS ? row + 1 : FIRST_ROW;
        column = 0;
        return;
    }
    ((volatile uint16_t *)(KERNEL_BASE + 0xB8000))[row * COLUMNS + column] = (uint16_t)(0x0700 | (uint8_t)character);
    column = column + 1 < COLUMNS ? column + 1 : 0;
}

static void put_text(const char *text)
{
    while (*text != '\0')
        put(*text++);
}

static char take_key(void)
{
    for (;;) {
        wait_for(LINE_KEYBOARD, keys_taken + 1);
        uint8_t code = keys[++keys_taken % KEYS];
        char letter = code == SPACE ? ' ' : code < sizeof(letters) ? letters[code] : '\0';
        if (letter != '\0')
            return letter;
    }
}

static void take_line(char *line)
{
    unsigned length = 0;

    put_text("$ ");
    for (char letter; (letter = take_key()) != '\n';) {
        if (length + 1 < LINE_BYTES)
            line[length++] = letter;
        put(letter);
    }
    line[length] = '\0';
    put('\n');
}

/* The number that a text begins with; the text goes on behind it and a blank. */
static uint32_t take_number(const char **text)
{
    uint32_t number = 0;

    for (; **text >= '0' && **text <= '9'; (*text)++)
        number = number * 10 + (uint32_t)(**text - '0');
    *text += **text == ' ';
    return number;
}

static void put_number(uint32_t number)
{
    if (number > 9)
        put_number(number / 10);
    put((char)('0' + number % 10));
}

static bool is_command(const char **line, const char *command)
{
    unsigned i = 0;

    while (command[i] != '\0' && (*line)[i] == command[i])
        i++;
    if (command[i] == '\0')
        *line += i;
    return command[i] == '\0';
}

static int run_shell(void)
{
    char typed[LINE_BYTES];

    for (;;) {
        const char *line = typed;
        take_line(typed);
        if (is_command(&line, "halt "))
            return (int)take_number(&line);
        if (is_command(&line, "echo ")) {
            put_text(line);
        } else if (is_command(&line, "cat ")) {
            uint32_t disk = take_number(&line);
            read_disk(disk & 1, take_number(&line));
            put_number(sector[0]);
        } else {
            put_text("what?");
        }
        put('\n');
    }
}

int main(uint32_t magic, const uint32_t *info)
{
    extern uint8_t stack_top[];

    (void)magic;
    for (uint32_t at = 0; at < RAM_TOP; at += LARGE)
        directory[at / LARGE] = directory[(KERNEL_BASE + at) / LARGE] = at | PRESENT;
    for (uint32_t at = 0xFE000000; at != 0; at += LARGE)
        directory[at / LARGE] = at | PRESENT;
    start_paging((uint32_t)directory);
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    for (unsigned i = 0; i < 16; i++)
        set_handler(VECTOR + i, on_line);
    if (!read_processors())
        return 1;
    say("%u processor\n", processors);
    start_lapic();
    pic_mask_all();
    start_ioapic();
    use_console();
    keys_taken = counts[LINE_KEYBOARD];     /* from now on, though the shell comes to them later */
    has_shell = has_word((const char *)info[4], "shell");
    use_disks();
    start_other();
    touch_all(((uint32_t)stack_top + LARGE - 1) & ~(LARGE - 1));
    wait_for(LINE_TIMER, 3);
    say("%u failed\n", failures);
    if (has_shell)
        return run_shell();
    return failures == 0 ? 42 : 1;
}
