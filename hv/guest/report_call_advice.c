/*
 * report_call_advice.c - what to look at when a hypercall was refused (PURE): by what is wrong with its words, which
 * are looked at again as hypercall/ did.
 */
#include "cpu/vectors.h"
#include "cpu/x86.h"
#include "guest/inject.h"
#include "guest/report_advice.h"
#include "guest/report_names.h"
#include "pebpeb.h"

#define FRAME_MASK 0xFFFu
#define FLAGS_LIKELY 0x4000u        /* EFLAGS are below this, with bit 1 set; code is not below 1 MiB */
#define CODE_LIKELY 0x100000u

static bool advise_unreadable_words(const struct report_facts *facts, const struct advice *advice, uint32_t count)
{
    uint32_t esp = (uint32_t)facts->frame->esp;

    if (facts->stack_count >= count)
        return false;
    if (facts->entry.found == GSPACE_LARGE_PAGE || facts->entry.found == GSPACE_BAD_TABLE ||
        facts->entry.found == GSPACE_BAD_PAGE)
        return false;       /* the tables are at fault, not ESP */
    return ADVISE(advice, "ESP, 0x%08x: the call takes %u words from there, and they cannot be read. %s", esp, count,
                  esp < PAGE_SIZE || esp > HV_MAX_GVA ? "A guest starts with ESP = 0 and sets its own stack."
                                                      : "Is the page of the stack mapped, and did the stack overflow?");
}

static bool advise_iret(const struct report_facts *facts, const struct advice *advice)
{
    uint32_t eip = facts->stack[0], eflags = facts->stack[1], esp0 = facts->stack[3];

    if (eflags & ~INJECT_EFLAGS_ACCEPTED && eip < FLAGS_LIKELY && eip & EFLAGS_FIXED && eflags >= CODE_LIKELY)
        return ADVISE(advice, "the order of the words of hv_iret: eip, eflags, esp, esp0, eax. eip 0x%08x looks like "
                      "flags, and eflags 0x%08x like an address.", eip, eflags);
    if (eflags & ~INJECT_EFLAGS_ACCEPTED)
        return ADVISE(advice, "eflags, 0x%08x, the second word of hv_iret: use 0x202 (interrupts on), 0x2 (off), or "
                      "the word at +16 of an event frame. A guest has no IOPL, NT, VM, AC or ID to give.", eflags);
    if (eip > HV_MAX_GVA)
        return ADVISE(advice, "eip, 0x%08x, the first word of hv_iret: it lies above the last guest address 0x%08x. Is "
                      "it the EIP at +8 of an event frame, or the entry of the program?", eip, HV_MAX_GVA);
    if (esp0 != 0 && !facts->is_paging)
        return ADVISE(advice, "hv_setpd, which must come first: esp0 0x%08x asks for user mode, and that needs paging. "
                      "To stay in kernel mode, esp0 is 0.", esp0);
    return false;
}

static bool advise_paging_call(const struct report_facts *facts, const struct advice *advice)
{
    uint32_t address = facts->stack[0];

    if (facts->frame->eax == HV_CALL_SETPD && address & FRAME_MASK)
        return ADVISE(advice, "the page directory 0x%08x: it must begin at a multiple of 4 KiB (aligned(4096)), and "
                      "no flag bits belong into the word.", address);
    if (facts->frame->eax == HV_CALL_SETPD)
        return ADVISE(advice, "the page directory 0x%08x: hv_setpd takes a guest-physical address, and RAM ends at "
                      "0x%08x. Is it a virtual one?", address, facts->memory_bytes);
    if (!facts->is_paging)
        return ADVISE(advice, "hv_setpd, which must come first: there is no page table to read again yet.");
    if (address > HV_MAX_GVA)
        return ADVISE(advice, "the address 0x%08x: guest addresses end at 0x%08x.", address, HV_MAX_GVA);
    return ADVISE(advice, "the address 0x%08x: hv_adjustpg takes the virtual address of a page, a multiple of 4 KiB, "
                  "and one page a call.", address);
}

