/*
 * fresh.c - says what it was given: the first word of its disk and of a page that nobody loads, and its command line;
 * and of a module its first word and size.
 * Then it writes to both, and waits for ever: who starts it again must find all as it was.
 */
#include "lib/ide.h"
#include "lib/interrupts.h"

#define FLAG_MODULES 8u
#define PLACE ((volatile uint32_t *)0xA00000)

static uint8_t stack0[4096];
static uint32_t sector[128];

static void begin(uint8_t command)
{
    ide_select(0, 0, 1);
    outb(IDE + 7, command);
    ide_wait_data();
}

int main(uint32_t magic, const uint32_t *info)
{
    (void)magic;
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    if (info[0] & FLAG_MODULES && info[5] == 1) {
        const uint32_t *module = (const uint32_t *)info[6];
        say("module %x, %u bytes\n", *(const uint32_t *)module[0], module[1] - module[0]);
    }
    begin(IDE_READ);
    ide_read_words(sector, SECTOR_DWORDS);
    say("given disk %u, memory %u, %s\n", sector[0], *PLACE, (const char *)info[4]);
    sector[0] = *PLACE = 7;
    begin(IDE_WRITE);
    ide_write_words(sector, SECTOR_DWORDS);
    begin(IDE_READ);
    sector[0] = 0;
    ide_read_words(sector, SECTOR_DWORDS);
    say("now disk %u, memory %u\n", sector[0], *PLACE);
    for (;;)
        sti_hlt_cli();
}
