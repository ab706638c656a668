/*
 * paging_tables.c - where tables can lie: in frames that the guest has not mapped, in frames mapped as pages of their
 * own address space, and as tables of themselves.
 *
 * Unmapped: the active directory lacks its own frame and its tables, kernel accesses there are #PF, and everything
 * works. Mapped: the guest edits a live table through a page that this very table maps, followed by hv_adjustpg. Self:
 * entry 512 of a directory names the directory, so that it is a table too, and the guest sees all of its tables in one
 * window; edits of directory and table entries through the window take effect as any others.
 */
#include "lib/paging.h"

#define PAGE FREE_GVA
#define VIEW (FREE_GVA + 8 * PAGE_BYTES)            /* shows the table that maps it */
#define SELF_INDEX 512u
#define WINDOW (SELF_INDEX * TABLE_SPAN)            /* table n is page n of the window */
#define WINDOW_PTE(gva) (WINDOW + (gva) / PAGE_BYTES * 4)
#define WINDOW_PDE(gva) (WINDOW + SELF_INDEX * PAGE_BYTES + (gva) / TABLE_SPAN * 4)

static uint32_t frames[3];

static uint32_t mark(uint32_t index)
{
    return 0x00AA0000 + index;
}

static uint32_t table_of(uint32_t pd, uint32_t gva)
{
    return *pd_entry(pd, gva) & ~(PAGE_BYTES - 1);
}

/* A directory with an identity table of its own, in which directory and tables are not present. */
static void unmapped_check(void)
{
    uint32_t pd = pd_make(), full = pd_make();
    uint32_t tables[] = { pd, 0, 0 };

    page_map(pd, PAGE, frames[0], ENTRY_USER);
    tables[1] = table_of(pd, PAGE);
    tables[2] = frame_take();
    for (uint32_t i = 0; i < 3; i++)
        CHECK(tables[i] < TABLE_SPAN);              /* all in the first table's span */
    memcpy(frame_words(tables[2]), frame_words(table_of(pd, 0)), PAGE_BYTES);
    for (uint32_t i = 0; i < 3; i++)
        frame_words(tables[2])[tables[i] / PAGE_BYTES] = 0;
    *pd_entry(pd, 0) = tables[2] | ENTRY_KERNEL;

    for (uint32_t round = 0; round < 6; round++) {
        hv_setpd(pd, round & 1);
        CHECK_EQUAL(user_get(PAGE), mark(round % 3));
        for (uint32_t i = 0; i < 3; i++) {
            CHECK_EQUAL(kernel_get(tables[i]), PF(0));
            CHECK_EQUAL(kernel_put(tables[i] + 0xFFC, 1), PF(PF_W));
        }
        hv_adjustpg(PAGE);
        CHECK_EQUAL(kernel_get(PAGE), mark(round % 3));
        hv_setpd(full, round & 1);
        page_map(pd, PAGE, frames[(round + 1) % 3], ENTRY_USER);
    }
}

/* The table's own page in the middle of it: kernel stores into VIEW are stores into the live table. */
static void view_check(void)
{
    uint32_t pd = pd_make();
    const uint32_t entry = VIEW + PAGE / PAGE_BYTES % TABLE_ENTRIES * 4;

    page_map(pd, PAGE, frames[0], ENTRY_USER);
    page_map(pd, VIEW, table_of(pd, PAGE), ENTRY_KERNEL);
    hv_setpd(pd, 1);
    for (uint32_t round = 0; round < 9; round++) {
        CHECK_EQUAL(kernel_put(entry, frames[round % 3] | ENTRY_USER), DONE);
        hv_adjustpg(PAGE);
        CHECK_EQUAL(round % 2 == 0 ? kernel_get(PAGE) : user_get(PAGE), mark(round % 3));
        CHECK_EQUAL(kernel_get(entry), frames[round % 3] | ENTRY_USER);
        if (round % 4 == 3)
            hv_setpd(pd, 1);
    }
    CHECK_EQUAL(user_put(entry, 0xBAD), PF(PF_U | PF_W | PF_P));
    /* The view takes itself away. */
    CHECK_EQUAL(kernel_put(VIEW + VIEW / PAGE_BYTES % TABLE_ENTRIES * 4, 0), DONE);
    hv_adjustpg(VIEW);
    CHECK_EQUAL(kernel_get(entry), PF(0));
    /* User mode itself edits the table, with a word from the kernel after it. */
    page_map(pd, VIEW, table_of(pd, PAGE), ENTRY_USER);
    hv_adjustpg(VIEW);
    for (uint32_t round = 0; round < 6; round++) {
        CHECK_EQUAL(user_put(entry, frames[round % 3] | ENTRY_USER), DONE);
        hv_adjustpg(PAGE);
        CHECK_EQUAL(user_get(PAGE), mark(round % 3));
    }
}

