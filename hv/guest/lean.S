/*
 * lean.S - the hot path, on one page: hv_magic, hv_setidt, hv_iret, and INT n from guest user, answered without saving
 * a frame.
 *
 * A 32-bit guest cannot see r8-r15: they are all the scratch there is. The processor's five words lie in struct guest
 * already (TSS.RSP0 points there), so that a path which keeps every register that the guest sees need only change them
 * and do IRETQ.
 *
 * The rule of all lean paths: do nothing that cannot be taken back before the last test has passed. Every test that
 * fails, and every access to guest memory that faults for good, then goes to the slow path with nothing changed; C does
 * the same from the start and has the words for what is wrong. So each rule here is also in hypercall/call_events.c or
 * deliver.c, which are the reference, and tests run both (docs/testing.md).
 */
#include "guest/lean_macros.inc"

/* HV_CALL_MAGIC and so on, which are an enum in C. */
#define X(number, NAME, name, words) .set HV_CALL_##NAME, number;
HV_CALLS(X)
#undef X

/* The record of a call without arguments. */
#define RECORD_CALL(number) \
    NEXT_EVENT(%r9d); \
    movq $LEAN_EVENT_CALL + number, G_AT(LEAN_EVENTS_RING, %r9, 1); \
    movl (%r15), %r10d; \
    movl %r10d, G_AT(LEAN_EVENTS_RING + 8, %r9, 1)

    .text
/* int $0xDE from guest kernel; the gate's DPL keeps guest user out. */
    .globl lean_hypercall
lean_hypercall:
    movq %rsp, %r15
    /*
     * EAX is the guest's own: any number. JAE is unsigned, so that a negative one does not get through to the table
     * either. The upper half of RAX is zero (cpu/trap_frame.h), so RAX is fit to be an index.
     */
    cmpl $LEAN_CALLS, %eax
    jae lean_call_slow
    jmp *lean_doors(, %rax, 8)

lean_magic:
    movl $HV_MAGIC, %eax
    RECORD_CALL(HV_CALL_MAGIC)
    GUEST_IRETQ

lean_disable:
    movb $0, G(LEAN_VIRQ_ENABLED)
    RECORD_CALL(HV_CALL_DISABLE_INTERRUPTS)
    GUEST_IRETQ

/* Not when something is pending: it would have to be delivered now, which is C's work. */
lean_enable:
    cmpw $0, G(LEAN_VIRQ_PENDING)
    jne lean_call_slow
    movb $1, G(LEAN_VIRQ_ENABLED)
    RECORD_CALL(HV_CALL_ENABLE_INTERRUPTS)
    GUEST_IRETQ

lean_setidt:
    movl LEAN_ESP(%r15), %r14d
    movq G(CONTEXT_RESUME), %rsp        /* a fault needs a stack */
1:  movl GUEST_LINEAR_BASE + 0(%r14), %r8d      /* n */
    cmpl $HV_IDT_SLOTS, %r8d
    jae lean_call_give_up
2:  movl GUEST_LINEAR_BASE + 4(%r14), %r9d      /* eip */
3:  cmpl $1, GUEST_LINEAR_BASE + 8(%r14)        /* privileged: CF is clear */
    MAY_FAULT(1b, lean_call_give_up)
    MAY_FAULT(2b, lean_call_give_up)
    MAY_FAULT(3b, lean_call_give_up)
    setae G_AT(LEAN_IDT + 4, %r8, 8)
    movl %r9d, G_AT(LEAN_IDT, %r8, 8)
    NEXT_EVENT(%r9d)
    movl $LEAN_EVENT_CALL + HV_CALL_SETIDT, G_AT(LEAN_EVENTS_RING, %r9, 1)
    movl %r8d, G_AT(LEAN_EVENTS_RING + 4, %r9, 1)
    movl (%r15), %r10d
    movl %r10d, G_AT(LEAN_EVENTS_RING + 8, %r9, 1)
    movq %r15, %rsp
    GUEST_IRETQ

