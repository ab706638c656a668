/*
 * seconds.c - says each second of the MC146818 that it sees, for ever, looking a hundred times a second, and how many
 * ticks came since the last one. Who did not run for seconds finds one tick of those that it missed, not all.
 * three: it says of three that another one has come, and not which, as whoever is slow may miss some; and ends.
 */
#include "lib/interrupts.h"
#include "lib/words.h"

#define TICK_COUNT 11932u           /* of the 8254: 10 ms */

static uint8_t stack0[4096];
static volatile unsigned ticks;

static void on_tick(struct frame *frame)
{
    (void)frame;
    ticks++;
    pic_end(0);
}

int main(uint32_t magic, const uint32_t *info)
{
    unsigned left = has_word((const char *)info[4], "three") ? 3 : 0;
    uint8_t last = 0xFF;

    (void)magic;
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    set_handler(PIC_BASE, on_tick);
    outb(0x43, 0x34);
    outb(0x40, TICK_COUNT & 0xFF);
    outb(0x40, TICK_COUNT >> 8);
    pic_unmask(0);
    for (;;) {
        outb(0x70, 0);
        uint8_t now = inb(0x71);
        if (now != last && left > 0) {
            say("another second\n");
            if (--left == 0)
                return 42;
        } else if (now != last) {
            say("second %b, %u ticks\n", now, ticks);
            ticks = 0;
        }
        last = now;
        sti_hlt_cli();
    }
}
