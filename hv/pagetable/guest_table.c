/*
 * guest_table.c - REP MOVSQ and REPE CMPSQ: SDM vol. 2 "REP/REPE/REPZ/REPNE/REPNZ". DF is clear in C.
 */
#include "pagetable/guest_table.h"

void guest_table_copy(void *to, const void *from)
{
    uint64_t count = GUEST_TABLE_WORDS;

    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
}

bool guest_table_is_equal(const void *bytes, const void *other, uint32_t words)
{
    uint64_t left = words;
    bool is_equal = true;

    if (left)
        __asm__ volatile("repe cmpsq" : "+S"(bytes), "+D"(other), "+c"(left), "=@ccz"(is_equal) : : "memory");
    return is_equal;
}

uint32_t guest_table_find_difference(const void *table, const void *other, uint32_t first)
{
    const uint64_t *a = (const uint64_t *)table + first, *b = (const uint64_t *)other + first;
    uint64_t left = GUEST_TABLE_WORDS - first;
    bool is_equal = true;

    if (left)
        __asm__ volatile("repe cmpsq" : "+S"(a), "+D"(b), "+c"(left), "=@ccz"(is_equal) : : "memory");
    return GUEST_TABLE_WORDS - (uint32_t)left - (is_equal ? 0 : 1);
}
