/*
 * machine_report.c - see machine_report.h. Memory is read through the guest's own tables, without touching them (PURE).
 */
#include "vpc/machine_report.h"

#include <stdarg.h>

#include "base/format.h"
#include "base/log.h"
#include "cpu/x86.h"
#include "guest/guest.h"
#include "guest/image_lines.h"
#include "guest/image_symbols.h"
#include "guest/report_names.h"
#include "vpc/machine_parts.h"

#define CODE_BYTES 16u
#define ADDRESS_BYTES 160u
#define STACK_WORDS 8u
#define BACKTRACE_MAX 12u
#define FRAME_REACH 0x100000u
#define ENTRY_ADDRESS 0xFFFFF000u
#define LARGE_ADDRESS 0xFFC00000u
#define ENTRY_LARGE 0x80u

struct page_text {
    char *bytes;
    size_t size, used;
};

/* A line that does not fit as a whole is left out. */
static __attribute__((format(printf, 2, 3))) void add_machine_line(struct page_text *text, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    size_t length = format_string_v(text->bytes + text->used, text->size - text->used, format, arguments);
    va_end(arguments);
    if (text->used + length + 2 > text->size) {
        text->bytes[text->used] = '\0';
        return;
    }
    text->used += length;
    text->bytes[text->used++] = '\n';
    text->bytes[text->used] = '\0';
}

/* False: that is no RAM. Memory that nobody touched reads as zero. */
static bool peek_physical(const struct vpc *vpc, uint32_t address, uint8_t *byte)
{
    uint32_t frame = address >> PAGE_SHIFT;

    if (frame >= vpc->ram->frame_count)
        return false;
    const uint8_t *page = ram_peek(vpc->ram, frame);
    *byte = page != NULL ? page[address & PAGE_MASK] : 0;
    return true;
}

/* A word by bytes, for it may lie across two pages. peek: peek_physical or peek_linear. */
static bool peek_word(const struct vpc *vpc, uint32_t address, uint32_t *word,
                      bool (*peek)(const struct vpc *vpc, uint32_t address, uint8_t *byte))
{
    uint8_t byte;

    *word = 0;
    for (unsigned i = 0; i < 4; i++) {
        if (!peek(vpc, address + i, &byte))
            return false;
        *word |= (uint32_t)byte << 8 * i;
    }
    return true;
}

struct table_view {
    bool has_pde, has_pte, is_mapped;
    uint32_t pde, pte, physical;
};

static struct table_view look_up(const struct vpc *vpc, uint32_t linear)
{
    const struct vcpu *cpu = &vpc->interp.cpu;
    struct table_view view = { .physical = linear, .is_mapped = !(cpu->cr0 & CR0_PG) };

    if (view.is_mapped)
        return view;
    view.has_pde = peek_word(vpc, (cpu->cr3 & ENTRY_ADDRESS) + (linear >> 22) * 4, &view.pde, peek_physical);
    if (!view.has_pde || !(view.pde & PTE_P))
        return view;
    if ((view.pde & ENTRY_LARGE) && (cpu->cr4 & CR4_PSE)) {
        view.is_mapped = true;
        view.physical = (view.pde & LARGE_ADDRESS) | (linear & ~LARGE_ADDRESS);
        return view;
    }
    uint32_t at = (view.pde & ENTRY_ADDRESS) + (linear >> 12 & 0x3FF) * 4;
    view.has_pte = peek_word(vpc, at, &view.pte, peek_physical);
    view.is_mapped = view.has_pte && view.pte & PTE_P;
    view.physical = (view.pte & ENTRY_ADDRESS) | (linear & PAGE_MASK);
    return view;
}

static bool peek_linear(const struct vpc *vpc, uint32_t linear, uint8_t *byte)
{
    struct table_view view = look_up(vpc, linear);

    return view.is_mapped && peek_physical(vpc, view.physical, byte);
}

static void add_tables(struct page_text *text, const struct vpc *vpc, const char *name, uint32_t linear)
{
    struct table_view view = look_up(vpc, linear);

    if (!(vpc->interp.cpu.cr0 & CR0_PG))
        return;
    if (!view.has_pde)
        add_machine_line(text, "tables for %s 0x%08x: cr3 0x%08x is no RAM", name, linear, vpc->interp.cpu.cr3);
    else if (view.has_pte)
        add_machine_line(text, "tables for %s 0x%08x: PDE 0x%08x, PTE 0x%08x (%s, %s, %s)", name, linear, view.pde,
                 view.pte, view.pte & PTE_P ? "present" : "not present",
                 view.pde & view.pte & PTE_W ? "writable" : "read-only",
                 view.pde & view.pte & PTE_U ? "user" : "supervisor");
    else
        add_machine_line(text, "tables for %s 0x%08x: PDE 0x%08x (%s)", name, linear, view.pde,
                 !(view.pde & PTE_P) ? "not present" : view.is_mapped ? "a page of 4 MiB" : "its table is no RAM");
}

