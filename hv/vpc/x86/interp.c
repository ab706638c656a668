/*
 * interp.c - the loop: fetch, execute, see to what came in between (PURE).
 *
 * One test decides whether anything is to be seen to first: has_attention. Everything that could make a difference
 * between two instructions (an interrupt, an NMI, TF, a shadow after STI or MOV SS, a halt, a stop) sets it
 * through state_refresh_attention, and the slow loop sorts it out. The fast one is threaded code (threaded.h), which
 * comes back when what it goes on with is not plain.
 *
 * A handler changes nothing before its last possible fault. It returns false with interp->trouble set, and the
 * instruction has then not happened: EIP goes back to its first byte.
 */
#include "vpc/x86/interp.h"

#include "base/string.h"
#include "vpc/x86/event.h"
#include "vpc/x86/fault.h"
#include "vpc/x86/fetch.h"
#include "vpc/x86/flags.h"
#include "vpc/x86/operations.h"
#include "vpc/x86/state.h"
#include "vpc/x86/watch.h"

#define DR6_BS (1u << 14)

void interp_forget(struct interp *interp)
{
    state_forget_translations(interp);
}

void interp_flush(struct interp *interp)
{
    state_forget_translations(interp);
    interp->cpu.gpr[GPR_NONE] = 0;
    state_refresh_rights(interp);
    state_refresh_segments(interp);
}

void interp_init(struct interp *interp, const struct bus *bus)
{
    memset(interp, 0, sizeof(*interp));
    interp->bus = bus;
    vcpu_reset(&interp->cpu);
    fetch_forget(interp);
    state_forget_tables(interp);                /* generation 0 is what was never known */
    interp->view = interp->views;
    for (unsigned i = 0; i < VIEWS; i++)
        interp->views[i].filled_count = FILLED_MAX + 1;     /* all zero is no empty entry */
    interp_flush(interp);
}

void interp_notice(struct interp *interp)
{
    state_refresh_attention(interp);
}

/* One of the instructions asked for is used up, and none is done. */
static void pass(struct interp *interp)
{
    interp->fuel--;
    interp->cpu.retired--;
}

/*
 * After a handler gave false: EIP is at the instruction again, and its fault is delivered; that may fault, too (event.c
 * makes a double fault of it). false: the run ends, as the trouble is no fault of the guest's but a reason to come
 * back.
 */
static __attribute__((noinline)) bool recover(struct interp *interp)
{
    struct trouble trouble = interp->trouble;

    interp->cpu.eip = interp->start_eip;
    if (trouble.kind == TROUBLE_EXIT)
        return false;
    pass(interp);
    return event_deliver(interp, (struct event){ .vector = trouble.vector, .has_error = trouble.has_error,
                                                 .error = trouble.error, .is_fault = true });
}

/* Instructions, as long as none needs attention and the fuel lasts. false: one faulted, the trouble is in interp. */
static bool execute(struct interp *interp)
{
    const struct memo *memo = fetch(interp);

    if (memo == NULL)
        return false;
    if (interp->has_attention)
        return true;            /* a page of RAM that is not to be had ends the run; then this is fetched again */
    return memo->step(interp, memo, interp->start_eip + memo->insn.length, interp->code.delta);
}

/* A single one. */
static bool execute_one(struct interp *interp, const struct memo *memo)
{
    /*
     * Before the handler: what EIP is relative to (jumps, calls) is the next instruction. start_eip has the first byte.
     */
    interp->cpu.eip += memo->insn.length;
    if (!memo->handler(interp, &memo->insn))
        return false;
    interp->fuel--;
    return true;
}

static bool deliver_interrupt(struct interp *interp, uint8_t vector)
{
    interp->cpu.is_halted = false;
    pass(interp);
    return event_deliver(interp, (struct event){ .vector = vector, .is_interrupt = true });
}

