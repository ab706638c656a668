/*
 * paging_setpd.c - hv_setpd forgets everything: tables may have been edited, freed, reused as data or in another role,
 * active or not, and nobody was told.
 *
 * Every table is edited through the identity map with plain stores. After the hv_setpd each page must read as the
 * tables say now. What is data again must hold its data: a hypervisor that still took it for a table would either see
 * garbage entries or lose the guest's stores.
 */
#include "lib/paging.h"

#define PAGES 16u
#define DIRECTORIES 4u
#define WINDOW(n) (FREE_GVA + (n) * TABLE_SPAN)

static uint32_t pds[DIRECTORIES], frames[PAGES];

/* Frame number in, the word at its start out. */
static uint32_t mark(uint32_t index)
{
    return 0x00CC0000 + index;
}

/* Page i of the window shows frame (i + shift) % PAGES. */
static void window_fill(uint32_t pd, uint32_t window, uint32_t shift)
{
    for (uint32_t i = 0; i < PAGES; i++)
        page_map(pd, window + i * PAGE_BYTES, frames[(i + shift) % PAGES], ENTRY_USER);
}

static void window_check(uint32_t window, uint32_t shift)
{
    for (uint32_t i = 0; i < PAGES; i++) {
        uint32_t gva = window + i * PAGE_BYTES;

        CHECK_EQUAL(i % 2 == 0 ? kernel_get(gva) : user_get(gva), mark((i + shift) % PAGES));
    }
}

/* Each directory has tables of its own; they are edited while another is active. */
static void inactive_check(void)
{
    for (uint32_t round = 0; round < 3 * DIRECTORIES; round++) {
        uint32_t next = (round + 1) % DIRECTORIES;

        hv_setpd(pds[round % DIRECTORIES], round & 1);
        if (round != 0)
            window_check(WINDOW(0), round);
        window_fill(pds[next], WINDOW(0), round + 1);
    }
}

/* The active directory, edited behind its own back, with the same one loaded again. */
static void active_check(void)
{
    uint32_t pd = pds[0];

    for (uint32_t round = 0; round < 8; round++) {
        window_fill(pd, WINDOW(0), round);
        hv_setpd(pd, 0);
        window_check(WINDOW(0), round);
        for (uint32_t i = 0; i < PAGES; i++)
            *pt_entry(pd, WINDOW(0) + i * PAGE_BYTES) &= ~ENTRY_P;
        hv_setpd(pd, 0);
        CHECK_EQUAL(kernel_get(WINDOW(0) + round * PAGE_BYTES), PF(0));
    }
    window_fill(pd, WINDOW(0), 3);
    hv_setpd(pd, 0);
    window_check(WINDOW(0), 3);
    uint32_t pde = *pd_entry(pd, WINDOW(0));
    *pd_entry(pd, WINDOW(0)) = 0;
    *pd_entry(pd, WINDOW(1)) = pde & ~ENTRY_U;
    hv_setpd(pd, 0);
    CHECK_EQUAL(user_get(WINDOW(0)), PF(PF_U));
    CHECK_EQUAL(user_get(WINDOW(1)), PF(PF_U | PF_P));
    CHECK_EQUAL(kernel_get(WINDOW(1)), mark(3));
    *pd_entry(pd, WINDOW(0)) = pde;
    *pd_entry(pd, WINDOW(1)) = 0;
    hv_setpd(pd, 0);
}

/* One table under two directories: an edit under the one shows in the other, which has been active before. */
static void shared_check(void)
{
    *pd_entry(pds[1], WINDOW(2)) = *pd_entry(pds[0], WINDOW(0));
    for (uint32_t round = 0; round < 6; round++) {
        hv_setpd(pds[0], 0);
        window_check(WINDOW(0), 3 + round);
        window_fill(pds[0], WINDOW(0), 4 + round);
        hv_setpd(pds[1], 0);
        window_check(WINDOW(2), 4 + round);
    }
    *pd_entry(pds[1], WINDOW(2)) = 0;
}

/* A table's frame becomes data while the directory that named it is inactive, or has just dropped it. */
static void reuse_check(void)
{
    uint32_t active = pds[0];

    hv_setpd(active, 0);
    for (uint32_t round = 0; round < 20; round++) {
        uint32_t pd = pds[round % 2];
        uint32_t table = frame_take();

        *pd_entry(pd, WINDOW(3)) = table | ENTRY_USER;
        window_fill(pd, WINDOW(3), round);
        if (round % 3 != 2)
            hv_setpd(active = pd, 0);
        else
            for (uint32_t i = 0; i < PAGES; i++)
                hv_adjustpg(WINDOW(3) + i * PAGE_BYTES);
        if (pd == active)
            window_check(WINDOW(3), round);
        *pd_entry(pd, WINDOW(3)) = 0;
        for (uint32_t i = 0; i < TABLE_ENTRIES; i++)
            frame_words(table)[i] = i * 0x01010101u + round;
        hv_setpd(active = pds[round / 2 % 2], 0);
        for (uint32_t i = 0; i < TABLE_ENTRIES; i++)
            CHECK_EQUAL(frame_words(table)[i], i * 0x01010101u + round);
        CHECK_EQUAL(kernel_get(WINDOW(3)), PF(0));
        frame_give(table);
    }
}

/* A directory becomes a table, a table a directory, data becomes both; the stack of free frames mixes them. */
static void roles_check(void)
{
    for (uint32_t round = 0; round < 20; round++) {
        uint32_t pd = pd_make();

        window_fill(pd, WINDOW(round % 5), round);
        hv_setpd(pd, round & 1);
        window_check(WINDOW(round % 5), round);
        uint32_t table = *pd_entry(pd, WINDOW(round % 5)) & ~(PAGE_BYTES - 1);
        hv_setpd(pds[0], 0);
        if (round % 2 == 0) {
            frame_give(table);
            frame_give(pd);
        } else {
            frame_give(pd);
            frame_give(table);
        }
    }
}

int main(void)
{
    traps_record(true);
    for (uint32_t i = 0; i < PAGES; i++) {
        frames[i] = frame_take();
        frame_words(frames[i])[0] = mark(i);
    }
    for (uint32_t i = 0; i < DIRECTORIES; i++)
        pds[i] = pd_make();
    inactive_check();
    active_check();
    shared_check();
    reuse_check();
    roles_check();
    return test_result();
}
