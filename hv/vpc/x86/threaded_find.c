/*
 * threaded_find.c - which instruction has which step (PURE).
 */
#include "vpc/x86/threaded.h"

/* A form that steps are made for. On bytes, the operand's size is no matter. */
static bool is_common(const struct instruction *insn)
{
    return !instruction_is_16bit_address(insn) && insn->operand_bytes == 4;
}

step_t threaded_find(const struct instruction *insn)
{
    static step_t (*const finders[])(const struct instruction *insn) = {
        threaded_arith_find, threaded_shift_find, threaded_move_find, threaded_stack_find,
        threaded_branch_find, threaded_flags_find, threaded_event_find, threaded_port_find,
        threaded_space_find,
    };
    bool is_single = is_common(insn) && insn->repeat == 0;
    step_t step = NULL;

    if (is_common(insn) && insn->repeat == PREFIX_REP)
        step = threaded_string_find(insn);
    for (unsigned i = 0; is_single && step == NULL && i < sizeof(finders) / sizeof(finders[0]); i++)
        step = finders[i](insn);
    return step != NULL ? step : step_generally;
}
