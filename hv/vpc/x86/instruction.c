/*
 * instruction.c - take one instruction apart (PURE).
 */
#include "vpc/x86/instruction.h"

#include <stddef.h>

#include "vpc/x86/vcpu.h"

/*
 * What follows each opcode. SDM vol. 2 "One-Byte Opcode Map" and "Two-byte Opcode Map", of a Pentium Pro with MMX, SSE
 * and SSE2.
 *   .  nothing              m  ModR/M                      o  an offset, as long as an address
 *   b  a byte               M  ModR/M and a byte           f  a far pointer
 *   w  two bytes            Z  ModR/M and an operand       e  two bytes and one (ENTER)
 *   z  an operand's length  g  ModR/M, and a byte if reg is 0 or 1; G: an operand
 *   p  a prefix             x  undefined
 */
static const char one_byte_forms[257] =
    "mmmmbz..mmmmbz.." "mmmmbz..mmmmbz.." "mmmmbzp.mmmmbzp." "mmmmbzp.mmmmbzp."
    "................" "................" "..mmppppzZbM...." "bbbbbbbbbbbbbbbb"
    "MZMMmmmmmmmmmmmm" "..........f....." "oooo....bz......" "bbbbbbbbzzzzzzzz"
    "MMw.mmMZe.w..b.." "mmmmbbx.mmmmmmmm" "bbbbbbbbzzfb...." "p.pp..gG......mm";
static const char two_byte_forms[257] =
    "mmmmxx.x..x.xxxx" "mmmmmmmmmmmmmmmm" "mmmmxxxxmmmmmmmm" "......xxxxxxxxxx"
    "mmmmmmmmmmmmmmmm" "mmmmmmmmmmmmmmmm" "mmmmmmmmmmmmmmmm" "MMMMmmm.xxxxxxmm"
    "zzzzzzzzzzzzzzzz" "mmmmmmmmmmmmmmmm" "...mMmxx...mMmmm" "mmmmmmmmxmMmmmmm"
    "mmMmMMMm........" "xmmmmmmmmmmmmmmm" "mmmmmmmmmmmmmmmm" "xmmmmmmmmmmmmmmx";

struct cursor {
    const uint8_t *bytes;
    unsigned at, count;
    bool is_beyond;             /* a byte was asked for that is not there */
};

static uint32_t take_bytes(struct cursor *cursor, unsigned bytes)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < bytes; i++, cursor->at++) {
        if (cursor->at >= cursor->count)
            cursor->is_beyond = true;
        else
            value |= (uint32_t)cursor->bytes[cursor->at] << 8 * i;
    }
    return value;
}

static uint32_t take_signed_byte(struct cursor *cursor)
{
    return (uint32_t)(int8_t)take_bytes(cursor, 1);
}

/* Prefixes of one group replace each other. Returns the opcode behind them. */
static uint8_t take_prefixes(struct cursor *cursor, struct instruction *instruction, bool *has_address_prefix)
{
    for (;;) {
        uint8_t byte = (uint8_t)take_bytes(cursor, 1);

        if (cursor->is_beyond || (one_byte_forms[byte] != 'p'))
            return byte;
        if (byte == 0x66)
            instruction->has_operand_prefix = true;
        else if (byte == 0x67)
            *has_address_prefix = true;
        else if (byte == 0xF0)
            instruction->is_locked = true;
        else if (byte == PREFIX_REPNE || byte == PREFIX_REP)
            instruction->repeat = byte;
        else
            instruction->segment = byte >= 0x64 ? byte - 0x60 : byte >> 3 & 3;
    }
}

/* SDM vol. 2 "16-Bit Addressing Forms with the ModR/M Byte". */
static void take_address16(struct cursor *cursor, unsigned mod, struct instruction *instruction)
{
    static const uint8_t bases[8] = { GPR_EBX, GPR_EBX, GPR_EBP, GPR_EBP, GPR_ESI, GPR_EDI, GPR_EBP, GPR_EBX };
    static const uint8_t indexes[8] = { GPR_ESI, GPR_EDI, GPR_ESI, GPR_EDI, GPR_NONE, GPR_NONE, GPR_NONE, GPR_NONE };
    bool is_absolute = mod == 0 && instruction->rm == 6;

    instruction->base = is_absolute ? GPR_NONE : bases[instruction->rm];
    instruction->index = indexes[instruction->rm];
    if (mod == 1)
        instruction->displacement = take_signed_byte(cursor);
    else if (mod == 2 || is_absolute)
        instruction->displacement = take_bytes(cursor, 2);
}

/* SDM vol. 2 "32-Bit Addressing Forms with the ModR/M Byte", "... with the SIB Byte". */
static void take_address32(struct cursor *cursor, unsigned mod, struct instruction *instruction)
{
    instruction->base = instruction->rm;
    if (instruction->rm == GPR_ESP) {
        uint8_t sib = (uint8_t)take_bytes(cursor, 1);
        instruction->base = sib & 7;
        instruction->index = (sib >> 3 & 7) == GPR_ESP ? GPR_NONE : sib >> 3 & 7;
        instruction->scale = sib >> 6;
    }
    bool is_absolute = mod == 0 && instruction->base == GPR_EBP;
    if (is_absolute)
        instruction->base = GPR_NONE;
    if (mod == 1)
        instruction->displacement = take_signed_byte(cursor);
    else if (mod == 2 || is_absolute)
        instruction->displacement = take_bytes(cursor, 4);
}

/* MOV to and from control and debug registers: mod is not looked at. */
static bool is_control_move(const struct instruction *instruction)
{
    return instruction->map == MAP_TWO_BYTES && (instruction->opcode & 0xFC) == 0x20;
}

