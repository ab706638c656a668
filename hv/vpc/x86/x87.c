/*
 * x87.c - x87 instructions, made ready for the unit (PURE). SDM vol. 1 "Programming with the x87 FPU", vol. 2 "Escape
 * Opcode Instructions".
 *
 * The unit knows nothing of the guest's EIP: the pointers of the last instruction are kept here.
 */
#include "base/string.h"
#include "vpc/x86/access.h"
#include "vpc/x86/fpu_operation.h"

#define ENVIRONMENT 28          /* these two are shorter with 16-bit operands */
#define WHOLE_STATE 108
#define SHORTER 14

/* Bytes of the operand in memory, by D8-DF and reg; negative: it is written; 0: undefined. */
static const int8_t memory_bytes[8][8] = {
    { 4, 4, 4, 4, 4, 4, 4, 4 },
    { 4, 0, -4, -4, ENVIRONMENT, 2, -ENVIRONMENT, -2 },
    { 4, 4, 4, 4, 4, 4, 4, 4 },
    { 4, 0, -4, -4, 0, 10, 0, -10 },
    { 8, 8, 8, 8, 8, 8, 8, 8 },
    { 8, 0, -8, -8, WHOLE_STATE, 0, -WHOLE_STATE, -2 },
    { 2, 2, 2, 2, 2, 2, 2, 2 },
    { 2, 0, -2, -2, 10, 8, -10, -8 },
};

/* What is defined on registers, by D8-DF: a bit for each ModR/M from C0 to FF. */
#define FORMS(first, last) (~0ull >> (63 - ((last) - (first))) << ((first) - 0xC0))
static const uint64_t register_forms[8] = {
    ~0ull,
    FORMS(0xC0, 0xD0) | FORMS(0xE0, 0xE1) | FORMS(0xE4, 0xE5) | FORMS(0xE8, 0xEE) | FORMS(0xF0, 0xFF),
    FORMS(0xC0, 0xDF) | FORMS(0xE9, 0xE9),
    FORMS(0xC0, 0xDF) | FORMS(0xE2, 0xE3) | FORMS(0xE8, 0xF7),
    FORMS(0xC0, 0xCF) | FORMS(0xE0, 0xFF),
    FORMS(0xC0, 0xC7) | FORMS(0xD0, 0xDF) | FORMS(0xE0, 0xEF),
    FORMS(0xC0, 0xCF) | FORMS(0xD9, 0xD9) | FORMS(0xE0, 0xFF),
    FORMS(0xE0, 0xE0) | FORMS(0xE8, 0xF7),
};

/* Control instructions leave the pointers alone; FINIT and FSAVE clear them, FLDENV and FRSTOR load them. */
enum kind { KIND_ARITHMETIC, KIND_CONTROL, KIND_INIT, KIND_LOAD, KIND_STORE, KIND_SAVE };

static enum kind kind_of(const struct instruction *insn)
{
    uint8_t modrm = insn->modrm;
    bool is_d9 = insn->opcode == 0xD9, is_dd = insn->opcode == 0xDD;

    if (insn->is_register) {
        if (insn->opcode == 0xDB && modrm == 0xE3)
            return KIND_INIT;
        return (insn->opcode == 0xDB && modrm == 0xE2) || (insn->opcode == 0xDF && modrm == 0xE0) ? KIND_CONTROL :
                                                                                                    KIND_ARITHMETIC;
    }
    if (insn->reg == 4 && (is_d9 || is_dd))
        return KIND_LOAD;
    if (insn->reg == 6 && (is_d9 || is_dd))
        return is_d9 ? KIND_STORE : KIND_SAVE;
    return (is_d9 && (insn->reg == 5 || insn->reg == 7)) || (is_dd && insn->reg == 7) ? KIND_CONTROL :
                                                                                        KIND_ARITHMETIC;
}

/* FNINIT, FNCLEX, FNSTENV, FNSAVE, FNSTCW, FNSTSW look at no exception; of the control instructions only FLDCW does. */
static bool is_waiting(const struct instruction *insn, enum kind kind)
{
    return kind == KIND_ARITHMETIC || kind == KIND_LOAD || (kind == KIND_CONTROL && !insn->is_register &&
                                                           insn->reg == 5);
}

/* The pointers in the format of FSTENV for protected mode: SDM vol. 1 "x87 FPU State Image in Memory". */
static void load_pointers(uint8_t *image, const uint8_t *from, unsigned bytes)
{
    bool is_32bit = bytes == 4;

    memset(image + FPU_OPCODE, 0, FPU_MXCSR - FPU_OPCODE);
    store(image + FPU_EIP, 4, is_32bit ? load(from + 12, 4) : load(from + 6, 2));
    store(image + FPU_CS, 2, load(from + (is_32bit ? 16 : 8), 2));
    store(image + FPU_DATA, 4, is_32bit ? load(from + 20, 4) : load(from + 10, 2));
    store(image + FPU_DS, 2, load(from + (is_32bit ? 24 : 12), 2));
    if (is_32bit)
        store(image + FPU_OPCODE, 2, load(from + 18, 2) & 0x7FF);
}

