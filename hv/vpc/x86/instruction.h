/*
 * instruction.h - one instruction of 16- or 32-bit code, taken apart (PURE). Knows forms and lengths, not meanings.
 *
 * Source: SDM vol. 2 "Instruction Format" and "Opcode Map". Also the length decoder for exits of processors that give
 * neither the instruction's bytes nor the address of the next one.
 */
#ifndef VPC_X86_INSTRUCTION_H
#define VPC_X86_INSTRUCTION_H

#include <stdbool.h>
#include <stdint.h>

#define INSTRUCTION_MAX_BYTES 15u

enum { MAP_ONE_BYTE, MAP_TWO_BYTES };       /* MAP_TWO_BYTES: after 0F */
#define PREFIX_REPNE 0xF2u
#define PREFIX_REP 0xF3u

struct instruction {
    uint32_t length;            /* with its prefixes; a whole register's, as EIP moves by it each time */
    uint8_t map, opcode;
    uint8_t opcode_at;          /* where the opcode lies, behind prefixes and 0F */
    uint8_t operand_bytes;      /* 2 or 4; an instruction on bytes knows so itself */
    uint8_t repeat;             /* 0, PREFIX_REPNE or PREFIX_REP: the last one given */
    bool is_locked : 1, has_operand_prefix : 1;
    /* ModR/M. The operand in memory, or of an instruction with an offset instead (A0-A3), is segment:address. */
    bool is_register;           /* rm is a register */
    uint8_t modrm, reg, rm;     /* whole, and its parts; of opcodes 40-5F, B0-BF rm is theirs */
    uint8_t segment;            /* also of string instructions */
    uint8_t base, index, scale; /* GPR_NONE: none; scale is a shift */
    uint16_t immediate2;        /* a far pointer's selector; ENTER's depth */
    uint32_t address_mask;      /* 0xFFFF or 0xFFFFFFFF */
    uint32_t displacement;
    uint32_t immediate;         /* a byte is sign-extended; a far pointer's offset */
};

enum instruction_status {
    INSTRUCTION_GOOD,
    INSTRUCTION_CUT,            /* it is longer than count */
    INSTRUCTION_TOO_LONG,       /* more than 15 bytes: #GP */
    INSTRUCTION_UNDEFINED,      /* #UD: no such opcode, or LOCK where it may not be */
};

/* Take the instruction apart that begins at bytes, of which count are readable. is_32bit: the code segment's D. */
enum instruction_status instruction_decode(const uint8_t *bytes, unsigned count, bool is_32bit,
                                           struct instruction *instruction);

static inline bool instruction_is_16bit_address(const struct instruction *instruction)
{
    return instruction->address_mask == 0xFFFFu;
}

#endif
