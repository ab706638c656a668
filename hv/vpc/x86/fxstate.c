/*
 * fxstate.c - the state of the floating-point unit as a whole, and fences (PURE). SDM vol. 2 "FXSAVE", "FXRSTOR",
 * "LDMXCSR", "STMXCSR", "CLFLUSH", "LFENCE".
 */
#include "base/string.h"
#include "vpc/x86/access.h"
#include "vpc/x86/fpu_operation.h"

#define CONTROL_KNOWN 0x1F3Fu
#define CONTROL_ONES 0x40u
#define EXCEPTIONS 0x3Fu                /* of both words: they happened, and they are masked */

/* What lies behind the registers belongs to software: FXSAVE leaves it. */
#define FXSAVE_WRITTEN 416u

static bool is_area_aligned(const struct interp *interp, const struct instruction *insn)
{
    return ((interp->cpu.segments[insn->segment].base + operand_offset(interp, insn)) & 15) == 0;
}

static bool fxsave(struct interp *interp, const struct instruction *insn)
{
    if (!fpu_is_ready(interp, false))
        return false;
    if (!is_area_aligned(interp, insn))
        return general_protection(interp);
    void *to = modify_at(interp, insn->segment, operand_offset(interp, insn), FPU_IMAGE_BYTES);
    if (to == NULL)
        return false;
    memcpy(to, interp->cpu.fpu, FXSAVE_WRITTEN);
    return finish(interp, to);
}

/*
 * ES, and B with it, is no state: a processor derives it from the exceptions and their masks as it loads them, whatever
 * the image says. Who asks here whether one is pending (fpu_is_ready) must not be told less than the unit, which would
 * fault in the hypervisor. SDM vol. 1 "x87 FPU Status Register".
 */
static void derive_summary(uint8_t *image)
{
    uint32_t status = load(image + FPU_STATUS, 2) & ~(FPU_STATUS_ES | FPU_STATUS_B);

    if (status & ~load(image + FPU_CONTROL, 2) & EXCEPTIONS)
        status |= FPU_STATUS_ES | FPU_STATUS_B;
    store(image + FPU_STATUS, 2, status);
}

/*
 * What the unit has no place for is not what memory said, but what a processor stores: the mask of MXCSR, and zero.
 * SDM vol. 1 "FXSAVE Area". So a guest that moves between the engines sees no difference.
 */
static void drop_reserved(uint8_t *image)
{
    store(image + FPU_MXCSR_MASK, 4, MXCSR_KNOWN);
    image[5] = 0;                               /* beside the tags, and above both selectors */
    store(image + 14, 2, 0);
    store(image + 22, 2, 0);
    for (unsigned i = 0; i < 8; i++)
        memset(image + 32 + 16 * i + 10, 0, 6);
}

static bool fxrstor(struct interp *interp, const struct instruction *insn)
{
    if (!fpu_is_ready(interp, false))
        return false;
    if (!is_area_aligned(interp, insn))
        return general_protection(interp);
    const uint8_t *from = read_at(interp, insn->segment, operand_offset(interp, insn), FPU_IMAGE_BYTES);
    if (from == NULL)
        return false;
    /*
     * Before anything is loaded: a reserved bit is #GP with the old state whole. The unit itself would fault on it
     * later, in the hypervisor.
     */
    if (load(from + FPU_MXCSR, 4) & ~MXCSR_KNOWN)
        return general_protection(interp);
    memcpy(interp->cpu.fpu, from, FXSAVE_WRITTEN);
    uint8_t *control = interp->cpu.fpu + FPU_CONTROL;
    store(control, 2, (load(control, 2) & CONTROL_KNOWN) | CONTROL_ONES);
    drop_reserved(interp->cpu.fpu);
    derive_summary(interp->cpu.fpu);
    return true;
}

/* #UD without CR4.OSFXSR or with CR0.EM, #NM with CR0.TS. */
static bool mxcsr_is_there(struct interp *interp)
{
    const struct vcpu *cpu = &interp->cpu;

    if (interp->bus->fpu_execute == NULL || !(cpu->cr4 & CR4_OSFXSR) || cpu->cr0 & CR0_EM)
        return fault(interp, EXC_UD);
    return !(cpu->cr0 & CR0_TS) || fault(interp, EXC_NM);
}

static bool ldmxcsr(struct interp *interp, const struct instruction *insn)
{
    if (!mxcsr_is_there(interp))
        return false;
    const void *from = read_rm(interp, insn, 4);
    if (from == NULL)
        return false;
    uint32_t value = load(from, 4);
    if (value & ~MXCSR_KNOWN)
        return general_protection(interp);
    store(interp->cpu.fpu + FPU_MXCSR, 4, value);
    return true;
}

static bool stmxcsr(struct interp *interp, const struct instruction *insn)
{
    return mxcsr_is_there(interp) && write_rm(interp, insn, 4, load(interp->cpu.fpu + FPU_MXCSR, 4));
}

/* There is no cache; the byte must be readable. */
static bool clflush(struct interp *interp, const struct instruction *insn)
{
    return read_rm(interp, insn, 1) != NULL;
}

static bool fence(struct interp *interp, const struct instruction *insn)
{
    (void)interp;
    (void)insn;
    return true;
}

handler_t fxstate_find(const struct instruction *insn)
{
    static const handler_t handlers[8] = { fxsave, fxrstor, ldmxcsr, stmxcsr, NULL, NULL, NULL, clflush };

    if (insn->repeat || insn->has_operand_prefix)
        return NULL;
    return insn->is_register ? insn->reg >= 5 ? fence : NULL : handlers[insn->reg];
}
