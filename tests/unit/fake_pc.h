/*
 * fake_pc.h - a machine around one interpreted processor: RAM, a device page, ports that remember, a clock.
 */
#ifndef FAKE_PC_H
#define FAKE_PC_H

#include <stdint.h>

#include "vpc/x86/interp.h"

#define FAKE_PC_RAM_BYTES 0x100000u
#define FAKE_PC_WINDOWS 4u
#define FAKE_PC_LOG 64u

/* Other physical pages that are RAM. */
struct fake_window {
    uint32_t address, bytes;
    uint8_t *host;
};

struct fake_access {
    bool is_write;
    uint32_t address, value;    /* a physical address, or a port */
    unsigned bytes;
};

struct fake_pc {
    struct interp interp;
    struct bus bus;
    uint8_t ram[FAKE_PC_RAM_BYTES];
    struct fake_window windows[FAKE_PC_WINDOWS];
    uint32_t rom_address;       /* a page of RAM that direct writes are refused for; 0: none */
    uint8_t vector;             /* of the next interrupt; the line falls when it is taken */
    uint64_t time;
    uint32_t input;             /* what ports and device memory read */
    unsigned log_count;
    struct fake_access log[FAKE_PC_LOG];        /* accesses to ports and to what is no RAM */
};

/* After reset, RAM all zero. */
void fake_pc_init(struct fake_pc *pc);

/* A word of a table in RAM. */
void fake_pc_put(struct fake_pc *pc, uint32_t address, uint32_t value, unsigned bytes);
uint32_t fake_pc_get(struct fake_pc *pc, uint32_t address, unsigned bytes);

/* An 8-byte descriptor. access is the byte with P, DPL and type; flags the nibble G, D, 0, AVL. */
void fake_pc_put_descriptor(struct fake_pc *pc, uint32_t at, uint32_t base, uint32_t limit, uint8_t access,
                            uint8_t flags);
void fake_pc_put_gate(struct fake_pc *pc, uint32_t at, uint16_t selector, uint32_t offset, uint8_t access,
                      uint8_t parameters);

/*
 * Protected mode with a GDT of four flat segments (FLAT_*), an IDT whose gates lead to FAKE_PC_HANDLERS + 16 * vector
 * in privilege 0, a TSS with a stack for it, and nothing else loaded. Paging off.
 */
#define FAKE_PC_GDT 0x1000u
#define FAKE_PC_LDT 0x1800u
#define FAKE_PC_IDT 0x2000u
#define FAKE_PC_TSS 0x3000u
#define FAKE_PC_STACK0 0x8000u          /* grows down from here */
#define FAKE_PC_HANDLERS 0x10000u
#define FLAT_CODE0 0x08u
#define FLAT_DATA0 0x10u
#define FLAT_CODE3 0x1Bu
#define FLAT_DATA3 0x23u
#define FAKE_PC_TSS_SELECTOR 0x28u
#define FAKE_PC_LDT_SELECTOR 0x30u
#define FAKE_PC_GDT_FREE 0x38u          /* the first number that a test may use */
void fake_pc_protect(struct fake_pc *pc, uint8_t cpl);

/* Load a segment register with what a selector names, without any check. */
void fake_pc_load(struct fake_pc *pc, unsigned number, uint16_t selector);

/* The event whose handler is about to run. */
struct fake_event {
    int vector;                 /* -1: no handler is */
    uint32_t error, eip, cs, eflags, esp, ss;   /* esp and ss: only when the privilege changed */
};
struct fake_event fake_pc_event(struct fake_pc *pc);

#endif
