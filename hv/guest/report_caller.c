/*
 * report_caller.c - see report_caller.h. Frame pointers are followed where there are some; the functions without one
 * that matter are those of hypercalls, and what a bad pointer led to.
 *
 * A word is taken for a return address when a CALL stands before the place that it names: SDM vol. 2 "CALL".
 */
#include "guest/report_caller.h"

#include "base/string.h"
#include "cpu/opcodes.h"
#include "cpu/x86.h"
#include "guest/gmem.h"
#include "guest/guest.h"
#include "guest/report_text.h"

#define FRAME_REACH_BYTES 0x100000u     /* stack frames farther apart than this are no frames */
#define NESTED_REACH_BYTES 0x10000u     /* how much of the stack is searched for event frames */
#define CHUNK_WORDS 64u
#define OPCODE_POP 0x58u                /* and the number of the register */
#define OPCODE_CALL 0xE8u
#define OPCODE_GROUP5 0xFFu             /* ModR/M reg 2: CALL by a register or memory */

bool report_peek(struct guest *guest, uint32_t from, uint32_t *value)
{
    return gmem_peek(guest, GVA(from), value, sizeof(*value), NULL);
}

static bool is_call_by_pointer(const uint8_t *code)
{
    return code[0] == OPCODE_GROUP5 && (code[1] >> 3 & 7) == 2;
}

/* Does a CALL end at this address? */
static bool is_return_address(struct guest *guest, uint32_t address)
{
    uint8_t code[7];

    if (address < sizeof(code) || !gmem_peek(guest, GVA(address - sizeof(code)), code, sizeof(code), NULL))
        return false;
    return code[2] == OPCODE_CALL || is_call_by_pointer(code + 5) || is_call_by_pointer(code + 4) ||
           is_call_by_pointer(code + 1) || is_call_by_pointer(code);
}

/*
 * Who called the function around a hypercall. Its words must be at ESP, so the return address has been moved away: to a
 * register, by the POP before the INT, as our SDK does, or it lies just below; or the call has no words, and it is
 * still there.
 */
static uint32_t find_caller_of_call(struct guest *guest, uint32_t int_at)
{
    const struct trap_frame *frame = &guest->state.frame;
    const uint64_t registers[8] = { frame->eax, frame->ecx, frame->edx, frame->ebx, 0, frame->ebp, frame->esi,
                                    frame->edi };
    uint32_t candidates[3] = { 0 };
    uint8_t before = 0;

    if (gmem_peek(guest, GVA(int_at - 1), &before, 1, NULL) && (before & 0xF8u) == OPCODE_POP)
        candidates[0] = (uint32_t)registers[before & 7];
    (void)report_peek(guest, (uint32_t)frame->esp, &candidates[1]);
    (void)report_peek(guest, (uint32_t)frame->esp - 4, &candidates[2]);
    for (unsigned i = 0; i < 3; i++)
        if (is_return_address(guest, candidates[i]))
            return candidates[i];
    return 0;
}

/* Where the hypercall is that the guest is in, or that it is just back from; false: it is not. */
static bool find_call(struct guest *guest, const struct report_facts *facts, uint32_t *int_at)
{
    uint8_t code[INT_BYTES];

    *int_at = facts->place.address - INT_BYTES;
    if (gmem_peek(guest, GVA(*int_at), code, sizeof(code), NULL) && code[0] == OPCODE_INT && code[1] == HV_INT_VECTOR)
        return true;
    *int_at = facts->place.address;
    return facts->code_count >= INT_BYTES && facts->code[0] == OPCODE_INT && facts->code[1] == HV_INT_VECTOR &&
           !facts->is_user;
}

/* At EIP nothing can be executed, or a function begins: who called is still at ESP. */
static uint32_t find_caller_at_esp(struct guest *guest, const struct report_facts *facts)
{
    uint32_t word;

    if (facts->code_count != 0 && !(facts->place.name != NULL && facts->place.offset == 0) && !facts->is_outside_code)
        return 0;
    return report_peek(guest, (uint32_t)guest->state.frame.esp, &word) && is_return_address(guest, word) ? word : 0;
}

