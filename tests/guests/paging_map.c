/*
 * paging_map.c - map, unmap, remap, change rights, page by page and table by table, each followed by hv_adjustpg; and
 * the one edit that needs no word: from not present to present, for not-present entries are never cached.
 *
 * Two frames hold different words, so every read tells which of them is mapped. Each edit is looked at from kernel and
 * user mode, and a fault must have the bits and the address of the guest's own tables. Last: the bits of entries that
 * the contract ignores, one by one and all together, change nothing.
 */
#include "lib/paging.h"

#define PAGE FREE_GVA
#define NEIGHBOUR (FREE_GVA + PAGE_BYTES)
#define UPPER (FREE_GVA + 700 * PAGE_BYTES)         /* in the other half of the table */
#define FAR_PAGE (FREE_GVA + 3 * TABLE_SPAN)
#define ONE 0x11110001u
#define TWO 0x22220002u

static uint32_t pd, one, two;

/* Both modes read value (or both get the faults). */
static void sees_check(uint32_t gva, uint32_t kernel, uint32_t user)
{
    CHECK_EQUAL(kernel_get(gva), kernel);
    CHECK_EQUAL(user_get(gva), user);
    CHECK_EQUAL(kernel_get(gva), kernel);
}

static void page_set(uint32_t gva, uint32_t entry)
{
    *pt_entry(pd, gva) = entry;
    hv_adjustpg(gva & ~(PAGE_BYTES - 1));
}

static void pages_check(void)
{
    page_set(PAGE, one | ENTRY_USER);
    page_set(NEIGHBOUR, two | ENTRY_USER);
    sees_check(PAGE, ONE, ONE);
    sees_check(NEIGHBOUR, TWO, TWO);
    page_set(PAGE, two | ENTRY_USER);
    sees_check(PAGE, TWO, TWO);
    page_set(PAGE, 0);
    sees_check(PAGE, PF(0), PF(PF_U));
    sees_check(NEIGHBOUR, TWO, TWO);
    CHECK_EQUAL(kernel_put(PAGE + 8, 1), PF(PF_W));
    CHECK_EQUAL(user_put(PAGE + 8, 1), PF(PF_U | PF_W));
    page_set(PAGE, one | ENTRY_KERNEL);
    sees_check(PAGE, ONE, PF(PF_U | PF_P));
    CHECK_EQUAL(user_put(PAGE + 8, 1), PF(PF_U | PF_W | PF_P));
    page_set(PAGE, one | ENTRY_USER_READ);
    CHECK_EQUAL(user_put(PAGE + 8, 1), PF(PF_U | PF_W | PF_P));
    sees_check(PAGE, ONE, ONE);
    page_set(PAGE, one | ENTRY_USER);
    CHECK_EQUAL(user_put(PAGE + 8, 7), DONE);
    CHECK_EQUAL(frame_words(one)[2], 7);
}

/* The rights in the directory entry count as much; hv_adjustpg of one page is enough for that page. */
static void directory_check(void)
{
    uint32_t pde = *pd_entry(pd, PAGE);
    uint32_t other = frame_take();

    page_set(UPPER, one | ENTRY_USER);
    sees_check(UPPER, ONE, ONE);
    page_set(PAGE, one | ENTRY_USER);
    *pd_entry(pd, PAGE) = pde & ~ENTRY_U;
    hv_adjustpg(PAGE);
    sees_check(PAGE, ONE, PF(PF_U | PF_P));
    *pd_entry(pd, PAGE) = (pde | ENTRY_U) & ~ENTRY_W;
    hv_adjustpg(PAGE);
    sees_check(PAGE, ONE, ONE);
    CHECK_EQUAL(user_put(PAGE, 1), PF(PF_U | PF_W | PF_P));
    *pd_entry(pd, PAGE) = 0;
    hv_adjustpg(PAGE);
    sees_check(PAGE, PF(0), PF(PF_U));
    *pd_entry(pd, PAGE) = other | ENTRY_USER;       /* another table, empty yet */
    hv_adjustpg(PAGE);
    hv_adjustpg(UPPER);
    sees_check(PAGE, PF(0), PF(PF_U));
    sees_check(UPPER, PF(0), PF(PF_U));
    page_set(PAGE, two | ENTRY_USER);
    sees_check(PAGE, TWO, TWO);
    page_set(UPPER, two | ENTRY_KERNEL);
    sees_check(UPPER, TWO, PF(PF_U | PF_P));
    *pd_entry(pd, PAGE) = pde;                      /* and back to the first */
    hv_adjustpg(PAGE);
    hv_adjustpg(NEIGHBOUR);
    hv_adjustpg(UPPER);
    sees_check(PAGE, ONE, ONE);
    sees_check(NEIGHBOUR, TWO, TWO);
    sees_check(UPPER, ONE, ONE);
    frame_give(other);
}

