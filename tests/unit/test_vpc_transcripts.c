/*
 * test_vpc_transcripts.c - a virtual PC's devices do what QEMU's did: each transcript (an argument each, recorded by
 * tests/vpc/record.c) is repeated at the same times, and each value compared.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/frames.h"
#include "fake_mmu.h"
#include "vpc/disk.h"
#include "vpc/ports.h"
#include "vpc/vpc.h"

#include "../vpc/lib/transcript.h"

#define RAM_FRAMES 512u
#define SHOWN_BYTES (32u << 20)     /* of RAM, as record.py's PC has */
#define DISK_SECTORS 128u
#define TEXT_MOST 65536u
#define FILES_MOST 32

static struct vpc vpc;
static struct ram ram;
static uint64_t now_ns;
static uint32_t disks[2][DISK_SECTORS * DISK_SECTOR_BYTES / 4];

static uint64_t get_now(void *owner)
{
    (void)owner;
    return now_ns;
}

static int start(void **state)
{
    const struct vpc_clock clock = { .now_ns = get_now };

    machine_start(state);
    now_ns = 0;
    assert_int_equal(ram_create(&ram, RAM_FRAMES << PAGE_SHIFT), STATUS_OK);
    memset(&vpc, 0, sizeof(vpc));
    vpc_init(&vpc, &ram, &clock, &vpc_bus, NULL);
    mc146818_reset(&vpc.cmos, SHOWN_BYTES);
    for (uint32_t i = 0; i < DISK_SECTORS * DISK_SECTOR_BYTES / 4; i++) {
        disks[0][i] = i / (DISK_SECTOR_BYTES / 4) + 1;
        disks[1][i] = i / (DISK_SECTOR_BYTES / 4) + 1000;
    }
    for (unsigned i = 0; i < 2; i++)
        assert_true(disk_open(&vpc.ide.disks[i], (const uint8_t *)disks[i], sizeof(disks[i])));
    return 0;
}

static int stop(void **state)
{
    uint32_t steps = UINT32_MAX;

    for (unsigned i = 0; i < 2; i++)
        assert_true(disk_close(&vpc.ide.disks[i], &steps));
    machine_unmake_ram(&ram);
    return machine_stop(state);
}

/* All that is due until then, each at its own time. */
static void go_on_until(uint64_t time_ns)
{
    while (vpc.due_ns <= time_ns) {
        now_ns = vpc.due_ns > now_ns ? vpc.due_ns : now_ns;
        vpc_run(&vpc, 0);
    }
    now_ns = time_ns;
}

static uint32_t take(void)
{
    return vpc.interp.cpu.has_interrupt ? vpc.bus.acknowledge(&vpc) : 0;
}

static uint32_t move_sector(const struct step *step)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < SECTOR_WORDS; i++) {
        if (step->kind == STEP_FILL)
            ports_write(&vpc, (uint16_t)step->where, 2, step->value);
        else
            sum += ports_read(&vpc, (uint16_t)step->where, 2);
    }
    return step->kind == STEP_FILL ? step->value : sum;
}

static uint32_t do_step(const struct step *step)
{
    uint16_t port = (uint16_t)step->where;

    switch (step->kind) {
    case STEP_IN1: case STEP_READY: return ports_read(&vpc, port, 1);
    case STEP_IN2: return ports_read(&vpc, port, 2);
    case STEP_IN4: return ports_read(&vpc, port, 4);
    case STEP_OUT1: ports_write(&vpc, port, 1, step->value); break;
    case STEP_OUT2: ports_write(&vpc, port, 2, step->value); break;
    case STEP_OUT4: ports_write(&vpc, port, 4, step->value); break;
    case STEP_READ: return vpc.bus.read(&vpc, GPA(step->where), 4);
    case STEP_WRITE: vpc.bus.write(&vpc, GPA(step->where), 4, step->value); break;
    case STEP_TAKE: return take();
    case STEP_SECTOR: case STEP_FILL: return move_sector(step);
    default: break;
    }
    return step->value;
}

/* Of a value that is another, the line and ours are told, and the rest is compared, too. */
static unsigned repeat(const char *text, const char *end)
{
    unsigned wrong = 0, number = 0;
    struct step step;

    while (text < end) {
        const char *line = text;
        text = step_read(text, end, &step);
        number++;
        if (step.kind == STEP_NONE)
            continue;
        assert_int_not_equal(step.kind, STEP_BAD);
        go_on_until(step.time);
        uint32_t value = do_step(&step) & step.mask, wanted = step.has_ours ? step.ours : step.value & step.mask;
        if (value == wanted || step.kind == STEP_WAIT)
            continue;
        wrong++;
        print_error("line %u: %.*s: ours is %x\n", number, (int)(text - line - 1), line, value);
    }
    return wrong;
}

static void test_transcript(void **state)
{
    static char text[TEXT_MOST];
    FILE *file = fopen(*state, "r");

    assert_non_null(file);
    size_t bytes = fread(text, 1, sizeof(text), file);
    fclose(file);
    assert_in_range(bytes, 1, sizeof(text) - 1);
    start(NULL);
    unsigned wrong = repeat(text, text + bytes);
    stop(NULL);
    assert_int_equal(wrong, 0);
}

int main(int count, char **paths)
{
    struct CMUnitTest tests[FILES_MOST] = { 0 };

    if (count < 2 || count > FILES_MOST)
        return 1;
    for (int i = 1; i < count; i++) {
        const char *slash = strrchr(paths[i], '/');
        tests[i - 1] = (struct CMUnitTest){ .name = slash != NULL ? slash + 1 : paths[i], .test_func = test_transcript,
                                            .initial_state = paths[i] };
    }
    return _cmocka_run_group_tests("transcripts", tests, (size_t)count - 1, NULL, NULL);
}
