/*
 * region.h - what the handlers of paging.S and setpd.S are told of a guest's tables and their shadows.
 */
#ifndef TESTS_BENCH_FLOOR_REGION_H
#define TESTS_BENCH_FLOOR_REGION_H

#include <stdbool.h>
#include <stdint.h>

struct guest;

struct floor_directory {
    uint64_t address;           /* guest-physical */
    uint64_t root;
    const bool *dirty;
};

struct floor_table {
    const uint32_t *entries;    /* the guest's, in the hypervisor's window */
    uint32_t *copy;
    uint64_t *leaves[2];        /* of the lower and of the upper half */
};

/*
 * Remember count tables of the current directory from gva on, and what their leaves are; all pages that they map must
 * be there. False: they are not, or more than there is room for.
 */
bool floor_remember(struct guest *guest, uint32_t gva, uint32_t count);

/* All leaves that were remembered are again what they were. */
void floor_forget(struct guest *guest);

/* Remember a directory, with wp, as the first of two; what was the first becomes the second. */
bool floor_know_directory(struct guest *guest, uint32_t directory);

#endif
