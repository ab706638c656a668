/*
 * main.c - what a teaching Unix for PCs does between its entry and its shell, in its ways: an MP table that must be
 * there, local APIC and I/O APIC instead of the 8259s, keyboard by interrupt 1, serial line by 4 with its outputs
 * off, two disks by 14, start-up of a processor that is not there, all 224 MiB touched. It asks for no CPUID, and
 * never halts. Then its shell runs in ring 3, from the disk that has a file system, or else from its own RAM disk;
 * unless its command line says "stop".
 */
#include "../lib/words.h"
#include "teach.h"

volatile uint32_t counts[LINES];
static volatile uint32_t lock;
static uint8_t stack0[PAGE];            /* until there are processes */

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
    unsigned line = frame->vector - VECTOR;

    acquire();
    counts[line]++;
    __asm__ volatile("movl $0, %0" : "+m"(lock));
    if (line == LINE_KEYBOARD)
        on_keyboard();
    if (line == LINE_SERIAL)
        on_serial();
    if (line == LINE_IDE)
        check((inb(0x1F7) & 0xC1) == 0x40, "IDE status");
    end_interrupt();
    wake(&counts[line]);
    if (line == LINE_TIMER && (frame->cs & 3) == 3) {
        current->ticks++;
        give_way();
    }
}

/* Nobody asks for the vector that the local APIC gives when it has none. */
static void on_spurious(struct frame *frame)
{
    (void)frame;
}

void wait_for(unsigned line, uint32_t count)
{
    uint32_t flags = hold();

    while (counts[line] < count)
        sleep_on(&counts[line]);
    let_go(flags);
}

void end(int status)
{
    outb(0xF4, (uint8_t)status);
    for (;;)
        __asm__ volatile("cli; hlt");
}

int main(uint32_t magic, const uint32_t *info)
{
    bool stops;

    (void)magic;
    info = (const uint32_t *)(KERNEL_BASE + (uint32_t)info);
    stops = has_word((const char *)(KERNEL_BASE + info[4]), "stop");    /* before frames are made of where it may be */
    start_memory();
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    for (unsigned i = 0; i < LINES; i++)
        set_handler(VECTOR + i, on_line);
    set_handler(VECTOR + 31, on_spurious);
    if (!read_processors())
        return 1;
    say("%u processor\n", processors);
    start_lapic();
    pic_mask_all();
    start_ioapic();
    use_console();
    use_disks();
    start_other();
    add_frames();
    wait_for(LINE_TIMER, 3);
    say("%u failed\n", failures);
    if (stops)
        return failures == 0 ? 42 : 1;
    mount();
    start_calls();
    begin_session();
    if (!spawn("sh", ""))
        return 1;
    run_processes();
}
