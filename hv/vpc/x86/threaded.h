/*
 * threaded.h - threaded code: what is plain and frequent is a step, which does one instruction and jumps to the next
 * one's (PURE).
 *
 * A step knows the common form of an instruction: 32-bit operands and addresses, memory in one page of RAM that was
 * translated before, a jump inside the code window. For anything else it changes nothing and hands over to
 * step_generally, which calls the instruction's handler. So steps never fault and, but for those of events and
 * ports, which ask for it, never reach a device, change no segment that code or stack lie in, and leave nothing that
 * needs attention.
 *
 * The interpreter's loop is come back to when the fuel is up, where something needs attention, and where the next
 * instruction is not in the window or not decoded. EIP is in a register meanwhile: cpu.eip is set for handlers only.
 * So is delta, from EIP to where it lies in the host, as long as the code window stays.
 */
#ifndef VPC_X86_THREADED_H
#define VPC_X86_THREADED_H

#include "vpc/x86/access.h"
#include "vpc/x86/fetch.h"

/* The step of an instruction; step_generally where it has none of its own. */
step_t threaded_find(const struct instruction *insn);

/* NULL: none in this file. Operands and addresses have 32 bits, unless the instruction is on bytes. */
step_t threaded_arith_find(const struct instruction *insn);
step_t threaded_shift_find(const struct instruction *insn);
step_t threaded_move_find(const struct instruction *insn);
step_t threaded_stack_find(const struct instruction *insn);
step_t threaded_branch_find(const struct instruction *insn);
step_t threaded_flags_find(const struct instruction *insn);
step_t threaded_event_find(const struct instruction *insn);
step_t threaded_port_find(const struct instruction *insn);
step_t threaded_space_find(const struct instruction *insn);
step_t threaded_string_find(const struct instruction *insn);    /* those with REP */

/* By the handler. */
bool step_generally(struct interp *interp, const struct memo *memo, uint64_t eip, uintptr_t delta);
/* What NEXT and GO_TO do when it is not plain: the instruction at eip, if that is known at all. */
bool step_elsewhere(struct interp *interp, const struct memo *memo, uint64_t eip, uintptr_t delta);
bool step_stack_elsewhere(struct interp *interp, const struct memo *memo, uint64_t eip, uintptr_t delta);
bool step_memory_elsewhere(struct interp *interp, const struct memo *memo, uint64_t eip, uintptr_t delta);
/* One that is longer than its memo: the rest is compared, too. */
bool step_long(struct interp *interp, const struct memo *memo, uint64_t eip, uintptr_t delta);

#define STEP_FUNCTION(name)                                                                                 \
    bool step_##name(struct interp *interp, const struct memo *memo, uint64_t eip, uintptr_t delta)
#define STEP(name) static STEP_FUNCTION(name)
/* One that others go on to; apart, so that they need no frame for it. */
#define STEP_APART(name) static __attribute__((noinline)) STEP_FUNCTION(name)
#define TAIL_CALL __attribute__((musttail)) return

/* Back to the loop, which fetches what is at EIP. */
static ALWAYS_INLINE bool thread_end(struct interp *interp, uint64_t eip)
{
    interp->cpu.eip = (uint32_t)eip;
    return true;
}

/*
 * To the step of the instruction at EIP. The compiler would not add in the register that the sum is passed in, nor from
 * memory: two instructions more. The sum has 32 bits, as no window goes on to the last byte of 4 GiB.
 */
#define DISPATCH(next, at, delta)                                                                           \
    do {                                                                                                    \
        uint64_t behind_ = (at);                                                                            \
        __asm__("addl %1, %k0" : "+r"(behind_) : "m"((next)->insn.length) : "cc");                          \
        TAIL_CALL (next)->step(interp, (next), behind_, (delta));                                           \
    } while (0)

/* The last statement of a step: the instruction is done, and the one behind it comes. The window is what it was. */
#define NEXT()                                                                                              \
    do {                                                                                                    \
        const struct memo *next_ = memo->next;                                                              \
        if (--interp->fuel == 0 || eip >= interp->code.end_eip || !memo_has(next_, code_bytes_at(delta, eip))) \
            TAIL_CALL step_elsewhere(interp, next_, eip, delta);                                            \
        DISPATCH(next_, eip, delta);                                                                        \
    } while (0)

/* The same with one somewhere else, or by another window. */
#define GO_TO(target)                                                                                       \
    do {                                                                                                    \
        uint32_t to_ = (target);                                                                            \
        uintptr_t delta_ = interp->code.delta;                                                              \
        const struct memo *next_ = memo_slot(interp, to_);                                                  \
        if (--interp->fuel == 0 || !code_window_has(interp, to_) || !memo_has(next_, code_bytes_at(delta_, to_))) \
            TAIL_CALL step_elsewhere(interp, next_, to_, delta_);                                           \
        DISPATCH(next_, to_, delta_);                                                                       \
    } while (0)

