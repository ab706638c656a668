/*
 * bus.h - what a virtual processor is wired to: memory, ports, an interrupt controller, a clock, a floating-point unit.
 *
 * Every operation answers at once. A device that needs the run to end asks for it with interp_stop.
 */
#ifndef VPC_X86_BUS_H
#define VPC_X86_BUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

struct fpu_operation;
struct vcpu;

/* A port or a byte of memory that nobody has reads all ones and forgets what is written. */
struct bus {
    void *context;                  /* the first argument of all of them */

    /*
     * The 4 KiB page of RAM that holds a physical address; NULL: not RAM, or for a write not to be written directly:
     * then the next two are asked. The pointer must stay good until interp_flush. Called on a miss only.
     */
    uint8_t *(*page)(void *context, gpa_t address, bool is_write);
    /* bytes is 1, 2 or 4; the address may be odd but never leaves its page. */
    uint32_t (*read)(void *context, gpa_t address, unsigned bytes);
    void (*write)(void *context, gpa_t address, unsigned bytes, uint32_t value);

    uint32_t (*port_read)(void *context, uint16_t port, unsigned bytes);
    void (*port_write)(void *context, uint16_t port, unsigned bytes, uint32_t value);
    /*
     * The same for elements of a string, one behind the other in memory: as many as the device gives or takes at once,
     * at most count. Only the last of them can raise an interrupt or end the run. 0: they go one by one.
     */
    uint32_t (*port_read_string)(void *context, uint16_t port, unsigned bytes, void *to, uint32_t count);
    uint32_t (*port_write_string)(void *context, uint16_t port, unsigned bytes, const void *from, uint32_t count);

    /* The vector of the interrupt that vcpu.has_interrupt stands for, which begins now. */
    uint8_t (*acknowledge)(void *context);
    /* Time stamp counter before vcpu.tsc_offset is added. */
    uint64_t (*time)(void *context);
    /* Registers the interpreter itself has no use for. false: there is none, #GP. */
    bool (*msr_read)(void *context, uint32_t number, uint64_t *value);
    bool (*msr_write)(void *context, uint32_t number, uint64_t value);
    /* See fpu_operation.h. NULL: there is no unit, and CPUID says so. */
    void (*fpu_execute)(struct vcpu *cpu, struct fpu_operation *operation);
};

#endif
