/*
 * fake_pci.h - a PCI bus on paper behind the ports 0xCF8 and 0xCFC and behind windows of memory, and the instructions
 * that reach it: include it before the sources under test.
 *
 * It checks that nothing is written but Command and the Message Control of a capability that has one.
 */
#ifndef FAKE_PCI_H
#define FAKE_PCI_H

#include <stdbool.h>
#include <stdint.h>

#include "io/pci_config.h"

#define CPU_INSN_H      /* the real one has the instructions */
uint32_t insn_inl(uint16_t port);
void insn_outl(uint16_t port, uint32_t value);
uint32_t insn_read_by_eax(const volatile void *at);
void insn_write_by_eax(volatile void *at, uint32_t value);

#define FUNCTIONS_MAX 64
#define ACCESSES_MAX 8000000u   /* for the worst of buses; a boot has some hundreds */

/* Bytes of configuration space as the specification draws it: written here by offset, not by double word. */
struct function {
    unsigned segment, bus, device, number;
    uint8_t config[256];
    uint16_t command_after;
    uint8_t msi_at, msi_x_at;
};

struct fake_pci {
    struct function functions[FUNCTIONS_MAX];
    unsigned count;
    bool absent;                /* no mechanism: every port reads all ones */
    bool several_bridges;       /* or nobody says how many */
    struct pci_window windows[10];
    unsigned window_count;
    unsigned segment;           /* that the next access is to */
    uint32_t address;
    unsigned accesses, writes;
    bool hostile;               /* every function of every bus is there, and is functions[0] */
    bool random;                /* the same, but what is read is noise */
    uint32_t noise;
    uint8_t walked[256][32];    /* how often device 0's ID was read */
};
extern struct fake_pci pc;

/* Registers of a segment's buses from first_bus on; what ACPI says of them. */
char *window_address(unsigned segment, unsigned first_bus);
void add_window(unsigned segment, unsigned first_bus, unsigned last_bus);

/* One that firmware left with I/O, memory and, perhaps, bus mastering on, which may or must not stay. */
struct function *add(unsigned bus, unsigned device, unsigned number, unsigned class, uint16_t command,
                     uint16_t command_after);
struct function *add_bridge(unsigned bus, unsigned device, unsigned number, unsigned secondary);

/* A capability at some place, the next one's place with reserved bits set, and its Message Control. */
void add_capability(struct function *function, unsigned at, uint8_t id, unsigned next, uint16_t control);

/* 16 bits of a function's configuration space. */
uint16_t word(const struct function *function, unsigned at);

#endif
