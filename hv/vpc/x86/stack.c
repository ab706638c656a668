/*
 * stack.c - the stack (PURE). SDM vol. 2 "PUSH", "POP", "PUSHA", "POPA", "ENTER", "LEAVE".
 */
#include "vpc/x86/access.h"
#include "vpc/x86/operations.h"

static ALWAYS_INLINE bool push_register(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    return push_value(interp, bytes, get_register(interp, insn->opcode & 7, bytes));
}
FOR_WORDS(push_register)

static ALWAYS_INLINE bool pop_register(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    uint32_t value;

    if (!peek_value(interp, 0, bytes, &value))
        return false;
    move_stack(interp, bytes);
    set_register(interp, insn->opcode & 7, bytes, value);
    return true;
}
FOR_WORDS(pop_register)

static ALWAYS_INLINE bool push_immediate(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    return push_value(interp, bytes, insn->immediate);
}
FOR_WORDS(push_immediate)

static ALWAYS_INLINE bool push_rm(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    const void *source = read_rm(interp, insn, bytes);

    return source != NULL && push_value(interp, bytes, load(source, bytes));
}
FOR_WORDS(push_rm)

/* An address that uses ESP uses it as it is after the pop. */
static ALWAYS_INLINE bool pop_rm(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    uint32_t value, esp = interp->cpu.gpr[GPR_ESP];

    if (!peek_value(interp, 0, bytes, &value))
        return false;
    move_stack(interp, bytes);
    if (write_rm(interp, insn, bytes, value))
        return true;
    interp->cpu.gpr[GPR_ESP] = esp;
    return false;
}
FOR_WORDS(pop_rm)

/* ESP moves when all eight are written; those before one that faults stay below it. */
static ALWAYS_INLINE bool pusha(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    const uint32_t *gpr = interp->cpu.gpr;
    uint32_t esp = gpr[GPR_ESP];

    (void)insn;
    for (unsigned i = 1; i <= 8; i++) {
        uint32_t offset = (esp - i * bytes) & interp->stack_mask;
        if (!write_value(interp, SEG_SS, offset, bytes, gpr[i - 1]))
            return false;
    }
    move_stack(interp, -8 * bytes);
    return true;
}
FOR_WORDS(pusha)

static ALWAYS_INLINE bool popa(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    uint32_t values[8];

    (void)insn;
    for (unsigned i = 0; i < 8; i++) {
        if (!peek_value(interp, i * bytes, bytes, &values[i]))
            return false;
    }
    for (unsigned i = 0; i < 8; i++) {
        if (i != 7 - GPR_ESP)
            set_register(interp, 7 - i, bytes, values[i]);
    }
    move_stack(interp, 8 * bytes);
    return true;
}
FOR_WORDS(popa)

/* The frame pointers of enclosing procedures, copied below the new one. at: depth of what was pushed last. */
static ALWAYS_INLINE bool copy_frames(struct interp *interp, unsigned levels, uint32_t *top, uint32_t frame,
                                      unsigned bytes)
{
    uint32_t from = interp->cpu.gpr[GPR_EBP], mask = interp->stack_mask;

    for (unsigned i = 1; i < levels; i++) {
        from -= bytes;
        const void *source = read_at(interp, SEG_SS, from & mask, bytes);
        if (source == NULL)
            return false;
        *top -= bytes;
        if (!write_value(interp, SEG_SS, *top & mask, bytes, load(source, bytes)))
            return false;
    }
    *top -= bytes;
    return write_value(interp, SEG_SS, *top & mask, bytes, frame);
}

/* The last step touches the new top for a write: a frame that does not fit faults here, with nothing changed. */
static ALWAYS_INLINE bool enter(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    uint32_t *gpr = interp->cpu.gpr, mask = interp->stack_mask;
    unsigned levels = insn->immediate2 & 31;
    uint32_t top = gpr[GPR_ESP] - bytes, frame = (gpr[GPR_ESP] & ~mask) | (top & mask);

    if (!write_value(interp, SEG_SS, top & mask, bytes, gpr[GPR_EBP]))
        return false;
    if (levels > 0 && !copy_frames(interp, levels, &top, frame, bytes))
        return false;
    top -= insn->immediate;
    void *last = modify_at(interp, SEG_SS, top & mask, bytes);
    if (last == NULL)
        return false;
    gpr[GPR_ESP] = (gpr[GPR_ESP] & ~mask) | (top & mask);
    set_register(interp, GPR_EBP, bytes, frame);
    return finish(interp, last);
}
FOR_WORDS(enter)

static ALWAYS_INLINE bool leave_frame(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    uint32_t *gpr = interp->cpu.gpr, mask = interp->stack_mask;
    const void *source = read_at(interp, SEG_SS, gpr[GPR_EBP] & mask, bytes);

    (void)insn;
    if (source == NULL)
        return false;
    uint32_t value = load(source, bytes);
    gpr[GPR_ESP] = (gpr[GPR_ESP] & ~mask) | ((gpr[GPR_EBP] + bytes) & mask);
    set_register(interp, GPR_EBP, bytes, value);
    return true;
}
FOR_WORDS(leave_frame)

handler_t stack_find(const struct instruction *insn)
{
    switch (insn->opcode) {
    case 0x60:
        return BY_OPERAND(pusha, insn);
    case 0x61:
        return BY_OPERAND(popa, insn);
    case 0x68: case 0x6A:
        return BY_OPERAND(push_immediate, insn);
    case 0x8F:
        return insn->reg == 0 ? BY_OPERAND(pop_rm, insn) : NULL;
    case 0xC8:
        return BY_OPERAND(enter, insn);
    case 0xC9:
        return BY_OPERAND(leave_frame, insn);
    case 0xFF:
        return BY_OPERAND(push_rm, insn);
    default:
        return insn->opcode < 0x58 ? BY_OPERAND(push_register, insn) : BY_OPERAND(pop_register, insn);
    }
}
