/*
 * disk.c - see disk.h: the file, and above it RAM in which pages that are backed are what was written (PURE).
 */
#include "vpc/disk.h"

#include "base/string.h"

#define LARGEST 0xFFFFF000u
#define SECTORS_PER_PAGE (PAGE_SIZE / DISK_SECTOR_BYTES)

bool disk_open(struct disk *disk, const void *bytes, uint64_t count)
{
    *disk = (struct disk){ .bytes = NULL };
    if (bytes == NULL || count == 0)
        return true;
    uint64_t whole = (count + PAGE_MASK) & ~(uint64_t)PAGE_MASK;
    if (whole > LARGEST || ram_create(&disk->written, (uint32_t)whole) != STATUS_OK)
        return false;
    disk->bytes = bytes;
    disk->count = count;
    disk->sectors = (uint32_t)((count + DISK_SECTOR_BYTES - 1) / DISK_SECTOR_BYTES);
    disk->is_open = true;
    return true;
}

bool disk_close(struct disk *disk, uint32_t *steps)
{
    if (disk->is_open && !ram_destroy(&disk->written, steps))
        return false;
    disk->is_open = false;
    return true;
}

/* From the file, which may end inside. */
static void read_file(const struct disk *disk, uint64_t at, uint8_t *to, uint32_t bytes)
{
    uint64_t there = at < disk->count ? disk->count - at : 0;
    uint32_t copied = there < bytes ? (uint32_t)there : bytes;

    memcpy(to, disk->bytes + at, copied);
    memset(to + copied, 0, bytes - copied);
}

void disk_read(const struct disk *disk, uint32_t sector, uint8_t to[DISK_SECTOR_BYTES])
{
    const uint8_t *page = ram_peek(&disk->written, sector / SECTORS_PER_PAGE);

    if (page != NULL)
        memcpy(to, page + sector % SECTORS_PER_PAGE * DISK_SECTOR_BYTES, DISK_SECTOR_BYTES);
    else
        read_file(disk, (uint64_t)sector * DISK_SECTOR_BYTES, to, DISK_SECTOR_BYTES);
}

bool disk_write(struct disk *disk, uint32_t sector, const uint8_t from[DISK_SECTOR_BYTES])
{
    uint32_t number = sector / SECTORS_PER_PAGE;
    bool is_new = ram_peek(&disk->written, number) == NULL;
    hpa_t page = ram_back(&disk->written, number);

    if (page.v && disk->written.frames[number].flags & GFRAME_SHARED)
        page = ram_own(&disk->written, number);
    if (!page.v)
        return false;
    if (is_new)
        read_file(disk, (uint64_t)number * PAGE_SIZE, hpa_to_ptr(page), PAGE_SIZE);
    memcpy((uint8_t *)hpa_to_ptr(page) + sector % SECTORS_PER_PAGE * DISK_SECTOR_BYTES, from, DISK_SECTOR_BYTES);
    return true;
}
