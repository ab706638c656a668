/*
 * site.c - see site.h (PURE).
 */
#include "vpc/svm/site.h"

#include "cpu/x86.h"
#include "vpc/x86/access.h"
#include "vpc/x86/instruction.h"
#include "vpc/x86/pagewalk.h"

#define OP_STORE 0x88u              /* MOV r/m8, r8; and with bit 0, as the others, of a word */
#define OP_STORE_EAX 0xA2u          /* MOV moffs8, AL */
#define OP_STORE_IMMEDIATE 0xC6u    /* MOV r/m8, imm8, as /0 */
#define OP_WORD 0x01u
#define OP_CPUID 0xA2u              /* behind 0F, as RDTSC */
#define OP_RDTSC 0x31u

#define BYTES(count) (UINT64_MAX >> 8 * (SITE_WORD - (count)))

const uint64_t site_masks[INSTRUCTION_MAX_BYTES + 1] = {
    0, BYTES(1), BYTES(2), BYTES(3), BYTES(4), BYTES(5), BYTES(6), BYTES(7), BYTES(8), BYTES(8), BYTES(8), BYTES(8),
    BYTES(8), BYTES(8), BYTES(8), BYTES(8),
};

/* What an address without tables is translated by. */
static const uint32_t no_entry;

/* A site that is none is nowhere: its entry is never what it says. */
void sites_forget(struct site sites[SITES])
{
    for (unsigned i = 0; i < SITES; i++)
        sites[i] = (struct site){ .pde = &no_entry, .pde_value = ~no_entry };
}

static bool classify(const struct instruction *insn, struct site *site)
{
    if (insn->is_locked || insn->repeat)
        return false;
    if (insn->map == MAP_TWO_BYTES)
        return (insn->opcode == OP_CPUID || insn->opcode == OP_RDTSC) && insn->length <= SITE_WORD;
    if (insn->is_register)
        return false;
    site->bytes = insn->opcode & OP_WORD ? insn->operand_bytes : 1;
    switch (insn->opcode & ~OP_WORD) {
    case OP_STORE: site->source = insn->reg; return site->bytes > 1 || insn->reg < GPR_ESP;     /* not AH to BH */
    case OP_STORE_EAX: site->source = GPR_EAX; return true;
    case OP_STORE_IMMEDIATE: site->source = GPR_NONE; return insn->reg == 0;
    default: return false;
    }
}

static const void *ram_at(const struct interp *interp, uint32_t address)
{
    const uint8_t *page = interp->bus->page(interp->bus->context, GPA(address), false);

    return page != NULL ? page + (address & PAGE_MASK) : NULL;
}

/* Where the code lies, and by which entries: nothing is checked, as the processor has just fetched from there. */
static bool walk(const struct interp *interp, struct site *site, uint32_t linear)
{
    const struct vcpu *cpu = &interp->cpu;
    uint32_t physical = linear;

    site->pde = site->pte = &no_entry;
    if (cpu->cr0 & CR0_PG) {
        site->pde = ram_at(interp, (cpu->cr3 & ~PAGE_MASK) | (linear >> 20 & 0xFFC));
        if (site->pde == NULL || !(*site->pde & PTE_P))
            return false;
        bool is_large = *site->pde & PDE_LARGE && cpu->cr4 & CR4_PSE;
        if (is_large)
            physical = (*site->pde & 0xFFC00000u) | (linear & 0x003FFFFFu);
        else
            site->pte = ram_at(interp, (*site->pde & ~PAGE_MASK) | (linear >> 10 & 0xFFC));
        if (site->pte == NULL || !(is_large || *site->pte & PTE_P))
            return false;
        if (!is_large)
            physical = (*site->pte & ~PAGE_MASK) | (linear & PAGE_MASK);
    }
    site->code = ram_at(interp, physical);
    site->pde_value = *site->pde;
    site->pte_value = *site->pte;
    return site->code != NULL;
}

void site_learn(struct site sites[SITES], const struct interp *interp)
{
    const struct vcpu *cpu = &interp->cpu;
    uint32_t linear = cpu->segments[SEG_CS].base + cpu->eip;
    struct site site = { .where = site_where(cpu->cr3, linear), .bytes = 4 };
    struct instruction insn;

    if (!(cpu->segments[SEG_CS].attributes & ATTR_DB) || (linear & PAGE_MASK) > PAGE_SIZE - INSTRUCTION_MAX_BYTES ||
        !walk(interp, &site, linear))
        return;
    if (instruction_decode(site.code, INSTRUCTION_MAX_BYTES, true, &insn) != INSTRUCTION_GOOD ||
        !classify(&insn, &site))
        return;
    if (insn.length > SITE_WORD && site.code[insn.has_operand_prefix ? 1 : 0] != insn.opcode)
        return;                                     /* the first word alone would not say what it is */
    site.length = (uint8_t)insn.length;
    site.first = site_word(site.code) & site_masks[insn.length];
    site.last = insn.length > SITE_WORD ? site_word(site.code + insn.length - SITE_WORD)
                                        : (uint64_t)insn.immediate << (64 - 8 * site.bytes);
    sites[site_slot(linear)] = site;
}
