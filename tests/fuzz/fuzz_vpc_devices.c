/*
 * fuzz_vpc_devices.c - any accesses to a virtual PC's devices at any time: whatever a guest does, they stay in bounds
 * and say when they are due; and each is a state machine over (time, access): a second PC that is asked the same at the
 * same times gives the same values and is the same in the end.
 *
 * The input: what is done, eight bytes each: see struct act.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "host_ram.h"
#include "vpc/disk.h"
#include "vpc/ports.h"
#include "vpc/vpc.h"

#define ACTS_MOST 256u
#define RAM_BYTES (2u << 20)
#define DISK_BYTES 40000u

enum { ACT_READ, ACT_WRITE, ACT_LOAD, ACT_STORE, ACT_TAKE, ACT_INPUT };

struct act {
    uint8_t kind;               /* ACT_; bits 3, 4: the width; from bit 5 on, of a store: which device */
    uint8_t wait;               /* before it: mantissa in the low half, exponent in the high one */
    uint16_t where;             /* port, or offset in the page of a device */
    uint32_t value;
};
_Static_assert(sizeof(struct act) == 8, "as seeds_vpc_devices.py writes them");

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static struct vpc vpcs[2];
static struct ram rams[2];
static const uint8_t file[DISK_BYTES] = { 1, 2, 3 };
static uint64_t now_ns;

static uint64_t get_now(void *owner)
{
    (void)owner;
    return now_ns;
}

static void begin(struct vpc *vpc, struct ram *ram)
{
    const struct vpc_clock clock = { .now_ns = get_now };

    CHECK(ram_create(ram, RAM_BYTES) == STATUS_OK);
    vpc_init(vpc, ram, &clock, &vpc_bus, NULL);
    for (unsigned i = 0; i < 2; i++)
        CHECK(disk_open(&vpc->ide.disks[i], file, DISK_BYTES - 512 * i));
}

static uint32_t page_of(uint32_t value)
{
    static const uint32_t pages[] = { LAPIC_BASE, I82093_BASE, TEXT_PAGE_BASE, 0xC0000000u };

    return pages[value % 4];
}

static uint32_t do_act(struct vpc *vpc, const struct act *act)
{
    unsigned bytes = 1u << (act->kind >> 3 & 3) % 3;
    uint32_t at = act->where % (PAGE_SIZE - 3);

    switch (act->kind % 8) {
    case ACT_READ: return ports_read(vpc, act->where, bytes);
    case ACT_WRITE: ports_write(vpc, act->where, bytes, act->value); return 0;
    case ACT_LOAD: return vpc_bus.read(vpc, GPA(page_of(act->value) + at), bytes);
    case ACT_STORE: vpc_bus.write(vpc, GPA(page_of((uint32_t)act->kind >> 5) + at), bytes, act->value); return 0;
    case ACT_TAKE: return vpc->interp.cpu.has_interrupt ? vpc_bus.acknowledge(vpc) : 0;
    default:
        if (act->value & 1 && i8042_room(&vpc->keyboard) > 0)
            i8042_key(&vpc->keyboard, (uint8_t)act->where);
        else
            uart_receive(&vpc->uart, (uint8_t)act->where);
        return i8042_room(&vpc->keyboard) + uart_room(&vpc->uart);
    }
}

static void check_bounds(struct vpc *vpc)
{
    CHECK(vpc->ide.at <= vpc->ide.end && vpc->ide.end <= sizeof(vpc->ide.data));
    CHECK(vpc->uart.count <= UART_FIFO && vpc->uart.first < UART_FIFO);
    CHECK(vpc->keyboard.count <= I8042_QUEUE && vpc->keyboard.first < I8042_QUEUE);
    CHECK(vpc->cmos.index < MC146818_BYTES && vpc->output_count <= VPC_OUTPUT_BYTES);
    CHECK(vpc->due_ns > now_ns || vpc->end != VPC_END_NONE);
}

/* One act of one PC; what it gave. An end is only noted, so that what follows is tried, too. */
static uint32_t step(struct vpc *vpc, const struct act *act)
{
    uint32_t value = do_act(vpc, act);

    (void)vpc_run(vpc, 0);
    check_bounds(vpc);
    value ^= (uint32_t)vpc->end << 28 ^ vpc->output_count << 16 ^ vpc->lines ^ vpc->interp.cpu.has_interrupt;
    vpc->output_count = 0;
    vpc->end = VPC_END_NONE;
    vpc->keyboard.wants_reset = false;
    return value;
}

/* All but what differs by nature: the RAM and the disks are other ones, and nobody looks at padding. */
static void check_equal(void)
{
    const struct vpc *one = &vpcs[0], *other = &vpcs[1];

    CHECK(memcmp(&one->pic, &other->pic, sizeof(one->pic)) == 0);
    CHECK(memcmp(&one->lapic, &other->lapic, sizeof(one->lapic)) == 0);
    CHECK(memcmp(one->cmos.memory, other->cmos.memory, sizeof(one->cmos.memory)) == 0);
    CHECK(memcmp(one->ide.data, other->ide.data, sizeof(one->ide.data)) == 0);
    CHECK(memcmp(one->exits, other->exits, sizeof(one->exits)) == 0 && one->due_ns == other->due_ns);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct act act;

    now_ns = 5000000;
    host_ram_begin();
    for (unsigned i = 0; i < 2; i++)
        begin(&vpcs[i], &rams[i]);
    for (size_t at = 0; at + sizeof(act) <= size && at < ACTS_MOST * sizeof(act); at += sizeof(act)) {
        memcpy(&act, bytes + at, sizeof(act));
        now_ns += (uint64_t)(act.wait % 16) << 2 * (act.wait / 16);
        uint32_t value = step(&vpcs[0], &act);
        CHECK(value == step(&vpcs[1], &act));
    }
    check_equal();
    return 0;
}