static void store_pointers(const uint8_t *image, uint8_t *to, unsigned bytes)
{
    bool is_32bit = bytes == 4;

    store(to + (is_32bit ? 12 : 6), bytes == 4 ? 4 : 2, load(image + FPU_EIP, 4));
    store(to + (is_32bit ? 16 : 8), 2, load(image + FPU_CS, 2));
    store(to + (is_32bit ? 20 : 10), bytes == 4 ? 4 : 2, load(image + FPU_DATA, 4));
    store(to + (is_32bit ? 24 : 12), 2, load(image + FPU_DS, 2));
    if (is_32bit)
        store(to + 18, 2, load(image + FPU_OPCODE, 2));
}

/*
 * The pointers to the last instruction and its operand are the guest's, not those of the instruction that the unit was
 * given: that one lies at another address.
 */
static void set_pointers(struct interp *interp, const struct instruction *insn)
{
    struct vcpu *cpu = &interp->cpu;
    uint8_t *image = cpu->fpu;

    store(image + FPU_OPCODE, 2, (insn->opcode & 7u) << 8 | insn->modrm);
    store(image + FPU_EIP, 4, interp->start_eip);
    store(image + FPU_CS, 2, cpu->segments[SEG_CS].selector);
    if (insn->is_register)
        return;
    store(image + FPU_DATA, 4, operand_offset(interp, insn));
    store(image + FPU_DS, 2, cpu->segments[insn->segment].selector);
}

static void keep_pointers(struct interp *interp, const struct instruction *insn, const uint8_t *before,
                          struct fpu_operation *operation, enum kind kind)
{
    uint8_t *image = interp->cpu.fpu;

    memcpy(image + FPU_OPCODE, before, FPU_MXCSR - FPU_OPCODE);
    if (kind == KIND_ARITHMETIC)
        set_pointers(interp, insn);
    else if (kind == KIND_LOAD)
        load_pointers(image, operation->operand, insn->operand_bytes);
    else if (kind == KIND_STORE || kind == KIND_SAVE)
        store_pointers(image, operation->operand, insn->operand_bytes);
    if (kind == KIND_INIT || kind == KIND_SAVE)
        memset(image + FPU_OPCODE, 0, FPU_MXCSR - FPU_OPCODE);
}

static void run_x87(struct interp *interp, const struct instruction *insn, struct fpu_operation *operation,
                    enum kind kind)
{
    uint8_t before[FPU_MXCSR - FPU_OPCODE];
    bool is_environment = kind == KIND_LOAD || kind == KIND_STORE || kind == KIND_SAVE;

    memcpy(before, interp->cpu.fpu + FPU_OPCODE, sizeof(before));
    if (is_environment && insn->operand_bytes == 2)
        operation->bytes[operation->length++] = 0x66;
    operation->bytes[operation->length++] = insn->opcode;
    operation->bytes[operation->length++] =
        insn->is_register ? insn->modrm : (uint8_t)(insn->reg << 3 | GPR_EDI);
    fpu_run(interp, operation);
    keep_pointers(interp, insn, before, operation, kind);
}

static bool x87_register(struct interp *interp, const struct instruction *insn)
{
    struct fpu_operation operation = { .length = 0 };
    enum kind kind = kind_of(insn);

    if (!fpu_is_ready(interp, is_waiting(insn, kind)))
        return false;
    run_x87(interp, insn, &operation, kind);
    return true;
}

/* An operand to be written is read too: after an unmasked exception it stays as it is. */
static bool x87_memory(struct interp *interp, const struct instruction *insn)
{
    struct fpu_operation operation = { .length = 0 };
    enum kind kind = kind_of(insn);
    int form = memory_bytes[insn->opcode & 7][insn->reg];
    unsigned bytes = (unsigned)(form < 0 ? -form : form);
    uint32_t offset = operand_offset(interp, insn);

    if (bytes >= ENVIRONMENT && insn->operand_bytes == 2)
        bytes -= SHORTER;
    if (!fpu_is_ready(interp, is_waiting(insn, kind)))
        return false;
    const void *from = form < 0 ? modify_at(interp, insn->segment, offset, bytes) :
                                  read_at(interp, insn->segment, offset, bytes);
    if (from == NULL)
        return false;
    memcpy(operation.operand, from, bytes);
    run_x87(interp, insn, &operation, kind);
    if (form > 0)
        return true;
    void *to = (void *)(uintptr_t)from;
    memcpy(to, operation.operand, bytes);
    return finish(interp, to);
}

handler_t x87_find(const struct instruction *insn)
{
    unsigned escape = insn->opcode & 7;

    if (insn->is_register)
        return register_forms[escape] >> (insn->modrm & 63) & 1 ? x87_register : NULL;
    return memory_bytes[escape][insn->reg] != 0 ? x87_memory : NULL;
}
