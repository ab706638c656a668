/*
 * native_case.h - one random instruction with the registers and memory it starts from, for two processors.
 */
#ifndef NATIVE_CASE_H
#define NATIVE_CASE_H

#include <stdbool.h>
#include <stdint.h>

#include "native_layout.h"
#include "vpc/x86/instruction.h"

/* Descriptors of the LDT that both have, by number. */
enum {
    LDT_CODE32, LDT_CODE16, LDT_DATA32, LDT_DATA16, LDT_SHIFTED, LDT_SHORT, LDT_READ_ONLY, LDT_DOWN16, LDT_DOWN32,
    LDT_ABSENT, LDT_EXECUTE_ONLY, LDT_CONFORMING, LDT_COUNT,
};

struct native_segment {
    uint32_t base, limit;
    uint8_t access, flags;
    uint32_t first, bytes;      /* what can be reached: offsets from first */
};
extern const struct native_segment native_segments[LDT_COUNT];

/* The selector of a descriptor in the LDT, privilege 3. */
static inline uint16_t ldt_selector(unsigned number)
{
    return (uint16_t)(number << 3 | 7);
}

struct native_case {
    bool is_32bit;
    uint8_t bytes[INSTRUCTION_MAX_BYTES];
    struct instruction insn;
    uint32_t eip;               /* in the code segment */
    uint16_t selectors[6];      /* by number; FS is null */
    uint32_t gpr[8], eflags;
    uint8_t fpu[512];           /* as FXRSTOR takes it */
};

/*
 * Make one, and what it needs of the arena (NATIVE_ARENA_BYTES). Most of its addresses are inside their segments, many
 * near an end, some anywhere.
 */
void native_case_make(struct native_case *test, uint8_t *arena);

/* Which ones: others for each seed, which is not 0. */
void native_case_seed(uint32_t seed);

/* Its image alone: numbers that are ones, a stack that begins anywhere; now and then exceptions that are not masked. */
void native_case_make_fpu(struct native_case *test);

/* MOVS to SCAS, INS, OUTS: what is repeated. And where F2 and F3 are part of the opcode. */
bool native_case_is_string(const struct instruction *insn);
bool native_case_is_sse(const struct instruction *insn);

/* The flags that the manual leaves undefined after it. */
uint32_t native_case_undefined_flags(const struct native_case *test);

#endif
