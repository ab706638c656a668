/*
 * hypercalls.S - one C function per line of HV_CALLS and HV_CONTROL_CALLS in pebpeb.h.
 *
 * The hypervisor reads arguments at 0(%esp), but the C caller left its return address there. So each function takes it
 * off the stack into ECX, which C lets it destroy and which every hypercall preserves. Moving ESP without saving the
 * word would not do: an interrupt delivered during the call pushes its frame over it.
 */
#include "pebpeb.h"

#define X(number, NAME, name, words)                                                                    \
        .section .text.hv_##name, "ax", @progbits;                                                      \
        .globl hv_##name;                                                                               \
        .type hv_##name, @function;                                                                     \
hv_##name:                                                                                              \
        movl $number, %eax;                                                                             \
        popl %ecx;                                                                                      \
        int $HV_INT_VECTOR;                                                                             \
        pushl %ecx;                                                                                     \
        ret;                                                                                            \
        .size hv_##name, . - hv_##name;

HV_CALLS(X)
HV_CONTROL_CALLS(X)
