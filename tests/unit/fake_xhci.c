/*
 * fake_xhci.c - registers, rings and contexts as the controller sees them; a device answers control transfers.
 */
#include "fake_xhci.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/addr.h"
#include "random.h"

#define OPERATIONAL 0x40u
#define RUNTIME 0x1000u
#define DOORBELLS 0x2000u
#define LEGACY 0x3000u

struct fake_controller fake;

struct trb { uint64_t parameter; uint32_t status, control; };

static void *memory(uint64_t physical)
{
    assert_true(physical >= PAGE_SIZE);
    return hpa_to_ptr(HPA(physical));
}

static void post(uint64_t parameter, uint32_t status, uint32_t control)
{
    struct trb *event = memory(fake.event_at);
    const uint64_t *segment = memory(fake.table);

    event->parameter = parameter;
    event->status = status;
    event->control = control | fake.event_cycle;
    fake.events++;
    fake.event_at += 16;
    if (fake.event_at == segment[0] + segment[1] * 16) {
        fake.event_at = segment[0];
        fake.event_cycle = !fake.event_cycle;
    }
}

/* The next TRB that is the controller's; links are followed. NULL: none. */
static struct trb *next_trb(uint64_t *dequeue, bool *cycle)
{
    for (;;) {
        struct trb *trb = memory(*dequeue);
        if ((trb->control & 1) != *cycle)
            return NULL;
        if ((trb->control >> 10 & 0x3F) != 6) {
            *dequeue += 16;
            return trb;
        }
        *dequeue = trb->parameter;
        *cycle ^= trb->control >> 1 & 1;
    }
}

static uint32_t *input_context(uint64_t input, unsigned index)
{
    return memory(input + index * (fake.context_64 ? 64u : 32u));
}

static struct fake_device *at_route(const uint32_t *slot)
{
    struct fake_device *device = fake.devices[slot[1] >> 16 & 0xFF];
    for (uint32_t route = slot[0] & 0xFFFFF; route && device; route >>= 4)
        device = (route & 15) <= FAKE_HUB_PORTS ? device->children[route & 15] : NULL;
    return device;
}

static void set_endpoint(unsigned slot, unsigned dci, const uint32_t *endpoint)
{
    uint64_t dequeue = endpoint[2] | (uint64_t)endpoint[3] << 32;
    fake.slots[slot].endpoints[dci].dequeue = dequeue & ~15ull;
    fake.slots[slot].endpoints[dci].cycle = dequeue & 1;
    fake.slots[slot].endpoints[dci].is_running = true;
    fake.slots[slot].endpoints[dci].is_halted = false;
    fake.slots[slot].endpoints[dci].max_packet = (uint16_t)(endpoint[1] >> 16);
}

/* The output context is the controller's: it writes to all of it. */
static uint8_t address_device(unsigned slot, uint64_t input)
{
    const uint64_t *array = memory(fake.array);
    struct fake_device *device = at_route(input_context(input, 1));

    assert_int_equal(input_context(input, 0)[1], 3);
    memset(memory(array[slot]), 0x5A, fake.context_64 ? 2048 : 1024);
    memcpy(fake.slots[slot].slot, input_context(input, 1), 16);
    fake.slots[slot].device = device;
    /* A hub that lies about the speed gives a wrong one. */
    if (!device || !device->was_reset || (fake.slots[slot].slot[0] >> 20 & 15) != device->speed)
        return 4;
    set_endpoint(slot, 1, input_context(input, 2));
    device->is_addressed = true;
    return 1;
}

static uint8_t configure(unsigned slot, uint64_t input)
{
    uint32_t add = input_context(input, 0)[1];

    assert_true(add & 1);
    memcpy(fake.slots[slot].slot, input_context(input, 1), 16);
    for (unsigned dci = 2; dci < 32; dci++)
        if (add >> dci & 1) {
            assert_true(dci <= fake.slots[slot].slot[0] >> 27);
            assert_int_equal(input_context(input, dci + 1)[1] >> 3 & 7, 7);
            set_endpoint(slot, dci, input_context(input, dci + 1));
        }
    return 1;
}

