/*
 * user_faults.c - a guest kernel that serves the page faults of user mode, and faults itself while it does.
 *
 * Zero-fill on demand: user mode writes through 64 missing pages, the handler maps each and returns, with all registers
 * of the user intact. Half of the handler's runs touch a missing kernel page of their own first: that nested #PF has a
 * frame of 20 bytes on the stack that is in use, the kernel's mode word, and returns into the handler. Half of the
 * pages get their mapping without hv_adjustpg, as a not-present entry is never cached. Copy on write then: pages made
 * read-only, user mode's store faults with P, the handler gives it another frame and one hv_adjustpg.
 */
#include "lib/paging.h"

#define HEAP FREE_GVA
#define PAGES 64u
#define NESTED (FREE_GVA + TABLE_SPAN)

/* Stores EDX to ECX pages from EDI on. */
USER_PIECE(sweep, "1: movl %edx, (%edi); addl $4096, %edi; incl %edx; decl %ecx", "jnz 1b");

static uint32_t pd, faults, nested, nested_frame, expected_error;

static void nested_fault(struct event *event)
{
    nested++;
    nested_frame = address_of(&event->address);
    CHECK_EQUAL(event->error, (event->address / PAGE_BYTES & 1) != 0 ? PF_W : 0);
    CHECK_EQUAL(event->address & ~(PAGE_BYTES - 1), NESTED + faults * PAGE_BYTES);
    page_map(pd, event->address, frame_take(), ENTRY_KERNEL);
}

/* Reads or writes a missing kernel page while the user's fault is being served. */
static void nested_provoke(void)
{
    volatile uint32_t *word = (volatile uint32_t *)(uintptr_t)(NESTED + faults * PAGE_BYTES + 0x10);
    uint32_t before = nested;
    uint32_t esp;

    __asm__ volatile("movl %%esp, %0" : "=r"(esp));
    if ((faults & 1) != 0)
        *word = 5;
    else
        CHECK_EQUAL(*word, 0);
    CHECK_EQUAL(nested, before + 1);
    CHECK(nested_frame < esp && nested_frame > esp - 256);
}

static void fault_serve(struct event *event)
{
    if (event->mode == HV_MODE_KERNEL) {
        nested_fault(event);
        return;
    }
    CHECK_EQUAL(event->mode, HV_MODE_USER);
    CHECK_EQUAL(event->address, HEAP + faults * PAGE_BYTES);
    CHECK_EQUAL(event->address, event->edi);
    CHECK_EQUAL(event->error, expected_error);
    CHECK_EQUAL(event->eip, USER_CODE);
    CHECK_EQUAL(event->user_esp, USER_STACK);
    CHECK_EQUAL(address_of(&event->address), user_esp0 - 24);
    if ((faults & 2) != 0 && expected_error == (PF_U | PF_W))
        nested_provoke();
    page_map(pd, event->address, frame_take(), ENTRY_USER);
    if ((faults & 4) != 0 || (expected_error & PF_P) != 0)
        hv_adjustpg(event->address);
    faults++;
}

static void sweep_check(uint32_t salt)
{
    struct user_state state = { .eax = 0xAAAA, .ebx = 0xBBBB, .ecx = PAGES, .edx = salt, .esi = 0x5151, .edi = HEAP,
                                .ebp = 0xEBEB, .eflags = EFLAGS_RESERVED_1 };

    faults = 0;
    user_run_code(sweep, sweep_end, &state);
    CHECK_EQUAL(faults, PAGES);
    CHECK_EQUAL(seen.slot, SLOT_DONE);
    CHECK_EQUAL(seen.eax, 0xAAAA);
    CHECK_EQUAL(seen.ebx, 0xBBBB);
    CHECK_EQUAL(seen.ecx, 0);
    CHECK_EQUAL(seen.edx, salt + PAGES);
    CHECK_EQUAL(seen.esi, 0x5151);
    CHECK_EQUAL(seen.edi, HEAP + PAGES * PAGE_BYTES);
    CHECK_EQUAL(seen.ebp, 0xEBEB);
    for (uint32_t i = 0; i < PAGES; i++)
        CHECK_EQUAL(frame_words(*pt_entry(pd, HEAP + i * PAGE_BYTES) & ~(PAGE_BYTES - 1))[0], salt + i);
}

int main(void)
{
    static uint32_t old_entries[PAGES];

    traps_record(true);
    event_handle(14, fault_serve, true);
    pd = pd_make();
    hv_setpd(pd, 0);
    expected_error = PF_U | PF_W;
    sweep_check(0x1000);
    CHECK_EQUAL(nested, PAGES / 2);
    /* Copy on write, under either wp: the kernel's own rights do not matter to user mode. */
    for (uint32_t wp = 0; wp < 2; wp++) {
        expected_error = PF_U | PF_W | PF_P;
        for (uint32_t i = 0; i < PAGES; i++) {
            uint32_t *entry = pt_entry(pd, HEAP + i * PAGE_BYTES);

            *entry &= ~ENTRY_W;
            old_entries[i] = *entry;
        }
        hv_setpd(pd, wp);
        sweep_check(0x2000 + wp);
        for (uint32_t i = 0; i < PAGES; i++)
            CHECK_EQUAL(frame_words(old_entries[i] & ~(PAGE_BYTES - 1))[0], 0x1000 * (1 + wp) + i);
    }
    return test_result();
}
