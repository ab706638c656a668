/*
 * ide.h - the first IDE channel of a PC with two disks, by programmed I/O (PURE). A command is done at once.
 *
 * Source: ATA/ATAPI-4 "Register descriptions", "PIO data-in protocol", "IDENTIFY DEVICE".
 */
#ifndef VPC_IDE_H
#define VPC_IDE_H

#include <stdbool.h>
#include <stdint.h>

#include "vpc/disk.h"

#define IDE_MULTIPLE_MAX 16u

struct ide {
    struct disk disks[2];
    uint8_t features, count, lba[3], device, status, error, control;
    bool has_interrupt;
    bool is_writing;            /* which way data goes */
    uint8_t busy;               /* the disk whose data goes: another one may be selected meanwhile */
    bool lacks_memory;          /* a write found none: the guest ends */
    uint8_t multiple;           /* sectors a block of the multiple commands; 0: not set */
    uint8_t block;              /* sectors that go without another interrupt */
    uint32_t sector;            /* that goes next */
    uint32_t left;              /* sectors still to go, the one in data included */
    uint32_t at, end;           /* in data: the next byte, and behind the last */
    uint8_t data[IDE_MULTIPLE_MAX * DISK_SECTOR_BYTES];
};

/* With the disks as they are. */
void ide_reset(struct ide *ide);

#define IDE_CONTROL_QUIET 0x02u     /* of the register at 3F6: no interrupts */

/* Interrupt line 14. */
static inline bool ide_line(const struct ide *ide)
{
    return ide->has_interrupt && !(ide->control & IDE_CONTROL_QUIET);
}

/* Port 1F0: 2 or 4 bytes, or one. */
uint32_t ide_read_data(struct ide *ide, unsigned bytes);
void ide_write_data(struct ide *ide, unsigned bytes, uint32_t value);

/* So many at most of such elements, as many as the block that is under way still has. 0: it has none. */
uint32_t ide_read_string(struct ide *ide, unsigned bytes, void *to, uint32_t count);
uint32_t ide_write_string(struct ide *ide, unsigned bytes, const void *from, uint32_t count);

/* Registers 1 to 7 (ports 1F1 to 1F7), and 8: port 3F6. */
uint8_t ide_read(struct ide *ide, unsigned reg);
void ide_write(struct ide *ide, unsigned reg, uint8_t value);

#endif
