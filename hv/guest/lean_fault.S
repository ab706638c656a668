/*
 * lean_fault.S - the hot path of page_fault.c: a hidden fault filled, or the guest's own reflected, without saving a
 * frame.
 *
 * What a fault is, pagetable/hidden_fault.c says, from here as from C, where it is not seen here to be the guest's. All
 * that this does not settle, and what cannot be pushed, starts over in C with nothing changed, as in lean.S; deliver.c
 * then has the same rules, and the words for what is wrong.
 *
 * Three ways, the most frequent first: the region is remembered (region_cache.h), and C fills without a walk; the walk
 * in assembly, or the end of RAM while paging is off, says that the fault is the guest's own, and no C runs at all; all
 * else asks gspace_fault. #PF pushes an
 * error code, so the processor's five words are 8 bytes above RSP here.
 */
#include "guest/lean_macros.inc"
#include "guest/lean_walk.inc"

/* R8: address, R13: EIP. Spoils R12. */
    .macro RECORD_FAULT
    NEXT_EVENT(%r12d)
    movl $EXC_PF, G_AT(LEAN_EVENTS_RING, %r12, 1)
    movl %r8d, G_AT(LEAN_EVENTS_RING + 4, %r12, 1)
    movl %r13d, G_AT(LEAN_EVENTS_RING + 8, %r12, 1)
    .endm

/*
 * Call C with this fault; R8: its address. Leaves the flags of a comparison of what it is with LEAN_FILLED: equal,
 * filled; below, the guest's own, and EAX is the error code; above, the guest ends.
 */
    .macro CALL_FAULT function, known:vararg
    movq G(CONTEXT_RESUME), %rsp
    KEEP_REGISTERS
    .ifnb \known
    leaq \known, %rcx
    .endif
    movl %r8d, %esi
    movl -8(%r15), %edx
    andl $LEAN_ACCESS, %edx
    leaq G(LEAN_SPACE), %rdi
    cld
    call \function
    cmpl $LEAN_FILLED, %eax
    .endm

    .text
/* #PF, from wherever it came; the error code is pushed. */
    .globl lean_page_fault
lean_page_fault:
    testl $CONTEXT_EFLAGS_NEVER, LEAN_EFLAGS + 8(%rsp)
    jnz page_fault_slow
    testb $3, LEAN_CS + 8(%rsp)
    jz page_fault_slow
    leaq 8(%rsp), %r15
    /*
     * One unsigned comparison finds both ways out of the segment: an address below linear 16 MiB has wrapped to a huge
     * number by the subtraction.
     */
    movq %cr2, %r8
    subq $GUEST_LINEAR_BASE, %r8
    cmpq last_gva(%rip), %r8            /* beyond the segment: a #GP where there are no limits */
    ja page_fault_slow
    cmpb $0, G(LEAN_PAGING)
    je page_fault_unpaged
    movq G(LEAN_SHADOWS), %r9
    movl %r8d, %r10d
    shrl $LEAN_REGION_SHIFT, %r10d
    movl %r10d, %r11d
    andl $LEAN_REGION_MASK, %r11d
    cmpw %r10w, LEAN_POOL_REGIONS(%r9, %r11, 2)
    jne page_fault_walk
    imull $LEAN_REGION_BYTES, %r11d, %r11d
    CALL_FAULT gspace_fault_known, LEAN_POOL_KNOWN(%r9, %r11)
    jne page_fault_not_filled
page_fault_filled:
    TAKE_REGISTERS
    incq G(LEAN_HIDDEN_FAULTS)
    movq %r15, %rsp
    GUEST_IRETQ

/* Paging is off: what lies outside RAM is not there, as bootvm_fault of pagetable/bootvm.h says. */
page_fault_unpaged:
    cmpl G(LEAN_RAM_BYTES), %r8d
    jb page_fault_undecided
    movl -8(%r15), %r14d
    andl $LEAN_ACCESS, %r14d
    movq G(CONTEXT_RESUME), %rsp
    jmp page_fault_reflect

/*
 * Nothing is remembered of this region: perhaps a page that the guest keeps out on purpose (its own demand paging, a
 * stack's guard). Then the guest's tables are walked here, and the fault is reflected without a call of C.
 */
page_fault_walk:
    movl -8(%r15), %r14d
    andl $LEAN_ACCESS, %r14d
    WALK_GUEST page_fault_undecided
    movq G(CONTEXT_RESUME), %rsp
page_fault_reflect:                     /* R8: the address, R14: the error code */
    FIND_HANDLER G(LEAN_IDT + 8 * EXC_PF), lean_fault_give_up
    LOOK_AT_INTERRUPTED
    cmpl $SEL_GUEST_KERNEL_CS, LEAN_CS(%r15) /* the only other one is guest user's */
    jne reflect_from_user
    movl LEAN_ESP(%r15), %r10d
    subl $LEAN_KERNEL_FRAME_BYTES, %r10d
    PUSH_ERROR lean_fault_give_up
    PUSH_FRAME HV_MODE_KERNEL, lean_fault_give_up
    RECORD_FAULT
    START_HANDLER
    movq %r15, %rsp
    GUEST_IRETQ

/* The frame goes to esp0, the guest kernel's stack; a sixth word says where guest user's stack was. */
reflect_from_user:
    movl G(LEAN_ESP0), %r10d
    subl $LEAN_USER_FRAME_BYTES, %r10d
    PUSH_ERROR lean_fault_give_up
    movl LEAN_ESP(%r15), %r14d
    PUSH_FRAME HV_MODE_USER, lean_fault_give_up
    PUSH_USER_ESP lean_fault_give_up
    RECORD_FAULT
    START_HANDLER_FROM_USER
    movq %r15, %rsp
    GUEST_IRETQ

page_fault_undecided:
    CALL_FAULT gspace_fault
    je page_fault_filled
page_fault_not_filled:
    ja page_fault_other                 /* the guest ends */
    movl %eax, %r9d
    TAKE_REGISTERS
    movl %r9d, %r14d
    movq %cr2, %r8
    subl $GUEST_LINEAR_BASE, %r8d
    jmp page_fault_reflect

page_fault_other:
    TAKE_REGISTERS
    leaq -8(%r15), %rsp
page_fault_slow:
    pushq $EXC_PF
    jmp trap_page_fault

/*
 * There is no handler, or the guest's stack could not be written. In the second case the push has faulted itself, and
 * CR2 has its address by now. Put the address of the guest's own fault back: C reads it from there.
 */
lean_fault_give_up:
    addq $GUEST_LINEAR_BASE, %r8
    movq %r8, %cr2
    leaq -8(%r15), %rsp
    jmp page_fault_slow

    .section .rodata
    .balign 8
last_gva:
    .quad HV_MAX_GVA

    .section .note.GNU-stack, "", @progbits
