/*
 * far_enter.c - what jumps, calls, returns and events share: far.h (PURE).
 *
 * They change CS, SS, ESP and CPL one after the other, and any step may fault. So whoever begins one keeps a
 * checkpoint, and a fault puts all four back: the instruction has then not happened. What was pushed to memory stays,
 * below the stack.
 */
#include "vpc/x86/access.h"
#include "vpc/x86/far.h"
#include "vpc/x86/state.h"

struct checkpoint far_checkpoint(const struct interp *interp)
{
    const struct vcpu *cpu = &interp->cpu;

    return (struct checkpoint){ .cs = cpu->segments[SEG_CS], .ss = cpu->segments[SEG_SS], .esp = cpu->gpr[GPR_ESP],
                                .cpl = cpu->cpl };
}

/* False, for the caller to return. By assignment, not by loading: that could fault again. */
bool far_roll_back(struct interp *interp, const struct checkpoint *checkpoint)
{
    interp->cpu.segments[SEG_CS] = checkpoint->cs;
    interp->cpu.segments[SEG_SS] = checkpoint->ss;
    interp->cpu.gpr[GPR_ESP] = checkpoint->esp;
    state_set_cpl(interp, checkpoint->cpl);
    state_refresh_segment(interp, SEG_CS);
    state_refresh_segment(interp, SEG_SS);
    return false;
}

bool far_enter_code(struct interp *interp, const struct descriptor *code, uint16_t selector, unsigned cpl,
                    uint32_t eip, unsigned external)
{
    if (eip > (code->known != NULL ? code->known->segment.limit : descriptor_segment(code, selector).limit))
        return fault_with(interp, EXC_GP, external);
    if (!segment_take(interp, SEG_CS, code, (uint16_t)((selector & 0xFFFCu) | cpl)))
        return false;
    state_set_cpl(interp, (uint8_t)cpl);
    interp->cpu.eip = eip;
    return true;
}

/*
 * Go to the stack that the TSS has for this level. CPL changes before anything is pushed: the pushes have the rights of
 * the new level.
 */
bool far_enter_stack(struct interp *interp, unsigned cpl, unsigned external)
{
    const struct segment *tr = &interp->cpu.tr;
    bool is_32bit = (tr->attributes & ATTR_TYPE) >= SYSTEM_TSS32;
    uint32_t at = is_32bit ? 4 + 8 * cpl : 2 + 4 * cpl, esp = 0;
    struct descriptor stack;
    uint16_t ss;

    if (at + (is_32bit ? 5 : 3) > tr->limit)
        return fault_with(interp, EXC_TS, (tr->selector & 0xFFFCu) | external);
    const loose32_t *words = is_32bit ? system_plain(interp, tr->base + at, 6) : NULL;
    if (words != NULL) {
        esp = words[0];
        ss = (uint16_t)words[1];
    } else if (!system_read(interp, tr->base + at, &esp, is_32bit ? 4 : 2) ||
               !system_read(interp, tr->base + at + (is_32bit ? 4 : 2), &ss, 2)) {
        return false;
    }
    if (!stack_segment_check(interp, ss, cpl, EXC_TS, external, &stack))
        return false;
    state_set_cpl(interp, (uint8_t)cpl);
    interp->cpu.gpr[GPR_ESP] = esp;
    return segment_take(interp, SEG_SS, &stack, ss);
}

/*
 * A push to the new stack went beyond its limit: #SS then names that stack's selector, where a push to the old one has
 * 0. SDM vol. 2 "CALL".
 */
bool far_name_stack(struct interp *interp, unsigned external)
{
    struct trouble *trouble = &interp->trouble;

    if (trouble->kind == TROUBLE_FAULT && trouble->vector == EXC_SS)
        trouble->error = (interp->cpu.segments[SEG_SS].selector & 0xFFFCu) | external;
    return false;
}

/*
 * What the outer privilege may not have is taken away: SDM vol. 2 "RET", RETURN-TO-OUTER-PRIVILEGE-LEVEL. Else a
 * program could go on reading through a data segment that its kernel left in a register.
 */
void far_drop_segments(struct interp *interp)
{
    static const uint8_t numbers[] = { SEG_ES, SEG_DS, SEG_FS, SEG_GS };

    for (unsigned i = 0; i < sizeof(numbers); i++) {
        struct segment *segment = &interp->cpu.segments[numbers[i]];
        bool is_conforming = attributes_are_code(segment->attributes) && segment->attributes & ATTR_CONFORMING;
        if (attributes_dpl(segment->attributes) < interp->cpu.cpl && !is_conforming) {
            *segment = (struct segment){ 0 };
            state_refresh_segment(interp, numbers[i]);
        }
    }
}

/* RF only holds off breakpoints: interp.c takes it where one is on. */
uint32_t far_iret_mask(const struct vcpu *cpu, unsigned bytes)
{
    uint32_t mask = EFLAGS_ARITHMETIC | EFLAGS_TF | EFLAGS_DF | EFLAGS_NT;

    /* A 16-bit IRET has no upper half to load: those flags stay. */
    if (bytes == 4)
        mask |= EFLAGS_AC | EFLAGS_ID;
    if (cpu->cpl <= (cpu->eflags & EFLAGS_IOPL) >> 12)
        mask |= EFLAGS_IF;
    return cpu->cpl == 0 ? mask | EFLAGS_IOPL : mask;
}
