/*
 * fake_pc.c - a machine around one interpreted processor.
 */
#include "fake_pc.h"

#include <stddef.h>
#include <string.h>

#include "cpu/x86.h"

static uint8_t *get_page(void *context, gpa_t address, bool is_write)
{
    struct fake_pc *pc = context;
    uint32_t page = address.v & ~PAGE_MASK;

    if (is_write && pc->rom_address != 0 && page == pc->rom_address)
        return NULL;
    if (page < FAKE_PC_RAM_BYTES)
        return pc->ram + page;
    for (unsigned i = 0; i < FAKE_PC_WINDOWS; i++) {
        const struct fake_window *window = &pc->windows[i];
        if (page - window->address < window->bytes)
            return window->host + (page - window->address);
    }
    return NULL;
}

static void note(struct fake_pc *pc, bool is_write, uint32_t address, unsigned bytes, uint32_t value)
{
    if (pc->log_count < FAKE_PC_LOG)
        pc->log[pc->log_count++] = (struct fake_access){ is_write, address, value, bytes };
}

static uint32_t read_device(void *context, gpa_t address, unsigned bytes)
{
    struct fake_pc *pc = context;
    uint32_t value = bytes == 4 ? pc->input : pc->input & ((1u << 8 * bytes) - 1);

    note(pc, false, address.v, bytes, value);
    return value;
}

static void write_device(void *context, gpa_t address, unsigned bytes, uint32_t value)
{
    note(context, true, address.v, bytes, value);
}

static uint32_t read_port(void *context, uint16_t port, unsigned bytes)
{
    return read_device(context, GPA(port), bytes);
}

static void write_port(void *context, uint16_t port, unsigned bytes, uint32_t value)
{
    note(context, true, port, bytes, value);
}

static uint32_t read_string(void *context, uint16_t port, unsigned bytes, void *to, uint32_t count)
{
    (void)context, (void)port, (void)bytes, (void)to, (void)count;
    return 0;
}

static uint32_t write_string(void *context, uint16_t port, unsigned bytes, const void *from, uint32_t count)
{
    (void)context, (void)port, (void)bytes, (void)from, (void)count;
    return 0;
}

static uint8_t acknowledge(void *context)
{
    struct fake_pc *pc = context;

    pc->interp.cpu.has_interrupt = false;
    return pc->vector;
}

static uint64_t get_time(void *context)
{
    return ((struct fake_pc *)context)->time;
}

static bool read_msr(void *context, uint32_t number, uint64_t *value)
{
    (void)context;
    *value = 0x123456789ABCDEF0u;
    return number == 0x1B;
}

static bool write_msr(void *context, uint32_t number, uint64_t value)
{
    ((struct fake_pc *)context)->time = value;
    return number == 0x1B;
}

void fake_pc_init(struct fake_pc *pc)
{
    memset(pc, 0, offsetof(struct fake_pc, log));
    pc->bus = (struct bus){
        .context = pc, .page = get_page, .read = read_device, .write = write_device, .port_read = read_port,
        .port_write = write_port, .port_read_string = read_string, .port_write_string = write_string,
        .acknowledge = acknowledge, .time = get_time, .msr_read = read_msr, .msr_write = write_msr,
    };
    interp_init(&pc->interp, &pc->bus);
}

void fake_pc_put(struct fake_pc *pc, uint32_t address, uint32_t value, unsigned bytes)
{
    memcpy(pc->ram + address, &value, bytes);
}

uint32_t fake_pc_get(struct fake_pc *pc, uint32_t address, unsigned bytes)
{
    uint32_t value = 0;

    memcpy(&value, pc->ram + address, bytes);
    return value;
}

void fake_pc_put_descriptor(struct fake_pc *pc, uint32_t at, uint32_t base, uint32_t limit, uint8_t access,
                            uint8_t flags)
{
    fake_pc_put(pc, at, (limit & 0xFFFF) | base << 16, 4);
    fake_pc_put(pc, at + 4, (base >> 16 & 0xFF) | (uint32_t)access << 8 | (limit & 0xF0000) | (uint32_t)flags << 20 |
                            (base & 0xFF000000u), 4);
}

void fake_pc_put_gate(struct fake_pc *pc, uint32_t at, uint16_t selector, uint32_t offset, uint8_t access,
                      uint8_t parameters)
{
    fake_pc_put(pc, at, (offset & 0xFFFF) | (uint32_t)selector << 16, 4);
    fake_pc_put(pc, at + 4, (offset & 0xFFFF0000u) | (uint32_t)access << 8 | parameters, 4);
}

static struct segment hidden_part(const uint8_t *bytes, uint16_t selector)
{
    uint32_t low, high;

