/*
 * enter.S - into a guest under SVM and back. APM vol. 2 "VMRUN Instruction", "VMSAVE and VMLOAD Instructions".
 */
#include "vpc/svm/svm_entry.h"

    .text
/*
 * enum svm_next svm_enter(struct vpc *vpc, uint64_t vmcb, uint64_t host, struct vmcb *mapped)
 *
 * General registers are in the vcpu; EAX and ESP are in the block at vmcb, whose address here is mapped. host: a block
 * with what VMSAVE saved of the host. IF is off before and after. What svm_fast does at once costs neither VMSAVE
 * nor VMLOAD. Interrupts, NMIs and machine checks that come meanwhile wait, as the global interrupt flag is on only
 * while the guest runs, whose run they end; afterwards they wait for the host: GIF first, then IF.
 */
    .globl svm_enter
svm_enter:
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    pushq %rdx
    pushq %rcx
    pushq %rsi
    pushq %rdi
    subq $8, %rsp                       /* calls want it so */
    clgi
    sti                                 /* the host's IF while the guest runs: V_INTR_MASKING */
    movq %rsi, %rax
    vmload %rax
    jmp 2f
1:  movq 16(%rsp), %rax
    movq 8(%rsp), %rdi
2:  movl GPR_AT_ECX(%rdi), %ecx
    movl GPR_AT_EDX(%rdi), %edx
    movl GPR_AT_EBX(%rdi), %ebx
    movl GPR_AT_EBP(%rdi), %ebp
    movl GPR_AT_ESI(%rdi), %esi
    movl GPR_AT_EDI(%rdi), %edi
    vmrun %rax
    movq 8(%rsp), %rax
    movl %ecx, GPR_AT_ECX(%rax)
    movl %edx, GPR_AT_EDX(%rax)
    movl %ebx, GPR_AT_EBX(%rax)
    movl %ebp, GPR_AT_EBP(%rax)
    movl %esi, GPR_AT_ESI(%rax)
    movl %edi, GPR_AT_EDI(%rax)
    movq %rax, %rdi
    movq 24(%rsp), %rsi
    cld
    call svm_fast
    testl %eax, %eax                    /* SVM_AGAIN */
    jz 1b
    cmpl $1, %eax                       /* SVM_STIRRED */
    jne 3f
    movq 8(%rsp), %rdi
    call svm_look_closely
    testl %eax, %eax
    jz 1b
3:  cli
    movl %eax, %ecx
    movq 16(%rsp), %rax
    vmsave %rax
    addq $32, %rsp
    popq %rax
    vmload %rax                         /* FS, GS, TR, LDTR, and what SYSCALL and SYSENTER use */
    stgi
    movl %ecx, %eax
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    ret

/* void svm_save_host(uint64_t host) */
    .globl svm_save_host
svm_save_host:
    movq %rdi, %rax
    vmsave %rax
    ret

    .section .note.GNU-stack, "", @progbits
