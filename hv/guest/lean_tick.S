/*
 * lean_tick.S - the hot path of tick.c: the timer interrupts a guest, nothing but its own tick is due, and it goes on.
 *
 * A busy guest has a hundred of these a second, whether it takes ticks or masks them, and a masked tick is nothing but
 * this: so it is worth the most care of all. RAX, RDX and what no guest has, R8 to R15, are all that is needed. Every
 * test that fails leaves all as it was: then timer_from_guest does the same from the start, or has the run loop look
 * around; and deliver.c delivers what is not delivered here.
 *
 * Times are TSC ticks that tick_turn_begins worked out for this turn; the alarm is the APIC's one-shot counter, written
 * as memory (in x2APIC mode it is an MSR: then lean_window_tsc is 0, and every tick goes to C).
 */
#include "guest/lean_macros.inc"
#include "guest/lean_tick.h"

#define T(offset) offset(%r14)          /* R14: the processor */
/* RSP is what lean_macros.inc has in R15, which is set only where a handler is started. */
#define S(offset) (offset - FRAME_EIP)(%rsp)

    .text
/* The timer's vector, from wherever it came; nothing is pushed yet. */
    .globl lean_tick
lean_tick:
    testl $CONTEXT_EFLAGS_NEVER, LEAN_EFLAGS(%rsp)
    jnz slow
    testb $3, LEAN_CS(%rsp)
    jz tick_in_hv
    movq S(LEAN_PROCESSOR), %r14
    movq %rax, %r8
    movq %rdx, %r9
    rdtsc
    shlq $32, %rdx
    orq %rdx, %rax
    movq T(TURN_OTHER), %r12
    cmpq %r12, %rax                     /* somebody else is due */
    jae turn_over
    movq T(TURN_TICK), %r10
    movq %rax, %r11
    subq %r10, %r11
    cmpq T(TURN_LEAN_WINDOW), %r11      /* too early, or late */
    jae slow_restore
    movl S(LEAN_REVISION), %r11d
    /*
     * Whoever printed has its turn ended, so that the run loop can show what: output must not wait for the end of a
     * long turn.
     */
    cmpl T(TURN_REVISION), %r11d        /* it printed */
    jne slow_restore
    /*
     * The tick is pending from here on. BTS gives the bit as it was in CF, and ADC counts it: a tick that nobody took
     * coalesces with this one (docs/abi.md "Console and timer").
     */
    btsw $LEAN_TIMER_SOURCE, S(LEAN_VIRQ_PENDING)
    adcq $0, S(LEAN_VIRQ_COALESCED)     /* CF: it was pending already */
    movq T(TURN_TICK_AT), %r13
    movq %r13, S(LEAN_NOW)
    addq T(TURN_PERIOD_NS), %r13
    movq %r13, T(TURN_TICK_AT)
    addq T(TURN_PERIOD), %r10
    movq %r10, T(TURN_TICK)
    /*
     * The next alarm: the guest's next tick or what else is due, whichever is earlier. Both were kept a little early
     * (TURN_EARLY) for the comparisons above; the alarm itself is meant to come in time.
     */
    cmpq %r12, %r10
    cmovaq %r12, %r10
    subq %rax, %r10
    addq T(TURN_EARLY), %r10
    movq %r10, %rax
    mulq T(TURN_COUNT_PER_TSC)
    shrdq $32, %rdx, %rax
    /* Rounded up: an alarm that comes a count too early finds nothing due, and costs another interrupt. */
    incl %eax
    movq T(TURN_APIC), %r11
    movl $0, APIC_REG_EOI(%r11)
    movl %eax, APIC_REG_TIMER_INITIAL(%r11)
    movq %r8, %rax
    movq %r9, %rdx
    cmpb $0, S(LEAN_VIRQ_ENABLED)
    jne deliver
    GUEST_IRETQ

/*
 * To a handler in guest kernel, from there, when no key waits; all else is deliver.c's. R8 and R9 are free again.
 */
deliver:
    movq %rsp, %r15
    cmpw $1, G(LEAN_VIRQ_ENABLED)       /* and the timer need not yield */
    jne deliver_in_c
    cmpw $LEAN_TIMER_PENDING, G(LEAN_VIRQ_PENDING)
    jne deliver_in_c
    cmpl $SEL_GUEST_KERNEL_CS, LEAN_CS(%r15)
    jne deliver_in_c
    .globl lean_deliver_tick
lean_deliver_tick:                      /* from guest_enter_tick, too, which knows that all this holds. R15 is set */
    FIND_HANDLER G(LEAN_IDT + HV_SLOT_TIMER * 8), deliver_in_c
    movl LEAN_ESP(%r15), %r10d
    subl $LEAN_KERNEL_FRAME_BYTES, %r10d
    movl LEAN_EFLAGS(%r15), %r11d       /* as LOOK_AT_INTERRUPTED, but IF is known to be on */
    movl %r11d, %r12d
    andl $INJECT_EFLAGS_SHOWN, %r12d
    orl $EFLAGS_FIXED + EFLAGS_IF, %r12d
    movl (%r15), %r13d
    movq G(CONTEXT_RESUME), %rsp      /* a fault needs a stack */
    PUSH_NO_ERROR lean_tick_give_up
    PUSH_FRAME HV_MODE_KERNEL, lean_tick_give_up
    movw $0, G(LEAN_VIRQ_PENDING)
    NEXT_EVENT(%r12d)
    movq $HV_SLOT_TIMER, G_AT(LEAN_EVENTS_RING, %r12, 1)
    movl %r13d, G_AT(LEAN_EVENTS_RING + 8, %r12, 1)
    START_HANDLER
    movq %r15, %rsp
    GUEST_IRETQ

lean_tick_give_up:
    movq %r15, %rsp
deliver_in_c:
    pushq $0
    pushq $VECTOR_TIMER
    jmp trap_tick

/* The turn ends whatever else there is: C would only say so. */
turn_over:
    movq T(TURN_APIC), %r11
    testq %r11, %r11
    jz slow_restore
    movl $0, APIC_REG_EOI(%r11)
    movq %r8, %rax
    movq %r9, %rdx
    pushq $0
    pushq $VECTOR_TIMER
    jmp trap_turn_over

/*
 * In the hypervisor, at the one HLT where it waits for this: the run loop looks at the clock anyway. All registers are
 * the run loop's.
 */
tick_in_hv:
    pushq %rax
    movq xapic_registers(%rip), %rax
    testq %rax, %rax
    jz tick_in_x2apic_mode
    movl $0, APIC_REG_EOI(%rax)
    popq %rax
    iretq

tick_in_x2apic_mode:
    popq %rax
    jmp slow

slow_restore:
    movq %r8, %rax
    movq %r9, %rdx
slow:
    pushq $0
    pushq $VECTOR_TIMER
    jmp trap_timer

    .section .note.GNU-stack, "", @progbits
