/*
 * sysreg.c - control and debug registers, descriptor-table registers, HLT (PURE). SDM vol. 2 "MOV to/from Control
 * Registers", "MOV to/from Debug Registers", "LGDT/LIDT", "LLDT", "LTR", "LMSW", "CLTS", "INVLPG", "HLT".
 */
#include "vpc/x86/access.h"
#include "vpc/x86/descriptor.h"
#include "vpc/x86/operations.h"
#include "vpc/x86/state.h"

#define CR0_KNOWN (CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG)
#define CR0_LMSW (CR0_PE | CR0_MP | CR0_EM | CR0_TS)
#define CR4_KNOWN (CR4_TSD | CR4_DE | CR4_PSE | CR4_MCE | CR4_PGE | CR4_PCE)
#define CR4_KNOWN_FPU (CR4_OSFXSR | CR4_OSXMMEXCPT)
#define DR6_FIXED 0xFFFF0FF0u
#define DR7_FIXED 0x400u
#define DR7_KNOWN 0xFFFF2BFFu

/* For privilege 0 only: #GP(0) for the others. Real mode is 0. */
#define PRIVILEGED(name, handler)                                                                           \
    static bool name(struct interp *interp, const struct instruction *insn)                                 \
    {                                                                                                       \
        return interp->cpu.cpl == 0 ? handler(interp, insn) : general_protection(interp);                   \
    }

static bool write_cr0(struct interp *interp, uint32_t value)
{
    uint32_t changed = interp->cpu.cr0 ^ value;

    if ((value & CR0_PG && !(value & CR0_PE)) || (value & CR0_NW && !(value & CR0_CD)))
        return general_protection(interp);
    interp->cpu.cr0 = (value & CR0_KNOWN) | CR0_ET;
    /*
     * Paging and WP are in each finished translation. Segments are looked at anew, too: PE decides whether types count,
     * AM whether alignment does.
     */
    if (changed & (CR0_PG | CR0_WP | CR0_PE))
        state_forget_translations(interp);
    state_refresh_segments(interp);
    return true;
}

static bool write_cr4(struct interp *interp, uint32_t value)
{
    uint32_t known = CR4_KNOWN | (interp->bus->fpu_execute != NULL ? CR4_KNOWN_FPU : 0);

    /* A feature that CPUID does not show must not be there to be turned on: guests probe for it by the #GP. */
    if (value & ~known)
        return general_protection(interp);
    interp->cpu.cr4 = value;
    state_forget_translations(interp);
    return true;
}

static bool mov_to_control(struct interp *interp, const struct instruction *insn)
{
    uint32_t value = interp->cpu.gpr[insn->rm];

    switch (insn->reg) {
    case 0:
        return write_cr0(interp, value);
    case 2:
        interp->cpu.cr2 = value;
        return true;
    case 3:
        interp->cpu.cr3 = value;
        state_change_space(interp);
        return true;
    default:
        return write_cr4(interp, value);
    }
}
PRIVILEGED(op_mov_to_control, mov_to_control)

static bool mov_from_control(struct interp *interp, const struct instruction *insn)
{
    const struct vcpu *cpu = &interp->cpu;
    const uint32_t values[] = { cpu->cr0, 0, cpu->cr2, cpu->cr3, cpu->cr4 };

    interp->cpu.gpr[insn->rm] = values[insn->reg];
    return true;
}
PRIVILEGED(op_mov_from_control, mov_from_control)

/* DR4 and DR5 are names of 6 and 7, unless CR4.DE takes them away. */
static bool mov_debug(struct interp *interp, const struct instruction *insn)
{
    struct vcpu *cpu = &interp->cpu;
    unsigned number = insn->reg;

    if (number == 4 || number == 5) {
        if (cpu->cr4 & CR4_DE)
            return op_undefined(interp, insn);
        number += 2;
    }
    if (insn->opcode == 0x21)
        cpu->gpr[insn->rm] = cpu->dr[number];
    else if (number == 6)
        cpu->dr[6] = (cpu->gpr[insn->rm] & 0xE00Fu) | DR6_FIXED;
    else
        cpu->dr[number] = number == 7 ? (cpu->gpr[insn->rm] & DR7_KNOWN) | DR7_FIXED : cpu->gpr[insn->rm];
    if (insn->opcode == 0x23 && number == 7) {
        cpu->data_hits = 0;
        state_refresh_segments(interp);
        state_refresh_attention(interp);
    }
    return true;
}
PRIVILEGED(op_mov_debug, mov_debug)

/* 16-bit operands have a base of 24 bits. */
static bool load_table(struct interp *interp, const struct instruction *insn)
{
    struct table_register *table = insn->reg == 2 ? &interp->cpu.gdtr : &interp->cpu.idtr;
    const uint8_t *from = read_at(interp, insn->segment, operand_offset(interp, insn), 6);

    if (from == NULL)
        return false;
    table->limit = (uint16_t)load(from, 2);
    table->base = load(from + 2, 4) & (insn->operand_bytes == 4 ? 0xFFFFFFFFu : 0x00FFFFFFu);
    state_forget_tables(interp);
    return true;
}
PRIVILEGED(op_load_table, load_table)

static bool store_table(struct interp *interp, const struct instruction *insn)
{
    const struct table_register *table = insn->reg == 0 ? &interp->cpu.gdtr : &interp->cpu.idtr;
    uint8_t *to = write_at(interp, insn->segment, operand_offset(interp, insn), 6);

    if (to == NULL)
        return false;
    store(to, 2, table->limit);
    store(to + 2, 4, table->base);
    return finish(interp, to);
}

