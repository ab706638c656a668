/*
 * sse.c - MMX, SSE and SSE2 instructions, made ready for the unit (PURE). SDM vol. 2 "Two-byte Opcode Map", vol. 3
 * "Interrupt and Exception Handling": #XM.
 *
 * The arithmetic is the real unit's: an instruction is built anew with its memory operand at EDI and its general
 * register in EAX, and bus.fpu_execute runs that on a copy of the guest's state (fpu_operation.h). So only the form of
 * an instruction must be known here, how much memory it touches and how, never what it computes.
 *
 * Exceptions are masked while the unit works; if one should not have been, the results are thrown away.
 */
#include "base/string.h"
#include "vpc/x86/access.h"
#include "vpc/x86/flags.h"
#include "vpc/x86/fpu_operation.h"

#define MXCSR_FLAGS 0x3Fu
#define MXCSR_MASKS 0x1F80u

/* Invalid, denormal, divide by zero are found before the result; after one of them nobody looks at the result. */
#define MXCSR_BEFORE 0x07u

#define FORM_STORE 0x01u        /* memory is written */
#define FORM_MMX 0x02u          /* uses the x87 registers */
#define FORM_LOOSE 0x04u        /* 16 bytes that need no alignment */
#define FORM_RM_GENERAL 0x08u   /* rm as a register is a general one */
#define FORM_REG_GENERAL 0x10u  /* reg is */
#define FORM_REGISTER 0x20u     /* no operand in memory */
#define FORM_MEMORY 0x40u       /* no register as rm */
#define FORM_SHIFT 0x80u        /* reg is part of the opcode: 2, 4, 6, of bytes 3 and 7 */

struct form {
    uint8_t prefix, first, last, bytes, flags;      /* prefix: 0, 66, F2, F3; bytes in memory */
};

