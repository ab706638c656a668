/*
 * paging_wp.c - guest kernel and read-only pages: under wp 0 it writes them all, under wp 1 none.
 *
 * The hard case is a read-only user page under wp 0: the kernel writes it, user mode must see that at once, and must
 * still not be able to write it, however often the two take turns, through whichever alias, under whichever directory
 * entry, and whatever becomes of the entry afterwards. The hypervisor's own writes for the guest (an event's frame, the
 * words of hv_cons_get_cursor_pos) follow the kernel's rights. Last: wp changes by hv_setpd of the same directory.
 */
#include "lib/paging.h"

#define PAGE FREE_GVA                               /* user, read-only */
#define ALIAS (FREE_GVA + PAGE_BYTES)               /* the same frame, user, writable */
#define KERNEL_PAGE (FREE_GVA + 2 * PAGE_BYTES)     /* kernel, read-only */
#define READ_TABLE (FREE_GVA + TABLE_SPAN)          /* the same table: under a read-only directory entry, */
#define HIDDEN_TABLE (FREE_GVA + 2 * TABLE_SPAN)    /* and under one without U */
#define SLOT_INT 0x50

static uint32_t pd, other_pd, frame, kernel_frame, value = 0x2000;

static void tables_make(void)
{
    page_map(pd, PAGE, frame, ENTRY_USER_READ);
    page_map(pd, ALIAS, frame, ENTRY_USER);
    page_map(pd, KERNEL_PAGE, kernel_frame, ENTRY_P);
    *pd_entry(pd, READ_TABLE) = *pd_entry(pd, PAGE) & ~ENTRY_W;
    *pd_entry(pd, HIDDEN_TABLE) = *pd_entry(pd, PAGE) & ~ENTRY_U;
    *pd_entry(other_pd, PAGE) = *pd_entry(pd, PAGE);
}

/* The kernel writes at gva; user mode reads it at user_gva, and cannot write there; nor has it. */
static void turn_check(uint32_t gva, uint32_t user_gva)
{
    value++;
    CHECK_EQUAL(kernel_put(gva, value), DONE);
    CHECK_EQUAL(frame_words(frame)[gva % PAGE_BYTES / 4], value);
    CHECK_EQUAL(user_get(user_gva), value);
    CHECK_EQUAL(user_put(user_gva, 0xBAD), PF(PF_U | PF_W | PF_P));
    CHECK_EQUAL(kernel_get(gva), value);
    value++;
    CHECK_EQUAL(kernel_put(gva, value), DONE);
    CHECK_EQUAL(kernel_put(gva, ++value), DONE);
    CHECK_EQUAL(user_put(user_gva, 0xBAD), PF(PF_U | PF_W | PF_P));
    CHECK_EQUAL(user_get(user_gva), value);
}

static void turns_check(void)
{
    const uint32_t pages[] = { PAGE, READ_TABLE, READ_TABLE + PAGE_BYTES };

    for (uint32_t i = 0; i < 50; i++)
        turn_check(pages[i % 3] + 4 * i, pages[i / 3 % 3] + 4 * i);
    /* Kernel only: there user mode sees nothing before or after. */
    CHECK_EQUAL(kernel_put(HIDDEN_TABLE, ++value), DONE);
    CHECK_EQUAL(user_get(HIDDEN_TABLE), PF(PF_U | PF_P));
    CHECK_EQUAL(user_put(HIDDEN_TABLE, 0xBAD), PF(PF_U | PF_W | PF_P));
    CHECK_EQUAL(user_get(PAGE), value);
    CHECK_EQUAL(user_put(PAGE, 0xBAD), PF(PF_U | PF_W | PF_P));
    CHECK_EQUAL(kernel_put(KERNEL_PAGE, ++value), DONE);
    CHECK_EQUAL(kernel_get(KERNEL_PAGE), value);
    CHECK_EQUAL(user_get(KERNEL_PAGE), PF(PF_U | PF_P));
    CHECK_EQUAL(user_put(ALIAS, 0x600D), DONE);
    CHECK_EQUAL(kernel_get(PAGE), 0x600D);
}

