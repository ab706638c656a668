/*
 * files.h - the files in the kernel image; packfiles.py makes the table.
 */
#ifndef PEBBLES_FILES_H
#define PEBBLES_FILES_H

#include <stdint.h>

struct file {
    const char *name;
    const uint8_t *data;
    uint32_t bytes;
};

extern const struct file files[];
extern const uint32_t files_count;

/* NULL: no such file. */
const struct file *file_find(const char *name);

#endif
