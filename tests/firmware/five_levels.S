/*
 * five_levels.S - from 4-level to 5-level paging, which takes leaving long mode: SDM vol. 3 "Paging-Mode Modifiers".
 *
 * All of it lies below 4 GiB, so that 32-bit code runs in place.
 */
#define CODE_32 8
#define DATA 16
#define CODE_64 24
#define CR0_PAGING 0x80000000
#define CR4_LA57 0x1000

    .data
    .balign 8
table:      .quad 0, 0x00CF9B000000FFFF, 0x00CF93000000FFFF, 0x00AF9B000000FFFF
table_end:
pointer:    .word table_end - table - 1
            .quad 0

/* void five_levels(uint64_t root), Microsoft ABI: root in RCX. Registers that it keeps lose their upper halves. */
    .text
    .globl five_levels
five_levels:
    pushq %rbx
    pushq %rbp
    pushq %rsi
    pushq %rdi
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    pushfq
    cli
    subq $32, %rsp
    sgdt (%rsp)
    movl %cs, %eax
    movq %rax, 16(%rsp)
    movl %ds, %eax
    movq %rax, 24(%rsp)
    leaq table(%rip), %rax
    movq %rax, pointer+2(%rip)
    lgdt pointer(%rip)
    leaq in_64_bits(%rip), %rbx
    leaq in_32_bits(%rip), %rax
    pushq $CODE_32
    pushq %rax
    lretq

    .code32
in_32_bits:
    movl $DATA, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl %cr0, %eax
    andl $~CR0_PAGING, %eax
    movl %eax, %cr0
    movl %cr4, %eax
    orl $CR4_LA57, %eax
    movl %eax, %cr4
    movl %ecx, %cr3
    movl %cr0, %eax
    orl $CR0_PAGING, %eax
    movl %eax, %cr0
    pushl $CODE_64
    pushl %ebx
    lretl

    .code64
in_64_bits:
    lgdt (%rsp)
    movq 16(%rsp), %rax
    leaq in_its_segments(%rip), %rdx
    pushq %rax
    pushq %rdx
    lretq
in_its_segments:
    movq 24(%rsp), %rax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    addq $32, %rsp
    popfq
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rdi
    popq %rsi
    popq %rbp
    popq %rbx
    ret
