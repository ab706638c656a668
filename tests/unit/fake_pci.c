/*
 * fake_pci.c - the bus of fake_pci.h: configuration space by ports and by memory, and what may be written there.
 */
#include "fake_pci.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct fake_pci pc;

static struct function *selected(void)
{
    unsigned bus = pc.address >> 16 & 0xFF, device = pc.address >> 11 & 31, number = pc.address >> 8 & 7;

    if (pc.hostile)
        return &pc.functions[0];
    for (struct function *each = pc.functions; each < pc.functions + pc.count; each++)
        if (each->segment == pc.segment && each->bus == bus && each->device == device && each->number == number)
            return each;
    return NULL;
}

static uint32_t read_config(void)
{
    const struct function *function = selected();
    unsigned at = pc.address & 0xFC;
    uint32_t value = 0xFFFFFFFF;

    if (at == 0 && (pc.address >> 8 & 7) == 0)
        pc.walked[pc.address >> 16 & 0xFF][pc.address >> 11 & 31]++;
    if (pc.random)
        return pc.noise = pc.noise * 1664525 + 1013904223;
    if (function)
        memcpy(&value, &function->config[at], 4);
    /* A bridge of the hostile machine leads to the next bus, so that all are walked. */
    if (pc.hostile && at == 0x18)
        value = ((pc.address >> 16) + 1) << 8 & 0xFF00;
    return value;
}

uint32_t insn_inl(uint16_t port)
{
    assert_true(++pc.accesses < ACCESSES_MAX);
    if (pc.absent)
        return 0xFFFFFFFF;
    if (port == 0xCF8)
        return pc.address;
    assert_int_equal(port, 0xCFC);
    pc.segment = 0;
    return read_config();
}

/* The parts that hold are read-only; Status is cleared by ones. */
static void write_config(uint32_t value)
{
    struct function *function = selected();
    unsigned at = pc.address & 0xFC;
    uint16_t high = (uint16_t)(value >> 16);

    pc.writes++;
    if (pc.hostile || pc.random)
        return;
    assert_non_null(function);
    if (at == 4) {
        assert_int_equal(high, 0);
        memcpy(&function->config[4], &value, 2);
        return;
    }
    assert_true(at != 0 && (at == function->msi_at || at == function->msi_x_at));
    memcpy(&function->config[at + 2], &high, 2);
}

void insn_outl(uint16_t port, uint32_t value)
{
    assert_true(++pc.accesses < ACCESSES_MAX);
    if (port == 0xCF8) {
        assert_int_equal(value & 0x7F000003, 0);
        assert_true(value & 0x80000000);
        pc.address = value;
        return;
    }
    assert_int_equal(port, 0xCFC);
    assert_false(pc.absent);
    pc.segment = 0;
    write_config(value);
}

/* Nothing lies at a window's addresses: an access to them is what a function of that segment sees. */
char *window_address(unsigned segment, unsigned first_bus)
{
    return (char *)(uintptr_t)(0x600000000000u + ((uint64_t)segment << 32) + first_bus * 0x100000u);
}

static void select_by_address(const volatile void *at)
{
    uint64_t offset = (uintptr_t)at - 0x600000000000u;

    assert_true(++pc.accesses < ACCESSES_MAX);
    pc.segment = (unsigned)(offset >> 32);
    assert_true(pc.segment < 10 && (offset & 0xFFFFFFFF) >> 20 < 256);
    assert_int_equal(offset & 0xF03, 0);
    pc.address = (uint32_t)(offset >> 4 & 0xFFFF00) | (uint32_t)(offset & 0xFC);
}

uint32_t insn_read_by_eax(const volatile void *at)
{
    select_by_address(at);
    return read_config();
}

void insn_write_by_eax(volatile void *at, uint32_t value)
{
    select_by_address(at);
    write_config(value);
}

void add_window(unsigned segment, unsigned first_bus, unsigned last_bus)
{
    pc.windows[pc.window_count++] = (struct pci_window){
        .physical = ((uint64_t)segment << 32) + first_bus * 0x100000u,
        .registers = window_address(segment, first_bus), .segment = (uint16_t)segment,
        .first_bus = (uint8_t)first_bus, .last_bus = (uint8_t)last_bus };
}

struct function *add(unsigned bus, unsigned device, unsigned number, unsigned class, uint16_t command,
                     uint16_t command_after)
{
    struct function *function = &pc.functions[pc.count++];

    assert_true(pc.count <= FUNCTIONS_MAX);
    *function = (struct function){ .bus = bus, .device = device, .number = number, .command_after = command_after };
    function->config[0x00] = 0x86;
    function->config[0x01] = 0x80;
    memcpy(&function->config[0x04], &command, 2);
    function->config[0x06] = 0x00;
    function->config[0x07] = 0xF9;      /* errors, which a write of ones would wipe out */
    function->config[0x0A] = (uint8_t)class;
    function->config[0x0B] = (uint8_t)(class >> 8);
    return function;
}

struct function *add_bridge(unsigned bus, unsigned device, unsigned number, unsigned secondary)
{
    struct function *bridge = add(bus, device, number, 0x0604, 7, 7);
    bridge->config[0x0E] = 0x01;
    bridge->config[0x19] = (uint8_t)secondary;
    bridge->config[0x1A] = 0xFF;
    return bridge;
}

void add_capability(struct function *function, unsigned at, uint8_t id, unsigned next, uint16_t control)
{
    function->config[0x06] |= 0x10;
    function->config[at] = id;
    function->config[at + 1] = (uint8_t)(next | 3);
    memcpy(&function->config[at + 2], &control, 2);
    if (id == 0x05)
        function->msi_at = (uint8_t)at;
    if (id == 0x11)
        function->msi_x_at = (uint8_t)at;
}

uint16_t word(const struct function *function, unsigned at)
{
    return (uint16_t)(function->config[at] | function->config[at + 1] << 8);
}
