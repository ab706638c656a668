/*
 * keyboard.c - the 8042: controller and keyboard answer, and a byte in its buffer is an interrupt on line 1. What goes
 * round by the mouse's port, as kernels try it, is told apart, and is one on line 12.
 */
#include "lib/interrupts.h"

static volatile unsigned interrupts;
static volatile uint8_t data;
static uint8_t stack0[4096];

static void on_key(struct frame *frame)
{
    (void)frame;
    interrupts++;
    data = inb(0x60);
    pic_end(1);
}

static volatile uint8_t looped;

static void on_auxiliary(struct frame *frame)
{
    (void)frame;
    looped = inb(0x60);
    pic_end(12);
}

static void command(uint8_t value)
{
    while (inb(0x64) & 2)
        ;
    outb(0x64, value);
}

static void write_data(uint8_t value)
{
    while (inb(0x64) & 2)
        ;
    outb(0x60, value);
}

static uint8_t read_data(void)
{
    while (!(inb(0x64) & 1))
        ;
    return inb(0x60);
}

static uint8_t command_byte(void)
{
    command(0x20);
    return read_data();
}

static void loop(uint8_t value)
{
    command(0xD3);
    write_data(value);
}

static void test_auxiliary(void)
{
    command(0x60);
    write_data(0x44);
    command(0xA9);
    say("mouse's port %b\n", read_data());
    command(0xA7);
    say("disabled %b\n", command_byte());
    command(0xA8);
    say("enabled %b\n", command_byte());
    loop(0x5A);
    say("status %b", inb(0x64) & 0x35u);
    say(" with %b\n", read_data());
    command(0xAA);
    say("then %b", inb(0x64) & 0x35u);
    say(" with %b\n", read_data());
    command(0x60);
    write_data(0x46);
    set_handler(PIC_BASE + 12, on_auxiliary);
    pic_unmask(12);
    loop(0xA5);
    while (looped == 0)
        sti_hlt_cli();
    say("line 12 with %b\n", looped);
    pic_mask_all();
}

int main(uint32_t magic, const uint32_t *info)
{
    (void)magic, (void)info;
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    set_handler(PIC_BASE + 1, on_key);
    while (inb(0x64) & 1)
        (void)inb(0x60);
    command(0x60);
    write_data(0x40);                       /* no interrupts, translation */
    command(0xAA);
    say("self test %b\n", read_data());
    command(0x60);
    write_data(0x44);
    command(0x20);
    say("command byte %b\n", read_data() & 0x5Fu);
    command(0xAB);
    say("keyboard's line %b\n", read_data());
    write_data(0xEE);
    say("echo %b\n", read_data());
    write_data(0xED);
    say("lamps %b", read_data());
    write_data(2);
    say(" %b\n", read_data());
    write_data(0xFF);
    say("reset %b", read_data());
    say(" %b\n", read_data());
    test_auxiliary();
    command(0x60);
    write_data(0x45);
    pic_unmask(1);
    write_data(0xF4);
    while (interrupts == 0)
        sti_hlt_cli();
    say("interrupt with %b\n", data);
    outb(0x92, inb(0x92) | 2);
    check(inb(0x92) & 2, "A20");
    say("%u failed\n", failures);
    return failures == 0 ? 42 : 1;
}