/* Leaves segment SEG_COUNT where no prefix named one and the default is not SS. */
static void take_modrm(struct cursor *cursor, struct instruction *instruction)
{
    uint8_t modrm = (uint8_t)take_bytes(cursor, 1);

    instruction->modrm = modrm;
    instruction->reg = modrm >> 3 & 7;
    instruction->rm = modrm & 7;
    instruction->is_register = modrm >= 0xC0 || is_control_move(instruction);
    if (instruction->is_register)
        return;
    if (instruction_is_16bit_address(instruction))
        take_address16(cursor, modrm >> 6, instruction);
    else
        take_address32(cursor, modrm >> 6, instruction);
    bool is_stack = instruction->base == GPR_EBP || instruction->base == GPR_ESP;
    if (instruction->segment == SEG_COUNT && is_stack)
        instruction->segment = SEG_SS;
}

static void take_immediates(struct cursor *cursor, char form, struct instruction *instruction)
{
    bool has_immediate = instruction->reg <= 1;     /* of g and G */

    switch (form) {
    case 'b': case 'M':
        instruction->immediate = take_signed_byte(cursor);
        break;
    case 'g':
        instruction->immediate = has_immediate ? take_signed_byte(cursor) : 0;
        break;
    case 'z': case 'Z':
        instruction->immediate = take_bytes(cursor, instruction->operand_bytes);
        break;
    case 'G':
        instruction->immediate = has_immediate ? take_bytes(cursor, instruction->operand_bytes) : 0;
        break;
    case 'w':
        instruction->immediate = take_bytes(cursor, 2);
        break;
    case 'e':
        instruction->immediate = take_bytes(cursor, 2);
        instruction->immediate2 = (uint16_t)take_bytes(cursor, 1);
        break;
    case 'f':
        instruction->immediate = take_bytes(cursor, instruction->operand_bytes);
        instruction->immediate2 = (uint16_t)take_bytes(cursor, 2);
        break;
    case 'o':
        instruction->displacement = take_bytes(cursor, instruction_is_16bit_address(instruction) ? 2 : 4);
        break;
    default:
        break;
    }
}

static bool is_lockable_one_byte(uint8_t opcode, uint8_t reg)
{
    if (opcode < 0x38)
        return (opcode & 6) == 0;
    switch (opcode) {
    case 0x80: case 0x81: case 0x82: case 0x83:
        return reg != 7;
    case 0x86: case 0x87:
        return true;
    case 0xF6: case 0xF7:
        return reg == 2 || reg == 3;
    case 0xFE: case 0xFF:
        return reg <= 1;
    default:
        return false;
    }
}

/* SDM vol. 2 "LOCK": a read, modify and write of memory. */
static bool is_lockable(const struct instruction *instruction)
{
    if (instruction->is_register)
        return false;
    if (instruction->map == MAP_ONE_BYTE)
        return is_lockable_one_byte(instruction->opcode, instruction->reg);
    switch (instruction->opcode) {
    case 0xAB: case 0xB3: case 0xBB: case 0xB0: case 0xB1: case 0xC0: case 0xC1:
        return true;
    case 0xBA:
        return instruction->reg >= 5;
    case 0xC7:
        return instruction->reg == 1;
    default:
        return false;
    }
}

static bool has_modrm(char form)
{
    return form == 'm' || form == 'M' || form == 'Z' || form == 'g' || form == 'G';
}

static enum instruction_status judge(const struct cursor *cursor, char form, struct instruction *instruction)
{
    instruction->length = (uint8_t)cursor->at;
    if (cursor->at > INSTRUCTION_MAX_BYTES)
        return INSTRUCTION_TOO_LONG;
    if (cursor->is_beyond)
        return INSTRUCTION_CUT;
    if (form == 'x' || (instruction->is_locked && !(has_modrm(form) && is_lockable(instruction))))
        return INSTRUCTION_UNDEFINED;
    return INSTRUCTION_GOOD;
}

enum instruction_status instruction_decode(const uint8_t *bytes, unsigned count, bool is_32bit,
                                           struct instruction *instruction)
{
    bool has_address_prefix = false;
    struct cursor cursor = { .bytes = bytes, .count = count < INSTRUCTION_MAX_BYTES ? count : INSTRUCTION_MAX_BYTES };

    *instruction = (struct instruction){ .segment = SEG_COUNT, .base = GPR_NONE, .index = GPR_NONE };
    instruction->opcode = take_prefixes(&cursor, instruction, &has_address_prefix);
    if (instruction->opcode == 0x0F && !cursor.is_beyond) {
        instruction->map = MAP_TWO_BYTES;
        instruction->opcode = (uint8_t)take_bytes(&cursor, 1);
    }
    instruction->opcode_at = (uint8_t)(cursor.at - 1);
    instruction->operand_bytes = is_32bit != instruction->has_operand_prefix ? 4 : 2;
    instruction->address_mask = is_32bit != has_address_prefix ? 0xFFFFFFFFu : 0xFFFFu;

    char form = (instruction->map == MAP_ONE_BYTE ? one_byte_forms : two_byte_forms)[instruction->opcode];
    if (!cursor.is_beyond && has_modrm(form))
        take_modrm(&cursor, instruction);
    unsigned row = instruction->map == MAP_ONE_BYTE ? instruction->opcode & 0xF0u : 0;
    if (row == 0x40 || row == 0x50 || row == 0xB0)
        instruction->rm = instruction->opcode & 7;
    if (!cursor.is_beyond)
        take_immediates(&cursor, form, instruction);
    if (instruction->segment == SEG_COUNT)
        instruction->segment = SEG_DS;
    return judge(&cursor, form, instruction);
}