/* What guest user is shown of its stack is its own: EBP is the kernel's until user code sets it. */
static bool may_follow(const struct guest *guest, uint32_t ebp)
{
    uint32_t esp = (uint32_t)guest->state.frame.esp;
    struct gspace_entry entry;

    if (!guest_is_user(guest))
        return true;
    entry = gspace_look(&guest->space, GVA(ebp));
    return entry.found == GSPACE_PAGE && entry.pde & entry.pte & PF_USER && ebp - esp < FRAME_REACH_BYTES;
}

/*
 * Follow the frame pointers upwards. Each must lie above the last, so a loop in guest memory ends the walk. Bound:
 * REPORT_BACKTRACE_MAX.
 */
static void find_backtrace(struct guest *guest, struct report_facts *facts)
{
    uint32_t ebp = (uint32_t)guest->state.frame.ebp;

    while (facts->backtrace_count < REPORT_BACKTRACE_MAX && may_follow(guest, ebp)) {
        uint32_t next, from;
        if (!report_peek(guest, ebp, &next) || !report_peek(guest, ebp + 4, &from) || from == 0)
            break;
        facts->backtrace[facts->backtrace_count++] = (struct image_place){ .address = from, .is_return = true };
        if (next <= ebp || next - ebp > FRAME_REACH_BYTES)
            break;
        ebp = next;
    }
}

/*
 * Where an event would have to come again and again to be one that its handler raises: where the last did, if the one
 * before came there, too, and nothing was called in between that could have led out of a handler. Else here.
 */
static uint32_t nested_at(const struct report_facts *facts)
{
    uint64_t ever = events_count(facts->events);
    const struct guest_event *newest = events_newest(facts->events);
    const struct guest_event *before = &facts->events->ring[(ever - 2) % GUEST_EVENTS];
    bool is_again = newest->kind < EXC_COUNT && before->kind == newest->kind && before->eip == newest->eip;

    return is_again ? newest->eip : facts->place.address;
}

/* One word of the stack, and the next: the EIP and mode of an event frame? */
static void see_frame(struct report_facts *facts, uint32_t at, uint32_t eip, uint32_t mode)
{
    if (mode != HV_MODE_KERNEL && mode != HV_MODE_USER)
        return;
    if (eip == at)
        facts->nested++;
    else if (facts->nested != 0 && facts->nested_first.address == 0)
        facts->nested_first.address = eip;
}

/* Which of the CHUNK_WORDS it is; CHUNK_WORDS: none. */
static unsigned find_word(const uint32_t *words, uint32_t word)
{
    unsigned i = 0;

    while (i < CHUNK_WORDS && words[i] != word)
        i++;
    return i;
}

/*
 * How often the stack says that an event came where the guest is now: then its handler raises it. Bound:
 * NESTED_REACH_BYTES, some five instructions a word until there is one: with a report, which is a guest's end, others
 * wait for all of it.
 */
static void find_nested(struct guest *guest, struct report_facts *facts)
{
    uint32_t words[CHUNK_WORDS + 1], from = (uint32_t)guest->state.frame.esp, at = nested_at(facts);

    if (facts->is_user)
        return;
    for (uint32_t done = 0; done < NESTED_REACH_BYTES; done += CHUNK_WORDS * 4) {
        memset(words, 0, sizeof(words));
        bool is_whole = gmem_peek(guest, GVA(from + done), words, sizeof(words), NULL);
        for (unsigned i = facts->nested != 0 ? 0 : find_word(words, at); i < CHUNK_WORDS; i++)
            see_frame(facts, at, words[i], words[i + 1]);
        if (!is_whole)
            break;
    }
}

void report_find_caller(struct guest *guest, struct report_facts *facts)
{
    uint32_t int_at;
    bool is_call = find_call(guest, facts, &int_at);
    uint32_t caller = is_call ? find_caller_of_call(guest, int_at) : find_caller_at_esp(guest, facts);

    facts->has_caller = caller != 0;
    facts->caller = (struct image_place){ .address = caller, .is_return = true };
    find_backtrace(guest, facts);
    find_nested(guest, facts);
}
