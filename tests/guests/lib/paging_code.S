/*
 * paging_code.S - the single accesses of the probes, and the way to user mode and back (paging.h).
 *
 * Each NAME_at is the one instruction that may fault; the recorder sends the kernel on at probe_end, where ESP is what
 * it was at NAME_at: at the return address.
 */
#include "pebpeb.h"

#define STATE_EAX 0             /* struct user_state */
#define STATE_EBX 4
#define STATE_ECX 8
#define STATE_EDX 12
#define STATE_ESI 16
#define STATE_EDI 20
#define STATE_EBP 24
#define STATE_ESP 28
#define STATE_EIP 32
#define STATE_EFLAGS 36

        .macro function name
        .globl \name
        .type \name, @function
\name:
        .endm

        .macro label name
        .globl \name
\name:
        .endm

        .text
function probe_get
        movl 4(%esp), %eax
label probe_get_at
        movl (%eax), %eax
label probe_end
        ret

function probe_put
        movl 4(%esp), %eax
        movl 8(%esp), %ecx
label probe_put_at
        movl %ecx, (%eax)
        ret

/* CALL pushes before it fetches: a fetch that faults has its own return address on the stack. */
function probe_execute
        movl 4(%esp), %eax
        call *%eax
        ret

function deadly_read
        movl 4(%esp), %eax
        movl (%eax), %eax
        ret

function deadly_write
        movl 4(%esp), %eax
        movl 8(%esp), %ecx
        movl %ecx, (%eax)
        ret

function deadly_call
        movl 4(%esp), %eax
        call *%eax
        ret

/* Copied to USER_CODE. */
label user_probes
        movl (%eax), %eax
        int $0x40
label user_probe_put
        movl %ecx, (%eax)
        int $0x40
label user_probes_end
        nop

/* void user_enter(const struct user_state *, uint32_t esp0): returns when user_leave() is called. */
function user_enter
        pushl %ebp
        pushl %ebx
        pushl %esi
        pushl %edi
        movl %esp, user_home
        movl 20(%esp), %eax
        movl 24(%esp), %ecx
        pushl STATE_EAX(%eax)
        pushl %ecx
        pushl STATE_ESP(%eax)
        pushl STATE_EFLAGS(%eax)
        pushl STATE_EIP(%eax)
        movl STATE_EBX(%eax), %ebx
        movl STATE_ECX(%eax), %ecx
        movl STATE_EDX(%eax), %edx
        movl STATE_ESI(%eax), %esi
        movl STATE_EDI(%eax), %edi
        movl STATE_EBP(%eax), %ebp
        movl $2, %eax                           /* HV_CALL_IRET */
        int $HV_INT_VECTOR

/* From a handler, on whatever stack: back to user_enter's caller. */
function user_leave
        movl user_home, %esp
        popl %edi
        popl %esi
        popl %ebx
        popl %ebp
        ret

        .section .bss, "aw", @nobits
        .balign 4
user_home:
        .skip 4

        .section .note.GNU-stack, "", @progbits
