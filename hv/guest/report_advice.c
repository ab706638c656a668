/*
 * report_advice.c - what the author of a crashed guest should look at (PURE).
 *
 * Each rule looks at the facts and, when it knows the kind of crash, writes one or two sentences. The most telling
 * rules come first; the last one always has something to say.
 */
#include "base/format.h"
#include "cpu/opcodes.h"
#include "cpu/vectors.h"
#include "guest/inject.h"
#include "guest/report_names.h"
#include "guest/report_text.h"

#define NULL_PAGE_BYTES 0x1000u
#define STACK_NEAR_BYTES 0x1000u    /* a fault this close to ESP was made by a push, a call or a local variable */
#define SELECTOR_MASK 0xFFFCu

/* Where a rule writes. */
struct advice {
    char *text;
    size_t text_bytes;
};

#define ADVISE(advice, ...) (format_string((advice)->text, (advice)->text_bytes, __VA_ARGS__), true)

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

static bool advise_hypercall(const struct report_facts *facts, const struct advice *advice)
{
    static const uint8_t words[] = {
#define X(number, NAME, name, count) [number] = count,
        HV_CALLS(X)
#undef X
    };
    uint32_t number = (uint32_t)facts->frame->eax;
    uint32_t esp = (uint32_t)facts->frame->esp;
    const char *name = report_call_name(number);

    if (facts->frame->vector != HV_INT_VECTOR)
        return false;
    if (name == NULL)
        return ADVISE(advice, "EAX is 0x%08x, which is no hypercall: was it loaded before int $0x%X, or did the code "
                      "run into data?", number, HV_INT_VECTOR);
    if (words[number] != 0 && facts->stack_count < words[number])
        return ADVISE(advice, "ESP, 0x%08x: hv_%s takes %u words from there, and they cannot be read. A guest starts "
                      "with ESP = 0 and sets its own stack.", esp, name, words[number]);
    if ((number == HV_CALL_IRET || number == HV_CALL_ENABLE_INTERRUPTS) &&
        (!facts->timer_handler || !facts->keyboard_handler))
        return ADVISE(advice, "hv_setidt(0x%x, ...): interrupts were turned on while the slot of the %s was empty.",
                      facts->timer_handler ? HV_SLOT_KEYBOARD : HV_SLOT_TIMER,
                      facts->timer_handler ? "keyboard" : "timer");
    return ADVISE(advice, "the %u argument words of hv_%s at ESP 0x%08x (see stack), and the caller in the backtrace.",
                  words[number], name, esp);
}

/* The event has a handler, so what failed is its delivery or the guest's tables. */
static bool advise_delivery(const struct report_facts *facts, const struct advice *advice)
{
    uint32_t stack = facts->is_user ? facts->esp0 : (uint32_t)facts->frame->esp;
    uint32_t frame_bytes = INJECT_WORD_BYTES * (facts->is_user ? INJECT_USER_WORDS : INJECT_KERNEL_WORDS);

    if (facts->handler == 0 || facts->frame->vector >= HV_IDT_SLOTS)
        return false;
    if (facts->handler > HV_MAX_GVA)
        return ADVISE(advice, "slot 0x%x of the vIDT: its handler 0x%08x lies above the last guest address 0x%08x.",
                      (uint32_t)facts->frame->vector, facts->handler, HV_MAX_GVA);
    return ADVISE(advice, "the stack for events: %s is 0x%08x, and the %u bytes below must be mapped and writable%s.%s",
                  facts->is_user ? "esp0 (argument of the last hv_iret)" : "ESP", stack, frame_bytes,
                  facts->is_user ? "" : " (a stack overflow, or a frame marked read-only?)",
                  facts->frame->vector == EXC_PF ? " If the crash line names a page-table entry, that is why." : "");
}

