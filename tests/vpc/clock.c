/*
 * clock.c - the MC146818: seconds that pass, update and periodic interrupts on line 8, memory that keeps, a new date.
 */
#include "lib/interrupts.h"

static volatile unsigned interrupts;
static volatile uint8_t cause;
static uint8_t stack0[4096];

static uint8_t read_cmos(uint8_t number)
{
    outb(0x70, number);
    return inb(0x71);
}

static void write_cmos(uint8_t number, uint8_t value)
{
    outb(0x70, number);
    outb(0x71, value);
}

static void on_clock(struct frame *frame)
{
    (void)frame;
    interrupts++;
    cause = read_cmos(0x0C);
    pic_end(8);
}

static void test_second(void)
{
    while (read_cmos(0x0A) & 0x80)
        ;
    uint8_t before = read_cmos(0);
    while (read_cmos(0) == before)
        ;
    uint8_t expected = (before & 0x0F) == 9 ? (uint8_t)(before + 7) : (uint8_t)(before + 1);
    check(read_cmos(0) == (expected == 0x60 ? 0 : expected), "BCD seconds");
    say("seconds pass\n");
}

static void test_periodic(void)
{
    write_cmos(0x0A, 0x26);
    (void)read_cmos(0x0C);
    write_cmos(0x0B, 0x42);
    pic_unmask(8);
    while (interrupts < 10)
        sti_hlt_cli();
    check((cause & 0xC0) == 0xC0, "periodic");
    write_cmos(0x0B, 0x12);
    (void)read_cmos(0x0C);
    cause = 0;
    while (!(cause & 0x10))             /* a periodic one may have been on its way still: it finds no cause */
        sti_hlt_cli();
    check((cause & 0x90) == 0x90, "update ended");
    write_cmos(0x0B, 0x02);
    pic_mask_all();
    say("interrupts\n");
}

static void test_date(void)
{
    write_cmos(0x0B, 0x82);
    write_cmos(0x09, 0x28);
    write_cmos(0x08, 0x02);
    write_cmos(0x07, 0x28);
    write_cmos(0x04, 0x23);
    write_cmos(0x02, 0x59);
    write_cmos(0x00, 0x59);
    write_cmos(0x0B, 0x02);
    while (read_cmos(0) == 0x59 || read_cmos(0x0A) & 0x80)
        ;
    say("then %b-%b %b:%b\n", read_cmos(8), read_cmos(7), read_cmos(4), read_cmos(2));
}

int main(uint32_t magic, const uint32_t *info)
{
    (void)magic, (void)info;
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    set_handler(PIC_BASE + 8, on_clock);
    check(read_cmos(0x0D) == 0x80, "battery");
    write_cmos(0x60, 0xA5);
    check(read_cmos(0x60) == 0xA5, "memory");
    say("base memory %b%b\n", read_cmos(0x16), read_cmos(0x15));
    test_second();
    test_periodic();
    test_date();
    say("%u failed\n", failures);
    return failures == 0 ? 42 : 1;
}
