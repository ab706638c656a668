/*
 * report_text.c - a report from facts (PURE): docs/operator.md "Crash reports".
 *
 * It fits one screen. So the parts that are always there come first, and the rows that they leave go to the backtrace
 * and the last events; the rest of those is told elsewhere.
 */
#include "guest/report_text.h"

#include "base/string.h"
#include "base/text.h"
#include "cpu/opcodes.h"
#include "cpu/vectors.h"
#include "guest/report_advice.h"
#include "guest/report_names.h"

#define LINE_BYTES 480
#define PLACE_BYTES 160
#define EVENTS_LEAST 3u             /* that are shown before more of the backtrace is */

struct text {
    char *bytes;
    size_t size_bytes, length;
    unsigned rows, rows_most;       /* on a screen */
    bool is_full;
};

static unsigned count_rows(const char *line)
{
    unsigned rows = 0;

    for (const char *next; line != NULL; line = next) {
        (void)text_wrap(line, REPORT_COLUMNS, &next);
        rows++;
    }
    return rows;
}

/*
 * Append one whole line, or nothing when it has no row, and nothing from then on when it has no room. Names come from
 * the guest's image: what cannot be shown becomes '?'. True: it is there.
 */
static __attribute__((format(printf, 2, 3))) bool add_report_line(struct text *text, const char *format, ...)
{
    char line[LINE_BYTES];
    va_list arguments;

    va_start(arguments, format);
    format_string_v(line, sizeof(line), format, arguments);
    va_end(arguments);
    size_t length = strlen(line);
    unsigned rows = count_rows(line);
    if (text->rows + rows > text->rows_most)
        return false;
    if (text->is_full || text->size_bytes - text->length < length + 2) {
        text->is_full = true;
        return false;
    }
    for (size_t i = 0; i < length; i++)
        text->bytes[text->length + i] = line[i] >= ' ' && line[i] <= '~' ? line[i] : '?';
    text->bytes[text->length + length] = '\n';
    text->length += length + 1;
    text->bytes[text->length] = '\0';
    text->rows += rows;
    return true;
}

static bool add_place(struct text *text, const char *label, const struct image_place *place, const char *after)
{
    char shown[PLACE_BYTES];

    report_format_place(place, shown, sizeof(shown));
    return add_report_line(text, "%s %s%s", label, shown, after);
}

static void add_event(struct text *text, const struct report_facts *facts)
{
    const struct trap_frame *frame = facts->frame;
    uint32_t vector = (uint32_t)frame->vector;
    uint32_t error = (uint32_t)frame->error;
    const char *call = report_call_name((uint32_t)frame->eax, facts->may_control);
    char name[40];

    report_name_vector(vector, name, sizeof(name));
    if (vector == HV_INT_VECTOR)
        add_report_line(text, "event: hypercall 0x%x %s", (uint32_t)frame->eax, call != NULL ? call : "(no such call)");
    else if (vector == EXC_PF)
        add_report_line(text, "event: %s of 0x%08x, error code 0x%x (%s, %s, by %s)", name, facts->fault_address, error,
                        error & PF_PRESENT ? "rights" : "not present", error & PF_WRITE ? "write" : "read or fetch",
                        error & PF_USER ? "user" : "kernel");
    else if (vector < EXC_COUNT)
        add_report_line(text, "event: %s, error code 0x%x", name, error);
    else if (vector >= VECTOR_TIMER)
        add_report_line(text, "event: a virtual interrupt was due");
    else
        add_report_line(text, "event: %s", name);
}

