/*
 * desc.h - segments, gates and the task-state segment: the GDT with the shifted guest segments (PURE).
 *
 * Guest code and data have base 16 MiB and end at 4 GiB: guest address 0 is linear 16 MiB, 0xFEFFFFFF the last byte.
 * Descriptors that are not here must not exist: no code descriptor with L = 1 and DPL > 0, no call gate, no LDT.
 */
#ifndef CPU_DESC_H
#define CPU_DESC_H

#include <stdint.h>

#include "cpu/context.h"
#include "cpu/vectors.h"

#define GDT_ENTRIES 9

/* Interrupt-stack-table slots: exceptions that must not trust the current stack. */
#define IST_DOUBLE_FAULT 1
#define IST_NMI 2
#define IST_MACHINE_CHECK 3

/* SDM vol. 3 "64-Bit TSS Format". */
struct tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];            /* ist[0] is IST1 */
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t io_map_base;       /* = sizeof: no I/O bitmap, every port access of a guest faults */
} __attribute__((packed));
_Static_assert(sizeof(struct tss) == 104, "SDM: 104 bytes");

/* SDM vol. 3 "64-Bit IDT Gate Descriptors". */
struct idt_gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t ist;
    uint8_t type;               /* P, DPL, 1110 = interrupt gate */
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};
_Static_assert(sizeof(struct idt_gate) == 16, "SDM: 16 bytes");

/* Fill all GDT_ENTRIES. tss_address is linear. */
void desc_build_gdt(uint64_t gdt[GDT_ENTRIES], uint64_t tss_address);

/* Fill all gates. first + vector * bytes is the entry point of a vector. */
void desc_build_idt(struct idt_gate idt[VECTOR_COUNT], uint64_t first, unsigned bytes);

/* Have a gate lead elsewhere; all else of it stays. */
void desc_lead_gate(struct idt_gate *gate, uint64_t offset);

#endif
