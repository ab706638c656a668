/*
 * disk.c - two IDE disks, by interrupt 14; or none.
 */
#include "teach.h"

#define IDE 0x1F0u
#define LOOKS 1000u
#define PATTERN_SECTOR 3u               /* of the disks that are there to be compared */

static uint32_t sector[128];
static bool is_there[2];
static volatile bool is_busy;

static void wait_disk(void)
{
    while ((inb(IDE + 7) & 0xC0) != 0x40)
        ;
}

static void begin_disk(unsigned disk, uint32_t number, uint8_t command)
{
    wait_disk();
    outb(0x3F6, 0);
    outb(IDE + 2, 1);
    outb(IDE + 3, (uint8_t)number);
    outb(IDE + 4, (uint8_t)(number >> 8));
    outb(IDE + 5, (uint8_t)(number >> 16));
    outb(IDE + 6, (uint8_t)(0xE0 | disk << 4 | (number >> 24 & 15)));
    outb(IDE + 7, command);
}

static void read_disk(unsigned disk, uint32_t number)
{
    uint32_t *to = sector, count = 128, before = counts[LINE_IDE];

    begin_disk(disk, number, 0x20);
    wait_for(LINE_IDE, before + 1);
    __asm__ volatile("rep insl" : "+D"(to), "+c"(count) : "d"(IDE) : "memory");
}

static void write_disk(unsigned disk, uint32_t number)
{
    uint32_t *from = sector, count = 128, before = counts[LINE_IDE];

    begin_disk(disk, number, 0x30);
    __asm__ volatile("rep outsl" : "+S"(from), "+c"(count) : "d"(IDE) : "memory");
    wait_for(LINE_IDE, before + 1);
}

/* One that is not there is silent. */
static void look_for(unsigned disk)
{
    uint8_t status = 0;

    outb(IDE + 6, (uint8_t)(0xE0 | disk << 4));
    for (unsigned looks = 0; looks < LOOKS && (status == 0 || status == 0xFF); looks++)
        status = inb(IDE + 7);
    is_there[disk] = status != 0 && status != 0xFF;
}

/* Its own disk begins with its directory; two others are there to be compared. */
static void compare_disks(void)
{
    read_disk(0, PATTERN_SECTOR);
    check(sector[0] == 4 && sector[127] == 4, "first disk");
    read_disk(1, PATTERN_SECTOR);
    check(sector[0] == 1003 && sector[127] == 1003, "second disk");
    sector[5] = 0xC0B81E;
    write_disk(1, 17);
    read_disk(0, 17);
    check(sector[5] == 18, "the first one's");
    read_disk(1, 17);
    check(sector[5] == 0xC0B81E && sector[6] == 1003, "written");
}

void use_disks(void)
{
    look_for(1);
    look_for(0);
    if (is_there[0] && is_there[1] && !has_system_disk())
        compare_disks();
    say("%u disks, %u interrupts\n", is_there[0] + is_there[1], counts[LINE_IDE]);
}

bool has_system_disk(void)
{
    if (!is_there[1])
        return false;
    read_disk(1, 0);
    return memcmp(sector, ".", 2) == 0;
}

/* One at a time. */
bool read_raw(unsigned disk, uint32_t number, void *to)
{
    uint32_t flags;

    if (disk > 1 || !is_there[disk])
        return false;
    flags = hold();
    while (is_busy)
        sleep_on(&is_busy);
    is_busy = true;
    read_disk(disk, number);
    memcpy(to, sector, sizeof(sector));
    is_busy = false;
    wake(&is_busy);
    let_go(flags);
    return true;
}
