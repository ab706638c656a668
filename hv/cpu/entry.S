/*
 * entry.S - start, the entry points of the 256 gates, the way into a guest and back, and the copy that may fault.
 *
 * A trap from a guest lands in its struct trap_frame: TSS.RSP0 points just past it, the processor pushes the last
 * five words, the code here the rest, and ASK_C calls a function of C on the stack that guest_enter left; the guest
 * goes on when that says so, and guest_enter returns when not. C therefore never nests, and a guest's registers need
 * no copying. A trap from the hypervisor itself is a call of trap_in_hv on the current stack.
 */
#include "cpu/context.h"
#include "cpu/guest_iretq.inc"
#include "cpu/vectors.h"

/* The processor pushes an error code. SDM vol. 3 "Error Code". */
#define PUSHES_ERROR(vector) \
    (vector == EXC_DF || (vector >= EXC_TS && vector <= EXC_PF) || vector == EXC_AC || vector == EXC_CP || \
     vector == EXC_VC || vector == EXC_SX)


/* Offsets in what the processor, and then the entry points below, have pushed for any trap. */
#define TRAP_CS 24
#define TRAP_EFLAGS 32
#define TRAP_RSP 40

    .section .text.start, "ax"
    .globl hv_start
hv_start:                               /* RDI: struct boot_info in the direct map; interrupts off */
    leaq boot_processor + CPU_STACK_TOP(%rip), %rsp
    pushq $EFLAGS_FIXED                 /* RFLAGS absolutely: IOPL = 0 tells the hypervisor's traps from a guest's */
    popfq
    xorl %ebp, %ebp                     /* ends every backtrace */
    call hv_main
    ud2

    .text
/* The registers that a guest has: the first seven of struct trap_frame, and of struct hv_trap_frame. */
    .macro PUSH_GUEST_REGISTERS
    .irp register, rbp, rdi, rsi, rdx, rcx, rbx, rax
    pushq %\register
    .endr
    .endm

    .macro POP_GUEST_REGISTERS
    .irp register, rax, rbx, rcx, rdx, rsi, rdi, rbp
    popq %\register
    .endr
    .endm

/* RSP: a guest's frame; afterwards its last five words, for IRETQ. */
    .macro POP_FRAME
    POP_GUEST_REGISTERS
    addq $16, %rsp                      /* vector, error */
    .endm

/*
 * void guest_enter(struct trap_frame *frame): run until trap_from_guest ends the turn.
 *
 * What C wants kept across a call goes to the stack, whose pointer goes to the guest (CONTEXT_RESUME): each trap of
 * this guest calls its function of C from there, as if guest_enter had called it, and guest_leave returns from there.
 * So no trap nests, and the stack is as deep at the last trap of a turn as at its first.
 */
    .macro TAKE_FRAME
    pushq %rbp                          /* 16-byte aligned, for the calls of trap_from_guest */
    movq %rsp, CONTEXT_RESUME(%rdi)
    movq %rdi, %rsp
    .endm

    .macro POP_FRAME_FRESH              /* IRETQ to an outer ring, or another guest, may have spoilt the segments */
    movl $SEL_GUEST_DATA, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %fs
    movl %eax, %gs
    POP_FRAME
    .endm

    .globl guest_enter
guest_enter:
    TAKE_FRAME
guest_resume_fresh:                     /* RSP: the frame */
    POP_FRAME_FRESH
    GUEST_IRETQ

/* void guest_enter_tick(struct trap_frame *frame): the same at the handler of a tick (tick_is_all of guest/tick.h). */
#ifdef COBBLE_LEAN
    .globl guest_enter_tick
guest_enter_tick:
    TAKE_FRAME
    POP_FRAME_FRESH
    movq %rsp, %r15
    jmp lean_deliver_tick
#endif

/* Where the 256 gates lead, ENTRY_POINT_BYTES each. Vectors without an error code push 0 in its place. */
    .balign ENTRY_POINT_BYTES
    .globl trap_entry_points
trap_entry_points:
#ifdef COBBLE_LEAN
    .set lean, 1
#else                                   /* C alone, which is the reference: docs/testing.md */
    .set lean, 0
