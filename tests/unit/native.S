/*
 * native.S - from 64-bit C into 32- or 16-bit code with every register loaded, and back.
 *
 * native_stubs is copied to NATIVE_STUBS, so everything in it is addressed absolutely. What runs between the stubs
 * has segments of the LDT only; it comes back by a far jump to native_stub_leave, or by a signal (native.c).
 */
#include "native_layout.h"
#include "native_return.inc"

#define STATE(offset) (NATIVE_STATE + offset)

        .text
        .globl native_call
/* void native_call(void): everything else is in struct native_state. */
native_call:
        push    %rbx
        push    %rbp
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        mov     %rsp, STATE(STATE_RSP)
        lea     native_back(%rip), %rax
        mov     %rax, STATE(STATE_RIP)
        mov     STATE(STATE_FLAT), %eax
        mov     %eax, %ds
        mov     %eax, %ss
        ljmp    *enter_pointer(%rip)
        .globl native_back
native_back:
        RETURN_TO_C

/*
 * void native_fpu(uint8_t *image, const void *code, void *operand, uint32_t *eax, uint32_t *eflags): as fpu.h says,
 * with the caller's own state kept meanwhile.
 */
        .globl native_fpu
native_fpu:
        push    %rbx
        push    %rbp
        push    %r12
        push    %r13
        push    %r14
        mov     %rdi, %rbx
        mov     %rsi, %rbp
        mov     %rcx, %r12
        mov     %r8, %r13
        mov     %rsp, %r14
        sub     $512, %rsp
        and     $-16, %rsp
        fxsave  (%rsp)
        fxrstor (%rbx)
        mov     %rdx, %rdi
        mov     (%r12), %eax
        mov     (%r13), %ecx
        or      $2, %ecx
        push    %rcx
        popfq
        call    *%rbp
        pushfq
        pop     %rcx
        mov     %ecx, (%r13)
        mov     %eax, (%r12)
        fxsave  (%rbx)
        fxrstor (%rsp)
        mov     %r14, %rsp
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbp
        pop     %rbx
        cld
        ret

/* A signal's handler begins with the flags of the code it came from: AC would be a fault in C. */
        .globl native_signal
native_signal:
        pushq   $2
        popfq
        jmp     native_on_signal

        .section .rodata
fresh_mxcsr:
        .long   0x1F80
enter_pointer:
        .long   NATIVE_STUBS
        .word   0x23

        .globl native_stubs, native_stubs_end, native_stub_leave
native_stubs:
        .code32
        fxrstor STATE(STATE_FPU)
        mov     $NATIVE_STACK, %esp
        pushl   STATE(STATE_EFLAGS)
        mov     STATE(STATE_ES), %es
        mov     STATE(STATE_GS), %gs
        mov     STATE(STATE_GPR + 4), %ecx
        mov     STATE(STATE_GPR + 8), %edx
        mov     STATE(STATE_GPR + 12), %ebx
        mov     STATE(STATE_GPR + 20), %ebp
        mov     STATE(STATE_GPR + 24), %esi
        mov     STATE(STATE_GPR + 28), %edi
        mov     STATE(STATE_GPR), %eax
        popfl
        mov     STATE(STATE_SS), %ss
        mov     STATE(STATE_GPR + 16), %esp
        mov     STATE(STATE_DS), %ds
        ljmp    *%cs:STATE(STATE_EIP)
native_stub_leave:
        mov     %cs:STATE(STATE_FLAT), %ds
        mov     %eax, STATE(STATE_GPR)
        mov     %ecx, STATE(STATE_GPR + 4)
        mov     %edx, STATE(STATE_GPR + 8)
        mov     %ebx, STATE(STATE_GPR + 12)
        mov     %esp, STATE(STATE_GPR + 16)
        mov     %ebp, STATE(STATE_GPR + 20)
        mov     %esi, STATE(STATE_GPR + 24)
        mov     %edi, STATE(STATE_GPR + 28)
        movl    $0, STATE(STATE_ES)
        movl    $0, STATE(STATE_GS)
        movl    $0, STATE(STATE_SS)
        mov     %es, STATE(STATE_ES)
        mov     %gs, STATE(STATE_GS)
        mov     %ss, STATE(STATE_SS)
        mov     STATE(STATE_FLAT), %ss
        mov     $NATIVE_STACK, %esp
        pushfl
        popl    STATE(STATE_EFLAGS)
        pushl   $2
        popfl
        fxsave  STATE(STATE_FPU)
        ljmp    *STATE(STATE_RETURN_EIP)
        .code64
native_stub_return:
        mov     STATE(STATE_RSP), %rsp
        jmp     *STATE(STATE_RIP)
native_stubs_end:
        .globl  native_stub_return
        .section .note.GNU-stack, "", @progbits