static bool smsw(struct interp *interp, const struct instruction *insn)
{
    return write_rm(interp, insn, insn->is_register ? insn->operand_bytes : 2, interp->cpu.cr0);
}

/* LMSW can set PE and not clear it. */
static bool lmsw(struct interp *interp, const struct instruction *insn)
{
    const void *from = read_rm(interp, insn, 2);

    if (from == NULL)
        return false;
    uint32_t cr0 = interp->cpu.cr0;
    return write_cr0(interp, (cr0 & ~CR0_LMSW) | (load(from, 2) & CR0_LMSW) | (cr0 & CR0_PE));
}
PRIVILEGED(op_lmsw, lmsw)

static bool invlpg(struct interp *interp, const struct instruction *insn)
{
    state_forget_page(interp, interp->cpu.segments[insn->segment].base + operand_offset(interp, insn));
    return true;
}
PRIVILEGED(op_invlpg, invlpg)

static bool clts(struct interp *interp, const struct instruction *insn)
{
    (void)insn;
    interp->cpu.cr0 &= ~CR0_TS;
    return true;
}
PRIVILEGED(op_clts, clts)

/* INVD and WBINVD: there is no cache to speak of. */
static bool cache_operation(struct interp *interp, const struct instruction *insn)
{
    (void)interp;
    (void)insn;
    return true;
}
PRIVILEGED(op_cache, cache_operation)

static bool hlt(struct interp *interp, const struct instruction *insn)
{
    (void)insn;
    /* EIP is behind the HLT already, where the handler of what wakes it returns to. */
    interp->cpu.is_halted = interp->cpu.has_just_halted = true;
    interp->has_attention = true;
    return true;
}
PRIVILEGED(op_hlt, hlt)

/* SLDT and STR. */
static bool store_selector(struct interp *interp, const struct instruction *insn)
{
    uint16_t selector = insn->reg == 0 ? interp->cpu.ldtr.selector : interp->cpu.tr.selector;

    if (!vcpu_is_protected(&interp->cpu))
        return op_undefined(interp, insn);
    return write_rm(interp, insn, insn->is_register ? insn->operand_bytes : 2, selector);
}

static bool load_ldt(struct interp *interp, uint16_t selector)
{
    struct descriptor descriptor;

    if (selector_is_null(selector)) {
        interp->cpu.ldtr = (struct segment){ .selector = selector };
        return true;
    }
    if (selector & 4)
        return fault_selector(interp, EXC_GP, selector);
    if (!descriptor_read(interp, selector, EXC_GP, 0, &descriptor))
        return false;
    uint16_t attributes = descriptor_attributes(&descriptor);
    if (attributes_system_type(attributes) != SYSTEM_LDT)
        return fault_selector(interp, EXC_GP, selector);
    if (!(attributes & ATTR_P))
        return fault_selector(interp, EXC_NP, selector);
    interp->cpu.ldtr = descriptor_segment(&descriptor, selector);
    return true;
}

/*
 * The task becomes busy, in the descriptor too: LTR of a busy one is #GP, by which a kernel that loads the same TSS
 * twice learns of it.
 */
static bool load_task(struct interp *interp, uint16_t selector)
{
    struct descriptor descriptor;

    if (selector_is_null(selector))
        return general_protection(interp);
    if (selector & 4)
        return fault_selector(interp, EXC_GP, selector);
    if (!descriptor_read(interp, selector, EXC_GP, 0, &descriptor))
        return false;
    unsigned type = attributes_system_type(descriptor_attributes(&descriptor));
    if (type != SYSTEM_TSS16 && type != SYSTEM_TSS32)
        return fault_selector(interp, EXC_GP, selector);
    if (!(descriptor_attributes(&descriptor) & ATTR_P))
        return fault_selector(interp, EXC_NP, selector);
    if (!descriptor_mark(interp, &descriptor, DESCRIPTOR_BUSY))
        return false;
    descriptor.high |= DESCRIPTOR_BUSY;
    interp->cpu.tr = descriptor_segment(&descriptor, selector);
    state_forget_tables(interp);
    return true;
}

static bool load_selector(struct interp *interp, const struct instruction *insn)
{
    if (!vcpu_is_protected(&interp->cpu))
        return op_undefined(interp, insn);
    if (interp->cpu.cpl != 0)
        return general_protection(interp);
    const void *from = read_rm(interp, insn, 2);
    if (from == NULL)
        return false;
    uint16_t selector = (uint16_t)load(from, 2);
    return insn->reg == 2 ? load_ldt(interp, selector) : load_task(interp, selector);
}

/* 0F 01. */
static handler_t find_group7(const struct instruction *insn)
{
    switch (insn->reg) {
    case 0: case 1:
        return insn->is_register ? NULL : store_table;
    case 2: case 3:
        return insn->is_register ? NULL : op_load_table;
    case 4:
        return smsw;
    case 6:
        return op_lmsw;
    case 7:
        return insn->is_register ? NULL : op_invlpg;
    default:
        return NULL;
    }
}

handler_t sysreg_find(const struct instruction *insn)
{
    if (insn->map == MAP_ONE_BYTE)
        return op_hlt;
    switch (insn->opcode) {
    case 0x00:
        return insn->reg < 2 ? store_selector : load_selector;
    case 0x01:
        return find_group7(insn);
    case 0x06:
        return op_clts;
    case 0x08: case 0x09:
        return op_cache;
    case 0x20: case 0x22:
        if (insn->reg == 1 || insn->reg > 4)
            return NULL;        /* there is no such register, at any privilege */
        return insn->opcode == 0x20 ? op_mov_from_control : op_mov_to_control;
    default:
        return op_mov_debug;
    }
}
