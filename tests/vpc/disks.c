/*
 * disks.c - two IDE disks by programmed I/O: identity, reads with and without interrupts, writes that come back.
 *
 * Sector n of the first disk begins with n + 1, of the second with 1000 + n; each has its number in every word.
 */
#include "lib/ide.h"
#include "lib/interrupts.h"

static volatile unsigned interrupts;
static volatile bool is_lazy;       /* the handler reads no status: the next command takes the interrupt back */
static uint8_t stack0[4096];
static uint32_t sector[128], other[128 * 4];

static void on_ide(struct frame *frame)
{
    (void)frame;
    interrupts++;
    if (!is_lazy)
        (void)inb(IDE + 7);
    pic_end(14);
}

static void read_sector(unsigned disk, uint32_t lba)
{
    ide_select(disk, lba, 1);
    outb(IDE + 7, IDE_READ);
    ide_wait_data();
    ide_read_words(sector, SECTOR_DWORDS);
    (void)inb(IDE + 7);
}

static void identify(unsigned disk)
{
    outb(IDE + 6, (uint8_t)(0xE0 | disk << 4));
    ide_wait_ready();
    outb(IDE + 7, 0xEC);
    ide_wait_data();
    ide_read_words(sector, SECTOR_DWORDS);
    (void)inb(IDE + 7);
    say("disk %u: %u sectors, LBA %s\n", disk, sector[30], sector[24] & 0x2000000 ? "yes" : "no");
}

static void test_reads(void)
{
    for (unsigned lba = 0; lba < 64; lba += 7) {
        read_sector(0, lba);
        check(sector[0] == lba + 1 && sector[127] == lba + 1, "first disk");
        read_sector(1, lba);
        check(sector[0] == lba + 1000 && sector[64] == lba + 1000, "second disk");
    }
    say("reads\n");
}

static void test_interrupt(void)
{
    outb(IDE_CONTROL, 0);
    pic_unmask(14);
    interrupts = 0;
    ide_select(0, 5, 1);
    outb(IDE + 7, IDE_READ);
    while (interrupts == 0)
        sti_hlt_cli();
    ide_read_words(sector, SECTOR_DWORDS);
    check(sector[1] == 6, "by interrupt");
    is_lazy = true;
    for (interrupts = 0; interrupts < 3;) {
        unsigned before = interrupts;
        ide_select(0, 6 + before, 1);
        outb(IDE + 7, IDE_READ);
        while (interrupts == before)
            sti_hlt_cli();
        ide_read_words(sector, SECTOR_DWORDS);
        check(sector[1] == 7 + before, "by an interrupt that nobody takes back");
    }
    is_lazy = false;
    (void)inb(IDE + 7);
    pic_mask_all();
    say("interrupt\n");
}

static void test_writes(void)
{
    for (unsigned i = 0; i < 128; i++)
        sector[i] = 0xC0B81E00 + i;
    ide_select(1, 9, 1);
    outb(IDE + 7, IDE_WRITE);
    ide_wait_data();
    ide_write_words(sector, SECTOR_DWORDS);
    ide_wait_ready();
    (void)inb(IDE + 7);
    read_sector(1, 9);
    check(sector[0] == 0xC0B81E00 && sector[127] == 0xC0B81E7F, "written");
    read_sector(1, 10);
    check(sector[0] == 1010, "its neighbour");
    read_sector(0, 9);
    check(sector[0] == 10, "the other disk");
    say("writes\n");
}

/* First as a kernel whose blocks are of two sectors does it, which asks nobody how many go at once. */
static void test_multiple(void)
{
    ide_select(0, 30, 2);
    outb(IDE + 7, 0xC4);
    ide_wait_data();
    ide_read_words(other, 256);
    (void)inb(IDE + 7);
    check(other[0] == 31 && other[255] == 32, "multiple, as it is after a reset");
    outb(IDE + 6, 0xE0);
    ide_wait_ready();
    outb(IDE + 2, 4);
    outb(IDE + 7, 0xC6);
    ide_wait_ready();
    ide_select(0, 20, 4);
    outb(IDE + 7, 0xC4);
    ide_wait_data();
    ide_read_words(other, 512);
    (void)inb(IDE + 7);
    check(other[0] == 21 && other[128] == 22 && other[511] == 24, "multiple");
    say("multiple\n");
}

static void test_beyond(void)
{
    ide_select(0, 0x0FFFFFF0, 1);
    outb(IDE + 7, IDE_READ);
    check(ide_wait_ready() & 1, "beyond the end");
    (void)inb(IDE + 7);
    say("beyond\n");
}

int main(uint32_t magic, const uint32_t *info)
{
    (void)magic, (void)info;
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    set_handler(PIC_BASE + 14, on_ide);
    outb(IDE_CONTROL, 2);
    identify(0);
    identify(1);
    test_reads();
    test_interrupt();
    test_writes();
    test_multiple();
    test_beyond();
    say("%u failed\n", failures);
    return failures == 0 ? 42 : 1;
}
