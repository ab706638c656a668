/*
 * native.h - run a few bytes of 32- or 16-bit code on the processor the test runs on, in segments of their own.
 *
 * The code, at privilege 3, can reach NATIVE_ARENA and nothing else, by limits of its segments: a Linux process gets
 * them in its LDT (modify_ldt). What faults comes back as the fault.
 */
#ifndef NATIVE_H
#define NATIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "native_layout.h"

struct native_state {
    uint32_t gpr[8];
    uint32_t eflags, eip;
    uint32_t cs, ds, es, ss, gs;
    uint32_t flat, return_eip, return_cs;       /* of the stubs */
    uint64_t rsp, rip;
    uint8_t pad[40];
    _Alignas(16) uint8_t fpu[512];
};
_Static_assert(offsetof(struct native_state, fpu) == STATE_FPU, "native.S");
_Static_assert(offsetof(struct native_state, rsp) == STATE_RSP, "native.S");

/* -1: the code ran to its end. Else the fault's vector, with error code and, for #PF, address. */
struct native_end {
    int vector;
    uint32_t error;
    uint64_t address;
};

#define native ((struct native_state *)(uintptr_t)NATIVE_STATE)
#define native_code ((uint8_t *)(uintptr_t)NATIVE_CODE)
#define native_arena ((uint8_t *)(uintptr_t)NATIVE_ARENA)

/* The memory alone, which native_fpu_execute needs as well. false: it cannot be had. */
bool native_map(void);

/* That and everything else. false: this system lets nobody have an LDT. */
bool native_open(void);

/* Behind native_open: true where the processor takes no segment of 32-bit code, as under some hypervisors. */
bool native_refuses(void);

/* Take the signals that faults become: at the beginning of each test, for cmocka takes them before. */
void native_listen(void);

/* Descriptor number of the LDT, as the table has it. false: the system refused it. */
bool native_set_ldt(unsigned number, uint32_t low, uint32_t high);

/*
 * Run from *native. The code must end in what native_put_exit wrote, or fault: INT3 counts as one. Afterwards
 * *native is what was left behind; DS and CS are as they were given.
 */
struct native_end native_run(void);

/* A bus's fpu_execute. */
struct fpu_operation;
struct vcpu;
void native_fpu_execute(struct vcpu *cpu, struct fpu_operation *operation);

/* Write the way back at an offset of the code. */
void native_put_exit(uint32_t offset, bool is_32bit);
#define NATIVE_EXIT_BYTES 8u

#endif
