/*
 * context.h - the numbers that tell a guest's context from the hypervisor's, for C and for assembly.
 */
#ifndef CPU_CONTEXT_H
#define CPU_CONTEXT_H

#include "cpu/x86.h"

#define GUEST_LINEAR_BASE 0x01000000    /* base of the guest segments: where gva 0 is in linear space */

#define SEL_HV_CS 0x08
#define SEL_HV_DS 0x10
#define SEL_GUEST_KERNEL_CS 0x19        /* index 3, RPL 1 */
#define SEL_GUEST_KERNEL_SS 0x21        /* index 4, RPL 1 */
#define SEL_GUEST_USER_CS 0x2B          /* index 5, RPL 3 */
#define SEL_GUEST_DATA 0x33             /* index 6, RPL 3: DS ES FS GS in both modes, SS in user mode */
#define SEL_TSS 0x38                    /* indices 7 and 8 */

/* VM and IOPL: neither the hypervisor nor a guest ever has them, so whoever shows them is a guest (trap_frame.h). */
#define CONTEXT_EFLAGS_NEVER (EFLAGS_VM | EFLAGS_IOPL)

/* Offsets in struct trap_frame, which trap_frame.h proves. */
#define FRAME_EIP (9 * 8)
#define FRAME_CS (10 * 8)

#define CPU_STACK_TOP 0x5000            /* in struct cpu */

/* From a guest's frame to its resume_rsp (guest/guest.h): the hypervisor's stack while that guest runs. */
#define CONTEXT_RESUME 3920

#endif