#define MM FORM_MMX
#define ST FORM_STORE
#define RG FORM_REG_GENERAL
#define EG FORM_RM_GENERAL
#define RO FORM_REGISTER
#define MO FORM_MEMORY
#define LO FORM_LOOSE
static const struct form forms[] = {
    { 0, 0x10, 0x10, 16, LO }, { 0, 0x11, 0x11, 16, ST | LO }, { 0, 0x12, 0x12, 8, 0 }, { 0, 0x13, 0x13, 8, ST | MO },
    { 0, 0x14, 0x15, 16, 0 }, { 0, 0x16, 0x16, 8, 0 }, { 0, 0x17, 0x17, 8, ST | MO }, { 0, 0x28, 0x28, 16, 0 },
    { 0, 0x29, 0x29, 16, ST }, { 0, 0x2A, 0x2A, 8, MM }, { 0, 0x2B, 0x2B, 16, ST | MO }, { 0, 0x2C, 0x2D, 8, MM },
    { 0, 0x2E, 0x2F, 4, 0 }, { 0, 0x50, 0x50, 0, RO | RG }, { 0, 0x51, 0x59, 16, 0 }, { 0, 0x5A, 0x5A, 8, 0 },
    { 0, 0x5B, 0x5F, 16, 0 }, { 0, 0x60, 0x62, 4, MM }, { 0, 0x63, 0x6B, 8, MM }, { 0, 0x6E, 0x6E, 4, MM | EG },
    { 0, 0x6F, 0x70, 8, MM }, { 0, 0x71, 0x73, 0, MM | RO | FORM_SHIFT }, { 0, 0x74, 0x76, 8, MM },
    { 0, 0x7E, 0x7E, 4, ST | MM | EG }, { 0, 0x7F, 0x7F, 8, ST | MM }, { 0, 0xC2, 0xC2, 16, 0 },
    { 0, 0xC4, 0xC4, 2, MM | EG }, { 0, 0xC5, 0xC5, 0, MM | RO | RG }, { 0, 0xC6, 0xC6, 16, 0 },
    { 0, 0xD1, 0xD5, 8, MM }, { 0, 0xD7, 0xD7, 0, MM | RO | RG }, { 0, 0xD8, 0xE5, 8, MM },
    { 0, 0xE7, 0xE7, 8, ST | MM | MO }, { 0, 0xE8, 0xEF, 8, MM }, { 0, 0xF1, 0xF6, 8, MM }, { 0, 0xF8, 0xFE, 8, MM },
    { 0x66, 0x10, 0x10, 16, LO }, { 0x66, 0x11, 0x11, 16, ST | LO }, { 0x66, 0x12, 0x12, 8, MO },
    { 0x66, 0x13, 0x13, 8, ST | MO }, { 0x66, 0x14, 0x15, 16, 0 }, { 0x66, 0x16, 0x16, 8, MO },
    { 0x66, 0x17, 0x17, 8, ST | MO }, { 0x66, 0x28, 0x28, 16, 0 }, { 0x66, 0x29, 0x29, 16, ST },
    { 0x66, 0x2A, 0x2A, 8, MM }, { 0x66, 0x2B, 0x2B, 16, ST | MO }, { 0x66, 0x2C, 0x2D, 16, MM },
    { 0x66, 0x2E, 0x2F, 8, 0 }, { 0x66, 0x50, 0x50, 0, RO | RG }, { 0x66, 0x51, 0x51, 16, 0 },
    { 0x66, 0x54, 0x5F, 16, 0 }, { 0x66, 0x60, 0x6D, 16, 0 }, { 0x66, 0x6E, 0x6E, 4, EG }, { 0x66, 0x6F, 0x70, 16, 0 },
    { 0x66, 0x71, 0x73, 0, RO | FORM_SHIFT }, { 0x66, 0x74, 0x76, 16, 0 }, { 0x66, 0x7E, 0x7E, 4, ST | EG },
    { 0x66, 0x7F, 0x7F, 16, ST }, { 0x66, 0xC2, 0xC2, 16, 0 }, { 0x66, 0xC4, 0xC4, 2, EG },
    { 0x66, 0xC5, 0xC5, 0, RO | RG }, { 0x66, 0xC6, 0xC6, 16, 0 }, { 0x66, 0xD1, 0xD5, 16, 0 },
    { 0x66, 0xD6, 0xD6, 8, ST }, { 0x66, 0xD7, 0xD7, 0, RO | RG }, { 0x66, 0xD8, 0xE6, 16, 0 },
    { 0x66, 0xE7, 0xE7, 16, ST | MO }, { 0x66, 0xE8, 0xEF, 16, 0 }, { 0x66, 0xF1, 0xF6, 16, 0 },
    { 0x66, 0xF8, 0xFE, 16, 0 },
    { 0xF3, 0x10, 0x10, 4, 0 }, { 0xF3, 0x11, 0x11, 4, ST }, { 0xF3, 0x2A, 0x2A, 4, EG }, { 0xF3, 0x2C, 0x2D, 4, RG },
    { 0xF3, 0x51, 0x53, 4, 0 }, { 0xF3, 0x58, 0x5A, 4, 0 }, { 0xF3, 0x5B, 0x5B, 16, 0 }, { 0xF3, 0x5C, 0x5F, 4, 0 },
    { 0xF3, 0x6F, 0x6F, 16, LO }, { 0xF3, 0x70, 0x70, 16, 0 }, { 0xF3, 0x7E, 0x7E, 8, 0 },
    { 0xF3, 0x7F, 0x7F, 16, ST | LO }, { 0xF3, 0xC2, 0xC2, 4, 0 }, { 0xF3, 0xD6, 0xD6, 0, MM | RO },
    { 0xF3, 0xE6, 0xE6, 8, 0 },
    { 0xF2, 0x10, 0x10, 8, 0 }, { 0xF2, 0x11, 0x11, 8, ST }, { 0xF2, 0x2A, 0x2A, 4, EG }, { 0xF2, 0x2C, 0x2D, 8, RG },
    { 0xF2, 0x51, 0x51, 8, 0 }, { 0xF2, 0x58, 0x5A, 8, 0 }, { 0xF2, 0x5C, 0x5F, 8, 0 }, { 0xF2, 0x70, 0x70, 16, 0 },
    { 0xF2, 0xC2, 0xC2, 8, 0 }, { 0xF2, 0xD6, 0xD6, 0, MM | RO }, { 0xF2, 0xE6, 0xE6, 16, 0 },
};

static uint8_t prefix_of(const struct instruction *insn)
{
    return insn->repeat ? insn->repeat : insn->has_operand_prefix ? 0x66 : 0;
}

static const struct form *find_form(const struct instruction *insn)
{
    for (unsigned i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        const struct form *form = &forms[i];
        if (form->prefix == prefix_of(insn) && insn->opcode >= form->first && insn->opcode <= form->last)
            return form;
    }
    return NULL;
}

