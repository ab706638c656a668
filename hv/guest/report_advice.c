/*
 * report_advice.c - what the author of a crashed guest should look at (PURE).
 *
 * The most telling rules come first; the last one always has something to say.
 */
#include "guest/report_advice.h"

#include "cpu/opcodes.h"
#include "cpu/vectors.h"
#include "guest/decode.h"
#include "guest/inject.h"
#include "guest/report_names.h"
#include "pebpeb.h"
#include "pagetable/gwalk.h"

#define NULL_PAGE_BYTES 0x1000u
#define STACK_NEAR_BYTES 0x1000u    /* a fault this close to ESP was made by a push, a call or a local variable */
#define SELECTOR_MASK 0xFFFCu
#define SELECTOR_ERROR_IDT 0x2u     /* the index names a gate */
#define NESTED_LEAST 2u
#define SHORT_BYTES 96

static bool advise_as_told(const struct report_facts *facts, const struct advice *advice)
{
    return facts->advice != NULL && ADVISE(advice, "%s", facts->advice);
}

static bool advise_memory(const struct report_facts *facts, const struct advice *advice)
{
    if (!facts->lacks_memory)
        return false;
    return ADVISE(advice, "the machine's memory: RAM is taken when it is touched, and the guests, this one with up to "
                  "%u KiB (mem=), touched more than there is. Give the machine more, or run fewer guests or smaller "
                  "ones.", facts->memory_bytes / 1024);
}

static bool advise_strange_mode(const struct report_facts *facts, const struct advice *advice)
{
    if ((facts->frame->eflags & CONTEXT_EFLAGS_NEVER) == 0)
        return false;
    return ADVISE(advice, "the last IRET before this, which is not at EIP: its stack held EFLAGS with VM = 1. A guest "
                  "goes back by hv_iret, and there is no virtual-8086 mode here.");
}

/* The guest's handler faults, and is called for that, and so on, until its stack is used up. */
static bool advise_nested(const struct report_facts *facts, const struct advice *advice)
{
    char first[SHORT_BYTES] = "", name[40];

    if (facts->nested < NESTED_LEAST || events_newest(facts->events)->kind >= EXC_COUNT)
        return false;
    report_name_vector(events_newest(facts->events)->kind, name, sizeof(name));
    if (facts->nested_first.address != 0)
        report_format_place(&facts->nested_first, first, sizeof(first));
    return ADVISE(advice, "the handler of %s: it raises the same event itself, and was nested %u deep.%s%s", name,
                  facts->nested, first[0] != '\0' ? " The first was at " : "", first);
}

static bool advise_user_page(const struct report_facts *facts, const struct advice *advice)
{
    if (!facts->is_in_user_page)
        return false;
    return ADVISE(advice, "esp0 of the last hv_iret, the fourth word: 0 means guest kernel, but EIP lies in a page for "
                  "user. User code runs with esp0 = the kernel's stack for its traps.");
}

/* An entry through which no access may go. */
static bool advise_bad_entry(const struct report_facts *facts, const struct advice *advice)
{
    const struct gspace_entry *entry = &facts->entry;
    const char *level = entry->found == GSPACE_BAD_PAGE ? "PTE" : "PDE";

    if (entry->found == GSPACE_LARGE_PAGE)
        return ADVISE(advice, "the PDE of 0x%08x, 0x%08x: bit 7 (PS) is set, and there are no 4 MiB pages here. Clear "
                      "it, and let the PDE name a page table.", facts->explained, entry->pde);
    if (entry->found != GSPACE_BAD_TABLE && entry->found != GSPACE_BAD_PAGE)
        return false;
    return ADVISE(advice, "the %s of 0x%08x, 0x%08x: it names a frame beyond RAM, which ends at 0x%08x. Was the entry "
                  "ever set, or the table cleared? EBX at launch is the highest frame.", level, facts->explained,
                  entry->found == GSPACE_BAD_PAGE ? entry->pte : entry->pde, facts->memory_bytes);
}

