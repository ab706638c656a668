/*
 * cpio.h - read a cpio archive in the "newc" format, entry by entry, without copying (PURE).
 */
#ifndef BASE_CPIO_H
#define BASE_CPIO_H

#include <stdbool.h>
#include <stdint.h>

struct cpio_entry {
    const char *name;       /* inside the archive, NUL-terminated there */
    uint32_t name_bytes;    /* its length, without the NUL */
    uint32_t mode;          /* st_mode of the packer's system: type and permissions */
    const void *data;       /* inside the archive; any alignment of 4 */
    uint64_t size;          /* of data, bytes; 0 for folders */
};

/*
 * Give the entry at *position (bytes; 0 for the first) and move *position behind it. False: no further entry, because
 * the trailer or the end of the archive is reached, or because the next one is malformed or cut off; entry and
 * *position are then untouched. Whatever the archive holds, name and data lie inside archive[0..size).
 * Source: cpio(5) "New ASCII Format".
 */
bool cpio_next(const void *archive, uint64_t size, uint64_t *position, struct cpio_entry *entry);

#endif
