/*
 * shadow_choices.c - the frames, words, pages and entries that the walk of test_shadow.c chooses from, for
 * shadow_choices.h.
 */
#include "shadow_choices.h"

#include "pagetable/gwalk.h"
#include "paging_model.h"

const uint16_t pde_words[PDE_WORDS] = { 0, 1, 2, WINDOW_PDE, 251, 252, 507, 508, 764, 1018, 1019 };
const uint16_t pte_words[PTE_WORDS] = { 0, 1, 2, 3, 255, 510, 511, 512, 513, 764, 1018, 1023 };
uint32_t spread;
gva_t recent[RECENT_PAGES];
static uint64_t random_state;

void random_start(uint64_t seed)
{
    random_state = seed * 0x9E3779B97F4A7C15ull | 1;
}

uint32_t random_below(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32) % limit;
}

bool chance(uint32_t percent)
{
    return random_below(100) < percent;
}

uint32_t any_frame(void)
{
    return random_below(model_space.ram->frame_count);
}

uint32_t some_directory(void)
{
    if (chance(40) && model_space.paging->is_on)
        return model_directory;
    return chance(spread) ? any_frame() : random_below(DIRECTORIES);
}

uint32_t some_table(void)
{
    return chance(spread) ? any_frame() : FIRST_TABLE + random_below(TABLES);
}

uint32_t some_word(void)
{
    return chance(30) ? pde_words[random_below(PDE_WORDS)] : pte_words[random_below(PTE_WORDS)];
}

gva_t some_page(void)
{
    if (chance(60))
        return recent[random_below(RECENT_PAGES)];
    return GVA((uint32_t)pde_words[random_below(PDE_WORDS)] << 22 |
               (uint32_t)pte_words[random_below(PTE_WORDS)] << 12);
}

/* Low bits of an entry: mostly present, now and then with bits that mean nothing. */
static uint32_t some_bits(uint32_t meaningless)
{
    uint32_t bits = (chance(90) ? GPTE_P : 0) | (chance(65) ? GPTE_W : 0) | (chance(65) ? GPTE_U : 0);
    return chance(20) ? bits | (random_below(0x1000) & meaningless) : bits;
}

uint32_t some_pde(void)
{
    if (chance(2))
        return random_below(UINT32_MAX);
    uint32_t frame = chance(5) ? some_directory() : some_table();
    return frame << 12 | some_bits(0xF78) | (chance(2) ? GPDE_PS : 0);
}

uint32_t some_pte(void)
{
    if (chance(4))
        return chance(50) ? random_below(UINT32_MAX) : model_space.ram->frame_count << 12 | 7;
    uint32_t frame = chance(70) ? any_frame() : chance(50) ? some_table() : some_directory();
    return frame << 12 | some_bits(0xFF8);
}