    memcpy(&low, bytes, 4);
    memcpy(&high, bytes + 4, 4);
    uint32_t limit = (low & 0xFFFF) | (high & 0xF0000);
    return (struct segment){
        .base = low >> 16 | (high & 0xFF) << 16 | (high & 0xFF000000u),
        .limit = high & 1u << 23 ? limit << 12 | 0xFFF : limit,
        .selector = selector,
        .attributes = (uint16_t)((high >> 8 & 0xFF) | (high >> 12 & 0xF00)),
    };
}

void fake_pc_load(struct fake_pc *pc, unsigned number, uint16_t selector)
{
    struct segment *segment = &pc->interp.cpu.segments[number];
    uint32_t table = selector & 4 ? FAKE_PC_LDT : FAKE_PC_GDT;

    if ((selector & 0xFFFC) == 0)
        *segment = (struct segment){ .selector = selector };
    else
        *segment = hidden_part(pc->ram + table + (selector & 0xFFF8), selector);
}

static void put_tables(struct fake_pc *pc)
{
    static const uint8_t access[] = { 0x9B, 0x93, 0xFB, 0xF3 };

    for (unsigned i = 0; i < sizeof(access); i++)
        fake_pc_put_descriptor(pc, FAKE_PC_GDT + 8 * (i + 1), 0, 0xFFFFF, access[i], 0xC);
    fake_pc_put_descriptor(pc, FAKE_PC_GDT + FAKE_PC_TSS_SELECTOR, FAKE_PC_TSS, 0x67, 0x8B, 0);
    fake_pc_put_descriptor(pc, FAKE_PC_GDT + FAKE_PC_LDT_SELECTOR, FAKE_PC_LDT, 0xFF, 0x82, 0);
    for (uint32_t vector = 0; vector < 256; vector++)
        fake_pc_put_gate(pc, FAKE_PC_IDT + 8 * vector, FLAT_CODE0, FAKE_PC_HANDLERS + 16 * vector,
                         vector == EXC_BP || vector == EXC_OF ? 0xEE : 0x8E, 0);
    fake_pc_put(pc, FAKE_PC_TSS + 4, FAKE_PC_STACK0, 4);
    fake_pc_put(pc, FAKE_PC_TSS + 8, FLAT_DATA0, 4);
    fake_pc_put(pc, FAKE_PC_TSS + 102, 0x68, 2);        /* no I/O bitmap: it would begin behind the limit */
}

void fake_pc_protect(struct fake_pc *pc, uint8_t cpl)
{
    struct vcpu *cpu = &pc->interp.cpu;

    put_tables(pc);
    cpu->gdtr = (struct table_register){ .base = FAKE_PC_GDT, .limit = 0x3FF };
    cpu->idtr = (struct table_register){ .base = FAKE_PC_IDT, .limit = 0x7FF };
    cpu->tr = hidden_part(pc->ram + FAKE_PC_GDT + FAKE_PC_TSS_SELECTOR, FAKE_PC_TSS_SELECTOR);
    cpu->ldtr = hidden_part(pc->ram + FAKE_PC_GDT + FAKE_PC_LDT_SELECTOR, FAKE_PC_LDT_SELECTOR);
    cpu->cr0 = CR0_PE | CR0_ET | CR0_NE;
    cpu->cpl = cpl;
    for (unsigned i = 0; i < SEG_COUNT; i++)
        fake_pc_load(pc, i, cpl == 3 ? FLAT_DATA3 : FLAT_DATA0);
    fake_pc_load(pc, SEG_CS, cpl == 3 ? FLAT_CODE3 : FLAT_CODE0);
    cpu->gpr[GPR_ESP] = FAKE_PC_STACK0;
    interp_flush(&pc->interp);
}

static bool has_error(int vector)
{
    return vector == EXC_DF || (vector >= EXC_TS && vector <= EXC_PF) || vector == EXC_AC;
}

struct fake_event fake_pc_event(struct fake_pc *pc)
{
    const struct vcpu *cpu = &pc->interp.cpu;
    struct fake_event event = { .vector = -1 };
    uint32_t at = cpu->segments[SEG_SS].base + cpu->gpr[GPR_ESP];

    if (cpu->cpl != 0 || cpu->eip - FAKE_PC_HANDLERS >= 16 * 256 || (cpu->eip & 15) != 0)
        return event;
    event.vector = (int)(cpu->eip - FAKE_PC_HANDLERS) / 16;
    if (has_error(event.vector)) {
        event.error = fake_pc_get(pc, at, 4);
        at += 4;
    }
    event.eip = fake_pc_get(pc, at, 4);
    event.cs = fake_pc_get(pc, at + 4, 4);
    event.eflags = fake_pc_get(pc, at + 8, 4);
    if (event.cs & 3) {
        event.esp = fake_pc_get(pc, at + 12, 4);
        event.ss = fake_pc_get(pc, at + 16, 4);
    }
    return event;
}
