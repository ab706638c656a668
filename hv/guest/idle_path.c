/*
 * idle_path.c - registers, memory and arithmetic for idle_loop.c (PURE).
 */
#include "guest/idle_path.h"

#include "guest/guest.h"
#include "pagetable/gwalk.h"

static const uint32_t *peek_table_of(const void *ram, uint32_t frame)
{
    return ram_peek(ram, frame);
}

/* The frame of a page that this mode may read; UINT32_MAX: none. */
static uint32_t find_frame(const struct path *path, uint32_t address)
{
    const struct guest *guest = path->guest;
    const struct guest_paging *paging = &guest->state.paging;

    if (!paging->is_on)
        return address >> PAGE_SHIFT < guest->ram.frame_count && !path->access ? address >> PAGE_SHIFT : UINT32_MAX;
    struct gwalk walk = gwalk(&(struct gwalk_tables){
        .directory = ram_peek(&guest->ram, paging->directory.v >> PAGE_SHIFT), .get_table = peek_table_of,
        .context = &guest->ram, .frame_count = guest->ram.frame_count, .wp = paging->wp,
    }, GVA(address), path->access);
    return walk.verdict == GWALK_ALLOWED ? walk.pte >> GPTE_FRAME_SHIFT : UINT32_MAX;
}

uint32_t path_load(struct path *path, uint32_t address, uint32_t bytes)
{
    uint32_t value = 0;

    for (uint32_t i = 0; i < bytes; i++) {
        uint32_t frame = address + i <= HV_MAX_GVA ? find_frame(path, address + i) : UINT32_MAX;
        if (frame == UINT32_MAX) {
            path->is_lost = true;
            return 0;
        }
        const uint8_t *page = ram_peek(&path->guest->ram, frame);
        value |= (page ? (uint32_t)page[(address + i) & PAGE_MASK] : 0) << 8 * i;
    }
    return value;
}

void path_store(struct path *path, uint32_t address, uint32_t value, uint32_t bytes)
{
    path->is_lost |= path_load(path, address, bytes) != value;
}

uint32_t path_fetch(struct path *path, uint32_t bytes)
{
    uint32_t value = path_load(path, path->eip, bytes);

    path->eip += bytes;
    return value;
}

uint32_t path_fetch_signed(struct path *path)
{
    return (uint32_t)(int8_t)path_fetch(path, 1);
}

static uint32_t operand_mask(uint32_t bytes)
{
    return bytes == 1 ? 0xFF : bytes == 2 ? 0xFFFF : UINT32_MAX;
}

uint32_t path_get(struct path *path, struct place place)
{
    if (!place.is_register)
        return path_load(path, place.at, place.bytes);
    if (place.bytes == 1)
        return path->registers[place.at & 3] >> (place.at & 4 ? 8 : 0) & 0xFF;
    return path->registers[place.at] & operand_mask(place.bytes);
}

void path_put(struct path *path, struct place place, uint32_t value)
{
    if (!place.is_register) {
        path_store(path, place.at, value & operand_mask(place.bytes), place.bytes);
    } else if (place.bytes == 1) {
        uint32_t shift = place.at & 4 ? 8 : 0, *whole = &path->registers[place.at & 3];
        *whole = (*whole & ~(0xFFu << shift)) | (value & 0xFF) << shift;
    } else {
        path->registers[place.at] = value;
    }
}

static uint32_t scaled_index(struct path *path, uint32_t mod)
{
    uint32_t sib = path_fetch(path, 1), base = sib & 7, index = sib >> 3 & 7;
    uint32_t address = base == PATH_EBP && mod == 0 ? path_fetch(path, 4) : path->registers[base];

    return index == PATH_ESP ? address : address + (path->registers[index] << (sib >> 6));
}

/* The operands of a ModRM byte: the register in *reg. SDM vol. 2 "32-Bit Addressing Forms with the ModR/M Byte". */
struct place path_operand(struct path *path, uint32_t bytes, uint32_t *reg)
{
    uint32_t modrm = path_fetch(path, 1), mod = modrm >> 6, rm = modrm & 7, address;

    *reg = modrm >> 3 & 7;
    if (mod == 3)
        return (struct place){ .is_register = true, .at = rm, .bytes = bytes };
    if (rm == PATH_ESP)
        address = scaled_index(path, mod);
    else
        address = rm == PATH_EBP && mod == 0 ? path_fetch(path, 4) : path->registers[rm];
    if (mod == 1)
        address += path_fetch_signed(path);
    else if (mod == 2)
        address += path_fetch(path, 4);
    return (struct place){ .at = address, .bytes = bytes };
}

uint32_t path_calculate(struct path *path, uint32_t operation, uint32_t a, uint32_t b, uint32_t bytes)
{
    uint32_t mask = operand_mask(bytes), sign = mask ^ mask >> 1, result, carry = 0, overflow = 0;

    switch (operation) {
    case PATH_ADD:
        result = (a + b) & mask;
        carry = result < a;
        overflow = ~(a ^ b) & (a ^ result) & sign;
        break;
    case PATH_SUB:
    case PATH_CMP:
        result = (a - b) & mask;
        carry = a < b;
        overflow = (a ^ b) & (a ^ result) & sign;
        break;
    case PATH_OR: result = a | b; break;
    case PATH_AND: result = a & b; break;
    case PATH_XOR: result = a ^ b; break;
    default:
        path->is_lost = true;   /* ADC, SBB */
        return 0;
    }
    path->flags = (carry ? EFLAGS_CF : 0) | (overflow ? EFLAGS_OF : 0) | (result ? 0 : EFLAGS_ZF) |
                  (result & sign ? EFLAGS_SF : 0) | (__builtin_parity(result & 0xFF) ? 0 : EFLAGS_PF);
    return result;
}

void path_calculate_in(struct path *path, uint32_t operation, struct place to, uint32_t value)
{
    uint32_t result = path_calculate(path, operation, path_get(path, to), value & operand_mask(to.bytes), to.bytes);

    if (operation != PATH_CMP)
        path_put(path, to, result);
}

/* SDM vol. 1 "EFLAGS Condition Codes". */
bool path_condition_holds(uint32_t flags, uint32_t condition)
{
    bool sign = flags & EFLAGS_SF, overflow = flags & EFLAGS_OF, holds;

    switch (condition >> 1) {
    case 0: holds = overflow; break;
    case 1: holds = flags & EFLAGS_CF; break;
    case 2: holds = flags & EFLAGS_ZF; break;
    case 3: holds = flags & (EFLAGS_CF | EFLAGS_ZF); break;
    case 4: holds = sign; break;
    case 5: holds = flags & EFLAGS_PF; break;
    case 6: holds = sign != overflow; break;
    default: holds = flags & EFLAGS_ZF || sign != overflow; break;
    }
    return holds != (condition & 1);
}
