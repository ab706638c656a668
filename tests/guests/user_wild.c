/*
 * user_wild.c - wild user pointers, from 0 to 0xFFFFFFFF: each access is the #PF of the guest's tables, with address
 * and error bits, up to 0xFEFFFFFF, and #GP(0) or #SS(0) above, never #PF.
 *
 * Reads, writes and jumps at chosen addresses and at a sweep through the whole space; stack operations with wild ESP;
 * operands that straddle a page with one half missing (the address is where the missing half starts), that straddle the
 * end of the segment; string operations that run into the end. The wild ESP itself is no fault: it comes back in the
 * frame. The kernel's pages are in the sweep: they must be refused, with P set.
 */
#include "lib/paging.h"

#define LAST_PAGE (HV_MAX_GVA & ~(PAGE_BYTES - 1))
#define PAIR FREE_GVA                               /* present, and nothing behind it */

USER_PIECE(push, "", "pushl %eax");
USER_PIECE(pop, "", "popl %eax");
USER_PIECE(call, "", "call . + 5");
USER_PIECE(nothing, "", "");
USER_PIECE(jump, "", "jmp *%eax");
USER_PIECE(read_byte, "", "movb (%eax), %cl");
USER_PIECE(fill, "", "rep stosb");
USER_PIECE(move, "", "rep movsb");

static uint32_t pd;

/* Present pages fault with P: for user mode there are only the kernel's. */
static uint32_t fault_at(uint32_t gva, uint32_t bits)
{
    if (gva > HV_MAX_GVA)
        return GP(0);
    return PF(PF_U | bits | (gva < sdk_memory_bytes() ? PF_P : 0));
}

static void address_check(uint32_t gva)
{
    CHECK_EQUAL(user_get(gva), fault_at(gva, 0));
    CHECK_EQUAL(user_put(gva, 0xBAD), fault_at(gva, PF_W));
}

/* A fetch above the limit: hardware reports the jump, an emulator that fetches there first may report its target. */
static void jump_check(uint32_t gva)
{
    struct user_state state = { .eax = gva, .eflags = EFLAGS_RESERVED_1 };

    user_run_code(jump, jump_end, &state);
    CHECK_EQUAL(FAULT(seen.slot, seen.error), fault_at(gva, 0));
    CHECK_EQUAL(seen.address, gva > HV_MAX_GVA ? 0 : gva);
    CHECK(seen.eip == gva || (gva > HV_MAX_GVA && seen.eip == USER_CODE));
    CHECK_EQUAL(seen.mode, HV_MODE_USER);
}

static void addresses_check(void)
{
    static const uint32_t gvas[] = {
        0, 1, 4, 0xFFF, 0x1000, 0x00100000, 0x017FFFFC, 0x01800000, 0x3FFFFFFC, 0x50000000, 0x7FFFFFFC, 0x80000000,
        0xBFFFFFFC, 0xC0000000, 0xDEADBEEC, 0xFE000000, 0xFEFFF000, 0xFEFFFFFC, 0xFF000000, 0xFF000001, 0xFF000FFC,
        0xFF800000, 0xFFBFFFFC, 0xFFC00000, 0xFFFFEFFC, 0xFFFFF000, 0xFFFFFFFC,
    };

    for (uint32_t i = 0; i < sizeof(gvas) / sizeof(gvas[0]); i++) {
        address_check(gvas[i]);
        jump_check(gvas[i]);
    }
    for (uint32_t gva = 0x00003000; gva < 0xFFF00000; gva += 0x000FD004) {
        if (gva < USER_CODE || gva >= USER_STACK)
            address_check(gva);
    }
    jump_check(0xFFFFFFFF);
    jump_check(HV_MAX_GVA);
}

/* One piece with a wild ESP; the access it makes is at "at". */
static void stack_check(const uint8_t *code, const uint8_t *end, uint32_t esp, uint32_t at, uint32_t bits)
{
    struct user_state state = { .eflags = EFLAGS_RESERVED_1 };
    uint32_t expected = fault_at(at, bits);

    user_run_code(code, end, &state);       /* once with a good one, to put it in place */
    state.esp = esp;
    user_run(&state);
    if (at <= HV_MAX_GVA || seen.slot != 12)
        CHECK_EQUAL(FAULT(seen.slot, seen.error), expected);
    else
        CHECK_EQUAL(seen.error, 0);
    CHECK_EQUAL(seen.address, at <= HV_MAX_GVA ? at : 0);
    CHECK_EQUAL(seen.eip, USER_CODE);
    CHECK_EQUAL(seen.user_esp, esp);
}

