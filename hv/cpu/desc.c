/*
 * desc.c - build GDT and IDT as values (PURE); cpu.c loads them.
 */
#include "cpu/desc.h"


/* SDM vol. 3 "Segment Descriptors". */
#define SEG_TYPE_DATA_RW 0x3ull         /* with the accessed bit, so that the processor never writes the GDT */
#define SEG_TYPE_CODE_RX 0xBull
#define SEG_NOT_SYSTEM (1ull << 44)
#define SEG_PRESENT (1ull << 47)
#define SEG_LONG (1ull << 53)
#define SEG_32BIT (1ull << 54)
#define SEG_GRANULARITY_4K (1ull << 55)
#define SEG_TYPE_TSS_AVAILABLE 0x9ull

#define GATE_PRESENT_INTERRUPT 0x8Eu

static uint64_t segment(uint64_t base, uint64_t limit_pages, uint64_t type, uint64_t dpl, uint64_t flags)
{
    return (limit_pages & 0xFFFF) | (base & 0xFFFFFF) << 16 | type << 40 | SEG_NOT_SYSTEM | dpl << 45 | SEG_PRESENT |
           (limit_pages >> 16 & 0xF) << 48 | flags | SEG_GRANULARITY_4K | (base >> 24 & 0xFF) << 56;
}

void desc_build_gdt(uint64_t gdt[GDT_ENTRIES], uint64_t tss_address)
{
    const uint64_t base = GUEST_LINEAR_BASE;
    const uint64_t limit = HV_MAX_GVA >> 12;

    gdt[0] = 0;
    gdt[SEL_HV_CS >> 3] = segment(0, 0xFFFFF, SEG_TYPE_CODE_RX, 0, SEG_LONG);
    gdt[SEL_HV_DS >> 3] = segment(0, 0xFFFFF, SEG_TYPE_DATA_RW, 0, SEG_32BIT);
    gdt[SEL_GUEST_KERNEL_CS >> 3] = segment(base, limit, SEG_TYPE_CODE_RX, 1, SEG_32BIT);
    gdt[SEL_GUEST_KERNEL_SS >> 3] = segment(base, limit, SEG_TYPE_DATA_RW, 1, SEG_32BIT);
    gdt[SEL_GUEST_USER_CS >> 3] = segment(base, limit, SEG_TYPE_CODE_RX, 3, SEG_32BIT);
    gdt[SEL_GUEST_DATA >> 3] = segment(base, limit, SEG_TYPE_DATA_RW, 3, SEG_32BIT);
    /* SDM vol. 3 "TSS Descriptor in 64-bit mode": 16 bytes, byte-granular limit. */
    gdt[SEL_TSS >> 3] = (sizeof(struct tss) - 1) | (tss_address & 0xFFFFFF) << 16 | SEG_TYPE_TSS_AVAILABLE << 40 |
                        SEG_PRESENT | (tss_address >> 24 & 0xFF) << 56;
    gdt[(SEL_TSS >> 3) + 1] = tss_address >> 32;
}

/*
 * The privilege level from which INT n may use vector n directly: 1 for the hypercall (so that the check "not from
 * guest user" is free); 0 for host interrupts and for all exceptions but #BP and #OF, so that a trap through one of
 * those gates is the exception itself and never an INT with its number: such an INT arrives as #GP and is decoded; 3
 * elsewhere.
 */
static unsigned gate_dpl(unsigned vector)
{
    if (vector == HV_INT_VECTOR)
        return 1;
    if (vector == EXC_BP || vector == EXC_OF)
        return 3;
    return vector < EXC_COUNT || vector >= VECTOR_TIMER ? 0 : 3;
}

static uint8_t gate_ist(unsigned vector)
{
    switch (vector) {
    case EXC_DF:
        return IST_DOUBLE_FAULT;
    case EXC_NMI:
        return IST_NMI;
    case EXC_MC:
        return IST_MACHINE_CHECK;
    default:
        return 0;
    }
}

void desc_build_idt(struct idt_gate idt[VECTOR_COUNT], uint64_t first, unsigned bytes)
{
    for (unsigned vector = 0; vector < 256; vector++) {
        uint64_t offset = first + (uint64_t)vector * bytes;
        idt[vector] = (struct idt_gate){
            .offset_low = (uint16_t)offset,
            .selector = SEL_HV_CS,
            .ist = gate_ist(vector),
            .type = (uint8_t)(GATE_PRESENT_INTERRUPT | gate_dpl(vector) << 5),
            .offset_middle = (uint16_t)(offset >> 16),
            .offset_high = (uint32_t)(offset >> 32),
        };
    }
}

void desc_lead_gate(struct idt_gate *gate, uint64_t offset)
{
    gate->offset_low = (uint16_t)offset;
    gate->offset_middle = (uint16_t)(offset >> 16);
    gate->offset_high = (uint32_t)(offset >> 32);
}
