/*
 * long_mode.S - from C into a few bytes of 64-bit code with every register loaded, ESP as well, and back.
 *
 * The code comes back by the jump that long_mode.c puts behind it, or by a signal.
 */
#include "long_mode_layout.h"
#include "native_return.inc"

#define STATE(offset) (long_mode_state + offset)(%rip)

        .text
        .globl long_mode_call, long_mode_back, long_mode_landed
/* void long_mode_call(void): everything else is in long_mode_state. */
long_mode_call:
        push    %rbx
        push    %rbp
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        mov     %rsp, STATE(LONG_STATE_RSP)
        fxrstor STATE(LONG_STATE_FPU)
        mov     STATE(LONG_STATE_EFLAGS), %eax
        push    %rax
        popfq
        mov     STATE(0), %eax
        mov     STATE(4), %ecx
        mov     STATE(8), %edx
        mov     STATE(12), %ebx
        mov     STATE(16), %esp
        mov     STATE(20), %ebp
        mov     STATE(24), %esi
        mov     STATE(28), %edi
        jmp     *STATE(LONG_STATE_CODE)
long_mode_back:
        mov     %eax, STATE(0)
        mov     %ecx, STATE(4)
        mov     %edx, STATE(8)
        mov     %ebx, STATE(12)
        mov     %esp, STATE(16)
        mov     %ebp, STATE(20)
        mov     %esi, STATE(24)
        mov     %edi, STATE(28)
        mov     STATE(LONG_STATE_RSP), %rsp
        pushfq
        pop     %rax
        mov     %eax, STATE(LONG_STATE_EFLAGS)
        fxsave  STATE(LONG_STATE_FPU)
long_mode_landed:
        RETURN_TO_C

        .section .rodata
fresh_mxcsr:
        .long   0x1F80
        .section .note.GNU-stack, "", @progbits