/* 71-73: PSRL, PSRA, PSLL by a number. PSRLDQ and PSLLDQ are for 66 73 only, and there is no PSRAQ. */
static bool shift_is_there(const struct instruction *insn)
{
    if (insn->opcode != 0x73)
        return insn->reg == 2 || insn->reg == 4 || insn->reg == 6;
    return insn->reg == 2 || insn->reg == 6 || (insn->has_operand_prefix && (insn->reg & 3) == 3);
}

/* CVTPI2PD of memory uses no MMX register, and reports nothing of x87: SDM vol. 2 "CVTPI2PD". */
static bool is_only_converted(const struct instruction *insn, const struct form *form)
{
    return insn->opcode == 0x2A && form->prefix == 0x66 && !insn->is_register;
}

static bool is_ready(struct interp *interp, const struct instruction *insn, const struct form *form)
{
    const struct vcpu *cpu = &interp->cpu;
    bool is_mmx_only = form != NULL && form->flags & FORM_MMX && form->prefix == 0;

    /*
     * In the order of priority: #UD where the instruction is not there or not turned on, then #NM, then an x87
     * exception that waits, which MMX instructions report because they use its registers.
     */
    if (interp->bus->fpu_execute == NULL || cpu->cr0 & CR0_EM || (!is_mmx_only && !(cpu->cr4 & CR4_OSFXSR)))
        return fault(interp, EXC_UD);
    if (cpu->cr0 & CR0_TS)
        return fault(interp, EXC_NM);
    if (form->flags & FORM_MMX && cpu->fpu[FPU_STATUS] & FPU_STATUS_ES && !is_only_converted(insn, form))
        return fault(interp, EXC_MF);
    return true;
}

/* The instruction anew: memory at EDI, general registers in EAX. */
static void encode(const struct instruction *insn, const struct form *form, struct fpu_operation *operation)
{
    unsigned reg = form->flags & FORM_REG_GENERAL ? GPR_EAX : insn->reg;
    unsigned rm = insn->is_register ? form->flags & FORM_RM_GENERAL ? GPR_EAX : insn->rm : GPR_EDI;
    uint8_t *to = operation->bytes;

    if (form->prefix != 0)
        *to++ = form->prefix;
    *to++ = 0x0F;
    *to++ = insn->opcode;
    *to++ = (uint8_t)((insn->is_register ? 0xC0u : 0) | reg << 3 | rm);
    *to++ = (uint8_t)insn->immediate;       /* where there is none, it lies behind the end */
    bool has_immediate = (insn->opcode >= 0x70 && insn->opcode <= 0x73) ||
                         (insn->opcode >= 0xC2 && insn->opcode <= 0xC6);
    operation->length = (uint32_t)(to - operation->bytes) - !has_immediate;
}

/* The general register that takes part, if one does. */
static int general_register(const struct instruction *insn, const struct form *form)
{
    if (form->flags & FORM_REG_GENERAL)
        return insn->reg;
    return form->flags & FORM_RM_GENERAL && insn->is_register ? insn->rm : -1;
}

static void run_sse(struct interp *interp, const struct instruction *insn, const struct form *form,
                    struct fpu_operation *operation)
{
    uint32_t *gpr = interp->cpu.gpr, eax = gpr[GPR_EAX];
    int general = general_register(insn, form);

    if (general >= 0)
        gpr[GPR_EAX] = gpr[general];
    fpu_run(interp, operation);
    if (general < 0)
        return;
    uint32_t result = gpr[GPR_EAX];
    gpr[GPR_EAX] = eax;
    gpr[general] = result;
}

/* false: an exception of the guest's that is not masked; nothing has changed but MXCSR's flags. */
static bool run_masked(struct interp *interp, const struct instruction *insn, const struct form *form,
                       struct fpu_operation *operation)
{
    struct vcpu *cpu = &interp->cpu;
    uint32_t mxcsr = load(cpu->fpu + FPU_MXCSR, 4), before[8], eflags = flags_read(interp);
    uint8_t image[FPU_IMAGE_BYTES];

