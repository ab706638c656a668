/*
 * timer.c - two 8259 and the 8254: masks and registers, ticks that wake a HLT, one shot, counter 2 behind port 61.
 */
#include "lib/interrupts.h"

static volatile unsigned ticks;
static uint8_t stack0[4096];
static uint8_t isr_seen;

static void on_tick(struct frame *frame)
{
    (void)frame;
    ticks++;
    outb(0x20, 0x0B);
    isr_seen = inb(0x20);
    outb(0x20, 0x0A);
    pic_end(0);
}

static void program(uint8_t control, uint16_t count)
{
    outb(0x43, control);
    outb(0x40, (uint8_t)count);
    outb(0x40, (uint8_t)(count >> 8));
}

static uint16_t read_counter(uint8_t number)
{
    outb(0x43, (uint8_t)(number << 6));
    uint16_t low = inb((uint16_t)(0x40 + number));
    return (uint16_t)(low | inb((uint16_t)(0x40 + number)) << 8);
}

static void test_masks(void)
{
    for (unsigned i = 0; i < 8; i++) {
        outb(0x21, (uint8_t)(1u << i));
        outb(0xA1, (uint8_t)~(1u << i));
        check(inb(0x21) == 1u << i && inb(0xA1) == (uint8_t)~(1u << i), "mask");
    }
    pic_mask_all();
    say("masks\n");
}

static void test_periodic(uint8_t control)
{
    ticks = 0;
    program(control, 1193);
    pic_unmask(0);
    while (ticks < 20)
        sti_hlt_cli();
    pic_mask_all();
    check(isr_seen == 1, "in service");
    outb(0x43, 0xE2);                       /* read back: status of counter 0 */
    check((inb(0x40) & 0x3F) == (control & 0x3E), "status");
    say("mode %u ticks\n", (unsigned)control >> 1 & 7);
}

static bool is_out_high(void)
{
    outb(0x43, 0xE2);
    return inb(0x40) & 0x80;
}

/*
 * Once, however long one waits: mode 0 stays high. A tick of before may still be asked for, if this processor stood
 * still for a while; the 8259s forget it while the output is low, or it is all done again.
 */
static void test_one_shot(void)
{
    ticks = 0;
    do {
        program(0x30, 2000);
        pic_init();
    } while (is_out_high());
    pic_unmask(0);
    while (ticks < 1)
        sti_hlt_cli();
    sti();
    for (volatile unsigned i = 0; i < 100000; i++)
        ;
    cli();
    pic_mask_all();
    check(ticks == 1, "one shot");
    say("one shot\n");
}

/* A masked line waits in IRR. */
static void test_request(void)
{
    program(0x34, 1193);
    pic_mask_all();
    outb(0x20, 0x0A);
    while (!(inb(0x20) & 1))
        ;
    say("asked for while masked\n");
}

static void test_counter2(void)
{
    outb(0x61, (inb(0x61) & 0xFC));
    outb(0x43, 0xB0);
    outb(0x42, 0x00);
    outb(0x42, 0x10);
    check(!(inb(0x61) & 0x20), "counter 2 low");
    outb(0x61, inb(0x61) | 1);
    while (!(inb(0x61) & 0x20))
        ;
    check((inb(0x61) & 3) == 1, "gate");
    outb(0x61, (inb(0x61) & 0xFC));     /* a closed gate does not stop a single count, in QEMU: nor here */
    outb(0x43, 0xB0);
    outb(0x42, 0x00);
    outb(0x42, 0x10);
    while (!(inb(0x61) & 0x20))
        ;
    check((inb(0x61) & 3) == 0, "closed gate");
    say("counter 2 rose\n");
}

/* No read in a row is more than half the period behind the one before. */
static bool reads_go_down(void)
{
    uint16_t before = read_counter(0);

    for (unsigned i = 0; i < 100; i++) {
        uint16_t now = read_counter(0);
        if ((uint16_t)(before - now) >= 0x8000)
            return false;
        before = now;
    }
    return true;
}

/* A busy host may take 27 ms between two reads, but not each time. */
static void test_latch(void)
{
    unsigned tries = 0;

    program(0x34, 0xFFFF);
    while (!reads_go_down() && tries < 10)
        tries++;
    check(tries < 10, "counts down");
    say("counts down\n");
}

int main(uint32_t magic, const uint32_t *info)
{
    (void)magic, (void)info;
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    set_handler(PIC_BASE, on_tick);
    test_masks();
    test_periodic(0x34);
    test_periodic(0x36);
    test_one_shot();
    test_request();
    test_counter2();
    test_latch();
    say("%u failed\n", failures);
    return failures == 0 ? 42 : 1;
}