/* The event has a handler, so what failed is its delivery. */
static bool advise_delivery(const struct report_facts *facts, const struct advice *advice)
{
    uint32_t stack = facts->is_user ? facts->esp0 : (uint32_t)facts->frame->esp;
    uint32_t frame_bytes = INJECT_WORD_BYTES * (facts->is_user ? INJECT_USER_WORDS : INJECT_KERNEL_WORDS);

    if (facts->handler == 0 || facts->frame->vector >= HV_IDT_SLOTS)
        return false;
    if (facts->handler > HV_MAX_GVA)
        return ADVISE(advice, "slot 0x%x of the vIDT: its handler 0x%08x lies above the last guest address 0x%08x.",
                      (uint32_t)facts->frame->vector, facts->handler, HV_MAX_GVA);
    if (stack < frame_bytes && !facts->is_user)
        return ADVISE(advice, "ESP, 0x%08x: the event has a handler, but no stack for its frame. A guest starts with "
                      "ESP = 0 and must set its own first.", stack);
    return ADVISE(advice, "the stack for events: %s is 0x%08x, and the %u bytes below must be mapped and writable%s",
                  facts->is_user ? "esp0 (argument of the last hv_iret)" : "ESP", stack, frame_bytes,
                  facts->is_user ? " for the kernel: was it given the user's ESP, or no stack at all?"
                                 : " (a stack overflow, or a frame marked read-only?).");
}

/* Which of the two entries does not have a right, or both, with the verb. */
static const char *lacking(const struct gspace_entry *entry, uint32_t right)
{
    if (!(entry->pde & right))
        return entry->pte & right ? "PDE lacks" : "PDE and PTE lack";
    return "PTE lacks";
}

/* The page is there, and its rights are not enough. */
static bool advise_rights(const struct report_facts *facts, const struct advice *advice)
{
    uint32_t error = (uint32_t)facts->frame->error, address = facts->fault_address;

    if (facts->entry.found != GSPACE_PAGE || !(error & PF_PRESENT))
        return false;
    if (error & PF_USER && !(facts->entry.pde & facts->entry.pte & GPTE_U))
        return ADVISE(advice, "the rights of page 0x%08x: guest user may not touch it, as its %s U (bit 2). Map "
                      "it for user, or is it the kernel's address?", address & ~(NULL_PAGE_BYTES - 1),
                      lacking(&facts->entry, GPTE_U));
    return ADVISE(advice, "the rights of page 0x%08x: it is read-only, as its %s W (bit 1)%s.",
                  address & ~(NULL_PAGE_BYTES - 1), lacking(&facts->entry, GPTE_W),
                  error & PF_USER ? "" : ", and hv_setpd was given wp = 1");
}

static bool advise_stack_fault(const struct report_facts *facts, const struct advice *advice)
{
    uint32_t address = facts->fault_address, esp = (uint32_t)facts->frame->esp;
    bool is_local = facts->stack_count == 0 && address - esp < STACK_NEAR_BYTES;    /* ESP has gone too far already */

    if (esp != 0 && !is_local && address - (esp - STACK_NEAR_BYTES) >= STACK_NEAR_BYTES + 4)
        return false;
    return ADVISE(advice, "the stack: 0x%08x is right at ESP 0x%08x. %s", address, esp,
                  esp < STACK_NEAR_BYTES || esp > HV_MAX_GVA - STACK_NEAR_BYTES
                      ? facts->is_user ? "hv_iret gave guest user no stack: its third word is ESP."
                                       : "A guest starts with ESP = 0 and must set its own before the first push."
                      : "It has overflowed (deep recursion, big local variables) or was never mapped.");
}

