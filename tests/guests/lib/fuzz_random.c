/*
 * fuzz_random.c - chance of the fuzz guest, and words that are more than chance (fuzz.h).
 */
#include "lib/fuzz.h"

static uint32_t state, boldness;

void random_seed(uint32_t seed)
{
    state = seed * 2654435761u ^ 0x9E3779B9;        /* neighbouring seeds lead to different walks */
    state |= state == 0;
    for (unsigned i = 0; i < 8; i++)
        random_word();
    boldness = 512u << random_below(6);
}

uint32_t random_word(void)
{
    state ^= state << 13;                           /* xorshift: Marsaglia 2003 */
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

uint32_t random_below(uint32_t limit)
{
    return (random_word() >> 4) % limit;
}

bool random_one_in(uint32_t count)
{
    return random_below(count) == 0;
}

bool random_is_bold(void)
{
    return random_one_in(boldness);
}

uint32_t random_value(void)
{
    static const uint32_t edges[] = {
        0, 0xFFF, 0x1000, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFEFFF000, 0xFEFFFFFC, HV_MAX_GVA, HV_MAX_GVA + 1,
        0xFF000004, 0xFFC00000, 0xFFFFF000, 0xFFFFFFFC, 0xFFFFFFFF, HV_STATUS_CRASH, 0x00400000, 0x003FFFFE,
    };

    switch (random_below(8)) {
    case 0:
        return random_word();
    case 1:
        return random_below(300);
    case 2:
        return edges[random_below(sizeof(edges) / sizeof(edges[0]))];
    case 3:
        return 1u << random_below(32);
    case 4:
        return tables_frame() + random_below(PAGE_BYTES);
    case 5:
        return tables_gva() - random_below(8);      /* often across two pages */
    default:
        return tables_gva() + random_below(PAGE_BYTES);
    }
}

uint32_t random_flags(void)
{
    uint32_t flags = random_word();

    if (random_one_in(2))                           /* a few bits beside those that code is used to */
        flags = EFLAGS_IF | EFLAGS_RESERVED_1 | 1u << random_below(32) | 1u << random_below(32);
    if (random_one_in(4))
        flags |= EFLAGS_IOPL;
    return random_is_bold() ? flags | EFLAGS_VM : flags & ~EFLAGS_VM;     /* an emulator pops it: that is an end */
}

uint32_t random_selector(void)
{
    if (random_one_in(8))
        return random_word() & 0xFFFF;
    return random_below(10) << 3 | random_below(4) | (random_one_in(8) ? 4 : 0);
}
