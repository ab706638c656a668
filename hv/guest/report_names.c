/*
 * report_names.c - see report_names.h.
 */
#include "guest/report_names.h"

#include "base/format.h"
#include "cpu/x86.h"
#include "pebpeb.h"

static const char *const exception_names[EXC_COUNT] = {
    [EXC_DE] = "#DE (divide error)",
    [EXC_DB] = "#DB (debug)",
    [EXC_NMI] = "NMI",
    [EXC_BP] = "#BP (breakpoint)",
    [EXC_OF] = "#OF (overflow)",
    [EXC_BR] = "#BR (bound range exceeded)",
    [EXC_UD] = "#UD (invalid opcode)",
    [EXC_NM] = "#NM (no FPU)",
    [EXC_DF] = "#DF (double fault)",
    [EXC_TS] = "#TS (invalid TSS)",
    [EXC_NP] = "#NP (segment not present)",
    [EXC_SS] = "#SS (stack segment fault)",
    [EXC_GP] = "#GP (general protection)",
    [EXC_PF] = "#PF (page fault)",
    [EXC_MF] = "#MF (FPU error)",
    [EXC_AC] = "#AC (alignment check)",
    [EXC_MC] = "#MC (machine check)",
    [EXC_XM] = "#XM (SIMD error)",
};

void report_name_vector(uint32_t vector, char *text, size_t text_bytes)
{
    if (vector < EXC_COUNT && exception_names[vector] != NULL)
        format_string(text, text_bytes, "%s", exception_names[vector]);
    else if (vector == HV_SLOT_TIMER)
        format_string(text, text_bytes, "timer");
    else if (vector == HV_SLOT_KEYBOARD)
        format_string(text, text_bytes, "keyboard");
    else if (vector == HV_INT_VECTOR)
        format_string(text, text_bytes, "hypercall");
    else
        format_string(text, text_bytes, "INT 0x%02x", vector);
}

const char *report_call_name(uint32_t number)
{
    switch (number) {
#define X(call_number, NAME, name, words) \
    case call_number:                     \
        return #name;
    HV_CALLS(X)
#undef X
    default:
        return NULL;
    }
}
