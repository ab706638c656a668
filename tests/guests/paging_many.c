/*
 * paging_many.c - a guest that makes directories without end: the hypervisor's memory for them must stay bounded.
 *
 * "reused": 10,000 directories over 64 frames, tables freed and taken anew each time, so that frames change between
 * directory, table and data all the time. "distinct" (mem=48M): 10,000 directories in 10,000 different frames, all of
 * them sound until the end, each with one page of its own through one of 256 tables; then each tenth once more, oldest
 * first. "tables" (mem=48M): ten directories with 900 tables each, every one used, by kernel and user mode, under both
 * wp, before any is dropped. What is mapped is read in every directory. The boot's "leaked frames: 0" is the other half
 * of the proof: on the machine with 128 MiB these guests' tables would not fit if all of their shadows were kept.
 */
#include "lib/paging.h"

#define PAGE FREE_GVA
#define DISTINCT 10000u
#define TABLES 256u
#define REUSED 10000u
#define RING 64u

static uint32_t pds[DISTINCT], tables[TABLES], template[TABLE_ENTRIES];

static uint32_t pd_copy(uint32_t pd)
{
    memcpy(frame_words(pd), template, PAGE_BYTES);
    return pd;
}

static void template_make(void)
{
    memcpy(template, frame_words(pd_make()), PAGE_BYTES);
}

/* Directory i names table i % TABLES at an address of its own. */
static uint32_t place(uint32_t i)
{
    return PAGE + i % 500 * TABLE_SPAN;
}

CASE(distinct)
{
    template_make();
    for (uint32_t i = 0; i < TABLES; i++) {
        uint32_t frame = frame_take_new();

        frame_words(frame)[0] = 0x00770000 + i;
        tables[i] = frame_take_new();
        frame_words(tables[i])[i] = frame | ENTRY_USER;
    }
    for (uint32_t i = 0; i < DISTINCT; i++) {
        pds[i] = pd_copy(frame_take_new());
        *pd_entry(pds[i], place(i)) = tables[i % TABLES] | ENTRY_USER;
        hv_setpd(pds[i], i & 1);
        uint32_t gva = place(i) + i % TABLES * PAGE_BYTES;
        if (!CHECK_EQUAL(i % 16 != 0 ? kernel_get(gva) : user_get(gva), 0x00770000 + i % TABLES))
            return;
    }
    for (uint32_t i = 0; i < DISTINCT; i += 10) {
        hv_setpd(pds[i], 0);
        CHECK_EQUAL(kernel_get(place(i) + i % TABLES * PAGE_BYTES), 0x00770000 + i % TABLES);
        CHECK_EQUAL(kernel_get(place(i + 1)), PF(0));
    }
}

CASE(reused)
{
    uint32_t ring[RING] = { 0 }, ring_tables[RING] = { 0 };
    uint32_t frame = frame_take();

    frame_words(frame)[0] = 0x00770077;
    template_make();
    for (uint32_t i = 0; i < REUSED; i++) {
        uint32_t slot = i % RING;

        if (ring[slot] != 0) {
            frame_give(i % 3 == 0 ? ring[slot] : ring_tables[slot]);
            frame_give(i % 3 == 0 ? ring_tables[slot] : ring[slot]);
        }
        ring[slot] = pd_copy(frame_take());
        page_map(ring[slot], place(i), frame, ENTRY_USER);
        ring_tables[slot] = *pd_entry(ring[slot], place(i)) & ~(PAGE_BYTES - 1);
        hv_setpd(ring[slot], i & 1);
        if (!CHECK_EQUAL(kernel_get(place(i)), 0x00770077) || !CHECK_EQUAL(kernel_get(place(i + 1)), PF(0)))
            return;
    }
}

#define WIDE_DIRECTORIES 10u
#define WIDE_TABLES 900u
#define WIDE_FRAMES 67u

/* The page of table i, behind the identity map of 48 MiB and without the user pages' directory entry. */
static uint32_t wide_page(uint32_t i)
{
    return (i + 12 < USER_CODE / TABLE_SPAN ? i + 12 : i + 13) * TABLE_SPAN + 5 * PAGE_BYTES;
}

/* Neighbours differ, in directories and tables: a shadow in the wrong place shows the wrong frame. */
static uint32_t wide_frame(uint32_t directory, uint32_t i)
{
    return (directory * 11 + i) % WIDE_FRAMES;
}

static bool wide_check(uint32_t directory, uint32_t i, bool user)
{
    uint32_t gva = wide_page(i);

    return CHECK_EQUAL(user ? user_get(gva) : kernel_get(gva), 0x00770000 + wide_frame(directory, i));
}

CASE(tables)
{
    uint32_t frames[WIDE_FRAMES];

    for (uint32_t i = 0; i < WIDE_FRAMES; i++) {
        frames[i] = frame_take();
        frame_words(frames[i])[0] = 0x00770000 + i;
    }
    for (uint32_t round = 0; round < 2 * WIDE_DIRECTORIES; round++) {
        uint32_t directory = round % WIDE_DIRECTORIES;

        if (round < WIDE_DIRECTORIES)
            pds[directory] = pd_make();
        hv_setpd(pds[directory], round / WIDE_DIRECTORIES);
        for (uint32_t i = 0; i < WIDE_TABLES; i++) {
            if (round < WIDE_DIRECTORIES)
                page_map(pds[directory], wide_page(i), frames[wide_frame(directory, i)], ENTRY_USER_READ);
            if (!wide_check(directory, i, (i + round) % 8 == 0))
                return;
        }
    }
    /* Here and there once more, in directories that nobody edits any more: what was taken away must come again. */
    uint32_t where = 1;
    for (uint32_t i = 0; i < 9000; i++) {
        uint32_t directory = i / 30 % WIDE_DIRECTORIES;

        if (i % 30 == 0)
            hv_setpd(pds[directory], 0);
        where = where * 1103515245 + 12345;
        if (!wide_check(directory, (where >> 12) % WIDE_TABLES, i % 8 == 0))
            return;
    }
}

int main(void)
{
    traps_record(true);
    test_case();
    return test_result();
}
