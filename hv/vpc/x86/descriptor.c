/*
 * descriptor.c - segment descriptors, and loading segment registers (PURE). SDM vol. 3 "Segment Descriptors"; what is
 * checked, and with which vector and error code it fails, in the order of SDM vol. 2 "MOV": guests' handlers look at
 * both. A register changes only after the last check.
 */
#include "vpc/x86/descriptor.h"

#include "vpc/x86/fault.h"
#include "vpc/x86/known_segment.h"
#include "vpc/x86/state.h"

/*
 * Where the selector's descriptor is, 8 bytes whose last must be within the table's limit. An LDT that was never
 * loaded, or loaded with null, has no descriptors at all.
 */
static bool locate(const struct interp *interp, uint16_t selector, uint32_t *linear)
{
    const struct vcpu *cpu = &interp->cpu;
    bool is_local = selector & SELECTOR_LDT;
    uint32_t limit = is_local ? cpu->ldtr.limit : cpu->gdtr.limit, offset = selector & 0xFFF8u;

    *linear = (is_local ? cpu->ldtr.base : cpu->gdtr.base) + offset;
    return offset + 7 <= limit && !(is_local && cpu->ldtr.attributes == 0);
}

bool descriptor_exists(const struct interp *interp, uint16_t selector)
{
    uint32_t linear;

    return locate(interp, selector, &linear);
}

bool descriptor_read(struct interp *interp, uint16_t selector, uint8_t vector, unsigned external,
                     struct descriptor *descriptor)
{
    uint64_t bytes;

    if (!locate(interp, selector, &descriptor->linear))
        return fault_with(interp, vector, (selector & 0xFFFCu) | external);
    if (!system_read8(interp, descriptor->linear, &bytes))
        return false;
    descriptor->low = (uint32_t)bytes;
    descriptor->high = (uint32_t)(bytes >> 32);
    descriptor->question = 0;
    descriptor->known = NULL;
    return true;
}

static uint64_t bytes_of(const struct descriptor *descriptor)
{
    return descriptor->low | (uint64_t)descriptor->high << 32;
}

bool descriptor_is_known(struct interp *interp, struct descriptor *descriptor, uint16_t selector, unsigned use,
                         unsigned cpl)
{
    uint32_t question = known_question(interp, selector, use, cpl);
    const struct known_segment *known = known_slot(interp, question);

    if (interp->asker == 0)
        return false;
    descriptor->question = question;
    if (known->question != question || known->bytes != bytes_of(descriptor))
        return false;
    descriptor->known = known;
    return true;
}

void known_find_slowly(struct interp *interp, uint32_t question)
{
    struct known_segment *known = known_slot(interp, question);
    uint32_t linear;

    interp->operand = NULL;
    if (known->question != question || question & SELECTOR_LDT || !locate(interp, (uint16_t)question, &linear))
        return;
    const loose64_t *bytes = system_found(interp, linear, 8);
    if (bytes == NULL || *bytes != known->bytes || !state_note_table(interp, linear))
        return;
    known->at = bytes;
    known->generation = interp->table_generation;
    interp->operand = known;
}

struct segment descriptor_segment(const struct descriptor *descriptor, uint16_t selector)
{
    struct segment segment = {
        .base = descriptor->low >> 16 | (descriptor->high & 0xFF) << 16 | (descriptor->high & 0xFF000000u),
        .limit = (descriptor->low & 0xFFFF) | (descriptor->high & 0xF0000),
        .selector = selector,
        .attributes = descriptor_attributes(descriptor),
    };

    /*
     * From here on the limit is in bytes, and the last one that may be used: what else would be worked out at each
     * access.
     */
    if (segment.attributes & ATTR_G)
        segment.limit = segment.limit << 12 | 0xFFF;
    return segment;
}

bool descriptor_mark(struct interp *interp, const struct descriptor *descriptor, uint32_t high_bits)
{
    uint32_t high = descriptor->high | high_bits;

    return high == descriptor->high || system_write(interp, descriptor->linear + 4, &high, 4);
}

/*
 * The descriptor has passed: note in the table that it was used, which may fault like any store, then fill the
 * register. The bit is written with supervisor's rights, whatever CPL is.
 */
