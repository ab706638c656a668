/*
 * test_vpc_boot.c - what a virtual PC starts with: every field of a Linux kernel's header and of a boot sector at its
 * bounds, bytes that chance changed in files of each kind; and what firmware leaves in memory. Multiboot's fields:
 * test_vpc_multiboot.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "boot_files.h"
#include "cpu/x86.h"
#include "fake_mmu.h"
#include "random.h"
#include "vpc/acpi_tables.h"
#include "vpc/firmware.h"
#include "vpc/mp_table.h"
#include "vpc/vpc_boot.h"

#define MIB (1u << 20)
#define MEMORY (2 * MIB)
#define LOWEST 0xA000u
#define CHANGES 200000u

static char reason[160];
static struct vpc_boot boot;

/* A Linux kernel of so many sectors before its code, and some code. */
static void put_linux(uint8_t sectors)
{
    memset(file, 0, sizeof(file));
    put(0x1F1, sectors, 1);
    put(0x201, 0x66, 1);
    put(0x202, 0x53726448, 4);
    put(0x206, 0x020F, 2);
    put(0x211, 1, 1);
    put(0x22C, 0x7FFFFFFF, 4);
}

static bool choose(uint32_t bytes, uint32_t initrd_bytes, uint32_t memory)
{
    static uint8_t initrd[MIB];
    struct vpc_file image = { file, bytes }, disk = { initrd_bytes ? initrd : NULL, initrd_bytes };

    strcpy(reason, "");
    bool good = vpc_boot_choose(&boot, image, disk, "a line", memory, reason, sizeof(reason));
    assert_true(good || reason[0] != '\0');
    return good;
}

static void test_linux_header(void **state)
{
    (void)state;
    put_linux(1);
    assert_true(choose(FILE_BYTES, 0, MEMORY));
    assert_int_equal(boot.kind, VPC_BOOT_LINUX);
    assert_int_equal(boot.image.parts[0].bytes, FILE_BYTES - 1024);
    put_linux(0);                                               /* stands for 4 */
    assert_true(choose(FILE_BYTES, 0, MEMORY));
    assert_int_equal(boot.image.parts[0].bytes, FILE_BYTES - 5 * 512);
    put_linux(FILE_BYTES / 512 - 2);
    assert_true(choose(FILE_BYTES, 0, MEMORY));
    put_linux(FILE_BYTES / 512 - 1);                            /* no byte of code */
    assert_false(choose(FILE_BYTES, 0, MEMORY));
    put_linux(1);
    put(0x206, 0x0202, 2);
    assert_false(choose(FILE_BYTES, 0, MEMORY));
    put(0x206, 0x0203, 2);
    assert_true(choose(FILE_BYTES, 0, MEMORY));
    put(0x211, 0xFE, 1);                                        /* not to be loaded high */
    assert_false(choose(FILE_BYTES, 0, MEMORY));
}

static void test_linux_initrd(void **state)
{
    uint32_t code = FILE_BYTES - 1024, behind = (KERNEL_AT + code + PAGE_MASK) & ~PAGE_MASK;

    (void)state;
    put_linux(1);
    assert_true(choose(FILE_BYTES, 5000, MEMORY));
    assert_int_equal(boot.initrd_at, MEMORY - 8192);
    assert_true(choose(FILE_BYTES, MEMORY - behind, MEMORY));
    assert_int_equal(boot.initrd_at, behind);
    assert_false(choose(FILE_BYTES, MEMORY - behind + 1, MEMORY));
    put(0x22C, behind + 8191, 4);                               /* the highest byte that it may have */
    assert_true(choose(FILE_BYTES, 5000, MEMORY));
    assert_int_equal(boot.initrd_at, behind);
    put(0x22C, behind + 4998, 4);
    assert_false(choose(FILE_BYTES, 5000, MEMORY));
    put(0x22C, 0, 4);
    assert_false(choose(FILE_BYTES, 5000, MEMORY));
    put(0x22C, 0xFFFFFFFF, 4);
    assert_true(choose(FILE_BYTES, 5000, MEMORY));
}

static void test_zero_page(void **state)
{
    uint8_t page[BZIMAGE_ZERO_PAGE_BYTES];

    (void)state;
    put_linux(1);
    memset(file + 0x230, 0x77, 0x100);
    bzimage_zero_page(file, 0x9200, 0x150000, 5000, MEMORY, page);
    assert_int_equal(get(page, 0x202), 0x53726448);
    assert_int_equal(page[0x210], 0xFF);
    assert_int_equal(get(page, 0x228), 0x9200);
    assert_int_equal(get(page, 0x218), 0x150000);
    assert_int_equal(get(page, 0x21C), 5000);
    assert_int_equal(get(page, 0x1E0), 1024);
    assert_int_equal(page[0x267], 0x77);                        /* the header ends at 202 + 66 */
    assert_int_equal(page[0x268], 0);
    assert_int_equal(page[0x1E8], 4);
    assert_int_equal(get(page, 0x2D0 + 3 * 20), MIB);
    assert_int_equal(get(page, 0x2D0 + 3 * 20 + 8), MIB);
    put(0x201, 0xFF, 1);                                        /* a header as long as can be ends before the map */
    bzimage_zero_page(file, 0, 1, 0, MEMORY, page);
    assert_int_equal(page[0x2CF], 0x77);
    assert_int_equal(get(page, 0x2D0), 0);
    assert_int_equal(get(page, 0x218), 0);
}

