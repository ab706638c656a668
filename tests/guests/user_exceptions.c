/*
 * user_exceptions.c - every exception that user mode can raise reaches its slot with its code, and the ones that must
 * not come do not.
 *
 * Each piece raises one exception at its label _at; faults report EIP there, traps behind it. Done with the virtual
 * flag off and on, and with all slots privileged and not (an exception does not ask; INT3 and INTO do: see user_int.c).
 * The FPU works without #NM, an unaligned access with AC set is no #AC (CR0.AM = 0), and TF set by hv_iret steps
 * exactly one instruction. A segment violation through SS may be #SS or #GP: processors and emulators differ, the
 * contract allows both. #XM is left out: QEMU 7.2's emulation raises no SSE exceptions.
 */
#include "lib/paging.h"

USER_PIECE(divide, "xorl %ecx, %ecx; movl $1, %eax; cltd", "idivl %ecx");
USER_PIECE(divide_overflow, "movl $-1, %ecx; movl $0x80000000, %eax; cltd", "idivl %ecx");
USER_PIECE(step, "pushfl; orl $0x100, (%esp); popfl", "nop");
USER_PIECE(breakpoint, "", "int3");
USER_PIECE(overflow, "movb $0x7F, %al; incb %al", "into");
USER_PIECE(bound, "movl $1, (%edi); movl $2, 4(%edi); movl $7, %eax", ".byte 0x62, 0x07");  /* BOUND EAX, [EDI] */
USER_PIECE(undefined, "", "ud2");
USER_PIECE(undefined_lock, "", ".byte 0xF0, 0x90");                             /* LOCK NOP */
USER_PIECE(protected, "", "cli");
USER_PIECE(selector, "movl $0xFFF8, %eax", "movw %ax, %es");
USER_PIECE(above, "movl $0xFF000000, %eax", "movl (%eax), %eax");
USER_PIECE(above_stack, "movl $0xFF000000, %ebp", "movl (%ebp), %eax");
USER_PIECE(missing_read, "movl $0x70001234, %eax", "movl (%eax), %ecx");
USER_PIECE(missing_write, "movl $0x70001234, %eax", "movl %ecx, (%eax)");
USER_PIECE(missing_modify, "movl $0x70001234, %eax", "incl (%eax)");
USER_PIECE(missing_stack, "movl $0x70001234, %ebp", "movl (%ebp), %ecx");
USER_PIECE(kernel_read, "movl $0x00100000, %eax", "movl (%eax), %ecx");
USER_PIECE(kernel_write, "movl $0x00100000, %eax", "movl %ecx, (%eax)");
USER_PIECE(code_write, "movl $0x40000800, %eax", "movl %ecx, (%eax)");
USER_PIECE(x87, "fninit; movw $0x037B, (%edi); fldcw (%edi); fldz; fld1; fdiv %st(1), %st", "fwait");
USER_PIECE(unaligned, "pushfl; orl $0x40000, (%esp); popfl", "movl 1(%edi), %eax; incl 5(%edi)");
USER_PIECE(floating, "fninit; fld1; fld1; faddp; fistpl (%edi); xorps %xmm0, %xmm0", "movups %xmm0, 16(%edi)");
USER_PIECE(probing, "xorl %eax, %eax; cpuid", "rdtsc");
USER_PIECE(stepped, "nop; nop", "nop");

struct expected {
    const uint8_t *code, *eip, *end;
    uint32_t slot, error, address;
};

#define FAULTS(name, slot, error, address) { name, name##_at, name##_end, slot, error, address }
#define TRAPS(name, slot) { name, name##_next, name##_end, slot, 0, 0 }
#define PASSES(name) { name, name##_end, name##_end, SLOT_DONE, 0, 0 }

