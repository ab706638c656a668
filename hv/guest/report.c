/*
 * report.c - collect what a report says, while the guest's memory is still there.
 *
 * Everything is read by gmem_peek: the guest has ended for one reason, which the report is about, and a stack or a
 * table that cannot be read must not become another. What cannot be read is left out, and the report says so. How it is
 * told is report_text.c's, and what to look at next report_advice.c's: both work on values, so that host tests can show
 * them every case.
 */
#include "guest/report.h"

#include "base/string.h"
#include "cpu/opcodes.h"
#include "cpu/vectors.h"
#include "guest/gmem.h"
#include "guest/guest.h"
#include "guest/image_lines.h"
#include "guest/image_symbols.h"
#include "guest/inject.h"
#include "guest/report_caller.h"
#include "guest/report_names.h"
#include "pagetable/gwalk.h"

static unsigned read_code(struct guest *guest, uint8_t code[REPORT_CODE_BYTES])
{
    uint32_t eip = (uint32_t)guest->state.frame.eip;
    unsigned count = 0;

    while (count < REPORT_CODE_BYTES && gmem_peek(guest, GVA(eip + count), &code[count], 1, NULL))
        count++;
    return count;
}

static unsigned read_stack(struct guest *guest, uint32_t stack[REPORT_STACK_WORDS])
{
    uint32_t esp = (uint32_t)guest->state.frame.esp;
    unsigned count = 0;

    while (count < REPORT_STACK_WORDS && report_peek(guest, esp + 4 * count, &stack[count]))
        count++;
    return count;
}

/* The vIDT slot that the event goes through: host interrupts become timer ticks or keys. */
static uint32_t event_slot(const struct guest *guest)
{
    if (guest->state.frame.vector < VECTOR_TIMER)
        return (uint32_t)guest->state.frame.vector;
    return guest->state.idt[HV_SLOT_TIMER].eip == 0 ? HV_SLOT_TIMER : HV_SLOT_KEYBOARD;
}

/* The first byte that cannot be read, of so many; the last one's when all can. Bound: the pages of a print. */
static uint32_t find_unreadable(struct guest *guest, uint32_t from, uint32_t bytes)
{
    uint8_t byte;

    while (bytes > 1 && gmem_peek(guest, GVA(from), &byte, 1, NULL)) {
        uint32_t step = PAGE_SIZE - (from & PAGE_MASK);
        step = step < bytes ? step : bytes - 1;
        from += step;
        bytes -= step;
    }
    return from;
}

/* Where a frame of an event had to go and cannot: the first word that is pushed, or where that fits, the last. */
static uint32_t choose_in_frame(struct guest *guest, const struct report_facts *facts)
{
    uint32_t stack = facts->is_user ? facts->esp0 : (uint32_t)facts->frame->esp;
    uint32_t words = facts->is_user ? INJECT_USER_WORDS : INJECT_KERNEL_WORDS;
    struct gspace_entry first = gspace_look(&guest->space, GVA(stack - INJECT_WORD_BYTES));
    bool is_writable = first.pde & first.pte & GPTE_W || !guest->state.paging.wp;

    if (first.found == GSPACE_RAM || (first.found == GSPACE_PAGE && is_writable))
        return stack - words * INJECT_WORD_BYTES;
    return stack - INJECT_WORD_BYTES;
}

/* The address whose tables matter: what the call could not read, the stack that takes no event, the fault, or EIP. */
static uint32_t choose_explained(struct guest *guest, const struct report_facts *facts)
{
    const struct trap_frame *frame = &guest->state.frame;
    uint32_t words = report_call_word_count((uint32_t)frame->eax, facts->may_control);
    bool is_print = frame->eax == HV_CALL_PRINT || frame->eax == HV_CALL_PRINT_AT;

    if (facts->kind != REPORT_CRASH)
        return facts->place.address;
    if (frame->vector == HV_INT_VECTOR && facts->stack_count < words)
        return (uint32_t)frame->esp + 4 * facts->stack_count;
    if (frame->vector == HV_INT_VECTOR && is_print && facts->stack[0] <= HV_PRINT_MAX_BYTES)
        return find_unreadable(guest, facts->stack[1], facts->stack[0]);
    if (frame->vector == HV_INT_VECTOR)
        return frame->eax == HV_CALL_CONS_GET_CURSOR_POS ? facts->fault_address : facts->place.address;
    if (facts->handler != 0)
        return choose_in_frame(guest, facts);
    return frame->vector == EXC_PF ? facts->fault_address : facts->place.address;
}

/*
 * Give every place its name, and those of the guest's own path its line. Bound: IMAGE_SYMBOL_STEPS and
 * IMAGE_LINE_STEPS, nearly all that a report costs.
 */
static void name_places(const struct guest *guest, struct report_facts *facts)
{
    struct image_place *places[4 + REPORT_OFTEN_MAX + REPORT_BACKTRACE_MAX + GUEST_EVENTS];
    uint64_t ever = events_count(facts->events);
    unsigned count = 0;

    places[count++] = &facts->place;
    places[count++] = &facts->caller;
    places[count++] = &facts->nested_first;
    for (unsigned i = 0; i < facts->often_count; i++)
        places[count++] = &facts->often[i].place;
    for (unsigned i = 0; i < facts->backtrace_count; i++)
        places[count++] = &facts->backtrace[i];
    image_lines_find(&guest->image, places, count);
    for (unsigned age = 0; age < report_count_events(facts->events); age++) {
        const struct guest_event *event = &facts->events->ring[(ever - 1 - age) % GUEST_EVENTS];
        facts->event_places[age].address = event->eip - (event->kind >= GUEST_EVENT_CALL ? INT_BYTES : 0);
        places[count++] = &facts->event_places[age];
    }
    image_symbols_name(&guest->image, places, count);
}