/* Of Linux Documentation "Zero Page": screen_info. */
static void test_screen_info(void **state)
{
    static const struct { const char *line; bool has_screen; } lines[] = {
        { "", true }, { "quiet", true }, { "console=ttyS0", false }, { "quiet console=ttyS0,115200 ro", false },
        { "console=ttyS0 console=tty0", true }, { "console=tty1 console=ttyS0", true }, { "console=tty", true },
        { "earlyprintk=ttyS0", true }, { "netconsole=ttyS0", true }, { "console=ttyS1 netconsole=tty0", false },
        { "console=", true }, { "console=uart,io,0x3f8", false }, { "console=uart8250,io,0x3f8,115200n8", false },
    };
    static const uint8_t text_mode[0x40] = { [6] = 3, 80, [0x0A] = 3, [0x0E] = 25, 1, 16 }, none[0x40];
    uint8_t page[BZIMAGE_ZERO_PAGE_BYTES];

    (void)state;
    for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        put_linux(1);
        bzimage_zero_page(file, 0, 0, 0, MEMORY, page);
        assert_memory_equal(page, none, sizeof(none));
        bzimage_give_screen(page, lines[i].line);
        assert_memory_equal(page, lines[i].has_screen ? text_mode : none, sizeof(none));
    }
}

static void test_boot_sector(void **state)
{
    (void)state;
    memset(file, 0, sizeof(file));
    put(510, 0xAA55, 2);
    assert_true(choose(512, 0, MEMORY));
    assert_int_equal(boot.kind, VPC_BOOT_SECTOR);
    assert_int_equal(boot.image.parts[0].bytes, 512);
    assert_false(choose(511, 0, MEMORY));
    put(510, 0x55AA, 2);
    assert_false(choose(FILE_BYTES, 0, MEMORY));
    put(510, 0xAA55, 2);
    put_header(0, 0x8);                                         /* a bad kernel is no disk */
    assert_false(choose(FILE_BYTES, 0, MEMORY));
    assert_non_null(strstr(reason, "flags"));
}

static void test_memory_and_command_line(void **state)
{
    static char line[VPC_COMMAND_LINE_BYTES + 1];
    struct vpc_file image = { file, FILE_BYTES };

    (void)state;
    put_linux(1);
    assert_false(choose(FILE_BYTES, 0, MEMORY - PAGE_SIZE));
    assert_true(choose(FILE_BYTES, 0, VPC_MEMORY_MAX));
    assert_false(choose(FILE_BYTES, 0, VPC_MEMORY_MAX + PAGE_SIZE));
    memset(line, 'x', VPC_COMMAND_LINE_BYTES - 1);
    assert_true(vpc_boot_choose(&boot, image, (struct vpc_file){ 0 }, line, MEMORY, reason, sizeof(reason)));
    line[VPC_COMMAND_LINE_BYTES - 1] = 'x';
    assert_false(vpc_boot_choose(&boot, image, (struct vpc_file){ 0 }, line, MEMORY, reason, sizeof(reason)));
}

/* Good files in which some bytes are others, cut anywhere: what is taken lies in the file and in memory. */
static void test_hostile_files(void **state)
{
    unsigned taken = 0;

    (void)state;
    random_state = 1;
    for (unsigned i = 0; i < CHANGES; i++) {
        if (i % 3 == 0)
            put_elf(1 + random_below(4));
        else if (i % 3 == 1)
            put_addresses(random_below(16) * 4, KERNEL_AT + 64, KERNEL_AT, KERNEL_AT + 4096, 0);
        else
            put_linux((uint8_t)random_below(32));
        for (unsigned changes = random_below(4); changes > 0; changes--)
            put(random_below(i % 3 == 2 ? 0x264 : 200), random_u32(), 1 + random_below(4));
        uint32_t bytes = 1024 + random_below(FILE_BYTES - 1023);
        if (!choose(bytes, random_below(2) * random_below(MIB), MEMORY))
            continue;
        taken++;
        assert_in_range(boot.image.part_count, 1, MULTIBOOT_PARTS);
        for (unsigned part = 0; part < boot.image.part_count; part++) {
            const struct boot_part *one = &boot.image.parts[part];
            assert_in_range((uint64_t)one->address + one->bytes, one->address, MEMORY);
            assert_true(one->address >= LOWEST || boot.kind == VPC_BOOT_SECTOR);
            if (one->from != boot.initrd.bytes)
                assert_in_range((uint64_t)(one->from - file) + one->bytes, 0, bytes);
        }
    }
    assert_in_range(taken, CHANGES / 10, CHANGES);
}