static void add_address(struct page_text *text, const struct guest *guest, const char *what, uint32_t address)
{
    struct image_place place = { .address = address }, *places[] = { &place };
    char shown[ADDRESS_BYTES];

    image_lines_find(&guest->image, places, 1);
    image_symbols_name(&guest->image, places, 1);
    report_format_place(&place, shown, sizeof(shown));
    add_machine_line(text, "%s %s", what, shown);
}

static void add_memory(struct page_text *text, const struct vpc *vpc)
{
    const struct vcpu *cpu = &vpc->interp.cpu;
    uint32_t linear = cpu->segments[SEG_CS].base + cpu->eip, stack = cpu->segments[SEG_SS].base + cpu->gpr[GPR_ESP];
    char words[9 * STACK_WORDS + 1] = "";
    uint8_t byte;
    uint32_t word;

    for (unsigned i = 0; i < CODE_BYTES && peek_linear(vpc, linear + i, &byte); i++)
        format_string(words + 3 * i, sizeof(words) - 3 * i, " %02x", byte);
    add_machine_line(text, words[0] != '\0' ? "code at eip:%s" : "code: eip cannot be read%s", words);
    words[0] = '\0';
    for (unsigned i = 0; i < STACK_WORDS && peek_word(vpc, stack + 4 * i, &word, peek_linear); i++)
        format_string(words + 9 * i, sizeof(words) - 9 * i, " %08x", word);
    add_machine_line(text, words[0] != '\0' ? "stack at esp:%s" : "stack: esp cannot be read%s", words);
}

/* Frame pointers, each above the last. */
static void add_backtrace(struct page_text *text, const struct guest *guest, const struct vpc *vpc)
{
    uint32_t frame = vpc->interp.cpu.gpr[GPR_EBP], next, from;

    for (unsigned i = 0; i < BACKTRACE_MAX; i++) {
        if (!peek_word(vpc, frame, &next, peek_linear) || !peek_word(vpc, frame + 4, &from, peek_linear) || from == 0)
            return;
        add_address(text, guest, "  from", from);
        if (next <= frame || next - frame > FRAME_REACH)
            return;
        frame = next;
    }
}

static const char *const exit_names[VPC_EXITS] = {
    [VPC_EXIT_PORT_READ] = "port reads", [VPC_EXIT_PORT_WRITE] = "port writes", [VPC_EXIT_READ] = "device reads",
    [VPC_EXIT_WRITE] = "device writes", [VPC_EXIT_INTERRUPT] = "interrupts", [VPC_EXIT_HALT] = "halts",
    [VPC_EXIT_MSR] = "MSR accesses",
};

static void add_trail(struct page_text *text, const struct vpc *vpc)
{
    uint32_t count = vpc->trail_count < VPC_TRAIL ? vpc->trail_count : VPC_TRAIL;

    add_machine_line(text, count == 0 ? "last exits: none" : "last exits, newest first:");
    for (uint32_t age = 0; age < count; age++) {
        const struct vpc_step *step = &vpc->trail[(vpc->trail_count - 1 - age) % VPC_TRAIL];
        add_machine_line(text, "  %s at eip 0x%08x: 0x%x, value 0x%x", exit_names[step->kind], step->eip, step->where,
                 step->value);
    }
}

static void format_gprs(const struct vcpu *cpu, char *text, size_t text_bytes)
{
    format_string(text, text_bytes,
                  "eax=0x%08x ebx=0x%08x ecx=0x%08x edx=0x%08x esi=0x%08x edi=0x%08x ebp=0x%08x esp=0x%08x "
                  "eip=0x%08x eflags=0x%08x",
                  cpu->gpr[GPR_EAX], cpu->gpr[GPR_EBX], cpu->gpr[GPR_ECX], cpu->gpr[GPR_EDX], cpu->gpr[GPR_ESI],
                  cpu->gpr[GPR_EDI], cpu->gpr[GPR_EBP], cpu->gpr[GPR_ESP], cpu->eip, cpu->eflags);
}

static void format_control(const struct vcpu *cpu, char *text, size_t text_bytes)
{
    format_string(text, text_bytes, "cs=%04x ss=%04x ds=%04x es=%04x cpl=%u cr0=%08x cr2=%08x cr3=%08x cr4=%08x "
                  "gdt=%08x/%x idt=%08x/%x tr=%04x", cpu->segments[SEG_CS].selector, cpu->segments[SEG_SS].selector,
                  cpu->segments[SEG_DS].selector, cpu->segments[SEG_ES].selector, cpu->cpl, cpu->cr0, cpu->cr2,
                  cpu->cr3, cpu->cr4, cpu->gdtr.base, cpu->gdtr.limit, cpu->idtr.base, cpu->idtr.limit,
                  cpu->tr.selector);
}