    memcpy(image, cpu->fpu, sizeof(image));
    memcpy(before, cpu->gpr, sizeof(before));
    store(cpu->fpu + FPU_MXCSR, 4, (mxcsr & ~MXCSR_FLAGS) | MXCSR_MASKS);
    run_sse(interp, insn, form, operation);
    uint32_t raised = load(cpu->fpu + FPU_MXCSR, 4) & MXCSR_FLAGS;
    bool is_masked = (raised & ~(mxcsr >> 7)) == 0;
    if ((raised & ~(mxcsr >> 7) & MXCSR_BEFORE) != 0)
        raised &= MXCSR_BEFORE;
    if (!is_masked) {
        memcpy(cpu->fpu, image, sizeof(image));
        memcpy(cpu->gpr, before, sizeof(before));
        flags_set_arithmetic(interp, eflags);
    }
    store(cpu->fpu + FPU_MXCSR, 4, mxcsr | raised);
    return is_masked || fault(interp, cpu->cr4 & CR4_OSXMMEXCPT ? EXC_XM : EXC_UD);
}

static bool sse_register(struct interp *interp, const struct instruction *insn)
{
    const struct form *form = find_form(insn);
    struct fpu_operation operation = { .length = 0 };

    if (!is_ready(interp, insn, form))
        return false;
    encode(insn, form, &operation);
    return run_masked(interp, insn, form, &operation);
}

static bool sse_memory(struct interp *interp, const struct instruction *insn)
{
    const struct form *form = find_form(insn);
    struct fpu_operation operation = { .length = 0 };
    uint32_t offset = operand_offset(interp, insn), linear = interp->cpu.segments[insn->segment].base + offset;
    bool is_store = form->flags & FORM_STORE;

    if (!is_ready(interp, insn, form))
        return false;
    if (form->bytes == 16 && !(form->flags & FORM_LOOSE) && (linear & 15) != 0)
        return general_protection(interp);
    void *operand = is_store ? write_at(interp, insn->segment, offset, form->bytes) :
                               (void *)(uintptr_t)read_at(interp, insn->segment, offset, form->bytes);
    if (operand == NULL)
        return false;
    if (!is_store)
        memcpy(operation.operand, operand, form->bytes);
    encode(insn, form, &operation);
    if (!run_masked(interp, insn, form, &operation))
        return false;
    if (!is_store)
        return true;
    memcpy(operand, operation.operand, form->bytes);
    return finish(interp, operand);
}

static bool emms(struct interp *interp, const struct instruction *insn)
{
    static const struct form form = { .flags = FORM_MMX };
    struct fpu_operation operation = { .bytes = { 0x0F, 0x77 }, .length = 2 };

    if (!is_ready(interp, insn, &form))
        return false;
    fpu_run(interp, &operation);
    return true;
}

/* MASKMOVQ and MASKMOVDQU: bytes of a register to where (E)DI points, as the signs of another one say. */
static bool mask_move(struct interp *interp, const struct instruction *insn)
{
    const struct form form = { .prefix = prefix_of(insn), .bytes = insn->has_operand_prefix ? 16 : 8,
                               .flags = insn->has_operand_prefix ? 0 : FORM_MMX };
    struct fpu_operation operation = { .length = 0 };

    if (!is_ready(interp, insn, &form))
        return false;
    void *to = modify_at(interp, insn->segment, interp->cpu.gpr[GPR_EDI] & insn->address_mask, form.bytes);
    if (to == NULL)
        return false;
    memcpy(operation.operand, to, form.bytes);
    encode(insn, &form, &operation);
    fpu_run(interp, &operation);
    memcpy(to, operation.operand, form.bytes);
    return finish(interp, to);
}

static bool movnti(struct interp *interp, const struct instruction *insn)
{
    return write_rm(interp, insn, 4, get_register(interp, insn->reg, 4));
}

handler_t sse_find(const struct instruction *insn)
{
    const struct form *form = find_form(insn);

    if (insn->opcode == 0x77 && prefix_of(insn) == 0)
        return emms;
    if (insn->opcode == 0xF7)
        return insn->is_register && !insn->repeat ? mask_move : NULL;
    if (insn->opcode == 0xC3 && prefix_of(insn) == 0 && !insn->is_register)
        return movnti;
    if (form == NULL || (insn->is_register && form->flags & FORM_MEMORY) ||
        (!insn->is_register && form->flags & FORM_REGISTER) ||
        (form->flags & FORM_SHIFT && !shift_is_there(insn)))
        return NULL;
    return insn->is_register ? sse_register : sse_memory;
}