static uint8_t sum(const uint8_t *bytes, uint32_t count)
{
    uint8_t total = 0;

    while (count-- > 0)
        total = (uint8_t)(total + *bytes++);
    return total;
}

/* As a kernel follows them: tests/vpc/power.c does so in a whole PC. */
static void test_acpi_tables(void **state)
{
    static uint8_t tables[ACPI_TABLES_BYTES];
    const uint32_t at = 0xF0000;

    (void)state;
    acpi_tables_make(tables, at);
    assert_memory_equal(tables, "RSD PTR ", 8);
    assert_int_equal(sum(tables, 20), 0);
    const uint8_t *root = tables + (get(tables, 16) - at), *fixed = tables + (get(root, 36) - at);
    assert_memory_equal(root, "RSDT", 4);
    assert_int_equal(get(root, 4), 40);
    assert_int_equal(sum(root, 40), 0);
    assert_memory_equal(fixed, "FACP", 4);
    assert_int_equal(get(fixed, 4), 116);
    assert_int_equal(sum(fixed, 116), 0);
    assert_int_equal(get(fixed, 64), ACPI_CONTROL_PORT);
    assert_int_equal(get(fixed, 36) % 64, 0);
    assert_memory_equal(tables + (get(fixed, 36) - at), "FACS", 4);
    const uint8_t *definitions = tables + (get(fixed, 40) - at);
    assert_memory_equal(definitions, "DSDT", 4);
    assert_int_equal(sum(definitions, get(definitions, 4)), 0);
}

/* The processor at the first instruction, for each way: Multiboot "Machine state", Linux "32-bit Boot Protocol". */
static void start_in(struct vpc *vpc, struct ram *ram)
{
    const struct vpc_clock clock = { .is_counted = true };
    uint32_t steps = UINT32_MAX;

    memset(vpc, 0, sizeof(*vpc));
    vpc_init(vpc, ram, &clock, &vpc_bus, NULL);
    while (vpc_boot_step(&boot, vpc, 1) == VPC_BOOT_COPIES)
        assert_true(steps-- > 0);
}

static void test_first_instruction(void **state)
{
    static struct vpc vpc;
    const struct vcpu *cpu = &vpc.interp.cpu;
    struct ram ram;

    (void)state;
    assert_int_equal(ram_create(&ram, MEMORY), STATUS_OK);
    put_elf(1);
    assert_true(choose(FILE_BYTES, 5000, MEMORY));
    start_in(&vpc, &ram);
    assert_int_equal(cpu->gpr[GPR_EAX], 0x2BADB002);
    assert_int_equal(cpu->eip, KERNEL_AT);
    assert_int_equal(cpu->segments[SEG_CS].selector, 0x08);
    const uint8_t *info = ram_peek(&ram, cpu->gpr[GPR_EBX] >> PAGE_SHIFT);
    assert_int_equal(get(info, 0), 0x24D);
    assert_int_equal(get(info, 20), 1);
    put_linux(1);
    assert_true(choose(FILE_BYTES, 0, MEMORY));
    start_in(&vpc, &ram);
    assert_int_equal(cpu->segments[SEG_CS].selector, 0x10);
    assert_int_equal(cpu->segments[SEG_DS].selector, 0x18);
    assert_int_equal(cpu->gpr[GPR_ESI], 0x90000);
    assert_int_equal(cpu->gpr[GPR_EBX], 0);
    memset(file, 0, sizeof(file));
    put(510, 0xAA55, 2);
    assert_true(choose(FILE_BYTES, 0, MEMORY));
    start_in(&vpc, &ram);
    assert_int_equal(cpu->eip, 0x7C00);
    assert_int_equal(cpu->segments[SEG_CS].base, 0);
    assert_int_equal(cpu->gpr[GPR_EDX], 0x80);
    assert_true(cpu->eflags & EFLAGS_IF);
    assert_int_equal(vpc.pic.first.base << 8 | vpc.pic.second.base, 0x0870);
    assert_int_equal(vpc.pic.first.imr << 8 | vpc.pic.second.imr, 0xB88E);
    machine_unmake_ram(&ram);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linux_header),
        cmocka_unit_test(test_linux_initrd),
        cmocka_unit_test(test_zero_page),
        cmocka_unit_test(test_screen_info),
        cmocka_unit_test(test_boot_sector),
        cmocka_unit_test(test_memory_and_command_line),
        cmocka_unit_test(test_hostile_files),
        cmocka_unit_test(test_acpi_tables),
        cmocka_unit_test_setup_teardown(test_first_instruction, machine_start, machine_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