static bool advise_page_fault(const struct report_facts *facts, const struct advice *advice)
{
    uint32_t address = facts->fault_address;
    bool is_write = (facts->frame->error & PF_WRITE) != 0;

    if (facts->frame->vector != EXC_PF)
        return false;
    if (advise_rights(facts, advice))
        return true;
    if (address == facts->place.address)
        return ADVISE(advice, "how the code got to 0x%08x, where nothing can be executed: %s", address,
                      facts->is_user ? "is the program loaded and mapped there, and is eip of hv_iret its entry?"
                      : address < NULL_PAGE_BYTES
                          ? "a call through a pointer that is NULL, or an overwritten return address."
                          : "a bad function pointer or an overwritten return address.");
    if (advise_stack_fault(facts, advice))
        return true;
    if (address < NULL_PAGE_BYTES)
        return ADVISE(advice, "a NULL pointer: the code at EIP %s offset 0x%x from it (see registers for the one that "
                      "is 0). No #PF handler: hv_setidt(14, ...).", is_write ? "writes at" : "reads at", address);
    if (!facts->is_paging && address >= facts->memory_bytes)
        return ADVISE(advice, "the address 0x%08x: the guest's RAM ends at 0x%08x and paging is off. EBX at launch "
                      "is the highest frame.", address, facts->memory_bytes);
    return ADVISE(advice, "the pointer 0x%08x: its %s is not present (see tables). If it should be mapped, set the "
                  "entry; if the kernel maps on demand, fill slot 14: hv_setidt(14, ...).", address,
                  facts->entry.found == GSPACE_NO_TABLE ? "page table" : "page");
}

/* What a privileged instruction is replaced by. */
static const char *replacement(const struct report_facts *facts, const struct decoded *found)
{
    uint8_t first = facts->code[0] == OPCODE_OPERAND_SIZE ? facts->code[1] : facts->code[0];

    if (found->kind == DECODE_HLT)
        return facts->is_user ? "only the guest kernel may wait; let user code call it"
                              : "it waits for an interrupt, and virtual interrupts are off: hv_enable_interrupts first";
    if (facts->is_user)
        return "user code has no privilege; a system call is INT n through a slot that is not privileged";
    if (first == OPCODE_CLI || first == OPCODE_STI)
        return "hv_disable_interrupts and hv_enable_interrupts are meant for that";
    if (first == OPCODE_TWO_BYTES && (facts->code[1] == OPCODE2_GROUP6 || facts->code[1] == OPCODE2_GROUP7))
        return "segments and tables are set up; hv_setidt and hv_adjustpg are for the rest";
    if (first == OPCODE_TWO_BYTES && facts->code[1] >= OPCODE2_MOV_FROM_CR && facts->code[1] <= OPCODE2_MOV_TO_DR)
        return "hv_setpd loads CR3, and a #PF brings its address in the event frame";
    if (first == OPCODE_TWO_BYTES)
        return "there are no model-specific registers";
    return "there are no ports; keys, ticks and the console come by events and hypercalls";
}

/* A push or a call by a guest without a stack: beyond the segment, so no #PF. */
static bool pushes_nowhere(const struct report_facts *facts)
{
    uint8_t code = facts->code[0];
    uint32_t esp = (uint32_t)facts->frame->esp;
    bool is_push = (code >= 0x50 && code <= 0x57) || code == 0x68 || code == 0x6A || code == 0x60 || code == 0x9C ||
                   code == 0xE8;

    return facts->code_count > 0 && is_push && (esp < 4 || esp - 4 > HV_MAX_GVA);
}

static bool advise_int(const struct report_facts *facts, const struct advice *advice)
{
    uint8_t n = facts->code[1];

    if (facts->code_count < 2 || facts->code[0] != OPCODE_INT)
        return false;
    if (n == HV_INT_VECTOR)
        return ADVISE(advice, "INT 0x%02x at EIP: hypercalls are the guest kernel's. User code asks its kernel, by an "
                      "INT n whose slot is not privileged. No #GP handler: hv_setidt(13, ...).", n);
    return ADVISE(advice, "hv_setidt(0x%x, ...): INT 0x%02x at EIP comes from user mode, and the slot was filled as "
                  "privileged. Its third word must be 0. No #GP handler: hv_setidt(13, ...).", n, n);
}

