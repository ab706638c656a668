/*
 * paging_rights.c - every combination of P, W, U in directory and table entry, under both values of wp, for reads,
 * writes and execution from kernel and user mode, against the rule of the contract written down once more.
 *
 * The entries change by hv_setpd in one half of the runs, and by hv_adjustpg in the other. Under wp 0 the kernel writes
 * into read-only user pages; user mode must afterwards see what was written, and still not be able to write itself. So
 * each combination is tried in two orders. Frame, address and error code of each fault are compared.
 */
#include "lib/paging.h"

#define PAGE FREE_GVA
#define AT_RET 16u                  /* C3, for the kernel */
#define AT_INT 32u                  /* CD 40, for the user */

static uint32_t pd, frame, value = 0x1000;

/* What the guest's tables allow: DONE, or the page fault. */
static uint32_t expected(uint32_t pde, uint32_t pte, uint32_t wp, bool user, bool write)
{
    uint32_t rights = pde & pte;
    uint32_t error = (user ? PF_U : 0) | (write ? PF_W : 0);

    if ((rights & ENTRY_P) == 0)
        return PF(error);
    if (user && (rights & ENTRY_U) == 0)
        return PF(error | PF_P);
    if (write && (rights & ENTRY_W) == 0 && (user || wp != 0))
        return PF(error | PF_P);
    return DONE;
}

static void read_check(uint32_t pde, uint32_t pte, uint32_t wp, bool user)
{
    uint32_t wanted = expected(pde, pte, wp, user, false);

    CHECK_EQUAL(user ? user_get(PAGE) : kernel_get(PAGE), wanted == DONE ? frame_words(frame)[0] : wanted);
}

static void write_check(uint32_t pde, uint32_t pte, uint32_t wp, bool user)
{
    uint32_t wanted = expected(pde, pte, wp, user, true);
    uint32_t before = frame_words(frame)[0];

    value++;
    CHECK_EQUAL(user ? user_put(PAGE, value) : kernel_put(PAGE, value), wanted);
    CHECK_EQUAL(frame_words(frame)[0], wanted == DONE ? value : before);
}

static void execute_check(uint32_t pde, uint32_t pte, uint32_t wp, bool user)
{
    uint32_t wanted = expected(pde, pte, wp, user, false);

    CHECK_EQUAL(user ? user_execute(PAGE + AT_INT) : kernel_execute(PAGE + AT_RET), wanted);
}

static void combination_check(uint32_t pde, uint32_t pte, uint32_t wp, bool user_first)
{
    for (uint32_t i = 0; i < 4; i++) {
        bool user = (i % 2 == 0) == user_first;

        read_check(pde, pte, wp, user);
        write_check(pde, pte, wp, user);
        read_check(pde, pte, wp, !user);
        execute_check(pde, pte, wp, user);
        write_check(pde, pte, wp, user);
    }
}

static void entries_set(uint32_t pde, uint32_t pte)
{
    *pd_entry(pd, PAGE) = (*pd_entry(pd, PAGE) & ~7u) | pde;
    *pt_entry(pd, PAGE) = frame | pte;
}

int main(void)
{
    traps_record(true);
    pd = pd_make();
    frame = frame_take();
    frame_words(frame)[AT_RET / 4] = 0xC3;
    frame_words(frame)[AT_INT / 4] = 0x40CD;
    pt_entry(pd, PAGE);
    for (uint32_t run = 0; run < 8; run++) {
        uint32_t wp = run & 1;
        bool by_setpd = (run & 2) != 0;

        hv_setpd(pd, wp);
        for (uint32_t bits = 0; bits < 64; bits++) {
            entries_set(bits / 8, bits % 8);
            if (by_setpd)
                hv_setpd(pd, wp);
            else
                hv_adjustpg(PAGE);
            combination_check(bits / 8, bits % 8, wp, (run & 4) != 0);
        }
    }
    return test_result();
}