static void stacks_check(void)
{
    static const uint32_t esps[] = { 0, 4, 0x1000, 0x00100008, 0x01800004, 0x50000000, 0x80000004, 0xFF000000,
                                     0xFF000004, 0xFF001000, 0xFFC00000, 0xFFFFFFFC };

    for (uint32_t i = 0; i < sizeof(esps) / sizeof(esps[0]); i++) {
        struct user_state state = { .eflags = EFLAGS_RESERVED_1 };

        stack_check(push, push_end, esps[i], esps[i] - 4, PF_W);
        stack_check(call, call_end, esps[i], esps[i] - 4, PF_W);
        if (esps[i] != 0xFF000000 - 4)
            stack_check(pop, pop_end, esps[i], esps[i], 0);
        /* An INT needs no user stack. */
        user_run_code(nothing, nothing_end, &state);
        state.esp = esps[i];
        user_run(&state);
        CHECK_EQUAL(seen.slot, SLOT_DONE);
        CHECK_EQUAL(seen.user_esp, esps[i]);
    }
}

/* A word half in PAIR (present), half behind it (missing). */
static void straddle_check(void)
{
    for (uint32_t i = 1; i < 4; i++) {
        struct user_state state = { .eax = PAIR + PAGE_BYTES - i, .eflags = EFLAGS_RESERVED_1 };
        static const uint8_t read[] = { 0x8B, 0x00, 0xCD, SLOT_DONE }, write[] = { 0x89, 0x08, 0xCD, SLOT_DONE };

        user_run_code(read, read + sizeof(read), &state);
        CHECK_EQUAL(FAULT(seen.slot, seen.error), PF(PF_U));
        CHECK_EQUAL(seen.address, PAIR + PAGE_BYTES);
        state.ecx = 0xFFFFFFFF;
        user_run_code(write, write + sizeof(write), &state);
        CHECK_EQUAL(FAULT(seen.slot, seen.error), PF(PF_U | PF_W));
        CHECK_EQUAL(seen.address, PAIR + PAGE_BYTES);
        CHECK_EQUAL(kernel_get(PAIR + PAGE_BYTES - 4), 0);
        /* The end of the segment, its last page present. */
        state.eax = HV_MAX_GVA + 1 - i;
        user_run_code(read, read + sizeof(read), &state);
        CHECK_EQUAL(FAULT(seen.slot, seen.error), GP(0));
        CHECK_EQUAL(seen.address, 0);
        user_run_code(write, write + sizeof(write), &state);
        CHECK_EQUAL(FAULT(seen.slot, seen.error), GP(0));
        CHECK_EQUAL(seen.eip, USER_CODE);
        state.eax = HV_MAX_GVA;
        user_run_code(read_byte, read_byte_end, &state);
        CHECK_EQUAL(seen.slot, SLOT_DONE);
    }
    CHECK_EQUAL(user_get(HV_MAX_GVA - 3), 0);
    CHECK_EQUAL(user_put(HV_MAX_GVA - 3, 0), DONE);
}

/* The registers tell how far it came; going on is possible after a fault. */
static void strings_check(void)
{
    struct user_state state = { .ecx = 0x1000, .esi = USER_DATA, .edi = PAIR + 0xF00, .eflags = EFLAGS_RESERVED_1 };

    user_run_code(fill, fill_end, &state);
    CHECK_EQUAL(FAULT(seen.slot, seen.error), PF(PF_U | PF_W));
    CHECK_EQUAL(seen.address, PAIR + PAGE_BYTES);
    CHECK_EQUAL(seen.edi, PAIR + PAGE_BYTES);
    CHECK_EQUAL(seen.ecx, 0xF00);
    CHECK_EQUAL(seen.eip, USER_CODE);
    state.edi = HV_MAX_GVA - 0xF;
    user_run_code(move, move_end, &state);
    CHECK_EQUAL(FAULT(seen.slot, seen.error), GP(0));
    CHECK_EQUAL(seen.edi, HV_MAX_GVA + 1);
    CHECK_EQUAL(seen.ecx, 0x1000 - 0x10);
    CHECK_EQUAL(seen.eip, USER_CODE);
}

int main(void)
{
    traps_record(true);
    pd = pd_make();
    for (uint32_t wp = 0; wp < 2; wp++) {
        hv_setpd(pd, wp);
        addresses_check();
        stacks_check();
    }
    page_map(pd, PAIR, frame_take(), ENTRY_USER);
    page_map(pd, LAST_PAGE, frame_take(), ENTRY_USER);
    straddle_check();
    strings_check();
    return test_result();
}