static void do_command(const struct trb *trb, uint64_t at)
{
    unsigned slot = trb->control >> 24, dci = trb->control >> 16 & 31, type = trb->control >> 10 & 0x3F;
    uint8_t code = 1;

    if (type == 9) {
        for (slot = 1; slot <= fake.config && fake.slots[slot].is_enabled; slot++)
            continue;
        code = slot <= fake.config ? 1 : 9;
        slot = slot <= fake.config ? slot : 0;
    }
    assert_true(slot <= 32);
    if (type == 9 && slot)
        fake.slots[slot].is_enabled = true;
    else if (type == 10)
        memset(&fake.slots[slot], 0, sizeof(fake.slots[slot]));
    else if (type == 11)
        code = address_device(slot, trb->parameter);
    else if (type == 12)
        code = configure(slot, trb->parameter);
    else if (type == 13)
        set_endpoint(slot, 1, input_context(trb->parameter, 2));
    else if (type == 14)
        fake.slots[slot].endpoints[dci].is_halted = false;
    else if (type == 16) {
        fake.slots[slot].endpoints[dci].dequeue = trb->parameter & ~15ull;
        fake.slots[slot].endpoints[dci].cycle = trb->parameter & 1;
    }
    post(at, (uint32_t)code << 24, 33u << 10 | slot << 24);
}

static unsigned describe(const struct fake_device *device, unsigned value, uint8_t *data)
{
    static const uint8_t hub[] = { 9, 0x29, FAKE_HUB_PORTS, 0x60, 0, 5, 0, 0, 0 };
    uint8_t first[18] = { 18, 1, 0, 2, device->is_hub ? 9 : 0, 0, 0, device->max_packet, 0x34, 0x12, 0x78, 0x56,
                          0, 1, 0, 0, 0, 1 };

    if (value == 0x0100) {
        memcpy(data, first, sizeof(first));
        return sizeof(first);
    }
    if (value == 0x2900) {
        memcpy(data, hub, sizeof(hub));
        return sizeof(hub);
    }
    memcpy(data, device->configuration, device->configuration_bytes);
    data[2] = (uint8_t)device->configuration_bytes;
    data[3] = (uint8_t)(device->configuration_bytes >> 8);
    return device->configuration_bytes;
}

/* A hub's port; returns the bytes of its answer. */
static unsigned hub_request(struct fake_device *hub, unsigned request, unsigned feature, unsigned port, uint8_t *data)
{
    assert_in_range(port, 1, hub->answer == FAKE_NOISE ? 31 : FAKE_HUB_PORTS);      /* it may have said any number */
    if (port > FAKE_HUB_PORTS)
        return 0;
    if (request == 0) {
        memcpy(data, &hub->child_status[port], 2);
        memcpy(data + 2, &hub->child_change[port], 2);
        return 4;
    }
    if (request == 1)
        hub->child_change[port] &= (uint16_t)~(1u << (feature - 16));
    if (request == 3 && feature == 8 && hub->children[port])
        hub->child_change[port] |= 1;
    if (request == 3 && feature == 4 && hub->children[port]) {
        hub->children[port]->was_reset = true;
        hub->child_status[port] |= 2;
        hub->child_change[port] |= 16;
    }
    return 0;
}

/* What the request brings is in data; is_told: of what it sends. Returns the count. */
static unsigned serve(struct fake_device *device, uint64_t setup, uint8_t *data)
{
    unsigned type = setup & 0xFF, request = setup >> 8 & 0xFF;
    unsigned value = setup >> 16 & 0xFFFF, index = setup >> 32 & 0xFFFF;

    if (type == 0x80 && request == 6)
        return describe(device, value, data);
    if (type == 0xA0 && request == 6)
        return describe(device, 0x2900, data);
    if (type == 0xA3 || type == 0x23)
        return device->is_hub ? hub_request(device, request, value, index, data) : 0;
    if (type == 0x00 && request == 9)
        device->is_configured = true;
    if (type == 0x21 && request == 0x0B)
        device->protocol = (uint8_t)value;
    if (type == 0x21 && request == 0x0A)
        device->idle_calls++;
    if (type == 0x21 && request == 0x09)
        device->leds = data[0];
    return 0;
}

static void end_control(unsigned slot, uint64_t at, uint8_t code)
{
    if (code != 1)
        fake.slots[slot].endpoints[1].is_halted = true;
    post(at, (uint32_t)code << 24, 32u << 10 | slot << 24 | 1u << 16);
}