/* The commonest of the moments at which the guest was seen, and of its last ticks. Bound: 32 of them, squared. */
static void count_often(const struct guest *guest, struct report_facts *facts)
{
    uint32_t seen[GUEST_SEEN + GUEST_EVENTS], times[GUEST_SEEN + GUEST_EVENTS] = { 0 };
    unsigned count = 0;

    for (unsigned i = 0; i < GUEST_SEEN && i < guest->seen.count; i++)
        seen[count++] = guest->seen.eips[i];
    for (unsigned i = 0; i < GUEST_EVENTS; i++)
        if (guest->events.ring[i].kind == HV_SLOT_TIMER)
            seen[count++] = guest->events.ring[i].eip;
    facts->often_of = count;
    for (unsigned i = 0; i < count; i++)
        for (unsigned first = 0; first <= i; first++)
            if (seen[first] == seen[i]) {
                times[first]++;
                break;
            }
    for (facts->often_count = 0; facts->often_count < REPORT_OFTEN_MAX; facts->often_count++) {
        unsigned most = 0;
        for (unsigned i = 1; i < count; i++)
            most = times[i] > times[most] ? i : most;
        if (count == 0 || times[most] == 0)
            break;
        facts->often[facts->often_count] = (struct report_often){ { .address = seen[most] }, times[most] };
        times[most] = 0;
    }
}

/* Seen in the handler of a tick, and behind a HLT most times else: what it does is sleep. */
static bool is_mostly_asleep(struct guest *guest, const struct report_facts *facts)
{
    const struct report_often *most = &facts->often[0];
    uint8_t before;

    return facts->often_count > 0 && 2 * most->count > facts->often_of &&
           gmem_peek(guest, GVA(most->place.address - 1), &before, 1, NULL) && before == OPCODE_HLT;
}

/* It would be guest user, if esp0 of the last hv_iret had not been 0. */
static bool is_in_user_page(const struct guest *guest, const struct report_facts *facts)
{
    struct gspace_entry entry = gspace_look(&guest->space, GVA(facts->place.address));

    return facts->is_outside_code && entry.found == GSPACE_PAGE && (entry.pde & entry.pte & PF_USER) != 0;
}

static void collect(struct guest *guest, struct report_facts *facts)
{
    const struct image_bytes *image = &guest->image;
    uint32_t eip = facts->place.address;

    facts->code_count = read_code(guest, facts->code);
    facts->stack_count = read_stack(guest, facts->stack);
    facts->is_outside_code = image->bytes != NULL && !facts->is_user && !image_has_code(image, eip);
    facts->is_in_user_page = is_in_user_page(guest, facts);
    report_find_caller(guest, facts);
    if (facts->kind != REPORT_CRASH)
        count_often(guest, facts);
    facts->is_halted |= guest->life.activity == GUEST_READY && is_mostly_asleep(guest, facts);
    facts->explained = choose_explained(guest, facts);
    facts->entry = gspace_look(&guest->space, GVA(facts->explained));
    gspace_explain(&guest->space, GVA(facts->explained), facts->explanation, sizeof(facts->explanation));
    name_places(guest, facts);
}

static void write_texts(const struct report_facts *facts, char *text, size_t text_bytes, struct report_texts *texts)
{
    struct report_shown shown;
    size_t used;

    texts->report = text;
    report_format(facts, text, text_bytes, &shown);
    used = strlen(text) + 1;
    texts->rest = text + used;
    report_format_rest(facts, &shown, text + used, text_bytes - used);
    texts->bytes = used + strlen(text + used) + 1;
}

void report_write(struct guest *guest, enum report_kind kind, const char *reason, char *text, size_t text_bytes,
                  struct report_texts *texts)
{
    struct report_facts facts = {
        .kind = kind,
        .reason = reason,
        .advice = guest->strict_advice,
        .frame = &guest->state.frame,
        .events = &guest->events,
        .place = { .address = (uint32_t)guest->state.frame.eip },
        .fault_address = guest->fault_address,
        .memory_bytes = guest->ram.bytes,
        .esp0 = guest->state.esp0,
        .handler = guest->state.idt[event_slot(guest)].eip,
        .timer_handler = guest->state.idt[HV_SLOT_TIMER].eip != 0,
        .keyboard_handler = guest->state.idt[HV_SLOT_KEYBOARD].eip != 0,
        .is_user = guest_is_user(guest),
        .may_control = guest->family.rights.control,
        .is_paging = guest->state.paging.is_on,
        .virtual_if = guest->state.virq.enabled,
        .is_halted = guest->life.activity == GUEST_HALTED,
        .is_spinning = guest->life.activity == GUEST_SPINNING,
        .is_blocked = guest->life.activity == GUEST_BLOCKED,
        .tick_waits = virq_has(&guest->state.virq, VIRQ_TIMER),
        .keys_wait = guest->state.virq.key_count,
        .lacks_memory = guest->life.lacks_memory,
    };

    collect(guest, &facts);
    report_format_registers(&guest->state.frame, guest->life.registers, sizeof(guest->life.registers));
    write_texts(&facts, text, text_bytes, texts);
}