/* Nothing was changed yet, and something is not plain. */
#define GENERALLY() TAIL_CALL step_generally(interp, memo, eip, delta)
/* The same, and it is the stack: its window is opened for those that follow. */
#define STACK_ELSEWHERE() TAIL_CALL step_stack_elsewhere(interp, memo, eip, delta)

/* The same, and it is the operand in memory: its page may be known. */
#define MEMORY_ELSEWHERE() TAIL_CALL step_memory_elsewhere(interp, memo, eip, delta)

/* The operand in memory, if it is plain; else NULL. */
static ALWAYS_INLINE void *plain_at(struct interp *interp, unsigned segment, uint32_t offset, unsigned bytes,
                                    bool is_write)
{
    const struct reach *reach = &interp->reach[segment];
    uint32_t linear = reach->base + offset;
    const struct softtlb_entry *entry = softtlb_slot(interp->tlb, linear);

    if ((int64_t)offset + bytes - 1 > (is_write ? reach->write_last : reach->read_last) ||
        (is_write ? entry->write_page : entry->read_page) != last_page(linear, bytes))
        return NULL;
    return softtlb_host(entry, linear);
}

/* The window of a 32-bit stack on the page of an offset, if that is plain; else one that is closed. */
static ALWAYS_INLINE struct stack_window stack_window_of(struct softtlb_entry *tlb, const struct reach *reach,
                                                         uint32_t offset)
{
    uint32_t linear = reach->base + offset, page = linear & ~PAGE_MASK;
    const struct softtlb_entry *entry = softtlb_slot(tlb, linear);
    int64_t first = (int64_t)offset - (linear & PAGE_MASK), last = first + PAGE_SIZE - 1;

    if (entry->write_page != page || entry->read_page != page || first < 0 || last > reach->read_last ||
        last > reach->write_last)
        return (struct stack_window){ .first = STACK_CLOSED };
    return (struct stack_window){ .delta = entry->delta + linear - offset, .first = (uint64_t)first };
}

/* So many bytes in it; else NULL. */
static ALWAYS_INLINE void *stack_window_at(const struct stack_window *window, uint32_t offset, unsigned bytes)
{
    if (offset - window->first > PAGE_SIZE - bytes)
        return NULL;
    uintptr_t host = window->delta + offset;

    __builtin_assume(host != 0);
    return (void *)host;
}

/* Open the stack's window on the page of an offset, if that is plain; else it is closed. */
static ALWAYS_INLINE void stack_open(struct interp *interp, uint32_t offset)
{
    interp->stack.first = STACK_CLOSED;
    if (interp->stack_mask == 0xFFFFFFFFu)
        interp->stack = stack_window_of(interp->tlb, &interp->reach[SEG_SS], offset);
}

/* On the stack, in its window; else NULL, and STACK_ELSEWHERE. */
static ALWAYS_INLINE void *plain_stack(struct interp *interp, uint32_t offset, unsigned bytes)
{
    return stack_window_at(&interp->stack, offset, bytes);
}

/* Addresses have 32 bits: threaded_find asked. */
static ALWAYS_INLINE uint32_t plain_offset(const struct interp *interp, const struct instruction *insn)
{
    const uint32_t *gpr = interp->cpu.gpr;

    return gpr[insn->base] + (gpr[insn->index] << insn->scale) + insn->displacement;
}

static ALWAYS_INLINE const void *plain_read(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    return plain_at(interp, insn->segment, plain_offset(interp, insn), bytes, false);
}

static ALWAYS_INLINE void *plain_write(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    return plain_at(interp, insn->segment, plain_offset(interp, insn), bytes, true);
}

/* Without an index. */
static ALWAYS_INLINE uint32_t based_offset(const struct interp *interp, const struct instruction *insn)
{
    return interp->cpu.gpr[insn->base] + insn->displacement;
}

/* A push of 32 bits. */
#define PUSH_STEP(name, what)                                                                               \
    STEP(name)                                                                                              \
    {                                                                                                       \
        uint32_t offset = interp->cpu.gpr[GPR_ESP] - 4;                                                     \
        loose32_t *top = plain_stack(interp, offset, 4);                                                    \
        if (top == NULL)                                                                                    \
            STACK_ELSEWHERE();                                                                              \
        *top = what;                                                                                        \
        interp->cpu.gpr[GPR_ESP] = offset;                                                                  \
        NEXT();                                                                                             \
    }

#endif