/* What a piece of the same name must not be refused: INT3 and INTO in a privileged slot are #GP, and not here. */
static const struct expected always[] = {
    FAULTS(divide, 0, 0, 0), FAULTS(divide_overflow, 0, 0, 0), TRAPS(step, 1), FAULTS(bound, 5, 0, 0),
    FAULTS(undefined, 6, 0, 0), FAULTS(undefined_lock, 6, 0, 0), FAULTS(protected, 13, 0, 0),
    FAULTS(selector, 13, 0xFFF8, 0), FAULTS(above, 13, 0, 0), FAULTS(above_stack, 12, 0, 0),
    FAULTS(missing_read, 14, PF_U, 0x70001234), FAULTS(missing_write, 14, PF_U | PF_W, 0x70001234),
    FAULTS(missing_modify, 14, PF_U | PF_W, 0x70001234), FAULTS(missing_stack, 14, PF_U, 0x70001234),
    FAULTS(kernel_read, 14, PF_U | PF_P, 0x100000), FAULTS(kernel_write, 14, PF_U | PF_W | PF_P, 0x100000),
    FAULTS(code_write, 14, PF_U | PF_W | PF_P, 0x40000800), FAULTS(x87, 16, 0, 0),
    PASSES(unaligned), PASSES(floating), PASSES(probing),
};
static const struct expected unprivileged[] = { TRAPS(breakpoint, 3), TRAPS(overflow, 4) };

static void piece_check(const struct expected *expected, uint32_t eflags)
{
    struct user_state state = { .edi = USER_DATA, .eflags = eflags | EFLAGS_RESERVED_1 };
    const uint32_t arithmetic = EFLAGS_CF | EFLAGS_PF | EFLAGS_AF | EFLAGS_ZF | EFLAGS_SF | EFLAGS_OF | EFLAGS_RF;
    uint32_t step_flag = expected->code == step ? EFLAGS_TF : 0;

    do
        user_run_code(expected->code, expected->end, &state);
    while (seen.slot == HV_SLOT_TIMER);
    if (!(expected->slot == 12 && seen.slot == 13))
        CHECK_EQUAL(seen.slot, expected->slot);
    /* Processors say "write"; QEMU's emulation reads first. */
    if (expected->code == missing_modify)
        seen.error |= PF_W;
    CHECK_EQUAL(seen.error, expected->error);
    CHECK_EQUAL(seen.address, expected->address);
    CHECK_EQUAL(seen.eip, USER_CODE + (uint32_t)(expected->eip - expected->code));
    CHECK_EQUAL(seen.mode, HV_MODE_USER);
    CHECK_EQUAL(seen.eflags & ~arithmetic, eflags | EFLAGS_RESERVED_1 | step_flag);
    CHECK_EQUAL(seen.user_esp, USER_STACK);
    CHECK_EQUAL(seen_frame, user_esp0 - 24);
    CHECK_EQUAL(seen_live_eflags & (EFLAGS_TF | EFLAGS_RF), 0);
    __asm__ volatile("fninit");
}

/* TF from hv_iret: #DB after each instruction, EIP at the next, and on from there. */
static void steps_check(void)
{
    struct user_state state = { .eflags = EFLAGS_RESERVED_1 | EFLAGS_TF };

    user_run_code(stepped, stepped_end, &state);
    for (uint32_t i = 1; i <= 3; i++) {
        CHECK_EQUAL(seen.slot, 1);
        CHECK_EQUAL(seen.error, 0);
        CHECK_EQUAL(seen.eip, USER_CODE + i);
        CHECK_EQUAL(seen.eflags & EFLAGS_TF, EFLAGS_TF);
        state.eip = seen.eip;
        state.eflags = i == 3 ? EFLAGS_RESERVED_1 : seen.eflags;
        user_run(&state);
    }
    CHECK_EQUAL(seen.slot, SLOT_DONE);
}

int main(void)
{
    hv_setpd(pd_make(), 0);
    for (uint32_t round = 0; round < 4; round++) {
        bool privileged = (round & 1) != 0;
        uint32_t eflags = (round & 2) != 0 ? EFLAGS_IF : 0;

        traps_record(privileged);
        for (uint32_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
            piece_check(&always[i], eflags);
        for (uint32_t i = 0; i < sizeof(unprivileged) / sizeof(unprivileged[0]) && !privileged; i++)
            piece_check(&unprivileged[i], eflags);
        steps_check();
    }
    return test_result();
}
