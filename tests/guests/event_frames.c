/*
 * event_frames.c - each exception reaches its slot with the frame of docs/abi.md "Events", to the byte.
 *
 * A faulting piece of code is a function in assembly with two labels: NAME_at, the instruction that raises the
 * exception, and NAME_end, where the handler sends it on. Faults report EIP = at, traps EIP = end. The handler sees all
 * words of the frame and where they lie: 20 bytes, directly below the interrupted ESP. Only the arithmetic flags, TF
 * and RF may differ in the EFLAGS word; IF is the virtual flag. All of it is done with the flag off and on.
 * ICEBP is left out: QEMU 7.2 has #UD in place of its #DB. crash.icebp sees that either ends a guest without a handler.
 */
#include "test.h"

#define PIECE(name, before, instruction)                                                                        \
    void name(void);                                                                                            \
    extern const uint8_t name##_at[], name##_end[];                                                             \
    __asm__(".pushsection .text\n.globl " #name ", " #name "_at, " #name "_end\n" #name ": " before "\n"        \
            #name "_at: " instruction "\n" #name "_end: ret\n.popsection\n")

PIECE(divide, "xorl %ecx, %ecx; movl $1, %eax; cltd", "idivl %ecx");
PIECE(step, "pushfl; orl $0x100, (%esp); popfl", "nop");
PIECE(breakpoint, "", "int3");
PIECE(breakpoint_long, "", ".byte 0xCD, 3");
PIECE(overflow, "movb $0x7F, %al; incb %al", "into");
PIECE(bound, "movl $bound_limits, %ecx; movl $7, %eax", ".byte 0x62, 0x01");      /* BOUND EAX, [ECX] */
PIECE(undefined, "", "ud2");
PIECE(selector, "movl $0xFFF8, %eax", "movw %ax, %es");
PIECE(selector_local, "movl $0xFFFC, %eax", "movw %ax, %es");
PIECE(disable, "", "cli");
PIECE(input, "", "inb $0x60, %al");
PIECE(control, "", "movl %cr0, %eax");
PIECE(above, "movl $0xFF000000, %eax", "movl (%eax), %eax");
PIECE(above_top, "movl $0xFFFFFFFC, %eax", "movl %eax, (%eax)");
PIECE(missing_read, "movl $0x70001234, %eax", "movl (%eax), %ecx");
PIECE(missing_write, "movl $0x70001234, %eax", "movl %ecx, (%eax)");
PIECE(missing_last, "movl $0xFEFFFFFF, %eax", "movb (%eax), %cl");
PIECE(x87, "fninit; pushw $0x037B; fldcw (%esp); addl $2, %esp; fldz; fld1; fdiv %st(1), %st", "fwait");

const int32_t bound_limits[2] = { 1, 2 };

static struct event seen;
static uint32_t seen_count, seen_esp;
static const uint8_t *resume_at;

static void handler(struct event *event)
{
    memcpy(&seen, event, offsetof(struct event, user_esp));
    seen_esp = event_interrupted_esp(event);
    seen_count++;
    event->eip = (uint32_t)(uintptr_t)resume_at;
    event->eflags &= ~(EFLAGS_TF | EFLAGS_RF);
}

struct expected {
    void (*run)(void);
    const uint8_t *eip, *end;
    uint32_t slot, error, address;
};

#define FAULT(name, slot, error, address) { name, name##_at, name##_end, slot, error, address }
#define TRAP(name, slot) { name, name##_end, name##_end, slot, 0, 0 }

/* What the run left on the stack is the return address of the piece: its caller's next instruction. */
static void piece_check(const struct expected *expected, bool interrupts)
{
    const uint32_t free_flags = EFLAGS_CF | EFLAGS_PF | EFLAGS_AF | EFLAGS_ZF | EFLAGS_SF | EFLAGS_OF | EFLAGS_RF;
    uint32_t step_flag = expected->run == step ? EFLAGS_TF : 0;
    uint32_t interrupt_flag = interrupts ? EFLAGS_IF : 0;
    uint32_t esp;

    seen_count = 0;
    resume_at = expected->end;
    __asm__ volatile("movl %%esp, %0; call *%1" : "=&S"(esp) : "D"(expected->run)
                     : "eax", "ecx", "edx", "memory", "cc");
    printf("slot %2u error 0x%04x eip 0x%08x\n", seen.slot, seen.error, seen.eip);
    CHECK_EQUAL(seen_count, 1);
    CHECK_EQUAL(seen.slot, expected->slot);
    CHECK_EQUAL(seen.address, expected->address);
    CHECK_EQUAL(seen.error, expected->error);
    CHECK_EQUAL(seen.eip, expected->eip);
    CHECK_EQUAL(seen.mode, HV_MODE_KERNEL);
    CHECK_EQUAL(seen.eflags & ~free_flags, EFLAGS_RESERVED_1 | step_flag | interrupt_flag);
    CHECK_EQUAL(seen_esp, esp - 4);
}

static void tick_ignore(struct event *event)
{
    (void)event;
}

int main(void)
{
    static const struct expected all[] = {
        FAULT(divide, 0, 0, 0), TRAP(step, 1), TRAP(breakpoint, 3), TRAP(breakpoint_long, 3),
        TRAP(overflow, 4), FAULT(bound, 5, 0, 0), FAULT(undefined, 6, 0, 0), FAULT(selector, 13, 0xFFF8, 0),
        FAULT(selector_local, 13, 0xFFFC, 0), FAULT(disable, 13, 0, 0), FAULT(input, 13, 0, 0),
        FAULT(control, 13, 0, 0), FAULT(above, 13, 0, 0), FAULT(above_top, 13, 0, 0),
        FAULT(missing_read, 14, 0, 0x70001234), FAULT(missing_write, 14, 2, 0x70001234),
        FAULT(missing_last, 14, 0, HV_MAX_GVA), FAULT(x87, 16, 0, 0),
    };

    for (uint32_t slot = 0; slot < 32; slot++)
        event_handle(slot, handler, true);
    event_handle(HV_SLOT_TIMER, tick_ignore, true);
    event_handle(HV_SLOT_KEYBOARD, tick_ignore, true);
    for (uint32_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        piece_check(&all[i], false);
    hv_enable_interrupts();
    for (uint32_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        piece_check(&all[i], true);
    hv_disable_interrupts();
    return test_result();
}