static void do_control(unsigned slot, struct fake_device *device, const struct trb *setup)
{
    uint64_t *dequeue = &fake.slots[slot].endpoints[1].dequeue;
    bool *cycle = &fake.slots[slot].endpoints[1].cycle, in = setup->parameter & 0x80;
    unsigned length = (unsigned)(setup->parameter >> 48);
    uint8_t bytes[1024] = { 0 };
    const struct trb *data = length ? next_trb(dequeue, cycle) : NULL;
    const struct trb *status = next_trb(dequeue, cycle);
    bool is_class = (setup->parameter & 0x7F) == 0x21;
    enum fake_answer answer = !device ? FAKE_SILENT : is_class ? device->class_answer :
                              device->transfers >= device->answer_from ? device->answer : FAKE_WELL;

    assert_non_null(status);
    assert_int_equal(!!(status->control >> 16 & 1), !in || length == 0);
    if (data)
        assert_int_equal(data->status & 0x1FFFF, length);
    if (device && !is_class)
        device->transfers++;
    if (!device || answer == FAKE_STALL) {
        end_control(slot, ptr_to_hpa(status).v, device ? 6 : 4);
        return;
    }
    if (answer == FAKE_SILENT)
        return;
    if (data && !in)
        memcpy(bytes, memory(data->parameter), length);
    unsigned count = serve(device, setup->parameter, bytes);
    count = count < length ? count : length;
    count = answer == FAKE_SHORT ? random_below(count + 1) : count;
    for (unsigned i = 0; answer == FAKE_NOISE && i < length; i++)
        bytes[i] = (uint8_t)(random_below(3) ? bytes[i] : random_u32());
    if (data && in)
        memcpy(memory(data->parameter), bytes, answer == FAKE_NOISE ? length : count);
    end_control(slot, ptr_to_hpa(status).v, 1);
}

static void ring_doorbell(unsigned slot, unsigned dci)
{
    struct trb *trb;

    fake.doorbells++;
    if (slot == 0) {
        while (!fake.is_deaf && (trb = next_trb(&fake.commands, &fake.command_cycle)))
            do_command(trb, ptr_to_hpa(trb).v);
        return;
    }
    assert_true(fake.slots[slot].is_enabled && fake.slots[slot].endpoints[dci].is_running);
    if (dci != 1 || fake.slots[slot].endpoints[1].is_halted)
        return;
    while ((trb = next_trb(&fake.slots[slot].endpoints[1].dequeue, &fake.slots[slot].endpoints[1].cycle)))
        do_control(slot, at_route(fake.slots[slot].slot), trb);
}

bool fake_report(struct fake_device *device, unsigned dci, const void *bytes, unsigned count, uint8_t code)
{
    for (unsigned slot = 1; slot <= 32; slot++) {
        if (fake.slots[slot].device != device || !fake.slots[slot].endpoints[dci].is_running ||
            fake.slots[slot].endpoints[dci].is_halted)
            continue;
        struct trb *trb = next_trb(&fake.slots[slot].endpoints[dci].dequeue, &fake.slots[slot].endpoints[dci].cycle);
        if (!trb)
            return false;
        unsigned length = trb->status & 0x1FFFF;
        uint8_t result = code ? code : count > length ? 3 : count < length ? 13 : 1;
        if (result == 1 || result == 13)
            memcpy(memory(trb->parameter), bytes, count);
        else
            fake.slots[slot].endpoints[dci].is_halted = true;
        post(ptr_to_hpa(trb).v, (uint32_t)result << 24 | (count < length ? length - count : 0),
             32u << 10 | slot << 24 | dci << 16);
        return true;
    }
    return false;
}

void fake_plug(unsigned port, struct fake_device *device)
{
    fake.devices[port] = device;
    fake.ports[port] = 0x200 | 1u << 17 | (device ? 1 : 0);
    if (fake.command & 1)
        post((uint64_t)port << 24, 1u << 24, 34u << 10);
}

void fake_hub_plug(struct fake_device *hub, unsigned port, struct fake_device *device)
{
    uint8_t bitmap = (uint8_t)(1u << port);

    hub->children[port] = device;
    hub->child_status[port] = device ? 0x0101 | (device->speed == 2 ? 0x200 : device->speed == 3 ? 0x400 : 0) : 0x100;
    hub->child_change[port] |= 1;
    fake_report(hub, 3, &bitmap, 1, 0);
}

void fake_reset(void)
{
    memset(&fake, 0, sizeof(fake));
    fake.status = 1;
    for (unsigned port = 1; port <= FAKE_PORTS; port++)
        fake.ports[port] = 0x200;
}