static bool advise_page_fault(const struct report_facts *facts, const struct advice *advice)
{
    uint32_t address = facts->fault_address;
    uint32_t esp = (uint32_t)facts->frame->esp;
    bool is_write = (facts->frame->error & PF_WRITE) != 0;

    if (facts->frame->vector != EXC_PF)
        return false;
    if (address == facts->place.address)
        return ADVISE(advice, "how the code got to 0x%08x, which cannot be executed: a bad function pointer or an "
                      "overwritten return address. No #PF handler: hv_setidt(14, ...).", address);
    if (esp == 0 || address - (esp - STACK_NEAR_BYTES) < STACK_NEAR_BYTES + 4)
        return ADVISE(advice, "the stack: 0x%08x is right at ESP 0x%08x. %s", address, esp,
                      esp < STACK_NEAR_BYTES || esp > HV_MAX_GVA - STACK_NEAR_BYTES
                          ? "A guest starts with ESP = 0 and must set its own before the first push."
                          : "It has overflowed (deep recursion, big local variables) or was never mapped.");
    if (address < NULL_PAGE_BYTES)
        return ADVISE(advice, "a NULL pointer: the code at EIP %s offset 0x%x from it (see registers for the one that "
                      "is 0). No #PF handler: hv_setidt(14, ...).", is_write ? "writes at" : "reads at", address);
    if (!facts->is_paging && address >= facts->memory_bytes)
        return ADVISE(advice, "the address 0x%08x: the guest's RAM ends at 0x%08x and paging is off. EBX at launch "
                      "is the highest frame.", address, facts->memory_bytes);
    return ADVISE(advice, "the pointer 0x%08x and the tables line above%s; and hv_setidt(14, ...): the #PF has no "
                  "handler.", address, is_write ? " (is it writable?)" : "");
}

/* The instruction at EIP that raised a #GP by being privileged; NULL when it is not one of those. */
static const char *privileged_instruction(const struct report_facts *facts)
{
    uint8_t first = facts->code_count > 0 ? facts->code[0] : 0;
    uint8_t second = facts->code_count > 1 ? facts->code[1] : 0;

    if (first == OPCODE_OPERAND_SIZE)      /* operand size prefix: 16-bit port I/O */
        first = second;
    if ((first >= 0xE4 && first <= 0xE7) || (first >= 0xEC && first <= 0xEF) || (first >= 0x6C && first <= 0x6F))
        return "port I/O";
    if (first == OPCODE_HLT)
        return "HLT (allowed in guest kernel with virtual interrupts on)";
    if (first == OPCODE_CLI || first == OPCODE_STI)
        return "CLI or STI (hv_disable_interrupts and hv_enable_interrupts are meant for that)";
    if (first == OPCODE_IRET)
        return "IRET (hv_iret is meant for that)";
    if (first == OPCODE_TWO_BYTES && second >= OPCODE2_MOV_FROM_CR && second <= OPCODE2_MOV_TO_DR)
        return "an access to a control or debug register (hv_setpd loads CR3)";
    if (first == OPCODE_TWO_BYTES && (second == OPCODE2_GROUP6 || second == OPCODE2_GROUP7))
        return "a system instruction (LGDT, LIDT, LTR, INVLPG, ...; hv_setidt and hv_adjustpg are meant for that)";
    if (first == OPCODE_TWO_BYTES && (second == OPCODE2_WRMSR || second == OPCODE2_RDMSR))
        return "an access to a model-specific register";
    return NULL;
}

static bool advise_protection(const struct report_facts *facts, const struct advice *advice)
{
    uint32_t error = (uint32_t)facts->frame->error;
    const char *instruction = privileged_instruction(facts);

    if (facts->frame->vector != EXC_GP && facts->frame->vector != EXC_SS)
        return false;
    if (facts->code_count > 1 && facts->code[0] == OPCODE_INT)
        return ADVISE(advice, "INT 0x%02x at EIP: %s", facts->code[1],
                      facts->is_user ? "user code may raise it only when hv_setidt filled its slot as not privileged."
                                     : "hv_setidt must fill its slot first.");
    if (instruction != NULL && error == 0)
        return ADVISE(advice, "the instruction at EIP: %s. Guests run without privilege.", instruction);
    if (error != 0)
        return ADVISE(advice, "the selector 0x%x: guests keep the segment registers they start with.",
                      error & SELECTOR_MASK);
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
    if (facts->handler != 0 || vector < EXC_COUNT)
        return false;
    return ADVISE(advice, "hv_setidt(0x%x, ...): the INT at EIP has no handler.", vector);
}

void report_advise(const struct report_facts *facts, char *text, size_t text_bytes)
{
    struct advice advice = { text, text_bytes };

    if (advise_memory(facts, &advice) || advise_strange_mode(facts, &advice) ||
        advise_hypercall(facts, &advice) || advise_delivery(facts, &advice) || advise_page_fault(facts, &advice) ||
        advise_protection(facts, &advice) || advise_exception(facts, &advice) || advise_interrupt(facts, &advice))
        return;
    ADVISE(&advice, "the code at EIP and the last events.");
}