/*
 * An interrupt that may come now: 1 it came, 0 there is none, -1 the run ends. SDM vol. 3 "Priority Among Concurrent
 * Events": NMI before the others. NMIs wait while one is handled, until IRET. After MOV SS or POP SS neither may come,
 * so that ESP can be loaded with it; after STI only the maskable ones wait: SDM vol. 2 "STI", "MOV".
 */
static int take_interrupt(struct interp *interp)
{
    struct vcpu *cpu = &interp->cpu;

    if (cpu->has_nmi && !cpu->is_in_nmi && cpu->shadow != SHADOW_SS) {
        cpu->has_nmi = false;
        cpu->is_in_nmi = true;
        return deliver_interrupt(interp, EXC_NMI) ? 1 : -1;
    }
    if (!(cpu->eflags & EFLAGS_IF) || cpu->shadow != SHADOW_NONE)
        return 0;
    if (cpu->has_interrupt)
        return deliver_interrupt(interp, interp->bus->acknowledge(interp->bus->context)) ? 1 : -1;
    return interp->wants_window ? (leave(interp, EXIT_WINDOW), -1) : 0;
}

/*
 * INT n, INT3, INTO and INT1 cleared TF on their way to a handler, which is not trapped: SDM vol. 3 "Single-Step
 * Exception Condition".
 */
static bool went_to_handler(const struct interp *interp, const struct instruction *insn)
{
    bool is_int = insn->map == MAP_ONE_BYTE && ((insn->opcode >= 0xCC && insn->opcode <= 0xCE) || insn->opcode == 0xF1);

    return is_int && !(interp->cpu.eflags & EFLAGS_TF);
}

/*
 * The instruction that follows, with a trap behind it if TF was set before: an instruction that sets TF is not itself
 * trapped, one that clears it is, but for those that end in a handler. One that begins a shadow of SS puts the trap off
 * to the end of the next: SDM vol. 3 "Single-Step Exception Condition". false: the run ends.
 */
static bool execute_attended(struct interp *interp)
{
    struct vcpu *cpu = &interp->cpu;
    bool traps = cpu->eflags & EFLAGS_TF;

    cpu->shadow = SHADOW_NONE;
    const struct memo *memo = fetch(interp);
    if (memo == NULL || !execute_one(interp, memo))
        return recover(interp);
    if (!traps || cpu->shadow == SHADOW_SS || went_to_handler(interp, &memo->insn))
        return true;
    cpu->is_halted = false;                     /* SDM vol. 2 "HLT": a debug exception goes on behind it */
    cpu->dr[6] |= DR6_BS;
    return event_deliver(interp, (struct event){ .vector = EXC_DB });
}

/* An interrupt, or an instruction. false: the run ends. */
static ALWAYS_INLINE bool attend_by(struct interp *interp, bool (*execute_next)(struct interp *interp))
{
    int taken = take_interrupt(interp);

    if (taken < 0)
        return false;
    if (taken == 0 && interp->cpu.is_halted)
        return leave(interp, EXIT_HLT);
    bool goes_on = taken > 0 || execute_next(interp);
    state_refresh_attention(interp);
    return goes_on;
}

/* #DB, with what of DR6 is to be told besides the hits on data. The processor clears none but the hits before. */
static bool deliver_debug(struct interp *interp, uint32_t told)
{
    struct vcpu *cpu = &interp->cpu;

    cpu->dr[6] = (cpu->dr[6] & ~DR6_HITS) | cpu->data_hits | told;
    cpu->data_hits = 0;
    cpu->is_halted = false;
    return event_deliver(interp, (struct event){ .vector = EXC_DB });
}

/*
 * RF, which no other instruction gives, is in the flags that IRET takes from the stack: SDM vol. 3 "Instruction-
 * Breakpoint Exception Condition". Outside of this file nobody needs to know it.
 */