/* Of a guest that has not crashed: where it was seen, and what waits. */
static void add_state(struct text *text, const struct report_facts *facts)
{
    for (unsigned i = 0; i < facts->often_count; i++) {
        char count[40];
        format_string(count, sizeof(count), ", %u of %u times", facts->often[i].count, facts->often_of);
        add_place(text, i == 0 ? "often at:" : "      at:", &facts->often[i].place, count);
    }
    add_report_line(text, "%s; waiting: %s%u keys; slot of the timer %s, of the keyboard %s",
                    facts->is_halted     ? "asleep in HLT"
                    : facts->is_spinning ? "in a loop that does nothing"
                    : facts->is_blocked  ? "waits for the serial line"
                                         : "busy",
                    facts->tick_waits ? "a tick, " : "", facts->keys_wait,
                    facts->timer_handler ? "filled" : "empty", facts->keyboard_handler ? "filled" : "empty");
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

/* The words at ESP; those of a call with the names of its arguments. */
static void add_stack(struct text *text, const struct report_facts *facts)
{
    char words[12 * REPORT_STACK_WORDS + 80] = "";
    uint32_t number = (uint32_t)facts->frame->eax;
    bool is_call = facts->kind == REPORT_CRASH && facts->frame->vector == HV_INT_VECTOR &&
                   report_call_name(number, facts->may_control) != NULL;
    const char *const *names = is_call ? report_call_words(number) : NULL;
    uint32_t esp = (uint32_t)facts->frame->esp;
    size_t used = 0;

    if (facts->stack_count == 0) {
        bool may_be_empty = esp != 0 && (esp & PAGE_MASK) == 0;
        add_report_line(text, "stack: cannot be read at esp 0x%08x%s", esp,
                        may_be_empty ? " (empty, if it ends there)" : "");
        return;
    }
    for (unsigned i = 0; i < facts->stack_count; i++) {
        bool is_named = names != NULL && names[i] != NULL;
        if (names != NULL && !is_named)
            break;
        used += format_string(words + used, sizeof(words) - used, is_named ? " %s=%08x" : " %.0s%08x",
                              is_named ? names[i] : "", facts->stack[i]);
    }
    add_report_line(text, "%s at 0x%08x:%s", names != NULL ? "words" : "stack", esp, words);
}

static void add_registers(struct text *text, const struct trap_frame *frame, uint32_t esp0)
{
    add_report_line(text, "eax=%08x ebx=%08x ecx=%08x edx=%08x esi=%08x edi=%08x", (uint32_t)frame->eax,
                    (uint32_t)frame->ebx, (uint32_t)frame->ecx, (uint32_t)frame->edx, (uint32_t)frame->esi,
                    (uint32_t)frame->edi);
    add_report_line(text, "ebp=%08x esp=%08x eip=%08x eflags=%08x esp0=%08x", (uint32_t)frame->ebp,
                    (uint32_t)frame->esp, (uint32_t)frame->eip, (uint32_t)frame->eflags, esp0);
}

static bool add_one_event(struct text *text, const struct report_facts *facts, unsigned age)
{
    const struct guest_event *event = &facts->events->ring[(events_count(facts->events) - 1 - age) % GUEST_EVENTS];
    const char *call = report_call_name(event->kind - GUEST_EVENT_CALL, true);
    char name[40], label[48], detail[24];

    report_name_vector(event->kind, name, sizeof(name));
    if (event->kind >= GUEST_EVENT_CALL)
        format_string(label, sizeof(label), "  hv_%s at", call != NULL ? call : "?");
    else
        format_string(label, sizeof(label), "  %s at", name);
    format_string(detail, sizeof(detail), ", 0x%08x", event->detail);
    return add_place(text, label, &facts->event_places[age], detail);
}

/* As many as have rows, from one on; how many are done then. */
static unsigned add_events(struct text *text, const struct report_facts *facts, unsigned from)
{
    unsigned count = report_count_events(facts->events), age = from;

    if (count > from)
        (void)add_report_line(text, from == 0 ? "last events, newest first:" : "events before:");
    while (age < count && add_one_event(text, facts, age))
        age++;
    return age;
}

static unsigned add_trace(struct text *text, const struct report_facts *facts, unsigned from)
{
    unsigned i = from;

    if (facts->backtrace_count > from)
        (void)add_report_line(text, from == 0 ? "backtrace:" : "backtrace goes on:");
    while (i < facts->backtrace_count && add_place(text, "  from", &facts->backtrace[i], ""))
        i++;
    return i;
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

/* What every report has, down to who called. */
static void add_facts(struct text *text, const struct report_facts *facts)
{
    static const char *const kinds[] = { "crash: ", "timeout: ", "" };
    char mode[80];

    if (facts->reason[0] != '\0')
        add_report_line(text, "%s%s", kinds[facts->kind], facts->reason);
    if (facts->kind == REPORT_CRASH)
        add_event(text, facts);
    format_string(mode, sizeof(mode), ", guest %s, paging %s, virtual interrupts %s",
                  facts->is_user ? "user" : "kernel", facts->is_paging ? "on" : "off",
                  facts->virtual_if ? "on" : "off");
    add_place(text, "at:", &facts->place, mode);
    if (facts->kind != REPORT_CRASH)
        add_state(text, facts);
    add_code(text, facts);
    add_registers(text, facts->frame, facts->esp0);
    add_stack(text, facts);
    if (facts->is_outside_code)
        add_report_line(text, "EIP lies in no code of the image");
    if (facts->kind == REPORT_CRASH && facts->entry.found != GSPACE_RAM)
        add_report_line(text, "tables for 0x%08x: %s", facts->explained, facts->explanation);
    if (facts->has_caller)
        add_place(text, "called from:", &facts->caller, "");
}

void report_format(const struct report_facts *facts, char *bytes, size_t size_bytes, struct report_shown *shown)
{
    struct text text = { .bytes = bytes, .size_bytes = size_bytes, .rows_most = UINT32_MAX };
    char advice[REPORT_ADVICE_BYTES + 16] = "Look at: ";
    unsigned events = report_count_events(facts->events);

    bytes[0] = '\0';
    report_advise(facts, advice + strlen(advice), REPORT_ADVICE_BYTES);
    unsigned most = REPORT_ROWS - count_rows(advice);
    add_facts(&text, facts);
    if (facts->backtrace_count == 0)
        add_report_line(&text, facts->is_user ? "backtrace: none (ebp holds no frame pointer of guest user)"
                                              : "backtrace: none (ebp holds no frame pointer)");
    text.rows_most = most - 1 - (events < EVENTS_LEAST ? events : EVENTS_LEAST);
    shown->backtrace = add_trace(&text, facts, 0);
    text.rows_most = most;
    shown->events = add_events(&text, facts, 0);
    text.rows_most = UINT32_MAX;
    if (events == 0)
        add_report_line(&text, "last events: none");
    add_report_line(&text, "%s", advice);
}

void report_format_rest(const struct report_facts *facts, const struct report_shown *shown, char *bytes,
                        size_t size_bytes)
{
    struct text text = { .bytes = bytes, .size_bytes = size_bytes, .rows_most = UINT32_MAX };

    bytes[0] = '\0';
    (void)add_trace(&text, facts, shown->backtrace);
    (void)add_events(&text, facts, shown->events);
}
