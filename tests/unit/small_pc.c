/*
 * small_pc.c - see small_pc.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/frames.h"
#include "fake_mmu.h"
#include "small_pc.h"
#include "vpc/disk.h"

#define RAM_FRAMES 512u

struct vpc vpc;
uint64_t now_ns;
uint8_t disk_file[DISK_BYTES];
static struct ram ram;

static uint64_t get_now(void *owner)
{
    (void)owner;
    return now_ns;
}

int small_pc_start(void **state)
{
    const struct vpc_clock clock = { .now_ns = get_now };

    machine_start(state);
    now_ns = 5 * MS;
    assert_int_equal(ram_create(&ram, RAM_FRAMES << PAGE_SHIFT), STATUS_OK);
    memset(&vpc, 0, sizeof(vpc));
    vpc_init(&vpc, &ram, &clock, &vpc_bus, NULL);
    for (uint32_t i = 0; i < DISK_BYTES; i++)
        disk_file[i] = (uint8_t)(i / DISK_SECTOR_BYTES + 1);
    assert_true(disk_open(&vpc.ide.disks[0], disk_file, DISK_BYTES));
    return 0;
}

int small_pc_stop(void **state)
{
    uint32_t steps = UINT32_MAX;

    assert_true(disk_close(&vpc.ide.disks[0], &steps));
    machine_unmake_ram(&ram);
    return machine_stop(state);
}
