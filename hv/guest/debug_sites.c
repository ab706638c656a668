/*
 * debug_sites.c - where an image calls the simulator's debug print (PURE).
 */
#include "guest/debug_sites.h"

#include <stddef.h>

#include "cpu/opcodes.h"

#define XCHG_EBX_EBX_0 0x87
#define XCHG_EBX_EBX_1 0xDB

static bool is_site(const uint8_t *at)
{
    return at[0] == XCHG_EBX_EBX_0 && at[1] == XCHG_EBX_EBX_1 && at[2] == OPCODE_POP_EBX &&
           at[-1] != OPCODE_OPERAND_SIZE;
}

uint32_t debug_sites_next(const uint8_t *bytes, uint32_t count, uint32_t from)
{
    for (uint32_t i = from < DEBUG_SITES_BEFORE ? DEBUG_SITES_BEFORE : from; i + DEBUG_SITES_BYTES <= count; i++) {
        if (is_site(bytes + i))
            return i;
    }
    return count;
}

uint32_t debug_sites_vectors(const uint8_t *bytes, uint32_t count)
{
    uint32_t vectors = 0;

    for (uint32_t i = 0; i + DEBUG_SITES_BYTES <= count; i++) {
        if (bytes[i] == OPCODE_INT && bytes[i + 1] >= DEBUG_SITES_VECTOR_FIRST && bytes[i + 2] == OPCODE_POP_EBX)
            vectors |= 1u << (bytes[i + 1] - DEBUG_SITES_VECTOR_FIRST);
    }
    return vectors;
}

/* Bound, here and below: DEBUG_SITES_KINDS. */
bool debug_sites_add(struct debug_sites *sites, uint64_t before)
{
    for (unsigned i = 0; i < sites->kind_count; i++) {
        if (sites->kinds[i] == before)
            return true;
    }
    if (sites->kind_count == DEBUG_SITES_KINDS)
        return false;
    sites->kinds[sites->kind_count++] = before;
    return true;
}

static bool is_kind(uint64_t kind, const uint8_t *before, uint32_t can_read)
{
    for (unsigned i = 0; i < DEBUG_SITES_BEFORE; i++) {
        if ((can_read >> i & 1) && before[i] != (uint8_t)(kind >> 8 * i))
            return false;
    }
    return true;
}

bool debug_sites_is(const struct debug_sites *sites, uint8_t vector,
                    const uint8_t around[DEBUG_SITES_BEFORE + DEBUG_SITES_BYTES], uint32_t can_read)
{
    const uint8_t site[DEBUG_SITES_BYTES] = { OPCODE_INT, vector, OPCODE_POP_EBX };

    if (sites->vector == 0 || vector != sites->vector)
        return false;
    for (unsigned i = 0; i < DEBUG_SITES_BYTES; i++) {
        if ((can_read >> (DEBUG_SITES_BEFORE + i) & 1) && around[DEBUG_SITES_BEFORE + i] != site[i])
            return false;
    }
    for (unsigned i = 0; i < sites->kind_count; i++) {
        if (is_kind(sites->kinds[i], around, can_read))
            return true;
    }
    return false;
}