static void self_read_check(uint32_t pd)
{
    for (uint32_t i = 0; i < TABLE_ENTRIES; i += 37)
        CHECK_EQUAL(kernel_get(WINDOW + SELF_INDEX * PAGE_BYTES + 4 * i), frame_words(pd)[i]);
    for (uint32_t gva = 0; gva < sdk_memory_bytes(); gva += 100 * PAGE_BYTES)
        CHECK_EQUAL(kernel_get(WINDOW_PTE(gva)), gva | ENTRY_KERNEL);
    CHECK_EQUAL(kernel_get(WINDOW_PTE(FREE_GVA + TABLE_SPAN)), PF(0));
    CHECK_EQUAL(user_get(WINDOW_PDE(PAGE)), PF(PF_U | PF_P));
}

static void self_check(void)
{
    uint32_t pd = pd_make();

    page_map(pd, PAGE, frames[0], ENTRY_USER);
    *pd_entry(pd, WINDOW) = pd | ENTRY_KERNEL;
    for (uint32_t round = 0; round < 8; round++) {
        hv_setpd(pd, round / 2 & 1);
        self_read_check(pd);
        /* A table entry through the window. */
        CHECK_EQUAL(kernel_put(WINDOW_PTE(PAGE), frames[1] | ENTRY_USER), DONE);
        hv_adjustpg(PAGE);
        CHECK_EQUAL(user_get(PAGE), mark(1));
        /* A directory entry through the window: the table moves out, and in again next door. */
        uint32_t pde = kernel_get(WINDOW_PDE(PAGE));
        CHECK_EQUAL(kernel_put(WINDOW_PDE(PAGE), 0), DONE);
        CHECK_EQUAL(kernel_put(WINDOW_PDE(PAGE + TABLE_SPAN), pde), DONE);
        hv_adjustpg(PAGE);
        hv_adjustpg(PAGE + TABLE_SPAN);
        hv_adjustpg(WINDOW_PTE(PAGE) & ~(PAGE_BYTES - 1));
        CHECK_EQUAL(user_get(PAGE), PF(PF_U));
        CHECK_EQUAL(user_get(PAGE + TABLE_SPAN), mark(1));
        CHECK_EQUAL(kernel_get(WINDOW_PTE(PAGE)), PF(0));
        CHECK_EQUAL(kernel_get(WINDOW_PTE(PAGE + TABLE_SPAN)), frames[1] | ENTRY_USER);
        CHECK_EQUAL(kernel_put(WINDOW_PTE(PAGE + TABLE_SPAN), frames[2] | ENTRY_USER), DONE);
        CHECK_EQUAL(kernel_put(WINDOW_PDE(PAGE), pde), DONE);
        CHECK_EQUAL(kernel_put(WINDOW_PDE(PAGE + TABLE_SPAN), 0), DONE);
        hv_setpd(pd, round & 1);
        CHECK_EQUAL(user_get(PAGE), mark(2));
        CHECK_EQUAL(user_get(PAGE + TABLE_SPAN), PF(PF_U));
    }
}

int main(void)
{
    traps_record(true);
    for (uint32_t i = 0; i < 3; i++) {
        frames[i] = frame_take();
        frame_words(frames[i])[0] = mark(i);
    }
    unmapped_check();
    view_check();
    self_check();
    return test_result();
}