/*
 * Calls that C can answer at once from two words, and that return nothing: bool lean_calls[number](guest, word 0, word
 * 1). False: C did nothing, and the slow path says what is wrong.
 *
 * The record is made before the call, since less is alive then, and taken back if C says false: the slow path makes it
 * again. The guest's registers are kept as by KEEP_REGISTERS, but for the order: where a word cannot be read there is
 * less to put back.
 */
lean_call:
    movl LEAN_ESP(%r15), %r11d
    movq G(CONTEXT_RESUME), %rsp
    movq %rdx, %r13
    movq %rsi, %r14
1:  movl GUEST_LINEAR_BASE + 0(%r11), %esi
2:  movl GUEST_LINEAR_BASE + 4(%r11), %edx
    MAY_FAULT(1b, lean_call_unreadable)
    MAY_FAULT(2b, lean_call_unreadable)
    movq %rcx, %r12
    pushq %rax
    pushq %rdi
    leal LEAN_EVENT_CALL(%rax), %ecx
    NEXT_EVENT(%r8d)
    movl %ecx, G_AT(LEAN_EVENTS_RING, %r8, 1)
    movl %esi, G_AT(LEAN_EVENTS_RING + 4, %r8, 1)
    movl (%r15), %ecx
    movl %ecx, G_AT(LEAN_EVENTS_RING + 8, %r8, 1)
    leaq G(0), %rdi
    cld
    call *lean_calls(, %rax, 8)
    testb %al, %al
    TAKE_REGISTERS
    jz lean_call_undo
    movq %r15, %rsp
    GUEST_IRETQ

lean_call_undo:
    subq $LEAN_EVENT_BYTES, G(LEAN_EVENTS)
    jmp lean_call_give_up

lean_call_unreadable:
    movq %r14, %rsi                     /* RDX is read last */
    jmp lean_call_give_up

/*
 * hv_iret(eip, eflags, esp, esp0, eax): the five words of the argument block replace the interrupted context. All are
 * read into registers first, as any of the reads may fault; then they are written to struct guest in one go. A block
 * that lies in two pages, of which one is missing, therefore leaves the guest as it was.
 */
lean_iret:
    movl LEAN_ESP(%r15), %r14d          /* the argument block; no wrap: the sum has 33 bits, and nothing is up there */
    movq G(CONTEXT_RESUME), %rsp      /* a fault needs a stack */
1:  movl GUEST_LINEAR_BASE + 4(%r14), %r10d     /* eflags */
    testl $~INJECT_EFLAGS_ACCEPTED, %r10d
    jnz lean_call_give_up
2:  movl GUEST_LINEAR_BASE + 0(%r14), %r9d      /* eip */
    cmpl $HV_MAX_GVA, %r9d
    ja lean_call_give_up
3:  movl GUEST_LINEAR_BASE + 8(%r14), %r11d     /* esp */
4:  movl GUEST_LINEAR_BASE + 16(%r14), %r12d    /* eax */
5:  movl GUEST_LINEAR_BASE + 12(%r14), %r13d    /* esp0 */
    MAY_FAULT(1b, lean_call_give_up)
    MAY_FAULT(2b, lean_call_give_up)
    MAY_FAULT(3b, lean_call_give_up)
    MAY_FAULT(4b, lean_call_give_up)
    MAY_FAULT(5b, lean_call_give_up)
    btl $LEAN_IF_SHIFT, %r10d
    setc %r14b
    jnc 6f
    cmpw $0, G(LEAN_VIRQ_PENDING)       /* to be delivered in the new context: C does */
    jne lean_call_give_up
/*
 * esp0 = 0: back to guest kernel, which CS and SS say already, as the call came from there. Else to guest user, where
 * data segments are set again: IRETQ would null those that ring 3 may not hold, and an odd selector of the kernel's
 * must not reach its programs.
 */
