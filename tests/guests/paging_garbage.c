/*
 * paging_garbage.c - entries that nobody uses may hold anything: setpd and adjustpg must not mind.
 *
 * The directory and one table are full of garbage: not-present words with every other bit set, frames beyond RAM,
 * 4 MiB pages, in-RAM frames that hold data and not tables. Only entries whose meaning is defined are touched: present
 * ones that are sound, and not-present ones, which are #PF whatever their other bits. The bad ones are told to
 * hv_adjustpg and never accessed. (paging_crash.c accesses them.)
 */
#include "lib/paging.h"

#define TABLE_GVA FREE_GVA
#define GOOD (TABLE_GVA + 5 * PAGE_BYTES)
#define DATA_TABLE (FREE_GVA + TABLE_SPAN)          /* the directory entry names a frame of data */

static uint32_t pd, frame, random_state = 12345;

static uint32_t random_next(void)
{
    random_state = random_state * 1103515245 + 12345;
    return random_state << 16 | (random_state >> 16 & 0xFFFF);
}

static uint32_t bad_entry(uint32_t index)
{
    switch (index % 5) {
    case 0:
        return random_next() & ~ENTRY_P;
    case 1:
        return 0xFFFFF000 | ENTRY_USER;
    case 2:
        return sdk_memory_bytes() | ENTRY_USER;
    case 3:
        return random_next() | ENTRY_P | ENTRY_BIT_7;
    default:
        return (random_next() & 0x00FFFFFF) | 0x80000000 | ENTRY_P;
    }
}

static void garbage_write(uint32_t salt)
{
    for (uint32_t i = 0; i < TABLE_ENTRIES; i++) {
        uint32_t gva = i * TABLE_SPAN;

        if (gva >= sdk_memory_bytes() && gva != USER_CODE && gva != TABLE_GVA && gva != DATA_TABLE)
            frame_words(pd)[i] = bad_entry(i + salt);
        if (TABLE_GVA + i * PAGE_BYTES != GOOD)
            *pt_entry(pd, TABLE_GVA + i * PAGE_BYTES) = bad_entry(i + salt);
    }
}

/* Not-present entries among the garbage. */
static void not_present_check(void)
{
    for (uint32_t i = 0; i < HV_MAX_GVA / TABLE_SPAN; i++) {
        if ((frame_words(pd)[i] & ENTRY_P) == 0)
            CHECK_EQUAL(i % 2 == 0 ? kernel_get(i * TABLE_SPAN) : user_put(i * TABLE_SPAN, 1),
                        i % 2 == 0 ? PF(0) : PF(PF_U | PF_W));
        uint32_t gva = TABLE_GVA + i * PAGE_BYTES;
        if ((*pt_entry(pd, gva) & ENTRY_P) == 0)
            CHECK_EQUAL(i % 2 == 0 ? user_get(gva) : kernel_put(gva, 1), i % 2 == 0 ? PF(PF_U) : PF(PF_W));
    }
}

/* int $0xDE with its one argument word at the end of GOOD: what lies behind it is not read. */
static void call_at_end(uint32_t number, uint32_t word)
{
    frame_words(frame)[TABLE_ENTRIES - 1] = word;
    __asm__ volatile("movl %%esp, %%esi; movl %0, %%esp; int $0xDE; movl %%esi, %%esp"
                     : : "r"(GOOD + PAGE_BYTES - 4), "a"(number) : "esi", "memory");
}

/* A call with one word looks at one, whatever entry comes next. A hypervisor that fetches two ended the guest here. */
static void one_word_check(void)
{
    static const uint32_t next[] = { 0, 0xFFFFF000 | ENTRY_USER, 0x80000000 | ENTRY_USER };

    for (uint32_t i = 0; i < sizeof(next) / sizeof(next[0]); i++) {
        *pt_entry(pd, GOOD + PAGE_BYTES) = next[i];
        hv_adjustpg(GOOD + PAGE_BYTES);
        call_at_end(HV_CALL_CONS_SET_TERM_COLOR, 7);
        call_at_end(HV_CALL_ADJUSTPG, GOOD);
        CHECK_EQUAL(kernel_get(GOOD), 0x600D);
    }
}

int main(void)
{
    traps_record(true);
    pd = pd_make();
    frame = frame_take();
    frame_words(frame)[0] = 0x600D;
    page_map(pd, GOOD, frame, ENTRY_USER);
    /* As a table, this data has a good entry and 1,023 that look present. */
    uint32_t data = frame_take();
    memset(frame_words(data), 0xFF, PAGE_BYTES);
    frame_words(data)[3] = frame | ENTRY_USER;
    *pd_entry(pd, DATA_TABLE) = data | ENTRY_USER;

    for (uint32_t round = 0; round < 5; round++) {
        garbage_write(round);
        hv_setpd(pd, round & 1);
        CHECK_EQUAL(kernel_get(GOOD), 0x600D);
        CHECK_EQUAL(user_get(DATA_TABLE + 3 * PAGE_BYTES), 0x600D);
        not_present_check();
        garbage_write(round + 2);
        for (uint32_t gva = 0; gva < HV_MAX_GVA; gva += TABLE_SPAN)
            hv_adjustpg(gva + PAGE_BYTES);
        for (uint32_t i = 0; i < TABLE_ENTRIES; i++)
            hv_adjustpg(TABLE_GVA + i * PAGE_BYTES);
        hv_adjustpg(HV_MAX_GVA & ~(PAGE_BYTES - 1));
        CHECK_EQUAL(user_get(GOOD), 0x600D);
        CHECK_EQUAL(kernel_get(DATA_TABLE + 3 * PAGE_BYTES), 0x600D);
        one_word_check();
    }
    return test_result();
}
