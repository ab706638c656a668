/*
 * enter.S - into a guest under SVM and back. APM vol. 2 "VMRUN Instruction", "VMSAVE and VMLOAD Instructions".
 */
#include "vpc/svm/svm_entry.h"

    .text
/*
 * void svm_enter(uint32_t *gpr, uint64_t vmcb, uint64_t host)
 *
 * gpr: in the order of vcpu.h; EAX and ESP are in the block at vmcb. host: a block with what VMSAVE saved of the host.
 * IF is off before and after. Interrupts that come meanwhile end the guest's run, and wait: GIF first, then IF.
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
    pushq %rdi
    clgi
    sti                                 /* the host's IF while the guest runs: V_INTR_MASKING */
    movq %rsi, %rax
    vmload %rax
    movl GPR_AT_ECX(%rdi), %ecx
    movl GPR_AT_EDX(%rdi), %edx
    movl GPR_AT_EBX(%rdi), %ebx
    movl GPR_AT_EBP(%rdi), %ebp
    movl GPR_AT_ESI(%rdi), %esi
    movl GPR_AT_EDI(%rdi), %edi
    vmrun %rax
    cli
    vmsave %rax
    movq (%rsp), %rax
    movl %ecx, GPR_AT_ECX(%rax)
    movl %edx, GPR_AT_EDX(%rax)
    movl %ebx, GPR_AT_EBX(%rax)
    movl %ebp, GPR_AT_EBP(%rax)
    movl %esi, GPR_AT_ESI(%rax)
    movl %edi, GPR_AT_EDI(%rax)
    popq %rdi
    popq %rax
    vmload %rax                         /* FS, GS, TR, LDTR, and what SYSCALL and SYSENTER use */
    stgi
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    cld
    ret

/* void svm_save_host(uint64_t host) */
    .globl svm_save_host
svm_save_host:
    movq %rdi, %rax
    vmsave %rax
    ret

    .section .note.GNU-stack, "", @progbits
