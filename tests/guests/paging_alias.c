/*
 * paging_alias.c - one page table under all 1,020 directory entries: a 4 GiB map of 4 MiB.
 *
 * The table maps the first 4 MiB one to one for the kernel, so that the guest itself goes on in any alias, with the
 * user pages at its start (the alias at USER_CODE then has them at their usual place) and the test's pages at PAGE.
 * Every alias must show the same pages, also after an edit that is told for one alias at a time, after one that is told
 * by hv_setpd, and after the table's frame has become data.
 */
#include "lib/paging.h"

#define ALIASES (HV_MAX_GVA / TABLE_SPAN + 1)       /* 1020 */
#define PAGE(n) (0x10000u + (n) * PAGE_BYTES)       /* unused RAM below the image */

static uint32_t pd, table, frames[2];

static void tables_make(void)
{
    const uint32_t *user_table = pt_entry(pd, USER_CODE);
    const uint32_t *identity_table = pt_entry(pd, 0);

    table = frame_take();
    memcpy(frame_words(table), identity_table, PAGE_BYTES);
    for (uint32_t gva = USER_CODE; gva < USER_STACK; gva += PAGE_BYTES)
        frame_words(table)[(gva - USER_CODE) / PAGE_BYTES] = user_table[(gva - USER_CODE) / PAGE_BYTES];
    for (uint32_t i = 0; i < 2; i++) {
        frames[i] = frame_take();
        frame_words(frames[i])[0] = 0x0F0F0000 + i;
        frame_words(table)[PAGE(i) / PAGE_BYTES] = frames[i] | ENTRY_USER;
    }
    CHECK(frames[1] < TABLE_SPAN);
    for (uint32_t i = 0; i < ALIASES; i++)
        frame_words(pd)[i] = table | ENTRY_USER;
}

/* The page in each alias shows value, or faults so. User mode looks at every seventh, but not where its code is. */
static void aliases_check(uint32_t page, uint32_t kernel, uint32_t user)
{
    for (uint32_t i = 0; i < ALIASES; i++) {
        uint32_t gva = i * TABLE_SPAN + page;

        CHECK_EQUAL(kernel_get(gva), kernel);
        if (i % 7 == 0 && i != USER_CODE / TABLE_SPAN)
            CHECK_EQUAL(user_get(gva), user);
    }
}

static void edits_check(void)
{
    uint32_t *entry = &frame_words(table)[PAGE(0) / PAGE_BYTES];

    for (uint32_t round = 0; round < 2; round++) {
        *entry = frames[1] | ENTRY_USER;
        for (uint32_t i = 0; i < ALIASES; i++)
            hv_adjustpg(i * TABLE_SPAN + PAGE(0));
        aliases_check(PAGE(0), 0x0F0F0001, 0x0F0F0001);
        *entry = frames[0] | ENTRY_USER_READ;
        hv_setpd(pd, round);
        aliases_check(PAGE(0), 0x0F0F0000, 0x0F0F0000);
        aliases_check(PAGE(1), 0x0F0F0001, 0x0F0F0001);
        CHECK_EQUAL(kernel_put((round + 900) * TABLE_SPAN + PAGE(1) + 4, round + 5), DONE);
        aliases_check(PAGE(1) + 4, round + 5, round + 5);
    }
    *entry = 0;
    hv_setpd(pd, 0);
    aliases_check(PAGE(0), PF(0), PF(PF_U));
    for (uint32_t i = 0; i < ALIASES; i++) {
        if (i != USER_CODE / TABLE_SPAN)
            frame_words(pd)[i] = table | ENTRY_KERNEL;
    }
    *entry = frames[0] | ENTRY_USER;
    hv_setpd(pd, 0);
    aliases_check(PAGE(0), 0x0F0F0000, PF(PF_U | PF_P));
}

/* Dropped everywhere, it is data: garbage for entries, and stores that must stay. */
static void dropped_check(uint32_t next_pd)
{
    hv_setpd(next_pd, 0);
    memset(frame_words(table), 0x5A, PAGE_BYTES);
    memset(frame_words(pd), 0x5A, PAGE_BYTES);
    hv_setpd(next_pd, 0);
    for (uint32_t i = 0; i < TABLE_ENTRIES; i++)
        CHECK_EQUAL(frame_words(table)[i], 0x5A5A5A5A);
    CHECK_EQUAL(kernel_get(0x80000000 + PAGE(0)), PF(0));
    CHECK_EQUAL(kernel_get(frames[0]), 0x0F0F0000);
}

int main(void)
{
    traps_record(true);
    pd = pd_make();
    tables_make();
    uint32_t next_pd = pd_make();
    hv_setpd(pd, 0);
    aliases_check(PAGE(0), 0x0F0F0000, 0x0F0F0000);
    aliases_check(PAGE(1), 0x0F0F0001, 0x0F0F0001);
    edits_check();
    dropped_check(next_pd);
    return test_result();
}
