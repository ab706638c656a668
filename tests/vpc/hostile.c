/*
 * hostile.c - does what no kernel does: random bytes as code in ring 0 and 3, random descriptors, tasks, gates and page
 * tables, accesses of each width to ports, devices and the text page. cmdline= is its seed. How it ends is no matter:
 * its neighbours must not notice, nor lose a frame. It says at 1, 2, 4, 8 ... how many rounds it has done.
 */
#include "lib/interrupts.h"

#define ROUNDS 2048u
#define CODE_BYTES 64u
#define PAGES 0x200000u         /* what it fills and runs */
#define TICK_COUNT 1193u        /* of the 8254: 1 ms, after which a round is over */
#define ENTRIES 64u             /* of its own GDT and LDT */
#define OWN_ENTRIES 6u          /* the first of a GDT, by which its handlers run */
#define OWN_GATES 0x30u
#define PRESENT 0x800000000000ull

struct table_pointer {
    uint16_t limit;
    uint32_t base;
} __attribute__((packed));

static uint8_t stack0[8192];
static uint32_t state;
static void *resume[5];
static uint64_t gdt[ENTRIES], idt[256];

static uint32_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

/* Any exception, interrupt or tick: on with the next round, on a fresh stack. */
static void on_anything(struct frame *frame)
{
    (void)frame;
    __builtin_longjmp(resume, 1);
}

static uint8_t *make_code(void)
{
    uint8_t *code = (uint8_t *)PAGES + (next_random() & 0xFFFFF);

    for (unsigned i = 0; i < CODE_BYTES; i++)
        code[i] = (uint8_t)next_random();
    return code;
}

static void run_bytes(void)
{
    ((void (*)(void))make_code())();
}

static void run_bytes_in_ring3(void)
{
    struct frame frame = { .es = DATA3, .ds = DATA3, .edi = PAGES + (next_random() & 0xFFFFF), .esi = next_random(),
                           .ebp = next_random(), .ebx = PAGES + (next_random() & 0xFFFFF), .edx = next_random(),
                           .ecx = next_random() & 0xFF, .eax = next_random(), .eip = (uint32_t)make_code(), .cs = CODE3,
                           .eflags = 0x202 | (next_random() & 0xCD5), .esp = 0x400000, .ss = DATA3 };

    frame_enter(&frame);
}

/* Those by which it would end at once: debug exit, power-off, resets. Wide accesses reach them from below. */
static bool is_end(uint16_t port)
{
    return (port >= 0xF1 && port <= 0xF4) || (port >= 0x600 && port <= 0x605) || (port >= 0x61 && port <= 0x64) ||
           (port >= 0x8F && port <= 0x92);
}

static void touch_port(void)
{
    uint16_t port = (uint16_t)(next_random() & (next_random() & 1 ? 0x3FF : 0xFFFF));
    uint32_t value = next_random(), count = next_random() & 0xFFF, at = PAGES + (next_random() & 0xFFFFF);

    switch (next_random() % 8) {
    case 0: (void)inb(port); break;
    case 1: (void)inw(port); break;
    case 2: __asm__ volatile("inl %w1, %0" : "=a"(value) : "d"(port)); break;
    case 3: __asm__ volatile("rep insw" : "+D"(at), "+c"(count) : "d"(port) : "memory"); break;
    case 4: __asm__ volatile("rep insb" : "+D"(at), "+c"(count) : "d"(port) : "memory"); break;
    default:
        if (is_end(port))
            break;
        switch (value % 4) {
        case 0: outb(port, (uint8_t)(value >> 8)); break;
        case 1: outw(port, (uint16_t)(value >> 8)); break;
        case 2: __asm__ volatile("outl %0, %w1" : : "a"(value), "d"(port)); break;
        default: __asm__ volatile("rep outsl" : "+S"(at), "+c"(count) : "d"(port) : "memory"); break;
        }
    }
}

/* Devices, the text page, the ROM, and where nothing is. An INIT to itself would end it. */
static void touch_device(void)
{
    static const uint32_t places[] = { 0xFEE00000, 0xFEE00000, 0xFEC00000, 0xB8000, 0xB8000, 0xF0000, 0xA0000,
                                       0xC0000000 };
    uint32_t at = places[next_random() % 8] + (next_random() & 0xFFF), value = next_random();

    if (next_random() & 1)
        at &= ~3u;
    if ((at & ~15u) == 0xFEE00300 || (at & ~15u) == 0xFEE002F0)
        value &= 0xF8F8F8F8;
    switch (next_random() % 8) {
    case 0: (void)*(volatile uint8_t *)at; break;
    case 1: (void)*(volatile uint16_t *)at; break;
    case 2: (void)*(volatile uint32_t *)at; break;
    case 3: *(volatile uint8_t *)at = (uint8_t)value; break;
    case 4: *(volatile uint16_t *)at = (uint16_t)value; break;
    case 5: __asm__ volatile("lock xaddl %0, (%1)" : "+r"(value) : "r"(at) : "memory"); break;
    case 6: memcpy((void *)at, (void *)PAGES, value & 0xFF); break;
    default: *(volatile uint32_t *)at = value; break;
    }
}

static void swap_tables(void)
{
    uint32_t *directory = (uint32_t *)0x400000;

    directory[0] = 0x83;
    for (unsigned i = 1; i < 1024; i++)
        directory[i] = next_random();
    __asm__ volatile("movl %%cr4, %%eax; orl $0x10, %%eax; movl %%eax, %%cr4; movl %0, %%cr3;"
                     "movl %%cr0, %%eax; xorl $0x80000000, %%eax; movl %%eax, %%cr0" : : "r"(directory) : "eax");
}

