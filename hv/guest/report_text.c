/*
 * report_text.c - a crash report from facts (PURE): docs/operator.md "Crash reports".
 */
#include "guest/report_text.h"

#include "base/format.h"
#include "base/string.h"
#include "cpu/opcodes.h"
#include "cpu/vectors.h"
#include "guest/report_names.h"

#define LINE_BYTES 480

struct text {
    char *bytes;
    size_t size_bytes, length;
    bool is_full;
};

/* Append one whole line, or nothing from then on when it does not fit. */
static __attribute__((format(printf, 2, 3))) void add_report_line(struct text *text, const char *format, ...)
{
    char line[LINE_BYTES];
    va_list arguments;

    va_start(arguments, format);
    format_string_v(line, sizeof(line), format, arguments);
    va_end(arguments);
    size_t length = strlen(line);
    if (text->is_full || text->size_bytes - text->length < length + 2) {
        text->is_full = true;
        return;
    }
    memcpy(text->bytes + text->length, line, length);
    text->bytes[text->length + length] = '\n';
    text->length += length + 1;
    text->bytes[text->length] = '\0';
}

/* Byte for byte: names come from the guest's image, and its loader made them printable. */
static void add_place(struct text *text, const char *label, const struct report_place *place, const char *after)
{
    if (place->name != NULL)
        add_report_line(text, "%s 0x%08x %s+0x%x%s", label, place->address, place->name, place->offset, after);
    else
        add_report_line(text, "%s 0x%08x%s", label, place->address, after);
}

static void add_event(struct text *text, const struct report_facts *facts)
{
    const struct trap_frame *frame = facts->frame;
    uint32_t vector = (uint32_t)frame->vector;
    uint32_t error = (uint32_t)frame->error;
    const char *call = report_call_name((uint32_t)frame->eax);
    char name[40];

    report_name_vector(vector, name, sizeof(name));
    if (vector == HV_INT_VECTOR)
        add_report_line(text, "event: hypercall 0x%x %s", (uint32_t)frame->eax, call != NULL ? call : "(no such call)");
    else if (vector == EXC_PF)
        add_report_line(text, "event: %s: %s of 0x%08x", name, error & PF_WRITE ? "write" : "read or fetch",
                        facts->fault_address);
    else if (vector < EXC_COUNT)
        add_report_line(text, "event: %s, error code 0x%x", name, error);
    else if (vector >= VECTOR_TIMER)
        add_report_line(text, "event: a virtual interrupt was due");
    else
        add_report_line(text, "event: %s", name);
}

static void add_code(struct text *text, const struct report_facts *facts)
{
    char bytes[3 * REPORT_CODE_BYTES + 1] = "";

    if (facts->code_count == 0) {
        add_report_line(text, "code: cannot be read at 0x%08x", facts->place.address);
        return;
    }
    for (unsigned i = 0; i < facts->code_count; i++)
        format_string(bytes + 3 * i, sizeof(bytes) - 3 * i, " %02x", facts->code[i]);
    add_report_line(text, "code:%s%s", bytes, facts->code_count < REPORT_CODE_BYTES ? " (then unreadable)" : "");
}

static void add_stack(struct text *text, const struct report_facts *facts)
{
    char words[9 * REPORT_STACK_WORDS + 1] = "";
    uint32_t esp = (uint32_t)facts->frame->esp;

    if (facts->stack_count == 0) {
        add_report_line(text, "stack: cannot be read at esp 0x%08x", esp);
        return;
    }
    for (unsigned i = 0; i < facts->stack_count; i++)
        format_string(words + 9 * i, sizeof(words) - 9 * i, " %08x", facts->stack[i]);
    add_report_line(text, "stack at 0x%08x:%s", esp, words);
}

/* Not the oldest: one that was recorded and taken back, since it could not be delivered, is in its place. */
static void add_events(struct text *text, const struct guest_events *events)
{
    uint64_t ever = events_count(events);
    uint32_t count = ever < GUEST_EVENTS ? (uint32_t)ever : GUEST_EVENTS - 1;

    add_report_line(text, count == 0 ? "last events: none" : "last events, newest first:");
    for (uint32_t age = 0; age < count; age++) {
        const struct guest_event *event = &events->ring[(ever - 1 - age) % GUEST_EVENTS];
        const char *call = report_call_name(event->kind - GUEST_EVENT_CALL);
        uint32_t at = event->kind >= GUEST_EVENT_CALL ? event->eip - INT_BYTES : event->eip;
        char name[40];
        report_name_vector(event->kind, name, sizeof(name));
        add_report_line(text, "  %s%s at 0x%08x, 0x%08x", event->kind >= GUEST_EVENT_CALL ? "hypercall " : "",
                        event->kind < GUEST_EVENT_CALL ? name : call != NULL ? call : "(unknown)", at, event->detail);
    }
}

void report_format_registers(const struct trap_frame *frame, char *text, size_t text_bytes)
{
    format_string(text, text_bytes,
                  "eax=0x%08x ebx=0x%08x ecx=0x%08x edx=0x%08x esi=0x%08x edi=0x%08x ebp=0x%08x esp=0x%08x "
                  "eip=0x%08x eflags=0x%08x",
                  (uint32_t)frame->eax, (uint32_t)frame->ebx, (uint32_t)frame->ecx, (uint32_t)frame->edx,
                  (uint32_t)frame->esi, (uint32_t)frame->edi, (uint32_t)frame->ebp, (uint32_t)frame->esp,
                  (uint32_t)frame->eip, (uint32_t)frame->eflags);
}

void report_format(const struct report_facts *facts, char *bytes, size_t size_bytes)
{
    struct text text = { .bytes = bytes, .size_bytes = size_bytes };
    char wide[LINE_BYTES], mode[80];

    bytes[0] = '\0';
    add_report_line(&text, "crash: %s", facts->reason);
    add_event(&text, facts);
    format_string(mode, sizeof(mode), ", guest %s, paging %s, virtual interrupts %s",
                  facts->is_user ? "user" : "kernel", facts->is_paging ? "on" : "off",
                  facts->virtual_if ? "on" : "off");
    add_place(&text, "at:", &facts->place, mode);
    add_code(&text, facts);
    report_format_registers(facts->frame, wide, sizeof(wide));
    add_report_line(&text, "registers: %s", wide);
    add_stack(&text, facts);
    if (facts->explanation[0] != '\0')
        add_report_line(&text, "tables for 0x%08x: %s", facts->explained, facts->explanation);
    add_report_line(&text, facts->backtrace_count == 0 ? "backtrace: none (ebp holds no frame pointer)" : "backtrace:");
    for (unsigned i = 0; i < facts->backtrace_count; i++)
        add_place(&text, "  from", &facts->backtrace[i], "");
    report_advise(facts, wide, sizeof(wide));
    add_events(&text, facts->events);
    add_report_line(&text, "Look at: %s", wide);
}