/* What can become of the entry while the kernel's write is fresh. */
static void entry_changes_check(void)
{
    CHECK_EQUAL(kernel_put(PAGE, 1), DONE);
    *pt_entry(pd, PAGE) = frame | ENTRY_P;
    hv_adjustpg(PAGE);
    CHECK_EQUAL(user_get(PAGE), PF(PF_U | PF_P));
    CHECK_EQUAL(kernel_put(PAGE, 2), DONE);
    *pt_entry(pd, PAGE) = 0;
    hv_adjustpg(PAGE);
    CHECK_EQUAL(kernel_put(PAGE, 3), PF(PF_W));
    *pt_entry(pd, PAGE) = kernel_frame | ENTRY_USER_READ;
    CHECK_EQUAL(kernel_put(PAGE, 4), DONE);
    CHECK_EQUAL(user_get(PAGE), 4);
    CHECK_EQUAL(frame_words(frame)[0], 2);
    CHECK_EQUAL(kernel_put(PAGE, 5), DONE);
    *pt_entry(pd, PAGE) = frame | ENTRY_USER_READ;
    hv_setpd(other_pd, 0);
    CHECK_EQUAL(user_get(PAGE), 2);
    CHECK_EQUAL(kernel_put(PAGE, 6), DONE);
    CHECK_EQUAL(user_put(PAGE, 7), PF(PF_U | PF_W | PF_P));
    hv_setpd(pd, 0);
    CHECK_EQUAL(user_put(PAGE, 7), PF(PF_U | PF_W | PF_P));
    CHECK_EQUAL(user_get(PAGE), 6);
    CHECK_EQUAL(kernel_put(PAGE, 8), DONE);
    *pt_entry(pd, PAGE) = frame | ENTRY_USER;
    hv_adjustpg(PAGE);
    CHECK_EQUAL(user_put(PAGE, 9), DONE);
    CHECK_EQUAL(kernel_get(PAGE), 9);
    *pt_entry(pd, PAGE) = frame | ENTRY_USER_READ;
    hv_adjustpg(PAGE);
    CHECK_EQUAL(user_put(PAGE, 10), PF(PF_U | PF_W | PF_P));
}

/* An event on a stack in the read-only page, and the two stores of hv_cons_get_cursor_pos. */
static void stores_check(void)
{
    uint32_t before = seen_count;

    CHECK_EQUAL(user_get(PAGE + 0x800), frame_words(frame)[0x200]);
    __asm__ volatile("movl %%esp, %%esi; movl %0, %%esp; int %1; movl %%esi, %%esp"
                     : : "r"(PAGE + 0x800), "i"(SLOT_INT) : "esi", "memory");
    CHECK_EQUAL(seen_count, before + 2);
    CHECK_EQUAL(seen.slot, SLOT_INT);
    CHECK_EQUAL(seen_frame, PAGE + 0x800 - 20);
    uint32_t seen_eflags = seen.eflags;      /* the word of the frame that the way back leaves alone */
    CHECK_EQUAL(user_get(PAGE + 0x800 - 4), seen_eflags);
    CHECK_EQUAL(user_put(PAGE + 0x800 - 4, 0xBAD), PF(PF_U | PF_W | PF_P));

    hv_cons_set_cursor_pos(7, 31);
    hv_cons_get_cursor_pos((uint32_t *)PAGE, (uint32_t *)(PAGE + 0xFFC));
    CHECK_EQUAL(user_get(PAGE), 7);
    CHECK_EQUAL(user_get(PAGE + 0xFFC), 31);
    CHECK_EQUAL(user_put(PAGE, 0xBAD), PF(PF_U | PF_W | PF_P));
    hv_cons_set_cursor_pos(0, 0);
}

static void wp_1_check(void)
{
    const uint32_t denied = PF(PF_W | PF_P);

    CHECK_EQUAL(kernel_put(PAGE, 0xBAD), denied);
    CHECK_EQUAL(kernel_put(READ_TABLE, 0xBAD), denied);
    CHECK_EQUAL(kernel_put(READ_TABLE + PAGE_BYTES, 0xBAD), denied);
    CHECK_EQUAL(kernel_put(HIDDEN_TABLE, 0xBAD), denied);
    CHECK_EQUAL(kernel_put(KERNEL_PAGE, 0xBAD), denied);
    CHECK_EQUAL(kernel_put(ALIAS, 0x600D), DONE);
    CHECK_EQUAL(user_get(READ_TABLE), 0x600D);
    CHECK_EQUAL(user_put(READ_TABLE, 0xBAD), PF(PF_U | PF_W | PF_P));
    CHECK_EQUAL(kernel_get(HIDDEN_TABLE), 0x600D);
}

int main(void)
{
    traps_record(true);
    pd = pd_make();
    other_pd = pd_make();
    frame = frame_take();
    kernel_frame = frame_take();
    tables_make();
    for (uint32_t round = 0; round < 3; round++) {
        hv_setpd(pd, 0);
        turns_check();
        stores_check();
        entry_changes_check();
        tables_make();
        hv_setpd(pd, 0x80000000);           /* any non-zero word is "on" */
        wp_1_check();
        hv_setpd(pd, 0);
        turn_check(PAGE, PAGE);
        hv_setpd(other_pd, 1);              /* shares the table with pd */
        CHECK_EQUAL(kernel_put(PAGE, 0xBAD), PF(PF_W | PF_P));
        hv_setpd(pd, 1);
        wp_1_check();
    }
    return test_result();
}