/* Seven in eight of those that lead to another task, which ends a PC, become an LDT. */
static uint64_t random_descriptor(void)
{
    uint64_t entry = (uint64_t)next_random() << 32 | next_random() | (next_random() % 8 ? PRESENT : 0);
    uint32_t type = entry >> 40 & 31;
    bool is_task = type == 1 || type == 3 || type == 5 || type == 9 || type == 11;

    return is_task && next_random() % 8 ? (entry & ~(31ull << 40)) | 2ull << 40 : entry;
}

/* A GDT and an IDT with what its handlers need, and behind that anything, most of it present. */
static void swap_descriptors(void)
{
    struct table_pointer gdtr, idtr;

    __asm__ volatile("sgdt %0; sidt %1" : "=m"(gdtr), "=m"(idtr));
    memcpy(gdt, (const void *)gdtr.base, OWN_ENTRIES * 8);
    memcpy(idt, (const void *)idtr.base, sizeof(idt));
    for (unsigned i = OWN_ENTRIES; i < ENTRIES; i++)
        gdt[i] = random_descriptor();
    for (unsigned i = OWN_GATES; i < 256; i++)
        idt[i] = random_descriptor() & 0xFFFFFFFF01F8FFFFull;
    gdtr = (struct table_pointer){ sizeof(gdt) - 1 - (next_random() & 7), (uint32_t)gdt };
    idtr = (struct table_pointer){ sizeof(idt) - 1 - (next_random() & 7), (uint32_t)idt };
    __asm__ volatile("lgdt %0; lidt %1" : : "m"(gdtr), "m"(idtr));
}

static void use_descriptors(void)
{
    uint16_t selector = (uint16_t)(next_random() & (ENTRIES * 8 - 1));
    struct { uint32_t offset; uint16_t selector; } __attribute__((packed)) far = { (uint32_t)make_code(), selector };
    uint32_t value = next_random();

    switch (next_random() % 10) {
    case 0: __asm__ volatile("movw %0, %%ds; movl %1, %%eax" : : "r"(selector), "m"(*(uint32_t *)value) : "eax"); break;
    case 1: __asm__ volatile("movw %0, %%fs; movl %%fs:(%1), %%eax" : : "r"(selector), "r"(value & 0xFFFF) : "eax");
            break;
    case 2: __asm__ volatile("movw %0, %%ss; pushl %%eax" : : "r"(selector)); break;
    case 3: __asm__ volatile("lldt %0; movw %1, %%gs" : : "r"(selector), "r"((uint16_t)value)); break;
    case 4: __asm__ volatile("ltr %0" : : "r"(selector)); break;
    case 5: __asm__ volatile("lcall *%0" : : "m"(far) : "memory"); break;
    case 6: __asm__ volatile("ljmp *%0" : : "m"(far) : "memory"); break;
    case 7: __asm__ volatile("larw %w0, %w1; lslw %w0, %w1; verr %w0; verw %w0" : : "r"(selector), "r"(value)); break;
    case 8: __asm__ volatile("int $0x30; int $0x80; int $0xFF" : : : "memory"); break;
    default: __asm__ volatile("pushl %0; pushl %1; pushl %2; pushl %3; pushl %4; iret" : : "r"(value),
                              "r"(0x400000), "r"(value & 0x244FD5), "r"((uint32_t)selector), "r"(far.offset)); break;
    }
}

static void descriptors(void)
{
    swap_descriptors();
    for (unsigned i = next_random() % 4; i > 0; i--)
        use_descriptors();
    if (next_random() & 1)
        run_bytes_in_ring3();
}

/* As a round begins: what is needed to come to the next one. */
static void put_right(void)
{
    __asm__ volatile("cli; cld; movl %%cr0, %%eax; andl $0x7FFAFFF3, %%eax; movl %%eax, %%cr0; xorl %%eax, %%eax;"
                     "movl %%eax, %%cr4; movl %%eax, %%dr7" : : : "eax", "memory");
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    outb(0x43, 0x34);
    outb(0x40, TICK_COUNT & 0xFF);
    outb(0x40, TICK_COUNT >> 8);
    pic_unmask(0);
    outb(COM1 + 3, 3);
    outb(COM1 + 4, 0);
}

/* The number with which the command line ends: some loaders have it begin with the file's name. */
static uint32_t read_seed(const uint32_t *info)
{
    uint32_t seed = 1;

    for (const char *text = (const char *)info[4]; *text != '\0'; text++)
        seed = *text >= '0' && *text <= '9' ? seed * 10 + (uint32_t)(*text - '0') : 1;
    return seed * 2654435761u | 1;
}

int main(uint32_t magic, const uint32_t *info)
{
    static volatile unsigned round;

    (void)magic;
    state = read_seed(info);
    for (unsigned i = 0; i < 256; i++)
        set_handler(i, on_anything);
    (void)__builtin_setjmp(resume);
    for (;;) {
        put_right();
        if ((round & (round - 1)) == 0 && round > 0)
            say("did %u rounds\n", round);
        if (round++ == ROUNDS)
            return 42;
        sti();
        switch (next_random() % 16) {
        case 0: case 1: case 2: touch_port(); break;
        case 3: case 4: case 5: touch_device(); break;
        case 6: swap_tables(); break;
        case 7: case 8: case 9: case 10: descriptors(); break;
        case 11: run_bytes(); break;
        default: run_bytes_in_ring3(); break;
        }
    }
}