#endif
    .set vector, 0
    .rept VECTOR_COUNT
    .balign ENTRY_POINT_BYTES
1:  .if lean && vector == HV_INT_VECTOR
    jmp lean_hypercall                  /* hot: hv/guest/lean.S, which comes to trap_common for what is not */
    .elseif lean && vector == EXC_PF
    jmp lean_page_fault                 /* hot, too, like the next three */
    .elseif lean && vector == EXC_GP
    jmp lean_general_protection
    .elseif lean && vector >= EXC_COUNT && vector < VECTOR_TIMER
    movl $vector, %r8d
    jmp lean_soft_interrupt
    .elseif lean && vector == VECTOR_TIMER
    jmp lean_tick
    .else
    .if !PUSHES_ERROR(vector)
    pushq $0
    .endif
    pushq $vector
    .if vector == EXC_NMI || vector == EXC_DF || vector == EXC_MC
    jmp trap_on_own_stack               /* on a stack of their own, wherever they came from */
    .elseif vector == EXC_PF
    jmp trap_page_fault
    .elseif vector == VECTOR_TIMER
    jmp trap_timer
    .else
    jmp trap_common
    .endif
    .endif
    .if vector <= VECTOR_TIMER && vector != EXC_NMI && vector != EXC_DF && vector != EXC_MC
    .org 1b + ENTRY_POINT_WATCHED       /* where cpu_watch may lead the gate; the return address tells the vector */
    .if PUSHES_ERROR(vector)
    call watched_error
    .else
    call watched_plain
    .endif
    .endif
    .set vector, vector + 1
    .endr

/*
 * Go on with C for a guest whose vector and error code are pushed: save its registers in its frame, call, resume.
 *
 * Nothing is copied: the processor has pushed its five words into the frame already, as TSS.RSP0 points just past it.
 * RSP must leave the frame before C runs: the frame is the first thing in struct guest, and below it is somebody else's
 * memory.
 */
    .macro CALL_FOR_GUEST function
    PUSH_GUEST_REGISTERS
    movq %rsp, %rdi
    movq %rsp, %rbx                     /* C keeps RBX and R12 */
    movl FRAME_CS(%rsp), %r12d
    cld                                 /* DF belongs to the guest; C expects it clear */
    movq CONTEXT_RESUME(%rbx), %rsp
    call \function
    testb %al, %al
    jz guest_leave
    movq %rbx, %rsp
    cmpl FRAME_CS(%rsp), %r12d          /* where it traps and where it goes on: another mode has its own segments */
    jne guest_resume_fresh
    POP_FRAME
    GUEST_IRETQ
    .endm

/*
 * The same for a trap that may be the hypervisor's own. VM first: with it a guest's CS can be anything, and IOPL is
 * never set in the hypervisor.
 */
    .macro ASK_C function
    testl $CONTEXT_EFLAGS_NEVER, TRAP_EFLAGS(%rsp)
    jnz trap_from_strange_mode
    testb $3, TRAP_CS(%rsp)             /* RPL: never 0 in a guest */
    jz trap_from_hv
    CALL_FOR_GUEST \function
    .endm

    .balign 16
    .globl trap_common, trap_page_fault, trap_timer, trap_tick, trap_turn_over
trap_common:
    ASK_C trap_from_guest
trap_page_fault:
    ASK_C page_fault_from_guest
trap_timer:
    ASK_C timer_from_guest
trap_tick:
    ASK_C tick_from_guest

/*
 * Gates that cpu_watch leads here, from ENTRY_POINT_WATCHED of their entry points. Nothing but the stack may change:
 * the trap may be the hypervisor's own. The vector takes the place of the return address; a 0 comes before it where the
 * processor has pushed no error code.
 */
    .macro VECTOR_TO_RAX
    pushq %rax
    movq 8(%rsp), %rax
    subq $trap_entry_points + 1, %rax   /* it may be where the next entry point begins */
    shrq $ENTRY_POINT_SHIFT, %rax
    .endm

watched_error:
    VECTOR_TO_RAX
    movq %rax, 8(%rsp)
    popq %rax
    jmp trap_watched
