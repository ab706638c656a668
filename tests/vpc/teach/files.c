/*
 * files.c - a directory of names, and the files behind it, each in a row of sectors: on the second disk if that begins
 * with one, else in the RAM disk that is in the kernel.
 */
#include "teach.h"

#define SECTOR 512u
#define SYSTEM_DISK 1u

extern const uint8_t ram_disk[];
static struct entry directory[SECTOR / sizeof(struct entry)];
static bool is_on_disk;

static void read_block(uint32_t number, void *to)
{
    if (!is_on_disk)
        memcpy(to, ram_disk + number * SECTOR, SECTOR);
    else
        check(read_raw(SYSTEM_DISK, number, to), "the system's disk");
}

void mount(void)
{
    is_on_disk = has_system_disk();
    read_block(0, directory);
    say("files on %s\n", is_on_disk ? "the second disk" : "a disk in RAM");
}

uint32_t open(const char *name)
{
    for (uint32_t file = 0; file < sizeof(directory) / sizeof(*directory); file++) {
        unsigned i = 0;
        while (i < NAME_BYTES - 1 && name[i] != '\0' && name[i] == directory[file].name[i])
            i++;
        if (name[0] != '\0' && name[i] == directory[file].name[i])
            return file;
    }
    return NO_FILE;
}

uint32_t read_file(uint32_t file, uint32_t at, void *to, uint32_t bytes)
{
    const struct entry *entry = &directory[file];
    uint8_t block[SECTOR];
    uint32_t done = 0;

    if (file >= sizeof(directory) / sizeof(*directory) || at >= entry->bytes)
        return 0;
    if (bytes > entry->bytes - at)
        bytes = entry->bytes - at;
    while (done < bytes) {
        uint32_t from = (entry->at + at + done) % SECTOR, count = SECTOR - from;
        if (count > bytes - done)
            count = bytes - done;
        read_block((entry->at + at + done) / SECTOR, block);
        memcpy((uint8_t *)to + done, block + from, count);
        done += count;
    }
    return done;
}
