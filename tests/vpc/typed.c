/*
 * typed.c - says what is typed: scancodes of the keyboard and bytes of the serial line, by their interrupts, up to a
 * full stop, and nothing that comes behind it. second: the controller translates no more, so scancodes are of set 2.
 */
#include "lib/interrupts.h"
#include "lib/words.h"

#define SCANCODE_DOT 0x34u
#define SECOND_DOT 0x49u

static volatile bool is_done;
static uint8_t dot = SCANCODE_DOT;
static uint8_t stack0[4096];

static void on_key(struct frame *frame)
{
    uint8_t code = inb(0x60);

    (void)frame;
    if (!is_done)
        say("key %b\n", code);
    is_done |= code == dot;
    pic_end(1);
}

static void on_serial(struct frame *frame)
{
    (void)frame;
    while (inb(COM1 + 5) & 1) {
        uint8_t byte = inb(COM1);
        if (!is_done)
            say("byte %b\n", byte);
        is_done |= byte == '.';
    }
    (void)inb(COM1 + 2);
    pic_end(4);
}

int main(uint32_t magic, const uint32_t *info)
{
    (void)magic;
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    set_handler(PIC_BASE + 1, on_key);
    set_handler(PIC_BASE + 4, on_serial);
    outb(COM1 + 2, 0x07);
    outb(COM1 + 4, 0x08);               /* without RTS: what is typed comes when the processor halts */
    outb(COM1 + 1, 0x01);
    if (has_word((const char *)info[4], "second")) {
        dot = SECOND_DOT;
        outb(0x64, 0x60);
        outb(0x60, 0x05);
    }
    pic_unmask(1);
    pic_unmask(4);
    say("type\n");
    while (!is_done)
        sti_hlt_cli();
    return 42;
}
