/*
 * debug_sites.h - where an image calls the simulator's debug print (PURE): abi.md section 8.
 *
 * A site is 87 DB 5B: XCHG EBX,EBX, and POP EBX, which both known shapes have: B8 00 00 00 00 87 DB 5B C3 in kernels,
 * 87 DB 5B in programs that an image carries along. Once patched, its first two bytes are CD and a vector.
 */
#ifndef GUEST_DEBUG_SITES_H
#define GUEST_DEBUG_SITES_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu/vectors.h"

#define DEBUG_SITES_BEFORE 8        /* bytes before a site by which it is known again, wherever it is copied to */
#define DEBUG_SITES_BYTES 3         /* of a site itself */
#define DEBUG_SITES_VECTOR_FIRST VECTOR_TIMER   /* those with gates of DPL 0 that are no exceptions */
#define DEBUG_SITES_VECTORS (VECTOR_COUNT - DEBUG_SITES_VECTOR_FIRST)
#define DEBUG_SITES_KINDS 16        /* different bytes before sites that an image may have; usually there are two */

struct debug_sites {
    uint8_t vector;                 /* of the INT that stands there; 0: none does */
    uint8_t kind_count;
    uint64_t kinds[DEBUG_SITES_KINDS];      /* the bytes before, the first one lowest */
};

/*
 * The index of the first site at or after from; count when there is none. One in the first DEBUG_SITES_BEFORE bytes is
 * none, and none with an operand-size prefix: XCHG BX,BX is a break point of another emulator.
 */
uint32_t debug_sites_next(const uint8_t *bytes, uint32_t count, uint32_t from);

/*
 * Vectors 0xF0 to 0xFF (bit 0 to 15) that stand in a patched site's form in these bytes: an INT of the image's own
 * must not be taken for one. INT through these vectors faults in every guest, so that nothing else is slower for it.
 */
uint32_t debug_sites_vectors(const uint8_t *bytes, uint32_t count);

/* Remember the bytes before a site. False: there are more kinds than can be remembered, so it must not be patched. */
bool debug_sites_add(struct debug_sites *sites, uint64_t before);

/*
 * Whether an INT through this vector is a site that was patched. around: DEBUG_SITES_BEFORE bytes before it, and
 * DEBUG_SITES_BYTES; can_read: a bit for each. What cannot be read now is not held against it.
 */
bool debug_sites_is(const struct debug_sites *sites, uint8_t vector,
                    const uint8_t around[DEBUG_SITES_BEFORE + DEBUG_SITES_BYTES], uint32_t can_read);

#endif