static bool advise_protection(const struct report_facts *facts, const struct advice *advice)
{
    uint32_t error = (uint32_t)facts->frame->error;
    struct decoded found = decode_instruction(facts->code, facts->code_count);

    if (facts->frame->vector != EXC_GP && facts->frame->vector != EXC_SS)
        return false;
    if (advise_int(facts, advice))
        return true;
    if ((found.kind == DECODE_PRIVILEGED || found.kind == DECODE_HLT) && error == 0)
        return ADVISE(advice, "the %s at EIP: %s.", found.name, replacement(facts, &found));
    if (facts->code_count > 0 && facts->code[0] == OPCODE_IRET)
        return ADVISE(advice, "the IRET at EIP: guests go back by hv_iret, which takes its words at ESP.");
    if (error != 0)
        return ADVISE(advice, "the selector 0x%x: guests keep the segment registers they start with.",
                      error & SELECTOR_MASK);
    if (pushes_nowhere(facts))
        return ADVISE(advice, "the stack: the push or call at EIP has none, ESP is 0x%08x. %s",
                      (uint32_t)facts->frame->esp,
                      facts->is_user ? "The third word of hv_iret is the user's ESP."
                                     : "A guest starts with ESP = 0 and must set its own before the first push.");
    if (facts->place.address > HV_MAX_GVA)
        return ADVISE(advice, "how the code got to 0x%08x, above the last guest address 0x%08x: a bad function pointer "
                      "or an overwritten return address.", facts->place.address, HV_MAX_GVA);
    return ADVISE(advice, "the address that the code at EIP uses: one above 0x%08x, the last guest address, is a "
                  "segment violation. Or a segment register was loaded.", HV_MAX_GVA);
}

static bool advise_exception(const struct report_facts *facts, const struct advice *advice)
{
    static const char *const causes[EXC_COUNT] = {
        [EXC_DE] = "the divisor at EIP: it is 0, or the quotient does not fit",
        [EXC_DB] = "the trap flag in EFLAGS, or INT1 at EIP",
        [EXC_BP] = "the breakpoint (INT3) at EIP",
        [EXC_OF] = "the INTO at EIP",
        [EXC_BR] = "the BOUND at EIP",
        [EXC_UD] = "the bytes at EIP: an instruction that this processor lacks, UD2 (a compiler's trap), or no code",
        [EXC_MF] = "the FPU instruction before EIP: an exception is unmasked in the control word",
        [EXC_AC] = "the unaligned access at EIP",
        [EXC_XM] = "the SIMD instruction at EIP: an exception is unmasked in MXCSR",
    };
    uint64_t vector = facts->frame->vector;

    if (vector >= EXC_COUNT || causes[vector] == NULL)
        return false;
    return ADVISE(advice, "%s; a kernel that wants to handle it calls hv_setidt(%u, handler, 1).", causes[vector],
                  (unsigned)vector);
}

static bool advise_interrupt(const struct report_facts *facts, const struct advice *advice)
{
    uint32_t vector = (uint32_t)facts->frame->vector;

    if (vector == HV_SLOT_TIMER || vector == HV_SLOT_KEYBOARD || vector >= VECTOR_TIMER) {
        bool keyboard = vector == HV_SLOT_KEYBOARD || facts->timer_handler;
        if (keyboard ? facts->keyboard_handler : facts->timer_handler)
            return false;
        return ADVISE(advice, "hv_setidt(0x%x, ...): virtual interrupts are on, but the slot of the %s is empty.",
                      keyboard ? HV_SLOT_KEYBOARD : HV_SLOT_TIMER, keyboard ? "keyboard" : "timer");
    }
    if (facts->handler != 0)
        return false;
    return ADVISE(advice, "hv_setidt(0x%x, ...): the INT at EIP has no handler.%s", vector,
                  facts->is_user ? " For user code the slot must not be privileged: third word 0." : "");
}

void report_advise(const struct report_facts *facts, char *text, size_t text_bytes)
{
    struct advice advice = { text, text_bytes };
    bool is_int = facts->code_count > 1 && facts->code[0] == OPCODE_INT && facts->frame->vector < EXC_COUNT &&
                  facts->code[1] == facts->frame->vector && facts->handler == 0;

    if (advise_as_told(facts, &advice) || advise_nested(facts, &advice) || report_advise_hang(facts, &advice) ||
        advise_memory(facts, &advice) || advise_strange_mode(facts, &advice) ||
        advise_user_page(facts, &advice) || advise_bad_entry(facts, &advice) || report_advise_call(facts, &advice) ||
        advise_delivery(facts, &advice) || (is_int && advise_interrupt(facts, &advice)) ||
        advise_page_fault(facts, &advice) || advise_protection(facts, &advice) || advise_exception(facts, &advice) ||
        advise_interrupt(facts, &advice))
        return;
    ADVISE(&advice, "the code at EIP and the last events.");
}
