/*
 * lean_tick.S - the hot path of tick.c: the timer interrupts a guest, nothing but its own tick is due, and it goes on.
 *
 * RAX, RDX and what no guest has, R8 to R15, are all that is needed. Every test that fails leaves all as it was: then
 * timer_from_guest does the same from the start, or has the run loop look around; and deliver.c delivers what is not
 * delivered here.
 */
#include "guest/lean.h"
#include "lean_tick.h"

#define T(offset) tick_turn + offset(%rip)
/* RSP: the guest's last five words. */
#define G(offset) (offset - LEAN_TRAP)(%rsp)

    .text
/* The timer's vector, from wherever it came; nothing is pushed yet. */
    .globl lean_tick
lean_tick:
    testb $3, LEAN_CS(%rsp)
    jz slow
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
    movq T(TURN_DIRTY), %r11
    cmpl $0, (%r11)
    jne slow_restore
    movq T(TURN_PENDING), %r11
    cmpl $0, (%r11)
    jne slow_restore
    movq T(TURN_CURSOR_AT), %r11
    movzwl (%r11), %r11d
    cmpl T(TURN_CURSOR), %r11d
    jne slow_restore
    movzbl G(LEAN_VIRQ_PENDING), %r11d
    addq %r11, G(LEAN_VIRQ_COALESCED)
    movb $1, G(LEAN_VIRQ_PENDING)
    movq T(TURN_CLOCK), %r11
    movq T(TURN_TICK_AT), %r13
    movq %r13, (%r11)
    addq T(TURN_PERIOD_NS), %r13
    movq %r13, T(TURN_TICK_AT)
    addq T(TURN_PERIOD), %r10
    movq %r10, T(TURN_TICK)
    cmpq %r12, %r10
    cmovaq %r12, %r10
    subq %rax, %r10
    addq T(TURN_EARLY), %r10
    movq %r10, %rax
    mulq T(TURN_COUNT_PER_TSC)
    shrdq $32, %rdx, %rax
    incl %eax
    movq T(TURN_APIC), %r11
    movl $0, APIC_EOI(%r11)
    movl %eax, APIC_COUNT(%r11)
    movq %r8, %rax
    movq %r9, %rdx
    cmpb $0, G(LEAN_VIRQ_ENABLED)
    jne deliver
    .globl lean_iretq_tick
lean_iretq_tick:
    iretq

/*
 * To a handler in guest kernel, from there, when no key waits; all else is deliver.c's. R8 and R9 are free again.
 */
deliver:
    cmpw $1, G(LEAN_VIRQ_ENABLED)       /* and it is not a key's turn */
    jne deliver_in_c
    cmpl $1, G(LEAN_VIRQ_PENDING)
    jne deliver_in_c
    cmpl $LEAN_KERNEL_CS, LEAN_CS(%rsp)
    jne deliver_in_c
    movl G(LEAN_IDT + LEAN_SLOT_TIMER * 8), %r9d
    leal -1(%r9), %r10d
    cmpl $LEAN_MAX_GVA, %r10d           /* empty, or beyond the segment */
    jae deliver_in_c
    movl LEAN_ESP(%rsp), %r10d
    subl $LEAN_KERNEL_FRAME_BYTES, %r10d
    movl LEAN_EFLAGS(%rsp), %r11d
    movl %r11d, %r12d
    andl $LEAN_SHOWN, %r12d
    orl $LEAN_FIXED + LEAN_IF, %r12d
    movl (%rsp), %r13d
    movq %rsp, %r15
    movq hv_resume_rsp(%rip), %rsp      /* a fault needs a stack */
1:  movq $0, LEAN_BASE(%r10)            /* fault address, error word */
2:  movl %r13d, LEAN_BASE + 8(%r10)
3:  movl $LEAN_MODE_KERNEL, LEAN_BASE + 12(%r10)
4:  movl %r12d, LEAN_BASE + 16(%r10)
    .pushsection .extable, "a"
    .quad 1b, lean_tick_give_up
    .quad 2b, lean_tick_give_up
    .quad 3b, lean_tick_give_up
    .quad 4b, lean_tick_give_up
    .popsection
    movq %r15, %rsp
    movb $0, G(LEAN_VIRQ_ENABLED)
    movb $0, G(LEAN_VIRQ_PENDING)
    incq G(LEAN_EVENT_COUNT)
    movzbl G(LEAN_EVENTS), %r12d
    addq $LEAN_EVENT_BYTES, G(LEAN_EVENTS)
    movq $LEAN_SLOT_TIMER, (LEAN_EVENTS_RING - LEAN_TRAP)(%rsp, %r12)
    movl %r13d, (LEAN_EVENTS_RING - LEAN_TRAP + 8)(%rsp, %r12)
    andl $LEAN_HANDLER_KEEPS, %r11d
    orl $LEAN_FORCED, %r11d
    movq %r9, LEAN_EIP(%rsp)
    movq %r11, LEAN_EFLAGS(%rsp)
    movq %r10, LEAN_ESP(%rsp)
    .globl lean_iretq_tick_handler
lean_iretq_tick_handler:
    iretq

    .globl lean_tick_give_up
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
    movl $0, APIC_EOI(%r11)
    movq %r8, %rax
    movq %r9, %rdx
    pushq $0
    pushq $VECTOR_TIMER
    jmp trap_turn_over

slow_restore:
    movq %r8, %rax
    movq %r9, %rdx
slow:
    pushq $0
    pushq $VECTOR_TIMER
    jmp trap_timer

    .section .note.GNU-stack, "", @progbits
