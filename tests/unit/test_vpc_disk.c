/*
 * test_vpc_disk.c - a virtual PC's disks: what is written stays beside the file, and data goes in blocks, by elements
 * or by strings of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_mmu.h"
#include "random.h"
#include "small_pc.h"
#include "vpc/disk.h"

/* What was written is there, the file is as it was, and what lies beside it in the page comes from the file. */
static void test_disk_overlay(void **state)
{
    struct disk *disk = &vpc.ide.disks[0];
    uint8_t sector[DISK_SECTOR_BYTES], other[DISK_SECTOR_BYTES];

    (void)state;
    assert_int_equal(disk->sectors, (DISK_BYTES + 511) / 512);
    memset(sector, 0xEE, sizeof(sector));
    assert_true(disk_write(disk, 9, sector));
    disk_read(disk, 9, other);
    assert_memory_equal(other, sector, sizeof(sector));
    disk_read(disk, 10, other);
    assert_int_equal(other[0], 11);
    assert_int_equal(disk_file[9 * 512], 10);
    disk_read(disk, disk->sectors - 1, other);              /* the file ends inside */
    assert_int_equal(other[0], disk->sectors);
    assert_int_equal(other[DISK_BYTES % 512], 0);
    machine_fail(machine_allocations, MACHINE_NEVER);
    assert_false(disk_write(disk, 40, sector));
    machine_fail(MACHINE_NEVER, 0);
}

/* A guest that takes a byte and then words never comes out at the end of a block: it gets nothing more. */
static void test_disk_odd_sizes(void **state)
{
    static const uint8_t registers[] = { 1, 5, 0, 0, 0xE0, 0x20 };

    (void)state;
    for (uint16_t i = 0; i < sizeof(registers); i++)
        out((uint16_t)(0x1F2 + i), registers[i]);
    assert_int_equal(in(0x1F7) & 0x08, 0x08);
    assert_int_equal(ports_read(&vpc, 0x1F0, 1), 6);
    for (unsigned i = 0; i < 127; i++)
        assert_int_equal(ports_read(&vpc, 0x1F0, 4), 0x06060606);
    for (unsigned i = 0; i < 9000; i++)
        assert_int_equal(ports_read(&vpc, 0x1F0, 4), 0);
    assert_true(vpc.ide.at <= vpc.ide.end && vpc.ide.end <= sizeof(vpc.ide.data));
}

/* A wide access to the port before the data port ends in that one, and is no data, nor a reset: nothing is another. */
static void test_disk_data_port_is_no_register(void **state)
{
    static const uint8_t registers[] = { 2, 5, 0, 0, 0xE0, 0x30 };
    uint8_t before[sizeof(struct ide) - offsetof(struct ide, features)];

    (void)state;
    for (uint16_t i = 0; i < sizeof(registers); i++)
        out((uint16_t)(0x1F2 + i), registers[i]);
    ports_write(&vpc, 0x1F0, 2, 0x1234);
    memcpy(before, &vpc.ide.features, sizeof(before));
    ports_write(&vpc, 0x1EF, 2, 0x0400);
    ports_write(&vpc, 0x1ED, 4, 0x04000000);
    assert_memory_equal(before, &vpc.ide.features, sizeof(before));
    ports_write(&vpc, 0x1EF, 4, 0x05040400);                /* and 1F1 and 1F2 get their bytes */
    assert_int_equal(vpc.ide.features, 0x04);
    assert_int_equal(in(0x1F2), 0x05);
    assert_int_equal(in(0x1F7), 0x58);
}

static uint8_t data_of_disk(uint32_t byte)
{
    return (uint8_t)(byte / DISK_SECTOR_BYTES * 3 + byte % 251);
}

/* A command in blocks of 4 sectors. */
static void begin_blocks(uint8_t sectors, uint8_t command)
{
    const uint8_t registers[] = { 4, 0, 0, 0, 0xE0, 0xC6, sectors, 8, 0, 0, 0xE0, command };

    for (uint16_t i = 0; i < sizeof(registers); i++)
        out((uint16_t)(0x1F2 + i % 6), registers[i]);
}

/* After a reset, too, the multiple commands are there without C6, with blocks of 16 sectors, as on QEMU's disks. */
static void test_disk_multiple_without_setting(void **state)
{
    static const uint8_t registers[] = { 18, 8, 0, 0, 0xE0, 0xC4 };
    static uint8_t back[18 * DISK_SECTOR_BYTES];

    (void)state;
    begin_blocks(1, 0xEC);
    out(0x3F6, 4);
    out(0x3F6, 0);
    out(0x1F7, 0xEC);
    assert_int_equal(ports_read_string(&vpc, 0x1F0, 2, back, 256), 256);
    assert_int_equal(back[2 * 59] | back[2 * 59 + 1] << 8, 0x100 | IDE_MULTIPLE_MAX);
    for (uint16_t i = 0; i < sizeof(registers); i++)
        out((uint16_t)(0x1F2 + i), registers[i]);
    assert_int_equal(in(0x1F7) & 0x09, 0x08);
    for (unsigned at = 0; at < sizeof(back); at += at == 0 ? 8192 : 1024)
        assert_int_equal(ports_read_string(&vpc, 0x1F0, 4, back + at, 9999), at == 0 ? 2048 : 256);
    assert_int_equal(back[0], 9);
    assert_int_equal(back[sizeof(back) - 1], 26);
    assert_int_equal(in(0x1F7) & 0x89, 0);
}