static uint32_t flags_to_come(struct interp *interp, const struct instruction *insn)
{
    uint32_t flags = 0;
    bool is_iret = insn->map == MAP_ONE_BYTE && insn->opcode == 0xCF && insn->operand_bytes == 4;

    return is_iret && peek_value(interp, 8, 4, &flags) ? flags & EFLAGS_RF : 0;
}

/*
 * The same while a breakpoint is on: one on code is a fault before the instruction, unless RF is set, one on data a
 * trap behind it. A string instruction that is not through keeps RF.
 */
static bool execute_watched(struct interp *interp)
{
    struct vcpu *cpu = &interp->cpu;
    uint32_t resumes = cpu->eflags & EFLAGS_RF, hits = resumes ? 0 : watch_code(interp);
    uint32_t traps = cpu->eflags & EFLAGS_TF ? DR6_BS : 0;

    if (hits != 0) {
        pass(interp);
        return deliver_debug(interp, hits);
    }
    const struct memo *memo = fetch(interp);
    if (memo == NULL)
        return recover(interp);
    uint32_t rf = flags_to_come(interp, &memo->insn);
    cpu->eflags &= ~EFLAGS_RF;
    cpu->shadow = SHADOW_NONE;
    if (!execute_one(interp, memo)) {
        cpu->data_hits = 0;
        return recover(interp);
    }
    if (went_to_handler(interp, &memo->insn))
        traps = 0;
    cpu->eflags |= rf | (memo->insn.repeat && cpu->eip == interp->start_eip ? resumes : 0);
    if ((traps | cpu->data_hits) == 0 || cpu->shadow == SHADOW_SS)
        return true;
    return deliver_debug(interp, traps);
}

/* A stop, or breakpoints: one on data may be hit by an event's own stores, and traps before that event's handler. */
static __attribute__((noinline)) bool attend_paused(struct interp *interp)
{
    if (interp_is_stopping(interp))
        return leave(interp, EXIT_STOP);
    if (interp->cpu.data_hits == 0 || interp->cpu.shadow == SHADOW_SS)
        return attend_by(interp, execute_watched);
    pass(interp);
    bool goes_on = deliver_debug(interp, 0);
    state_refresh_attention(interp);
    return goes_on;
}

/* What has_attention stands for. false: the run ends. */
static __attribute__((noinline)) bool attend(struct interp *interp)
{
    return interp->pauses ? attend_paused(interp) : attend_by(interp, execute_attended);
}

enum exit_reason interp_run(struct interp *interp, uint64_t instructions)
{
    enum exit_reason reason = EXIT_BUDGET;

    /*
     * During a run the arithmetic flags are kept as the last result and its carries (flags.h); cpu.eflags has them
     * between runs.
     */
    flags_set_arithmetic(interp, interp->cpu.eflags);
    interp->pauses &= (uint8_t)~INTERP_PAUSE_STOP;
    interp->long_turns = 0;
    state_refresh_attention(interp);
    interp->fuel = instructions;
    interp->cpu.retired += instructions;
    while (interp->fuel > 0) {
        bool goes_on = interp->has_attention ? attend(interp) : execute(interp) || recover(interp);
        if (!goes_on) {
            reason = interp->trouble.reason;
            break;
        }
    }
    interp->cpu.retired -= interp->fuel;
    interp->fuel = 0;
    interp->cpu.eflags = flags_read(interp);
    return reason;
}

enum exit_reason interp_deliver(struct interp *interp, uint8_t vector, bool is_interrupt, const uint32_t *error)
{
    struct event event = { .vector = vector, .is_interrupt = is_interrupt, .has_error = error != NULL,
                           .error = error != NULL ? *error : 0, .is_fault = !is_interrupt && vector != EXC_DB };

    flags_set_arithmetic(interp, interp->cpu.eflags);
    interp->cpu.is_halted = false;
    interp->cpu.shadow = SHADOW_NONE;
    bool goes_on = event_deliver(interp, event);
    interp->cpu.eflags = flags_read(interp);
    return goes_on ? EXIT_BUDGET : interp->trouble.reason;
}