/* After a fault, in either mode, the entry appears; nobody tells, and it must work. */
static void appears_check(uint32_t gva, uint32_t *entry, uint32_t value)
{
    uint32_t garbage[] = { 0, 0xFFFFFFFE, 0xDEADBEE0, one | ENTRY_W | ENTRY_U };

    for (uint32_t i = 0; i < 8; i++) {
        *entry = garbage[i / 2];
        hv_adjustpg(gva);
        if (i % 2 == 0)
            CHECK_EQUAL(kernel_get(gva), PF(0));
        else
            CHECK_EQUAL(user_get(gva), PF(PF_U));
        *entry = value;
        if (i % 2 == 0)
            CHECK_EQUAL(kernel_get(gva), ONE);
        else
            CHECK_EQUAL(user_get(gva), ONE);
        CHECK_EQUAL(user_get(gva), ONE);
    }
}

static void not_present_check(void)
{
    page_set(PAGE, one | ENTRY_USER);
    appears_check(PAGE, pt_entry(pd, PAGE), one | ENTRY_USER);
    appears_check(PAGE, pd_entry(pd, PAGE), *pd_entry(pd, PAGE));
    CHECK_EQUAL(kernel_get(FAR_PAGE), PF(0));
    CHECK_EQUAL(kernel_put(FAR_PAGE + PAGE_BYTES, 3), PF(PF_W));
    page_map(pd, FAR_PAGE, one, ENTRY_USER);        /* a new table altogether */
    CHECK_EQUAL(user_get(FAR_PAGE), ONE);
    CHECK_EQUAL(kernel_get(FAR_PAGE + PAGE_BYTES), PF(0));
    page_map(pd, FAR_PAGE + PAGE_BYTES, two, ENTRY_USER);
    CHECK_EQUAL(kernel_get(FAR_PAGE + PAGE_BYTES), TWO);
}

/* The last frame of RAM is as good as any. */
static void last_frame_check(void)
{
    uint32_t last = sdk_memory_bytes() - PAGE_BYTES;

    page_set(PAGE, last | ENTRY_USER);
    CHECK_EQUAL(user_put(PAGE + PAGE_BYTES - 4, 0x1A57), DONE);
    CHECK_EQUAL(kernel_get(last + PAGE_BYTES - 4), 0x1A57);
    CHECK_EQUAL(kernel_get(last + PAGE_BYTES), PF(0));
}

static void ignored_bits_check(void)
{
    const uint32_t pte_bits[] = { ENTRY_PWT, ENTRY_PCD, ENTRY_A, ENTRY_D, ENTRY_BIT_7, ENTRY_G, 0x200, 0x400, 0x800,
                                  0xFF8 };
    uint32_t pde = *pd_entry(pd, PAGE);

    for (uint32_t i = 0; i < sizeof(pte_bits) / sizeof(pte_bits[0]); i++) {
        uint32_t pde_bits = pte_bits[i] & ~ENTRY_BIT_7;

        *pd_entry(pd, PAGE) = pde | pde_bits;
        page_set(PAGE, one | ENTRY_USER_READ | pte_bits[i]);
        sees_check(PAGE, ONE, ONE);
        CHECK_EQUAL(user_put(PAGE, 1), PF(PF_U | PF_W | PF_P));
        page_set(PAGE, two | ENTRY_USER | pte_bits[i]);     /* G keeps nothing alive */
        sees_check(PAGE, TWO, TWO);
        hv_setpd(pd, 0);
        CHECK_EQUAL(user_put(PAGE + 4, i), DONE);
        CHECK_EQUAL(frame_words(two)[1], i);
        page_set(PAGE, pte_bits[i]);
        sees_check(PAGE, PF(0), PF(PF_U));
    }
    *pd_entry(pd, PAGE) = pde;
}

int main(void)
{
    traps_record(true);
    pd = pd_make();
    one = frame_take();
    two = frame_take();
    frame_words(one)[0] = ONE;
    frame_words(two)[0] = TWO;
    for (uint32_t wp = 0; wp < 2; wp++) {
        hv_setpd(pd, wp);
        CHECK_EQUAL(hv_magic(), HV_MAGIC);
        pages_check();
        directory_check();
        not_present_check();
        *pd_entry(pd, FAR_PAGE) = 0;
        hv_adjustpg(FAR_PAGE);
        hv_adjustpg(FAR_PAGE + PAGE_BYTES);
        CHECK_EQUAL(kernel_get(FAR_PAGE), PF(0));
    }
    ignored_bits_check();
    last_frame_check();
    return test_result();
}
