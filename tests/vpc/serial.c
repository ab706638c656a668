/*
 * serial.c - the 16550: identity, loop, interrupts of receiver and transmitter on line 4.
 */
#include "lib/interrupts.h"

static volatile unsigned interrupts;
static volatile uint8_t cause;
static uint8_t stack0[4096];

static void on_serial(struct frame *frame)
{
    (void)frame;
    interrupts++;
    cause = inb(COM1 + 2);
    if ((cause & 0x0F) == 0x04 || (cause & 0x0F) == 0x0C)
        (void)inb(COM1);
    pic_end(4);
}

static void test_registers(void)
{
    outb(COM1 + 7, 0x5A);
    check(inb(COM1 + 7) == 0x5A, "scratch");
    outb(COM1 + 3, 0x83);
    outb(COM1, 0x01);
    outb(COM1 + 1, 0x00);
    check(inb(COM1) == 1 && inb(COM1 + 1) == 0, "divisor");
    outb(COM1 + 3, 0x03);
    outb(COM1 + 2, 0xC7);
    check((inb(COM1 + 2) & 0xCF) == 0xC1, "FIFOs, nothing to tell");
    check((inb(COM1 + 5) & 0x61) == 0x60, "empty");
    say("registers\n");
}

static void test_loop(void)
{
    outb(COM1 + 4, 0x1F);
    check((inb(COM1 + 6) & 0xF0) == 0xF0, "modem lines in a loop");
    outb(COM1 + 4, 0x12);
    check((inb(COM1 + 6) & 0xF0) == 0x10, "RTS is CTS");
    for (unsigned i = 0; i < 200; i++) {
        outb(COM1, (uint8_t)i);
        while (!(inb(COM1 + 5) & 1))
            ;
        check(inb(COM1) == i, "loop");
    }
    outb(COM1 + 4, 0x0B);
    say("loop\n");
}

/* Drivers begin to send by enabling this interrupt while there is nothing to send. */
static void test_transmitter(void)
{
    outb(COM1 + 4, 0x0B);
    pic_unmask(4);
    outb(COM1 + 1, 0x02);
    while (interrupts == 0)
        sti_hlt_cli();
    check((cause & 0x0F) == 0x02, "transmitter empty");
    interrupts = 0;
    outb(COM1, '.');
    while (interrupts == 0)
        sti_hlt_cli();
    check((cause & 0x0F) == 0x02, "and again behind a byte");
    outb(COM1 + 1, 0x00);
    check((inb(COM1 + 2) & 0x0F) == 0x01, "nothing to tell");
    say("\ntransmitter\n");
}

static volatile unsigned taken, left_to_send;

/* One byte each time, and no look at the cause. */
static void on_byte(struct frame *frame)
{
    (void)frame;
    check(inb(COM1) == 0x40 + taken, "in its order");
    taken++;
    pic_end(4);
}

static void on_sent(struct frame *frame)
{
    (void)frame;
    if (left_to_send > 0) {
        outb(COM1, (uint8_t)('a' + --left_to_send));
        pic_end(4);
        return;
    }
    outb(COM1 + 1, 0);
    pic_end(4);
    interrupts = 1;
}

/* Handlers of the simplest kind are called for each byte, though more of them wait: the line falls in between. */
static void test_simple_handlers(void)
{
    outb(COM1 + 4, 0x1B);
    outb(COM1 + 2, 0xC7);
    for (unsigned i = 0; i < 5; i++) {
        outb(COM1, (uint8_t)(0x40 + i));
        for (volatile unsigned wait = 0; wait < 5000; wait++)
            ;
    }
    set_handler(PIC_BASE + 4, on_byte);
    pic_init();
    pic_unmask(4);
    outb(COM1 + 1, 0x01);
    while (taken < 5)
        sti_hlt_cli();
    outb(COM1 + 1, 0x00);
    outb(COM1 + 4, 0x0B);
    say("taken %u\n", taken);
    set_handler(PIC_BASE + 4, on_sent);
    interrupts = 0;
    left_to_send = 20;
    outb(COM1 + 1, 0x02);
    while (interrupts == 0)
        sti_hlt_cli();
    say("\nsent\n");
    set_handler(PIC_BASE + 4, on_serial);
}

/* OUT2 closed: no interrupt reaches the 8259. */
static void test_gate(void)
{
    outb(COM1 + 4, 0x03);
    interrupts = 0;
    outb(COM1 + 1, 0x02);
    sti();
    for (volatile unsigned i = 0; i < 10000; i++)
        ;
    cli();
    outb(COM1 + 1, 0x00);
    outb(COM1 + 4, 0x0B);
    pic_mask_all();
    say("gate\n");
}

int main(uint32_t magic, const uint32_t *info)
{
    (void)magic, (void)info;
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    set_handler(PIC_BASE + 4, on_serial);
    test_registers();
    test_loop();
    test_transmitter();
    test_simple_handlers();
    test_gate();
    say("%u failed\n", failures);
    return failures == 0 ? 42 : 1;
}