static uint32_t read_legacy(void)
{
    if (fake.firmware_owns && fake.firmware_lets_go && --fake.firmware_lets_go == 0)
        fake.firmware_owns = false;
    return 1 | (fake.firmware_owns ? 1u << 16 : 0) | 1u << 24;
}

uint32_t xhci_mmio_read(void *registers, uint32_t offset)
{
    (void)registers;
    if (fake.is_gone)
        return 0xFFFFFFFF;
    if (offset >= OPERATIONAL + 0x400 && offset < OPERATIONAL + 0x400 + FAKE_PORTS * 16)
        return fake.ports[(offset - OPERATIONAL - 0x400) / 16 + 1];
    switch (offset) {
    case 0x00: return 0x01000000 | OPERATIONAL;
    case 0x04: return (uint32_t)FAKE_PORTS << 24 | 64;
    case 0x08: return (fake.scratchpads & 31u) << 27 | (uint32_t)(fake.scratchpads >> 5) << 21;
    case 0x10: return LEGACY / 4 << 16 | 1 | (fake.context_64 ? 4 : 0);
    case 0x14: return DOORBELLS;
    case 0x18: return RUNTIME;
    case OPERATIONAL + 0x00: return fake.command;
    case OPERATIONAL + 0x04: return fake.status;
    case OPERATIONAL + 0x08: return 1;
    case LEGACY: return read_legacy();
    case LEGACY + 4: return fake.legacy_control;
    default: fail_msg("register %x read", offset); return 0;
    }
}

/* Ports: reset ends at once; a one clears a change, and one at ENABLED would disable. */
static void write_port(unsigned port, uint32_t value)
{
    assert_true(value & 0x200);
    assert_false(value & 2);
    fake.ports[port] &= ~(value & 0x00FE0000);
    if (value & 0x10 && fake.devices[port]) {
        fake.devices[port]->was_reset = true;
        fake.ports[port] |= 2 | 1u << 21 | (uint32_t)fake.devices[port]->speed << 10;
    }
}

static void set_half(uint64_t *value, uint32_t offset, uint32_t half)
{
    *value = offset & 4 ? (*value & 0xFFFFFFFF) | (uint64_t)half << 32 : (*value & ~0xFFFFFFFFull) | half;
}

static void write_command(uint32_t value)
{
    fake.command = value & 1;
    fake.status = value & 1 ? 0 : 1;
    if (value & 2)
        fake.config = 0;
    if (value & 1) {
        assert_false(fake.firmware_owns);
        const uint64_t *array = memory(fake.array), *scratchpads = fake.scratchpads ? memory(array[0]) : NULL;
        for (unsigned i = 0; i < fake.scratchpads; i++)
            memset(memory(scratchpads[i]), 0x5A, PAGE_SIZE);
        const uint64_t *segment = memory(fake.table);
        fake.event_at = segment[0];
        fake.event_cycle = true;
        fake.command_cycle = fake.commands & 1;
        fake.commands &= ~63ull;
    }
}

void xhci_mmio_write(void *registers, uint32_t offset, uint32_t value)
{
    (void)registers;
    if (fake.is_gone)
        return;
    if (offset >= DOORBELLS && offset < DOORBELLS + 4 * 256)
        ring_doorbell((offset - DOORBELLS) / 4, value & 0xFF);
    else if (offset >= OPERATIONAL + 0x400 && offset < OPERATIONAL + 0x400 + FAKE_PORTS * 16)
        write_port((offset - OPERATIONAL - 0x400) / 16 + 1, value);
    else if (offset == OPERATIONAL)
        write_command(value);
    else if (offset == OPERATIONAL + 0x18 || offset == OPERATIONAL + 0x1C)
        set_half(&fake.commands, offset, value);
    else if (offset == OPERATIONAL + 0x30 || offset == OPERATIONAL + 0x34)
        set_half(&fake.array, offset, value);
    else if (offset == OPERATIONAL + 0x38)
        fake.config = value;
    else if (offset == RUNTIME + 0x30 || offset == RUNTIME + 0x34)
        set_half(&fake.table, offset, value);
    else if (offset == RUNTIME + 0x38 || offset == RUNTIME + 0x3C)
        set_half(&fake.dequeue, offset, value);
    else if (offset == LEGACY)
        fake.firmware_owns = value >> 16 & 1;
    else if (offset == LEGACY + 4)
        fake.legacy_control = value;
    else
        assert_int_equal(offset, RUNTIME + 0x28);
}
