/*
 * hello.c - the least that a kernel does: it is loaded as Multiboot says, speaks on COM1, ends by the debug exit.
 */
#include "lib/pc.h"

#define FLAG_MEMORY 0x01u
#define FLAG_MAP 0x40u

static uint32_t zeroed[1024];

/* RAM behind 1 MiB, by the map, in KiB. */
static uint32_t upper_by_map(const uint32_t *info)
{
    uint32_t at = info[12], end = info[12] + info[11];

    while (at < end) {
        const uint32_t *entry = (const uint32_t *)at;
        if (entry[1] == 0x100000 && entry[5] == 1)
            return entry[3] >> 10;
        at += entry[0] + 4;
    }
    return 0;
}

int main(uint32_t magic, const uint32_t *info)
{
    say("hello from a virtual PC: magic %x\n", magic);
    check(magic == 0x2BADB002, "magic");
    check((info[0] & (FLAG_MEMORY | FLAG_MAP)) == (FLAG_MEMORY | FLAG_MAP), "flags");
    check(info[1] >= 512 && info[1] <= 640, "mem_lower");
    check(upper_by_map(info) + 1024 >= info[2], "map and mem_upper");
    for (unsigned i = 0; i < 1024; i++)
        check(zeroed[i] == 0, "bss");
    say("%u failed\n", failures);
    return failures == 0 ? 42 : 1;
}