static bool advise_print(const struct report_facts *facts, const struct advice *advice)
{
    uint32_t length = facts->stack[0], buffer = facts->stack[1];

    if (length > HV_PRINT_MAX_BYTES && buffer <= HV_PRINT_MAX_BYTES)
        return ADVISE(advice, "the order of the words: the length comes first, then the buffer. len 0x%x looks like an "
                      "address, and buf 0x%x like a length.", length, buffer);
    if (length > HV_PRINT_MAX_BYTES)
        return ADVISE(advice, "len, %d: a print has 0 to %d bytes. %s", (int32_t)length, HV_PRINT_MAX_BYTES,
                      (int32_t)length < 0 ? "Was an error returned as a length?" : "Print longer texts in pieces.");
    if (facts->entry.found == GSPACE_RAM || facts->entry.found == GSPACE_PAGE)
        return false;       /* it can be read: the place or the colour */
    return ADVISE(advice, "buf, 0x%08x: not all of its %u bytes can be read (see tables%s). Is it a pointer, does the "
                  "text end before len, is the page mapped?", buffer, length,
                  facts->is_paging ? "; a buffer is a virtual address" : "; RAM may end before");
}

static bool advise_cursor(const struct report_facts *facts, const struct advice *advice, unsigned first)
{
    uint32_t row = facts->stack[first], column = facts->stack[first + 1];

    if (row >= HV_CONSOLE_ROWS && row < HV_CONSOLE_COLS && column > 0 && column < HV_CONSOLE_ROWS)
        return ADVISE(advice, "the order of the words: the row comes first. row %u is outside 0..%d, and would be a "
                      "column.", row, HV_CONSOLE_ROWS - 1);
    if (row < HV_CONSOLE_ROWS && column < HV_CONSOLE_COLS)
        return false;
    return ADVISE(advice, "row %d and col %d: rows are 0..%d, columns 0..%d.", (int32_t)row, (int32_t)column,
                  HV_CONSOLE_ROWS - 1, HV_CONSOLE_COLS - 1);
}

static bool advise_console(const struct report_facts *facts, const struct advice *advice)
{
    bool is_print_at = facts->frame->eax == HV_CALL_PRINT_AT;

    switch (facts->frame->eax) {
    case HV_CALL_PRINT:
    case HV_CALL_PRINT_AT:
        if (advise_print(facts, advice) || (is_print_at && advise_cursor(facts, advice, 2)))
            return true;
        if (!is_print_at)
            return false;
        break;
    case HV_CALL_CONS_SET_CURSOR_POS:
        return advise_cursor(facts, advice, 0);
    case HV_CALL_CONS_GET_CURSOR_POS:
        return ADVISE(advice, "row and col, 0x%08x and 0x%08x: they are pointers to two words that can be written.",
                      facts->stack[0], facts->stack[1]);
    case HV_CALL_CONS_SET_TERM_COLOR:
        break;
    default:
        return false;
    }
    return ADVISE(advice, "color, 0x%x: a VGA attribute is 0..255, the background in its high four bits.",
                  facts->stack[is_print_at ? 4 : 0]);
}

bool report_advise_call(const struct report_facts *facts, const struct advice *advice)
{
    uint32_t number = (uint32_t)facts->frame->eax;
    const char *name = report_call_name(number, facts->may_control);

    if (facts->frame->vector != HV_INT_VECTOR || facts->kind != REPORT_CRASH)
        return false;
    if (name == NULL)
        return ADVISE(advice, "EAX is 0x%08x, which is no hypercall: was it loaded before int $0x%X, or did the code "
                      "run into data?", number, HV_INT_VECTOR);
    if (advise_unreadable_words(facts, advice, report_call_word_count(number, facts->may_control)) ||
        (number == HV_CALL_IRET && advise_iret(facts, advice)) ||
        ((number == HV_CALL_SETPD || number == HV_CALL_ADJUSTPG) && advise_paging_call(facts, advice)) ||
        advise_console(facts, advice))
        return true;
    if (number == HV_CALL_SETIDT)
        return ADVISE(advice, "slot, %d: the vIDT has slots 0..%d. The words are slot, eip, privileged.",
                      (int32_t)facts->stack[0], HV_IDT_SLOTS - 1);
    return ADVISE(advice, "the words of hv_%s at ESP 0x%08x, and who called.", name, (uint32_t)facts->frame->esp);
}
