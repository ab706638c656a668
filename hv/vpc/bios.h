/*
 * bios.h - calls of a PC's firmware in real mode, as far as boot sectors need them (PURE): INT 10h writes characters,
 * 12h and 15h tell of memory, 13h reads disks, 16h reads keys, 1Ah tells the ticks that INT 8 counts.
 *
 * A vector leads to a few bytes in the ROM, which write to a port of their own; the port does what was asked, on the
 * registers, and on the flags that the IRET behind it takes from the stack. Written elsewhere, it is nobody's port.
 * Source: IBM PC AT Technical Reference "ROM BIOS"; INT 13h AH=42h: Phoenix "Enhanced Disk Drive Specification".
 */
#ifndef VPC_BIOS_H
#define VPC_BIOS_H

#include <stdbool.h>
#include <stdint.h>

#include "io/keymap.h"
#include "pagetable/ram.h"

#define BIOS_PORT 0xE0u             /* and one for each further call */
#define BIOS_CALLS 6u

#define BIOS_FIRST_LINES 0x08u     /* vectors of the 8259s' lines, as firmware has them */
#define BIOS_SECOND_LINES 0x70u

#define BIOS_KEYS 15u              /* typed ahead, as firmware keeps them; more stay in the 8042 */

struct vpc;

struct bios {
    struct keymap keymap;
    uint16_t keys[BIOS_KEYS];       /* scancode and character each, that INT 16h gives, the first first */
    uint8_t key_count;
};

/* Real mode's vectors: those of the calls and of interrupt lines, and for the rest an IRET. False: memory is out. */
bool bios_put(struct ram *ram);

/* A write to one of the ports; the run ends with this instruction. False: it was not the ROM that wrote. */
bool bios_call(struct vpc *vpc, uint16_t port);

#endif