bool segment_take(struct interp *interp, unsigned number, const struct descriptor *descriptor, uint16_t selector)
{
    struct segment *segment = &interp->cpu.segments[number];

    if (descriptor->known != NULL) {
        *segment = descriptor->known->segment;
        segment->selector = selector;
        state_set_reach(interp, number, &descriptor->known->reach);
        return true;
    }
    if (!descriptor_mark(interp, descriptor, DESCRIPTOR_ACCESSED))
        return false;
    *segment = descriptor_segment(descriptor, selector);
    segment->attributes |= ATTR_ACCESSED;
    state_refresh_segment(interp, number);
    if (descriptor->question != 0 && !interp->looks_closely)
        *known_slot(interp, descriptor->question) = (struct known_segment){
            .bytes = bytes_of(descriptor) | (uint64_t)DESCRIPTOR_ACCESSED << 32, .question = descriptor->question,
            .segment = *segment, .reach = interp->reach[number],
        };
    return true;
}

bool stack_segment_check(struct interp *interp, uint16_t selector, unsigned cpl, uint8_t not_right, unsigned external,
                         struct descriptor *descriptor)
{
    if (selector_is_null(selector))
        return fault_with(interp, not_right, external);
    if (!descriptor_read(interp, selector, not_right, external, descriptor))
        return false;
    if (descriptor_is_known(interp, descriptor, selector, DESCRIPTOR_FOR_STACK, cpl))
        return true;
    uint16_t attributes = descriptor_attributes(descriptor);
    if ((selector & 3) != cpl || attributes_dpl(attributes) != cpl || !attributes_are_writable_data(attributes))
        return fault_with(interp, not_right, (selector & 0xFFFCu) | external);
    return attributes & ATTR_P || fault_with(interp, EXC_SS, (selector & 0xFFFCu) | external);
}

static bool load_data(struct interp *interp, unsigned number, uint16_t selector)
{
    struct descriptor descriptor;
    unsigned cpl = interp->cpu.cpl, rpl = selector & 3;

    if (selector_is_null(selector)) {
        interp->cpu.segments[number] = (struct segment){ .selector = selector };
        state_refresh_segment(interp, number);
        return true;
    }
    if (!descriptor_read(interp, selector, EXC_GP, 0, &descriptor))
        return false;
    if (descriptor_is_known(interp, &descriptor, selector, DESCRIPTOR_FOR_DATA, cpl))
        return segment_take(interp, number, &descriptor, selector);
    uint16_t attributes = descriptor_attributes(&descriptor);
    bool is_code = attributes & ATTR_CODE;
    if (!(attributes & ATTR_S) || (is_code && !(attributes & ATTR_READABLE)))
        return fault_selector(interp, EXC_GP, selector);
    /*
     * A conforming code segment may be read from any privilege; all others by those who are as privileged as it, and
     * who named it so (RPL: on whose behalf).
     */
    if (!(is_code && attributes & ATTR_CONFORMING) &&
        (attributes_dpl(attributes) < cpl || attributes_dpl(attributes) < rpl))
        return fault_selector(interp, EXC_GP, selector);
    if (!(attributes & ATTR_P))
        return fault_selector(interp, EXC_NP, selector);
    return segment_take(interp, number, &descriptor, selector);
}

bool segment_load(struct interp *interp, unsigned number, uint16_t selector)
{
    struct descriptor descriptor;

    if (!vcpu_is_protected(&interp->cpu)) {
        /*
         * Real mode: limit and rights stay as they are. Programs that load them in protected mode and go back ("unreal
         * mode") rely on it: SDM vol. 3 "Switching Back to Real-Address Mode".
         */
        interp->cpu.segments[number].selector = selector;
        interp->cpu.segments[number].base = (uint32_t)selector << 4;
        state_refresh_segment(interp, number);
        return true;
    }
    if (number != SEG_SS)
        return load_data(interp, number, selector);
    return stack_segment_check(interp, selector, interp->cpu.cpl, EXC_GP, 0, &descriptor) &&
           segment_take(interp, SEG_SS, &descriptor, selector);
}