/*
 * What goes at once ends with its block, whose interrupt then comes, is one exit, and is what words one by one are;
 * there is none where the disk waits for the other direction, or for a command.
 */
static void test_disk_strings(void **state)
{
    static uint8_t bytes[10 * DISK_SECTOR_BYTES], back[sizeof(bytes)];
    uint32_t at = 0;

    (void)state;
    for (uint32_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = data_of_disk(i);
    assert_int_equal(ports_write_string(&vpc, 0x1F0, 2, bytes, 9), 0);
    begin_blocks(10, 0xC5);
    assert_int_equal(ports_read_string(&vpc, 0x1F0, 2, back, 9), 0);
    assert_int_equal(ports_write_string(&vpc, 0x1F1, 2, bytes, 9), 0);
    uint64_t exits = vpc.exits[VPC_EXIT_PORT_WRITE];
    for (unsigned block = 0; block < 3; block++) {
        uint32_t block_bytes = block < 2 ? 2048 : 1024, part = 2 + 2 * random_below(500);
        assert_int_equal(ports_write_string(&vpc, 0x1F0, 2, bytes + at, part / 2), part / 2);
        assert_false(ide_line(&vpc.ide));
        assert_int_equal(ports_write_string(&vpc, 0x1F0, 2, bytes + at + part, 9999), (block_bytes - part) / 2);
        assert_true(ide_line(&vpc.ide));
        assert_int_equal(in(0x1F7) & 0x89, block < 2 ? 0x08 : 0);
        at += block_bytes;
    }
    assert_int_equal(vpc.exits[VPC_EXIT_PORT_WRITE], exits + 6);
    assert_int_equal(ports_write_string(&vpc, 0x1F0, 2, bytes, 9), 0);
    for (unsigned round = 0; round < 2; round++) {
        begin_blocks(10, 0xC4);
        for (at = 0; at < sizeof(bytes);) {
            uint32_t word = ports_read(&vpc, 0x1F0, 4);
            memcpy(back + at, &word, 4);
            at += 4;
            if (round > 0)
                at += 4 * ports_read_string(&vpc, 0x1F0, 4, back + at, random_below(700));
        }
        assert_memory_equal(back, bytes, sizeof(bytes));
        assert_int_equal(in(0x1F7) & 0x89, 0);
        memset(back, 0, sizeof(back));
    }
}

/*
 * Somebody selects the other disk, which is not there, in mid-transfer: data goes on with the one that it began with.
 * It had gone to the other, whose pages were looked for where none are.
 */
static void test_disk_selected_in_mid_transfer(void **state)
{
    static uint8_t bytes[2 * DISK_SECTOR_BYTES], back[sizeof(bytes)];

    (void)state;
    memset(bytes, 0x5A, sizeof(bytes));
    begin_blocks(2, 0x30);
    out(0x1F6, 0xF0);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(ports_write_string(&vpc, 0x1F0, 4, bytes, 128), 128);
    begin_blocks(2, 0x20);
    out(0x1F6, 0xF0);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(ports_read_string(&vpc, 0x1F0, 4, back + i * DISK_SECTOR_BYTES, 128), 128);
    assert_memory_equal(back, bytes, sizeof(bytes));
}

/* Out of memory in mid-string: the PC ends behind the element that found none. */
static void test_disk_string_without_memory(void **state)
{
    static uint8_t bytes[4 * DISK_SECTOR_BYTES];

    (void)state;
    begin_blocks(8, 0xC5);
    machine_fail(machine_allocations, MACHINE_NEVER);
    assert_int_equal(ports_write_string(&vpc, 0x1F0, 4, bytes, 512), 512);
    machine_fail(MACHINE_NEVER, 0);
    assert_int_equal(vpc.end, VPC_END_MEMORY);
    assert_int_equal(ports_write_string(&vpc, 0x1F0, 4, bytes, 512), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_disk_overlay, small_pc_start, small_pc_stop),
        cmocka_unit_test_setup_teardown(test_disk_odd_sizes, small_pc_start, small_pc_stop),
        cmocka_unit_test_setup_teardown(test_disk_data_port_is_no_register, small_pc_start, small_pc_stop),
        cmocka_unit_test_setup_teardown(test_disk_multiple_without_setting, small_pc_start, small_pc_stop),
        cmocka_unit_test_setup_teardown(test_disk_strings, small_pc_start, small_pc_stop),
        cmocka_unit_test_setup_teardown(test_disk_selected_in_mid_transfer, small_pc_start, small_pc_stop),
        cmocka_unit_test_setup_teardown(test_disk_string_without_memory, small_pc_start, small_pc_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
