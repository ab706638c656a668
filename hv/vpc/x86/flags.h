/*
 * flags.h - the six arithmetic flags, kept as what they are computed from until somebody asks (PURE, inline).
 *
 * flag_result: ZF is that its low half is 0, SF its bit 63, PF the even parity of bits 0-7 and 32-39 together. So a
 * result that is extended with its sign says all three, and any three can be written.
 * flag_carries: the carries out of one bit into the next: AF is bit 4, CF bit 32, OF bits 32 and 31 being different.
 * Other bits of both are anything.
 *
 * Source: SDM vol. 1 "EFLAGS Register".
 */
#ifndef VPC_X86_FLAGS_H
#define VPC_X86_FLAGS_H

#include "cpu/x86.h"
#include "vpc/x86/interp.h"

#define CARRY_CF (1ull << 32)
#define CARRY_SIGN (1ull << 31)
#define CARRY_AF (1ull << 4)

static inline int64_t sign_extend(uint32_t value, unsigned bytes)
{
    return bytes == 1 ? (int8_t)value : bytes == 2 ? (int16_t)value : (int32_t)value;
}

static inline uint32_t flag_cf(const struct interp *interp)
{
    return interp->flag_carries >> 32 & 1;
}

static inline bool flag_zf(const struct interp *interp)
{
    return (uint32_t)interp->flag_result == 0;
}

static inline bool flag_sf(const struct interp *interp)
{
    return interp->flag_result < 0;
}

static inline bool flag_of(const struct interp *interp)
{
    return (interp->flag_carries >> 32 ^ interp->flag_carries >> 31) & 1;
}

static inline bool flag_pf(const struct interp *interp)
{
    return !__builtin_parity((uint8_t)(interp->flag_result ^ interp->flag_result >> 32));
}

/* Carries of an operation on fewer bytes move up to where those of four are. */
static inline uint64_t carries_of(uint64_t a, uint64_t b, uint64_t result, unsigned bytes)
{
    uint64_t carries = a ^ b ^ result;

    if (bytes == 4)
        return carries;
    return (carries & CARRY_AF) | (carries << (32 - 8 * bytes) & (CARRY_CF | CARRY_SIGN));
}

static inline void flags_set_result(struct interp *interp, uint32_t result, unsigned bytes)
{
    interp->flag_result = sign_extend(result, bytes);
}

/* The sum and difference of operands of that many bytes; the result may have more bits. */
static inline __attribute__((always_inline)) uint32_t add_with_flags(struct interp *interp, uint32_t a, uint32_t b,
                                                                     uint32_t carry, unsigned bytes)
{
    uint64_t result = (uint64_t)a + b + carry;

    flags_set_result(interp, (uint32_t)result, bytes);
    interp->flag_carries = carries_of(a, b, result, bytes);
    return (uint32_t)result;
}

static inline __attribute__((always_inline)) uint32_t subtract_with_flags(struct interp *interp, uint32_t a, uint32_t b,
                                                                          uint32_t borrow, unsigned bytes)
{
    uint64_t result = (uint64_t)a - b - borrow;

    flags_set_result(interp, (uint32_t)result, bytes);
    interp->flag_carries = carries_of(a, b, result, bytes);
    return (uint32_t)result;
}

/* CF and OF by themselves; AF stays. */
static inline void flags_set_carry_overflow(struct interp *interp, uint32_t cf, uint32_t of)
{
    interp->flag_carries = (interp->flag_carries & CARRY_AF) | (uint64_t)cf << 32 | (uint64_t)(cf ^ of) << 31;
}

static inline uint32_t flags_arithmetic(const struct interp *interp)
{
    return flag_cf(interp) | (flag_pf(interp) ? EFLAGS_PF : 0) | (uint32_t)(interp->flag_carries & CARRY_AF) |
           (flag_zf(interp) ? EFLAGS_ZF : 0) | (flag_sf(interp) ? EFLAGS_SF : 0) | (flag_of(interp) ? EFLAGS_OF : 0);
}

static inline void flags_set_arithmetic(struct interp *interp, uint32_t eflags)
{
    uint64_t bits = eflags;

    /* SF is moved to bit 63, and ~ZF is the low half; ZF and PF, 32 bits up, make of its parity what PF says. */
    interp->flag_result = (int64_t)(bits << 56 | (bits & (EFLAGS_ZF | EFLAGS_PF)) << 32 | (~bits & EFLAGS_ZF));
    /* AF has its place, CF comes to bit 32 and, different if OF is set, to bit 31. */
    interp->flag_carries = bits << 32 | (uint32_t)((eflags ^ eflags >> 11) << 31) | (eflags & CARRY_AF);
}

/* All of EFLAGS, as software sees it. */
static inline uint32_t flags_read(const struct interp *interp)
{
    return (interp->cpu.eflags & ~EFLAGS_ARITHMETIC) | flags_arithmetic(interp);
}

/* A condition of Jcc, SETcc, CMOVcc, by its number: SDM vol. 1 "EFLAGS Condition Codes". */
static inline __attribute__((always_inline)) bool flags_satisfy(const struct interp *interp, unsigned condition)
{
    bool holds;

    switch (condition >> 1) {
    case 0: holds = flag_of(interp); break;
    case 1: holds = flag_cf(interp); break;
    case 2: holds = flag_zf(interp); break;
    case 3: holds = flag_cf(interp) || flag_zf(interp); break;
    case 4: holds = flag_sf(interp); break;
    case 5: holds = flag_pf(interp); break;
    case 6: holds = flag_sf(interp) != flag_of(interp); break;
    default: holds = flag_zf(interp) || flag_sf(interp) != flag_of(interp); break;
    }
    return holds != (condition & 1);
}

#endif
