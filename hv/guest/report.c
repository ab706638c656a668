/*
 * report.c - collect what a crash report says, while the guest's memory is still there.
 *
 * Everything is read by gmem_peek: the guest has ended for one reason, which the report is about, and a stack or a
 * table that cannot be read must not become another. What cannot be read is left out, and the report says so. How it is
 * told is report_text.c's, and what to look at next report_advice.c's: both work on values, so that host tests can show
 * them every case.
 */
#include "guest/report.h"

#include "cpu/vectors.h"
#include "guest/gmem.h"
#include "guest/guest.h"
#include "guest/report_text.h"

#define FRAME_REACH_BYTES 0x100000u     /* stack frames farther apart than this are no frames */

static struct report_place find_report_place(const struct guest *guest, uint32_t address)
{
    struct report_place place = { .address = address };
    place.name = image_symbols_find(&guest->symbols, address, &place.offset);
    return place;
}

static bool peek_u32(struct guest *guest, uint32_t from, uint32_t *value)
{
    return gmem_peek(guest, GVA(from), value, sizeof(*value), NULL);
}

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

    while (count < REPORT_STACK_WORDS && peek_u32(guest, esp + 4 * count, &stack[count]))
        count++;
    return count;
}

/* Follow the frame pointers upwards. Each must lie above the last, so a loop in guest memory ends the walk. */
static unsigned read_backtrace(struct guest *guest, struct report_place backtrace[REPORT_BACKTRACE_MAX])
{
    uint32_t ebp = (uint32_t)guest->state.frame.ebp;
    unsigned count = 0;

    while (count < REPORT_BACKTRACE_MAX) {
        uint32_t next, from;
        if (!peek_u32(guest, ebp, &next) || !peek_u32(guest, ebp + 4, &from) || from == 0)
            break;
        backtrace[count++] = find_report_place(guest, from);
        if (next <= ebp || next - ebp > FRAME_REACH_BYTES)
            break;
        ebp = next;
    }
    return count;
}

/* The vIDT slot that the event goes through: host interrupts become timer ticks or keys. */
static uint32_t event_slot(const struct guest *guest)
{
    if (guest->state.frame.vector < VECTOR_TIMER)
        return (uint32_t)guest->state.frame.vector;
    return guest->state.idt[HV_SLOT_TIMER].eip == 0 ? HV_SLOT_TIMER : HV_SLOT_KEYBOARD;
}

void report_write(struct guest *guest, char *text, size_t text_bytes)
{
    bool is_fault = guest->state.frame.vector == EXC_PF;
    struct report_facts facts = {
        .reason = guest->life.reason,
        .frame = &guest->state.frame,
        .events = &guest->events,
        .place = find_report_place(guest, (uint32_t)guest->state.frame.eip),
        .fault_address = guest->fault_address,
        .memory_bytes = guest->ram.bytes,
        .esp0 = guest->state.esp0,
        .handler = guest->state.idt[event_slot(guest)].eip,
        .timer_handler = guest->state.idt[HV_SLOT_TIMER].eip != 0,
        .keyboard_handler = guest->state.idt[HV_SLOT_KEYBOARD].eip != 0,
        .is_user = guest_is_user(guest),
        .is_paging = guest->state.paging.is_on,
        .virtual_if = guest->state.virq.enabled,
        .lacks_memory = guest->life.lacks_memory,
        .explained = is_fault ? guest->fault_address : (uint32_t)guest->state.frame.eip,
    };

    facts.code_count = read_code(guest, facts.code);
    facts.stack_count = read_stack(guest, facts.stack);
    facts.backtrace_count = read_backtrace(guest, facts.backtrace);
    gspace_explain(&guest->space, GVA(facts.explained), facts.explanation, sizeof(facts.explanation));
    report_format_registers(&guest->state.frame, guest->life.registers, sizeof(guest->life.registers));
    report_format(&facts, text, text_bytes);
}
