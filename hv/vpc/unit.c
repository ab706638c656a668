/*
 * unit.c - see unit.h. The instruction is written where code is, through the direct map, and called there.
 *
 * Guests repeat themselves, and what was just written costs both processors and emulators dearly when it is executed:
 * so each of some slots keeps the instruction that it was given last.
 */
#include "vpc/unit.h"

#include "base/string.h"
#include "cpu/insn.h"
#include "pagetable/hvmap.h"
#include "vpc/unit_slots.h"
#include "vpc/x86/fpu_operation.h"

extern const uint8_t unit_slots[UNIT_SLOTS][UNIT_SLOT_BYTES];
void unit_call(uint8_t *image, const void *code, void *operand, uint32_t *eax, uint32_t *eflags);

static unsigned slot_of(const uint8_t bytes[8])
{
    uint64_t word;

    memcpy(&word, bytes, sizeof(word));
    return (unsigned)(word * 0x9E3779B97F4A7C15ull >> 32) % UNIT_SLOTS;
}

void unit_execute(struct vcpu *cpu, struct fpu_operation *operation)
{
    uint32_t ignored[4];
    unsigned slot = slot_of(operation->bytes);

    if (memcmp(unit_slots[slot], operation->bytes, sizeof(operation->bytes)) != 0) {
        memcpy(hvmap_writable(unit_slots[slot]), operation->bytes, sizeof(operation->bytes));
        insn_cpuid(0, 0, ignored);      /* SDM vol. 3 "Handling Self- and Cross-Modifying Code": serialize */
    }
    unit_call(cpu->fpu, unit_slots[slot], operation->operand, &operation->eax, &operation->eflags);
}
