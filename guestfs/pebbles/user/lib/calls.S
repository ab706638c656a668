/*
 * calls.S - one C function per line of PEBBLES_CALLS. C has pushed the arguments in the very order of the packet, so
 * a call with several of them only points ESI there.
 */
#include "pebbles/syscalls.h"

#define X(number, NAME, name, words)                            \
        .section .text.call_##name, "ax", @progbits;            \
        .globl name;                                            \
        .type name, @function;                                  \
name:                                                           \
        .if words == 0;                                         \
        int $number;                                            \
        .else;                                                  \
        pushl %esi;                                             \
        .if words == 1;                                         \
        movl 8(%esp), %esi;                                     \
        .else;                                                  \
        leal 8(%esp), %esi;                                     \
        .endif;                                                 \
        int $number;                                            \
        popl %esi;                                              \
        .endif;                                                 \
        ret;                                                    \
        .size name, . - name;

PEBBLES_CALLS(X)
        .section .note.GNU-stack, "", @progbits
