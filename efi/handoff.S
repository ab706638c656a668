/*
 * handoff.S - from the firmware's address space to hv: void handoff_jump(const struct handoff *).
 *
 * With 4-level paging on, a new CR3 is enough: this code is in the identity map of both. 5-level paging can only be
 * left with paging off, so that path goes through a copy of code below 4 GiB in 32-bit mode (SDM vol. 3 "Linear-Address
 * Width"). R8-R15 do not survive that (SDM vol. 1 "General-Purpose Registers in 64-Bit Mode"): the copy carries what it
 * needs.
 */
#define ROOT 0
#define ENTRY 8
#define STACK 16
#define INFO 24
#define NO_EXECUTE 32
#define TRAMPOLINE 40
#define ROOT_5_LEVEL 48

#define CR4_LA57_BIT 12
#define CR4_VALUE 0x20                  /* PAE; PCIDE, PGE, CET, SMEP, SMAP and all others off */
#define CR4_VALUE_5_LEVEL 0x1020        /* PAE LA57 */
#define CR0_VALUE 0x80010033            /* PG WP NE ET MP PE */
#define CR0_PAGING_OFF 0x00010033
#define MSR_EFER 0xC0000080
#define EFER_LME_LMA 0x500
#define EFER_NXE 0x800
#define MSR_PAT 0x277
#define PAT_LOW 0x00070406              /* as after reset */
#define PAT_HIGH 0x00070401             /* as after reset, but entry 4 is write-combining */

    .text
    .globl handoff_jump
handoff_jump:
    cli
    cld
    movq %rcx, %rbx                     /* the argument: on the firmware's stack, in the identity map */
    movq ENTRY(%rbx), %r12
    movq STACK(%rbx), %r13
    movq INFO(%rbx), %r14
    movq ROOT(%rbx), %r15
    movl $MSR_EFER, %ecx                /* NXE before tables with NX bits; SCE off */
    movl $EFER_LME_LMA, %eax
    cmpq $0, NO_EXECUTE(%rbx)
    je 1f
    orl $EFER_NXE, %eax
1:  xorl %edx, %edx
    wrmsr
    movl $MSR_PAT, %ecx
    movl $PAT_LOW, %eax
    movl $PAT_HIGH, %edx
    wrmsr
    movq %cr4, %rax
    btl $CR4_LA57_BIT, %eax
    jc leave_5_level
    /* CR3 first: PCIDE may only be cleared with a PCID of 0, and then the new tables are all 4 levels. */
    movq %r15, %cr3
    movl $CR4_VALUE, %eax
    movq %rax, %cr4
    movl $CR0_VALUE, %eax
    movq %rax, %cr0
    movq %r13, %rsp
    movq %r14, %rdi
    jmpq *%r12

leave_5_level:
    /*
     * Our own tables first, one level higher: the firmware's may have the trampoline page no-execute. Then CR4 without
     * PCIDE, with which paging cannot be turned off, and without CET, which would mind the far return.
     */
    movq TRAMPOLINE(%rbx), %rbp
    movq ROOT_5_LEVEL(%rbx), %rax
    movq %rax, %cr3
    movl $CR4_VALUE_5_LEVEL, %eax
    movq %rax, %cr4
    movq %rbp, %rdi
    leaq trampoline_start(%rip), %rsi
    movl $(trampoline_end - trampoline_start), %ecx
    rep movsb
    movq %r12, (trampoline_entry - trampoline_start)(%rbp)
    movq %r13, (trampoline_stack - trampoline_start)(%rbp)
    movq %r14, (trampoline_info - trampoline_start)(%rbp)
    movq %r15, (trampoline_root - trampoline_start)(%rbp)
    leal (trampoline_gdt - trampoline_start)(%rbp), %eax
    movl %eax, (trampoline_gdtr - trampoline_start + 2)(%rbp)
    lgdt (trampoline_gdtr - trampoline_start)(%rbp)
    leal (trampoline_32 - trampoline_start)(%rbp), %eax
    leal 4096(%rbp), %esp               /* the rest of the trampoline page is its stack */
    pushq $8                            /* 32-bit code */
    pushq %rax
    lretq

trampoline_start:
    .code32
trampoline_32:                          /* EBP: trampoline page */
    movl $16, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl $CR0_PAGING_OFF, %eax
    movl %eax, %cr0
    movl $CR4_VALUE, %eax               /* LA57 off: allowed now that paging is */
    movl %eax, %cr4
    movl (trampoline_root - trampoline_start)(%ebp), %eax
    movl %eax, %cr3
    movl $CR0_VALUE, %eax               /* EFER.LME is still on: long mode, 4 levels */
    movl %eax, %cr0
    leal (trampoline_64 - trampoline_start)(%ebp), %eax
    pushl $24                           /* 64-bit code */
    pushl %eax
    lret
    .code64
trampoline_64:
    movq trampoline_stack(%rip), %rsp
    movq trampoline_info(%rip), %rdi
    jmpq *trampoline_entry(%rip)
    .balign 8
trampoline_entry:
    .quad 0
trampoline_stack:
    .quad 0
trampoline_info:
    .quad 0
trampoline_root:
    .quad 0
trampoline_gdt:
    .quad 0
    .quad 0x00CF9B000000FFFF            /* 32-bit code */
    .quad 0x00CF93000000FFFF            /* data */
    .quad 0x00AF9B000000FFFF            /* 64-bit code */
trampoline_gdtr:
    .word . - trampoline_gdt - 1
    .quad 0
trampoline_end:
