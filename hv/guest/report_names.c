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
    else if (vector == HV_SLOT_CHILD)
        format_string(text, text_bytes, "child");
    else if (vector == HV_SLOT_MESSAGE)
        format_string(text, text_bytes, "message");
    else if (vector == HV_INT_VECTOR)
        format_string(text, text_bytes, "hypercall");
    else
        format_string(text, text_bytes, "INT 0x%02x", vector);
}

const char *report_call_name(uint32_t number, bool may_control)
{
    switch (number) {
#define X(call_number, NAME, name, words) \
    case call_number:                     \
        return #name;
    HV_CALLS(X)
#undef X
#define X(call_number, NAME, name, words) \
    case call_number:                     \
        return may_control ? #name : NULL;
    HV_CONTROL_CALLS(X)
#undef X
    default:
        return NULL;
    }
}

const char *const *report_call_words(uint32_t number)
{
    static const struct {
        uint32_t number;
        const char *words[REPORT_CALL_WORDS + 1];
    } calls[] = {
        { HV_CALL_EXIT, { "status" } },
        { HV_CALL_IRET, { "eip", "eflags", "esp", "esp0", "eax" } },
        { HV_CALL_SETIDT, { "slot", "eip", "privileged" } },
        { HV_CALL_SETPD, { "pd", "wp" } },
        { HV_CALL_ADJUSTPG, { "gva" } },
        { HV_CALL_PRINT, { "len", "buf" } },
        { HV_CALL_CONS_SET_TERM_COLOR, { "color" } },
        { HV_CALL_CONS_SET_CURSOR_POS, { "row", "col" } },
        { HV_CALL_CONS_GET_CURSOR_POS, { "row", "col" } },
        { HV_CALL_PRINT_AT, { "len", "buf", "row", "col", "color" } },
        { HV_CALL_COUNTERS, { "to", "bytes" } },
        { HV_CALL_START, { "start", "bytes" } },
        { HV_CALL_STATE, { "id", "what", "to", "bytes" } },
        { HV_CALL_SIGNAL, { "id", "what" } },
        { HV_CALL_VIEW, { "id" } },
        { HV_CALL_LIST, { "what", "from", "to", "count" } },
    };

    for (unsigned i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        if (calls[i].number == number)
            return calls[i].words;
    return NULL;
}

uint32_t report_call_word_count(uint32_t number, bool may_control)
{
    switch (number) {
#define X(call_number, NAME, name, words) \
    case call_number:                     \
        return words;
    HV_CALLS(X)
#undef X
#define X(call_number, NAME, name, words) \
    case call_number:                     \
        return may_control ? words : 0;
    HV_CONTROL_CALLS(X)
#undef X
    default:
        return 0;
    }
}

void report_format_place(const struct image_place *place, char *text, size_t text_bytes)
{
    size_t used = format_string(text, text_bytes, "0x%08x", place->address);

    if (place->name != NULL && used < text_bytes)
        used += format_string(text + used, text_bytes - used, " %.*s+0x%x", place->name_bytes, place->name,
                              place->offset);
    if (place->file != NULL && used < text_bytes)
        format_string(text + used, text_bytes - used, " (%.*s:%u)", place->file_bytes, place->file, place->line);
    for (char *at = text; *at != '\0'; at++)
        *at = *at >= ' ' && *at <= '~' ? *at : '?';
}
