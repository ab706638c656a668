/*
 * decode.c - recognise INT n, HLT and privileged instructions (PURE).
 */
#include "guest/decode.h"

#include <stdbool.h>
#include <stddef.h>

#include "cpu/opcodes.h"
#include "cpu/x86.h"

static bool is_prefix(uint8_t byte)
{
    switch (byte) {
    case 0x26: case 0x2E: case 0x36: case 0x3E: case 0x64: case 0x65:   /* segments */
    case OPCODE_OPERAND_SIZE: case 0x67:                                /* operand and address size */
    case OPCODE_LOCK: case 0xF2: case 0xF3:
        return true;
    default:
        return false;
    }
}

static const char *one_byte_name(uint8_t opcode)
{
    switch (opcode) {
    case 0x6C: case 0x6D:
        return "ins";
    case 0x6E: case 0x6F:
        return "outs";
    case 0xE4: case 0xE5: case 0xEC: case 0xED:
        return "in";
    case 0xE6: case 0xE7: case 0xEE: case 0xEF:
        return "out";
    case OPCODE_CLI:
        return "cli";
    case OPCODE_STI:
        return "sti";
    default:
        return NULL;
    }
}

/* sldt, str, sgdt, sidt and smsw fault only where the processor has UMIP, which Cobble then turns on. */
static const char *group_name(uint8_t opcode, uint8_t modrm)
{
    static const char *const group6[8] = { "sldt", "str", "lldt", "ltr" };
    static const char *const group7[8] = { "sgdt", "sidt", "lgdt", "lidt", "smsw", NULL, "lmsw", "invlpg" };
    unsigned reg = modrm >> 3 & 7;
    bool is_register = modrm >= 0xC0;

    if (opcode == OPCODE2_GROUP6)
        return group6[reg];
    if (modrm == 0xD1)
        return "xsetbv";
    return is_register && reg != 4 && reg != 6 ? NULL : group7[reg];
}

static const char *ungrouped_name(uint8_t opcode)
{
    switch (opcode) {
    case OPCODE2_CLTS:
        return "clts";
    case 0x07:
        return "sysret";
    case 0x08:
        return "invd";
    case 0x09:
        return "wbinvd";
    case OPCODE2_MOV_FROM_CR:
        return "mov from a control register";
    case OPCODE2_MOV_FROM_DR:
        return "mov from a debug register";
    case OPCODE2_MOV_TO_CR:
        return "mov to a control register";
    case OPCODE2_MOV_TO_DR:
        return "mov to a debug register";
    case OPCODE2_WRMSR:
        return "wrmsr";
    case OPCODE2_RDMSR:
        return "rdmsr";
    case 0x33:
        return "rdpmc";
    case 0x34:
        return "sysenter";
    case 0x35:
        return "sysexit";
    default:
        return NULL;
    }
}

/* NULL: nothing more is known. */
static const char *two_byte_name(const uint8_t *bytes, unsigned count)
{
    if (count == 0)
        return NULL;
    if (bytes[0] != OPCODE2_GROUP6 && bytes[0] != OPCODE2_GROUP7)
        return ungrouped_name(bytes[0]);
    return count < 2 ? NULL : group_name(bytes[0], bytes[1]);
}

static struct decoded named(const char *name)
{
    return (struct decoded){ .kind = name != NULL ? DECODE_PRIVILEGED : DECODE_OTHER, .name = name };
}

/* An instruction without more operands: length counts all its bytes. */
static struct decoded known(enum decode_kind kind, uint8_t vector, unsigned length, const char *name)
{
    return (struct decoded){ .kind = kind, .vector = vector, .length = (uint8_t)length, .name = name };
}

struct decoded decode_instruction(const uint8_t *bytes, unsigned count)
{
    unsigned at = 0;
    bool is_locked = false;

    if (count > DECODE_MAX_BYTES)
        count = DECODE_MAX_BYTES;
    for (; at < count && is_prefix(bytes[at]); at++)
        is_locked |= bytes[at] == OPCODE_LOCK;
    if (at == count || is_locked)
        return named(NULL);

    uint8_t opcode = bytes[at++];
    if (opcode == OPCODE_TWO_BYTES)
        return named(two_byte_name(bytes + at, count - at));
    if (opcode == OPCODE_INT && at < count)
        return known(DECODE_INT, bytes[at], at + 1, "int");
    if (opcode == OPCODE_INT3)
        return known(DECODE_INT, EXC_BP, at, "int3");
    if (opcode == OPCODE_INTO)
        return known(DECODE_INT, EXC_OF, at, "into");
    if (opcode == OPCODE_HLT)
        return known(DECODE_HLT, 0, at, "hlt");
    return named(one_byte_name(opcode));
}
