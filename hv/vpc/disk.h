/*
 * disk.h - a disk that is a file: what is written to it stays in RAM (PURE).
 */
#ifndef VPC_DISK_H
#define VPC_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "pagetable/ram.h"

#define DISK_SECTOR_BYTES 512u

struct disk {
    const uint8_t *bytes;       /* NULL: there is none */
    uint32_t sectors;           /* whole or begun */
    uint64_t count;             /* bytes of the file */
    struct ram written;         /* 4 KiB pieces that differ from the file: those that are backed */
    bool is_open;               /* written is there to be destroyed */
};

/* A file of at most 4 GiB less 4 KiB stays where it is. False: memory is out, or it is too large. */
bool disk_open(struct disk *disk, const void *bytes, uint64_t count);

/* In steps as in ram.h. */
bool disk_close(struct disk *disk, uint32_t *steps);

/* sector is below sectors. False: memory is out. */
void disk_read(const struct disk *disk, uint32_t sector, uint8_t to[DISK_SECTOR_BYTES]);
bool disk_write(struct disk *disk, uint32_t sector, const uint8_t from[DISK_SECTOR_BYTES]);

#endif