watched_plain:
    VECTOR_TO_RAX
    movq $0, 8(%rsp)
    xchgq %rax, (%rsp)
trap_watched:
    ASK_C watched_from_guest

trap_turn_over:                         /* from a guest, and C knows what for */
    PUSH_GUEST_REGISTERS
    movq %rsp, %rbx
    cld
guest_leave:                            /* RBX: the frame */
    movq CONTEXT_RESUME(%rbx), %rsp
    popq %rbp
    ret

/* A guest that got where no guest may be: docs/events.md. The hypervisor must not keep its IOPL. */
trap_from_strange_mode:
    PUSH_GUEST_REGISTERS
    movq %rsp, %rdi
    movq %rsp, %rbx
    movq CONTEXT_RESUME(%rbx), %rsp
    pushq $EFLAGS_FIXED
    popfq                               /* DF is clear, too */
    call strange_mode_from_guest
    jmp guest_leave

/*
 * RSP may still be inside the guest's frame, at its last five words: for a fault of IRETQ, and for a #DB that came with
 * the guest's INT (MOV SS can put one off until then). What the processor pushed fits below them; C would not.
 */
trap_from_hv:
    cmpl $EXC_DB, (%rsp)
    je debug_ignored
    cmpl $-1, TRAP_RSP + 4(%rsp)        /* in the top 4 GiB: a stack of ours (cpu.h), which no guest's frame is */
    jne iretq_refused
trap_on_own_stack:
    cld
    .irp register, r15, r14, r13, r12, r11, r10, r9, r8
    pushq %\register
    .endr
    PUSH_GUEST_REGISTERS
    movq %rsp, %rdi
    movq %rsp, %rbx                     /* for the way back */
    andq $-16, %rsp
    call trap_in_hv
    movq %rbx, %rsp
    POP_GUEST_REGISTERS
    .irp register, r8, r9, r10, r11, r12, r13, r14, r15
    popq %\register
    .endr
    addq $16, %rsp
    iretq

debug_ignored:
    addq $16, %rsp
    iretq

/* The guest's registers are all there still: C says whose fault it is. */
iretq_refused:
    movq TRAP_RSP(%rsp), %rsp
    pushq $0
    pushq $EXC_GP
    CALL_FOR_GUEST iretq_refused_from_guest

/*
 * size_t copy_with_fixup(void *to, const void *from, size_t bytes): copy upwards; a fault on either side ends it.
 * Returns the number of bytes not copied.
 */
    .globl copy_with_fixup
copy_with_fixup:
    movq %rdx, %rcx
    shrq $3, %rcx
    andl $7, %edx                       /* the tail */
1:  rep movsq
3:  leaq (%rdx, %rcx, 8), %rdx          /* and after a fault the words that are left: their last good bytes */
    cmpq $4, %rdx
    jb 8f
7:  movl (%rsi), %eax
9:  movl %eax, (%rdi)
    addq $4, %rsi
    addq $4, %rdi
    subq $4, %rdx
8:  testq %rdx, %rdx
    jz 6f
4:  movb (%rsi), %al
5:  movb %al, (%rdi)
    incq %rsi
    incq %rdi
    decq %rdx
    jnz 4b
6:  movq %rdx, %rax
    ret

/* bool push_with_fixup(void *to, uint64_t first, uint64_t second, uint64_t third, bool six) */
    .globl push_with_fixup
push_with_fixup:
    movl $1, %eax
10: movq %rsi, (%rdi)
11: movq %rdx, 8(%rdi)
    testb %r8b, %r8b
    jz 13f
12: movq %rcx, 16(%rdi)
    ret
13: movl %ecx, 16(%rdi)
    ret
14: xorl %eax, %eax
    ret

    .section .extable, "a"
    .quad 10b, 14b
    .quad 11b, 14b
    .quad 12b, 14b
    .quad 13b, 14b
    .quad 1b, 3b
    .quad 7b, 8b
    .quad 9b, 8b
    .quad 4b, 6b
    .quad 5b, 6b

    .section .note.GNU-stack, "", @progbits