6:  testl %r13d, %r13d
    jz 7f
    cmpb $0, G(LEAN_PAGING)
    je lean_call_give_up
    movl %r13d, G(LEAN_ESP0)
    movq $SEL_GUEST_USER_CS, LEAN_CS(%r15)
    movq $SEL_GUEST_DATA, LEAN_SS(%r15)
    movl $SEL_GUEST_DATA, %r13d
    movl %r13d, %ds
    movl %r13d, %es
    movl %r13d, %fs
    movl %r13d, %gs
7:  movb %r14b, G(LEAN_VIRQ_ENABLED)
    NEXT_EVENT(%r13d)
    movl $LEAN_EVENT_CALL + HV_CALL_IRET, G_AT(LEAN_EVENTS_RING, %r13, 1)
    movl %r9d, G_AT(LEAN_EVENTS_RING + 4, %r13, 1)
    movl (%r15), %r14d
    movl %r14d, G_AT(LEAN_EVENTS_RING + 8, %r13, 1)
    movl LEAN_EFLAGS(%r15), %r14d
    andl $INJECT_EFLAGS_SHOWN, %r10d
    andl $INJECT_EFLAGS_KEPT, %r14d
    leal INJECT_EFLAGS_FORCED(%r10, %r14), %r10d /* the three have no bit in common */
    movq %r9, LEAN_EIP(%r15)
    movq %r10, LEAN_EFLAGS(%r15)
    movq %r11, LEAN_ESP(%r15)
    movl %r12d, %eax
    movq %r15, %rsp
    GUEST_IRETQ

/* INT n, n an ordinary vector. R8: n. */
    /*
     * From guest user only: there a system call is worth the short way. From guest kernel an INT is rare, and its frame
     * is another. No look at VM and IOPL is needed here: docs/events.md, "Whose trap is it?".
     */
    .globl lean_soft_interrupt
lean_soft_interrupt:
    movq %rsp, %r15
    cmpl $SEL_GUEST_USER_CS, LEAN_CS(%r15)
    jne lean_slow
    FIND_HANDLER G_AT(LEAN_IDT, %r8, 8), lean_slow
    cmpb $0, G_AT(LEAN_IDT + 4, %r8, 8) /* privileged */
    jne lean_slow
    LOOK_AT_INTERRUPTED
    movl G(LEAN_ESP0), %r10d
    subl $LEAN_USER_FRAME_BYTES, %r10d
    movl LEAN_ESP(%r15), %r14d
    movq G(CONTEXT_RESUME), %rsp
    PUSH_NO_ERROR lean_give_up
    PUSH_FRAME HV_MODE_USER, lean_give_up
    PUSH_USER_ESP lean_give_up
    NEXT_EVENT(%r12d)
    movq %r8, G_AT(LEAN_EVENTS_RING, %r12, 1)
    subl $INT_BYTES, %r13d
    movl %r13d, G_AT(LEAN_EVENTS_RING + 8, %r12, 1)
    START_HANDLER_FROM_USER
    movq %r15, %rsp
    GUEST_IRETQ

/*
 * The ways to C. What the entry point of a vector would have pushed is pushed here: 0 for an error code, and the
 * vector. RSP goes back to the five words first, where it was when the trap came.
 */
lean_call_give_up:
    movq %r15, %rsp
lean_call_slow:
    pushq $0
    pushq $HV_INT_VECTOR
    jmp trap_common

lean_give_up:
    movq %r15, %rsp
lean_slow:
    pushq $0
    pushq %r8
    jmp trap_common

    .section .rodata
    .balign 8
lean_doors:                             /* by call number */
    .quad lean_magic, lean_call_slow, lean_iret, lean_setidt, lean_disable, lean_enable, lean_call, lean_call
    .quad lean_call, lean_call, lean_call, lean_call_slow, lean_call_slow
    .if . - lean_doors != 8 * LEAN_CALLS
    .error "a door for each call below LEAN_CALLS"
    .endif

    .section .note.GNU-stack, "", @progbits
