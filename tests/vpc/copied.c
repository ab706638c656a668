/*
 * copied.c - works with all that a PC has until a key is typed, and then differs by the key: of one that is copied
 * meanwhile each becomes what its own key says. What it says is the same whether it was copied or not; its status is
 * the key's scancode, if nothing that it looked at was wrong.
 *
 * It works on pages that are written in one mapping and read in another, on sectors of a disk, in the
 * unit, and by timer ticks, between which no time may go back. With "halts" in its command line it halts between the
 * rounds; with "times" it says how old it is.
 */
#include "lib/ide.h"
#include "lib/interrupts.h"
#include "lib/paging.h"
#include "lib/words.h"

#define PAGES 96u
#define PAGE_WORDS 1024u
#define BASE 0x800000u              /* of the pages, mapped once more 16 MiB higher */
#define ALIAS 0x1000000u
#define PRESENT_LARGE 0x83u
#define SECTORS 24u

static uint32_t directory[1024] __attribute__((aligned(4096)));
static volatile uint8_t key;
static volatile unsigned ticks, jumps_back;
static uint64_t before;
static uint8_t stack0[4096];
static uint32_t sector[128];
static float weight = 1.0f;

static void on_tick(struct frame *frame)
{
    uint64_t at = read_tsc();

    (void)frame;
    jumps_back += at < before;
    before = at;
    ticks++;
    pic_end(0);
}

static void on_key(struct frame *frame)
{
    uint8_t code = inb(0x60);

    (void)frame;
    if (key == 0 && !(code & 0x80))
        key = code;
    pic_end(1);
}

static void begin(unsigned number, uint8_t command)
{
    ide_select(0, number, 1);
    outb(IDE + 7, command);
    ide_wait_data();
}

static void write_sector(unsigned number, uint32_t mark)
{
    for (unsigned i = 0; i < SECTOR_DWORDS; i++)
        sector[i] = mark + number * 128 + i;
    begin(number, IDE_WRITE);
    ide_write_words(sector, SECTOR_DWORDS);
    (void)inb(IDE + 7);
}

static void check_sector(unsigned number, uint32_t mark)
{
    begin(number, IDE_READ);
    ide_read_words(sector, SECTOR_DWORDS);
    (void)inb(IDE + 7);
    check(sector[0] == mark + number * 128 && sector[127] == mark + number * 128 + 127, "sector");
}

/* Half of it is its first word, again and again: an operand that is read where the one before was written. */
static void write_page(unsigned number, uint32_t mark)
{
    uint32_t *page = (uint32_t *)(BASE + number * PAGE_WORDS * 4);
    uint32_t *to = page + 1, *from = page, count = PAGE_WORDS / 2 - 1;

    page[0] = mark + number;
    __asm__ volatile("rep movsl" : "+S"(from), "+D"(to), "+c"(count) : : "memory");
    for (unsigned i = PAGE_WORDS / 2; i < PAGE_WORDS; i++)
        page[i] = mark + number + i;
}

static void check_page(unsigned number, uint32_t mark)
{
    const volatile uint32_t *page = (const volatile uint32_t *)(BASE + ALIAS + number * PAGE_WORDS * 4);
    bool is_good = true;

    for (unsigned i = 0; i < PAGE_WORDS; i++)
        is_good &= page[i] == mark + number + (i < PAGE_WORDS / 2 ? 0 : i);
    check(is_good, "page");
}

static void work(unsigned round)
{
    check_page(round % PAGES, 0);
    write_page(round % PAGES, 0);
    check_sector(round % SECTORS, 0);
    write_sector(round % SECTORS, 0);
    weight = weight * 2.0f;
    weight = weight / 2.0f;
    check(weight == 1.0f, "unit");
}

static void become(uint32_t mark)
{
    for (unsigned i = 0; i < PAGES; i++) {
        check_page(i, 0);
        write_page(i, mark);
    }
    for (unsigned i = 0; i < SECTORS; i++) {
        check_sector(i, 0);
        write_sector(i, mark);
    }
    for (unsigned i = 0; i < PAGES; i++)
        check_page(i, mark);
    for (unsigned i = 0; i < SECTORS; i++)
        check_sector(i, mark);
}

static void begin_work(void)
{
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    set_handler(PIC_BASE, on_tick);
    set_handler(PIC_BASE + 1, on_key);
    outb(0x3F6, 2);
    for (unsigned i = 0; i < 4; i++)
        directory[i] = directory[i + ALIAS / 0x400000] = i << 22 | PRESENT_LARGE;
    start_paging((uint32_t)directory);
    for (unsigned i = 0; i < PAGES; i++)
        write_page(i, 0);
    for (unsigned i = 0; i < SECTORS; i++)
        write_sector(i, 0);
    outb(0x43, 0x34);
    outb(0x40, 0x9C);               /* 100 Hz */
    outb(0x40, 0x2E);
    pic_unmask(0);
    pic_unmask(1);
}

int main(uint32_t magic, const uint32_t *info)
{
    const char *words = (const char *)info[4];
    bool halts = has_word(words, "halts");

    (void)magic;
    begin_work();
    say("works\n");
    for (unsigned round = 0; key == 0; round++) {
        work(round);
        sti();
        if (halts)
            __asm__ volatile("hlt");
        cli();
    }
    unsigned ticks_then = ticks;
    become((uint32_t)key << 24);
    while (ticks < ticks_then + 3)
        sti_hlt_cli();
    check(jumps_back == 0, "time");
    if (has_word(words, "times"))
        say("age %u\n", (uint32_t)(read_tsc() >> 20));
    say("key %b, %u failed\n", key, failures);
    return failures == 0 ? key : 1;
}
