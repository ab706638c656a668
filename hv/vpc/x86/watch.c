/*
 * watch.c - see watch.h (PURE).
 */
#include "vpc/x86/watch.h"

#define BREAKPOINTS 4u

/* DR7's R/W: on what. Ports (2, with CR4.DE) are not watched. */
enum { ON_CODE, ON_WRITES, ON_PORTS, ON_ACCESSES };

static unsigned watched_kind(uint32_t dr7, unsigned number)
{
    return dr7 >> (16 + 4 * number) & 3;
}

static bool is_on(uint32_t dr7, unsigned number)
{
    return dr7 >> 2 * number & 3;
}

/* LEN 2 is eight bytes where there are any, and undefined elsewhere. */
static uint32_t watched_bytes(uint32_t dr7, unsigned number)
{
    static const uint8_t bytes[] = { 1, 2, 8, 4 };

    return bytes[dr7 >> (18 + 4 * number) & 3];
}

void watch_access(struct interp *interp, uint32_t linear, unsigned bytes, bool is_write)
{
    struct vcpu *cpu = &interp->cpu;

    for (unsigned i = 0; i < BREAKPOINTS; i++) {
        unsigned kind = watched_kind(cpu->dr[7], i);
        uint32_t watched = watched_bytes(cpu->dr[7], i), first = cpu->dr[i] & ~(watched - 1);
        bool is_met = linear - first < watched || first - linear < bytes;
        if (is_on(cpu->dr[7], i) && is_met && (kind == ON_ACCESSES || (kind == ON_WRITES && is_write)))
            cpu->data_hits |= (uint8_t)(1u << i);
    }
}

uint32_t watch_code(const struct interp *interp)
{
    const struct vcpu *cpu = &interp->cpu;
    uint32_t linear = cpu->segments[SEG_CS].base + cpu->eip, hits = 0;

    for (unsigned i = 0; i < BREAKPOINTS; i++)
        if (is_on(cpu->dr[7], i) && watched_kind(cpu->dr[7], i) == ON_CODE && cpu->dr[i] == linear)
            hits |= 1u << i;
    return hits;
}
