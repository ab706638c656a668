/*
 * lockstep_compare.c - in what two processors differ: lockstep.h (PURE).
 */
#include "cpu/x86.h"
#include "vpc/svm/lockstep.h"

/* RF holds off breakpoints, of which there are none: the interpreter clears it only where one is on. */
#define FLAGS_LEFT (EFLAGS_RF)

/*
 * Of the unit's image, as FXSAVE has it: control, status and tags; MXCSR; registers of x87, ten bytes of each sixteen;
 * those of SSE. The last instruction's opcode and addresses name the interpreter's own code.
 */
#define X87_HEAD 5u
#define MXCSR_AT 24u
#define X87_AT 32u
#define SSE_AT 160u
#define SSE_END 288u

#define DIFFERS(name, one, other)                                                                               \
    do {                                                                                                        \
        if ((one) != (other))                                                                                   \
            return (struct lockstep_difference){ .what = (name), .interpreted = (one), .real = (other) };       \
    } while (0)

static const struct lockstep_difference none;

static bool is_compared(unsigned at)
{
    return at < X87_HEAD || (at >= MXCSR_AT && at < MXCSR_AT + 4) || (at >= X87_AT && at < SSE_AT && at % 16 < 10) ||
           (at >= SSE_AT && at < SSE_END);
}

static struct lockstep_difference compare_unit(const uint8_t *one, const uint8_t *other)
{
    for (unsigned at = 0; at < SSE_END; at++)
        if (is_compared(at) && one[at] != other[at])
            return (struct lockstep_difference){ "the unit's image", at, one[at], other[at] };
    return none;
}

/*
 * What is not usable has only its selector: processors leave other things in the rest. Whether one was accessed QEMU
 * does not note when it delivers an event, neither here nor in its descriptor.
 */
static bool is_usable(const struct segment *segment)
{
    return segment->attributes & ATTR_P;
}

static struct lockstep_difference compare_segment(const char *const names[4], const struct segment *one,
                                                  const struct segment *other)
{
    DIFFERS(names[0], one->selector, other->selector);
    DIFFERS(names[1], is_usable(one), is_usable(other));
    if (!is_usable(one))
        return none;
    DIFFERS(names[1], one->attributes & ~ATTR_ACCESSED, other->attributes & ~ATTR_ACCESSED);
    DIFFERS(names[2], one->base, other->base);
    DIFFERS(names[3], one->limit, other->limit);
    return none;
}

#define SEGMENT_NAMES(name) { name, name "'s attributes", name "'s base", name "'s limit" }

static struct lockstep_difference compare_segments(const struct vcpu *one, const struct vcpu *other)
{
    static const char *const names[][4] = { SEGMENT_NAMES("ES"), SEGMENT_NAMES("CS"), SEGMENT_NAMES("SS"),
                                            SEGMENT_NAMES("DS"), SEGMENT_NAMES("FS"), SEGMENT_NAMES("GS"),
                                            SEGMENT_NAMES("LDTR"), SEGMENT_NAMES("TR") };
    struct lockstep_difference found = none;

    for (unsigned i = 0; i < SEG_COUNT && found.what == NULL; i++)
        found = compare_segment(names[i], &one->segments[i], &other->segments[i]);
    if (found.what == NULL)
        found = compare_segment(names[SEG_COUNT], &one->ldtr, &other->ldtr);
    return found.what != NULL ? found : compare_segment(names[SEG_COUNT + 1], &one->tr, &other->tr);
}

static struct lockstep_difference compare_control(const struct vcpu *one, const struct vcpu *other)
{
    DIFFERS("CR0", one->cr0, other->cr0);
    DIFFERS("CR2", one->cr2, other->cr2);
    DIFFERS("CR3", one->cr3, other->cr3);
    DIFFERS("CR4", one->cr4, other->cr4);
    DIFFERS("CPL", one->cpl, other->cpl);
    DIFFERS("GDTR's base", one->gdtr.base, other->gdtr.base);
    DIFFERS("GDTR's limit", one->gdtr.limit, other->gdtr.limit);
    DIFFERS("IDTR's base", one->idtr.base, other->idtr.base);
    DIFFERS("IDTR's limit", one->idtr.limit, other->idtr.limit);
    for (unsigned i = 0; i < 8; i++)
        DIFFERS("a debug register", one->dr[i], other->dr[i]);
    DIFFERS("an interrupt shadow", one->shadow != SHADOW_NONE, other->shadow != SHADOW_NONE);
    return none;
}

struct lockstep_difference lockstep_compare(const struct vcpu *interpreted, const struct vcpu *real,
                                            uint32_t undefined)
{
    static const char *const names[] = { "EAX", "ECX", "EDX", "EBX", "ESP", "EBP", "ESI", "EDI" };
    uint32_t left = ~(undefined | FLAGS_LEFT);
    struct lockstep_difference found;

    DIFFERS("EIP", interpreted->eip, real->eip);
    for (unsigned i = 0; i < GPR_NONE; i++)
        DIFFERS(names[i], interpreted->gpr[i], real->gpr[i]);
    DIFFERS("EFLAGS", interpreted->eflags & left, real->eflags & left);
    found = compare_segments(interpreted, real);
    if (found.what == NULL)
        found = compare_control(interpreted, real);
    return found.what != NULL ? found : compare_unit(interpreted->fpu, real->fpu);
}