static void format_refusals(const struct vcpu *cpu, char *text, size_t text_bytes)
{
    const struct vcpu_refusals *refusals = &cpu->refusals;

    format_string(text, text_bytes, "not there: %u instructions (the last one map %u, opcode %02x /%u), %u MSRs, %u "
                  "task switches, %u ways to virtual-8086 mode", refusals->undefined, refusals->last_map,
                  refusals->last_opcode, refusals->last_reg, refusals->msrs, refusals->task_switches,
                  refusals->virtual_8086);
}

void machine_describe(struct guest *guest, enum report_kind kind, const char *reason, char *bytes, size_t size_bytes,
                      struct report_texts *texts)
{
    const struct vpc *vpc = &((const struct machine *)guest->machine)->vpc;
    const struct vcpu *cpu = &vpc->interp.cpu;
    struct page_text text = { .bytes = bytes, .size = size_bytes - 1 };
    char wide[240];

    bytes[0] = '\0';
    add_machine_line(&text, "%s: %s", kind == REPORT_CRASH ? "crash" : "timeout", reason);
    add_address(&text, guest, "at:", cpu->eip);
    format_gprs(cpu, guest->life.registers, sizeof(guest->life.registers));
    add_machine_line(&text, "registers: %s", guest->life.registers);
    format_control(cpu, wide, sizeof(wide));
    add_machine_line(&text, "processor: %s", wide);
    add_memory(&text, vpc);
    add_tables(&text, vpc, "eip", cpu->segments[SEG_CS].base + cpu->eip);
    add_tables(&text, vpc, "cr2", cpu->cr2);
    add_machine_line(&text, "backtrace:");
    add_backtrace(&text, guest, vpc);
    add_trail(&text, vpc);
    format_refusals(cpu, wide, sizeof(wide));
    add_machine_line(&text, "%s", wide);
    bytes[text.used + 1] = '\0';        /* there is no rest */
    *texts = (struct report_texts){ .report = bytes, .rest = bytes + text.used + 1, .bytes = text.used + 2 };
}

bool machine_inform(const struct guest *guest, unsigned number, char *text, size_t text_bytes)
{
    if (guest->machine == NULL)
        return false;
    const struct vpc *vpc = &((const struct machine *)guest->machine)->vpc;
    const struct vcpu *cpu = &vpc->interp.cpu;

    switch (number) {
    case 0: format_gprs(cpu, text, text_bytes); return true;
    case 1: format_control(cpu, text, text_bytes); return true;
    case 2:
        if (vpc->svm != NULL)
            format_string(text, text_bytes, "entered %llu times, %llu instructions interpreted%s",
                          (unsigned long long)vpc->svm->exits, (unsigned long long)cpu->retired,
                          cpu->is_halted ? ", halted" : "");
        else
            format_string(text, text_bytes, "%llu instructions%s", (unsigned long long)cpu->retired,
                          cpu->is_halted ? ", halted" : "");
        return true;
    case 3: format_refusals(cpu, text, text_bytes); return true;
    default:
        if (number - 4 >= VPC_EXITS)
            return false;
        format_string(text, text_bytes, "%s: %llu", exit_names[number - 4],
                      (unsigned long long)vpc->exits[number - 4]);
        return true;
    }
}

void machine_log_exits(const struct guest *guest, const struct vpc *vpc)
{
    for (unsigned kind = 0; kind < VPC_EXITS; kind++)
        log_debug("guest %u %s: exits: %s %llu", guest->life.id, guest->life.name, exit_names[kind],
                  (unsigned long long)vpc->exits[kind]);
    if (vpc->svm == NULL)
        return;
    log_debug("guest %u %s: exits: in all %llu", guest->life.id, guest->life.name,
              (unsigned long long)vpc->svm->exits);
    if (vpc->svm->compared > 0)
        log_info("%s: %u steps were the same by both engines", guest->life.name, vpc->svm->compared);
}

/* Its page faults are its own, and not seen. */
struct guest_counts machine_count(const struct guest *guest)
{
    struct guest_counts counts = { 0 };

    if (guest->machine == NULL)
        return counts;
    const struct vpc *vpc = &((const struct machine *)guest->machine)->vpc;
    for (unsigned kind = 0; kind < VPC_EXITS; kind++)
        counts.calls += kind != VPC_EXIT_INTERRUPT ? vpc->exits[kind] : 0;
    counts.events = vpc->exits[VPC_EXIT_INTERRUPT];
    return counts;
}
