/*
 * ide.h - the IDE channel's two disks by programmed I/O, asked by number (LBA28), for the kernels of tests/vpc.
 */
#ifndef TESTS_VPC_IDE_H
#define TESTS_VPC_IDE_H

#include "pc.h"

#define IDE 0x1F0u
#define IDE_CONTROL 0x3F6u          /* also the status, which read here acknowledges no interrupt */
#define IDE_READ 0x20u
#define IDE_WRITE 0x30u
#define SECTOR_DWORDS 128u

/* Until neither busy nor not ready; the status. */
static inline uint8_t ide_wait_ready(void)
{
    uint8_t status;

    do {
        status = inb(IDE_CONTROL);
    } while ((status & 0xC0) != 0x40);
    return status;
}

static inline void ide_wait_data(void)
{
    while (!(inb(IDE_CONTROL) & 0x08))
        ;
}

/* What the next command is about. */
static inline void ide_select(unsigned disk, uint32_t lba, uint8_t count)
{
    outb(IDE + 6, (uint8_t)(0xE0 | disk << 4 | (lba >> 24 & 15)));
    ide_wait_ready();
    outb(IDE + 2, count);
    outb(IDE + 3, (uint8_t)lba);
    outb(IDE + 4, (uint8_t)(lba >> 8));
    outb(IDE + 5, (uint8_t)(lba >> 16));
}

static inline void ide_read_words(uint32_t *to, unsigned count)
{
    __asm__ volatile("rep insl" : "+D"(to), "+c"(count) : "d"(IDE) : "memory");
}

static inline void ide_write_words(const uint32_t *from, unsigned count)
{
    __asm__ volatile("rep outsl" : "+S"(from), "+c"(count) : "d"(IDE) : "memory");
}

#endif
