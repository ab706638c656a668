/*
 * test_elf32.c - the guest image checks: every refusal with its exact words, and the edges on both sides.
 *
 * Each case starts from a good image with two segments and changes one thing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guest/elf32.h"

#define RAM_BYTES (24u << 20)
#define IMAGE_BYTES 0x3000u
#define HEADERS_MAX 40

struct program_header {
    uint32_t type, offset, vaddr, paddr, filesz, memsz, flags, align;
};

static struct {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version, entry, phoff, shoff, flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
    struct program_header segments[HEADERS_MAX];
} file;

static uint64_t image_bytes;
static uint32_t ram_bytes;

static int make_good_image(void **state)
{
    (void)state;
    memset(&file, 0, sizeof(file));
    memcpy(file.ident, "\177ELF\1\1\1", 7);
    file.type = 2;
    file.machine = 3;
    file.entry = 0x100010;
    file.phoff = 52;
    file.ehsize = 52;
    file.phentsize = 32;
    file.phnum = 2;
    file.segments[0] = (struct program_header){ 1, 0x1000, 0x100000, 0x100000, 0x800, 0x800, 5, 0x1000 };
    file.segments[1] = (struct program_header){ 1, 0x2000, 0x101000, 0x101000, 0x1000, 0x5000, 6, 0x1000 };
    image_bytes = IMAGE_BYTES;
    ram_bytes = RAM_BYTES;
    return 0;
}

/* The image lies at the end of an exact, odd-aligned allocation, so that every stray access is caught. */
static bool parse(struct elf32_image *parsed, char *reason, size_t reason_bytes)
{
    uint8_t *room = malloc(image_bytes + 1);
    memset(room, 0, image_bytes + 1);
    memcpy(room + 1, &file, image_bytes < sizeof(file) ? image_bytes : sizeof(file));
    bool good = elf32_parse(room + 1, image_bytes, ram_bytes, parsed, reason, reason_bytes);
    free(room);
    return good;
}

static void expect_good(void)
{
    struct elf32_image parsed;
    char reason[200] = "";
    if (!parse(&parsed, reason, sizeof(reason)))
        fail_msg("refused: %s", reason);
}

static void expect_refusal(const char *words)
{
    struct elf32_image parsed;
    char reason[200] = "";
    assert_false(parse(&parsed, reason, sizeof(reason)));
    assert_string_equal(reason, words);
}

static void test_good_image(void **state)
{
    struct elf32_image parsed;
    char reason[200];

    (void)state;
    assert_true(parse(&parsed, reason, sizeof(reason)));
    assert_int_equal(parsed.entry, 0x100010);
    assert_int_equal(parsed.segment_count, 2);
    assert_int_equal(parsed.segments[0].file_offset, 0x1000);
    assert_int_equal(parsed.segments[0].file_bytes, 0x800);
    assert_int_equal(parsed.segments[1].address, 0x101000);
    assert_int_equal(parsed.segments[1].memory_bytes, 0x5000);
}

static void test_not_elf(void **state)
{
    (void)state;
    image_bytes = 0;
    expect_refusal("not an ELF file (0 bytes, no ELF magic at its start)");
    image_bytes = 15;
    expect_refusal("not an ELF file (15 bytes, no ELF magic at its start)");
    image_bytes = IMAGE_BYTES;
    file.ident[3] = 'f';
    expect_refusal("not an ELF file (12288 bytes, no ELF magic at its start)");
}

static void test_wrong_ident(void **state)
{
    (void)state;
    file.ident[4] = 2;
    expect_refusal("64-bit ELF; guests are 32-bit i386");
    file.ident[4] = 7;
    expect_refusal("ELF class 7; guests are 32-bit (class 1)");
    file.ident[4] = 1;
    file.ident[5] = 2;
    expect_refusal("big-endian ELF; guests are little-endian i386");
    file.ident[5] = 0;
    expect_refusal("ELF data encoding 0; guests are little-endian (encoding 1)");
}

static void test_wrong_header(void **state)
{
    (void)state;
    file.machine = 40;
    expect_refusal("ELF machine 40; guests are i386 (machine 3)");
    make_good_image(NULL);
    file.type = 3;
    expect_refusal("ELF type 3; guests are executables linked at a fixed address (type 2, ET_EXEC)");
    make_good_image(NULL);
    file.phnum = 0;
    expect_refusal("no program headers, so nothing to load");
    make_good_image(NULL);
    file.phentsize = 56;
    expect_refusal("program headers of 56 bytes each, not 32");
}

static void test_truncated(void **state)
{
    (void)state;
    image_bytes = 51;
    expect_refusal("truncated: the file ends at 0x33, inside the ELF header");
    image_bytes = 52;
    expect_refusal("truncated: program headers at 0x00000034..0x00000074, but the file ends at 0x34");
    image_bytes = 0x73;
    expect_refusal("truncated: program headers at 0x00000034..0x00000074, but the file ends at 0x73");
    image_bytes = 0x2FFF;
    expect_refusal("truncated: segment 1 is at 0x00002000..0x00003000 of the file, which ends at 0x2fff");
    make_good_image(NULL);
    file.phoff = 0xFFFFFFF0;
    expect_refusal("truncated: program headers at 0xfffffff0..0x100000030, but the file ends at 0x3000");
    make_good_image(NULL);
    file.segments[0].offset = 0xFFFFFF00;
    expect_refusal("truncated: segment 0 is at 0xffffff00..0x100000700 of the file, which ends at 0x3000");
}

static void test_wrong_segments(void **state)
{
    (void)state;
    file.segments[1].paddr = 0x201000;
    expect_refusal("segment 1 has p_paddr 0x00201000 but p_vaddr 0x00101000; they must be equal");
    make_good_image(NULL);
    file.segments[0].memsz = 0x7FF;
    expect_refusal("segment 0 has p_filesz 0x800 greater than its p_memsz 0x7ff");
    make_good_image(NULL);
    file.segments[0].memsz = 0;
    expect_refusal("segment 0 has p_filesz 0x800 greater than its p_memsz 0x0");
    make_good_image(NULL);
    file.segments[0].type = file.segments[1].type = 4;
    expect_refusal("no PT_LOAD segment, so nothing to load");
    file.segments[1] = (struct program_header){ .type = 1, .vaddr = 1, .paddr = 1 };
    expect_refusal("no PT_LOAD segment, so nothing to load");
}

static void move_segment(unsigned number, uint32_t address, uint32_t memory_bytes)
{
    file.segments[number].vaddr = file.segments[number].paddr = address;
    file.segments[number].memsz = memory_bytes;
}

static void test_outside_ram(void **state)
{
    (void)state;
    move_segment(1, RAM_BYTES - 0x5000, 0x5000);
    expect_good();
    move_segment(1, RAM_BYTES - 0x5000, 0x5001);
    expect_refusal("segment 1 at 0x017fb000..0x01800001 lies outside the guest's 24 MiB of RAM");
    move_segment(1, 0xFFFFF000, 0x5000);
    expect_refusal("segment 1 at 0xfffff000..0x100004000 lies outside the guest's 24 MiB of RAM");
    move_segment(1, 0x1000, 0xFFFFFFFF);
    expect_refusal("segment 1 at 0x00001000..0x100000fff lies outside the guest's 24 MiB of RAM");
    make_good_image(NULL);
    ram_bytes = 0x101000;
    expect_refusal("segment 1 at 0x00101000..0x00106000 lies outside the guest's 1028 KiB of RAM");
    ram_bytes = 0x106000;
    expect_good();
}

static void test_overlap(void **state)
{
    (void)state;
    move_segment(1, 0x100800, 0x5000);
    expect_good();
    move_segment(1, 0x1007FF, 0x5000);
    expect_refusal("segments overlap: 0x00100000..0x00100800 and 0x001007ff..0x001057ff");
    move_segment(1, 0xFB000, 0x5000);
    expect_good();
    move_segment(1, 0xFB000, 0x5001);
    expect_refusal("segments overlap: 0x00100000..0x00100800 and 0x000fb000..0x00100001");
    move_segment(1, 0x100000, 0x1000);
    expect_refusal("segments overlap: 0x00100000..0x00100800 and 0x00100000..0x00101000");
    move_segment(1, 0xF0000, 0x20000);
    expect_refusal("segments overlap: 0x00100000..0x00100800 and 0x000f0000..0x00110000");
}

static void test_entry(void **state)
{
    (void)state;
    file.entry = 0x1007FF;
    expect_good();
    file.entry = 0x100800;
    expect_refusal("entry 0x00100800 lies outside every segment");
    file.entry = 0x101000;
    expect_good();
    file.entry = 0xFFFFF;
    expect_refusal("entry 0x000fffff lies outside every segment");
    file.entry = 0;
    expect_refusal("entry 0x00000000 lies outside every segment");
}

static void test_many_segments(void **state)
{
    (void)state;
    file.phnum = HEADERS_MAX;
    for (unsigned i = 0; i < HEADERS_MAX; i++)
        file.segments[i] = (struct program_header){ i < ELF32_SEGMENTS_MAX ? 1 : 4, 0, 0x100000 + i * 0x1000,
                                                    0x100000 + i * 0x1000, 16, 0x1000, 7, 0x1000 };
    expect_good();
    file.segments[HEADERS_MAX - 1].type = 1;
    expect_refusal("more than 32 segments to load");
    file.phnum = 1025;
    expect_refusal("1025 program headers; 1024 are the most");
}

static void test_unusual_but_good(void **state)
{
    (void)state;
    file.segments[1].filesz = 0;        /* .bss only: where it would be in the file does not matter */
    file.segments[1].offset = 0xFFFFFFFF;
    expect_good();
    make_good_image(NULL);
    file.segments[0].type = 4;          /* not loaded: nothing of it is checked */
    file.segments[0].offset = 0xFFFFFFFF;
    file.entry = 0x101000;
    expect_good();
    make_good_image(NULL);
    file.phnum = 3;
    file.segments[2] = (struct program_header){ .type = 1, .vaddr = 0xFFFFFFFF };   /* empty: as if absent */
    expect_good();
}

static void test_short_reason_room(void **state)
{
    struct elf32_image parsed;
    char reason[8] = "#######";

    (void)state;
    file.machine = 62;
    assert_false(parse(&parsed, reason, 4));
    assert_string_equal(reason, "ELF");
    assert_int_equal(reason[4], '#');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_good_image, make_good_image),
        cmocka_unit_test_setup(test_not_elf, make_good_image),
        cmocka_unit_test_setup(test_wrong_ident, make_good_image),
        cmocka_unit_test_setup(test_wrong_header, make_good_image),
        cmocka_unit_test_setup(test_truncated, make_good_image),
        cmocka_unit_test_setup(test_wrong_segments, make_good_image),
        cmocka_unit_test_setup(test_outside_ram, make_good_image),
        cmocka_unit_test_setup(test_overlap, make_good_image),
        cmocka_unit_test_setup(test_entry, make_good_image),
        cmocka_unit_test_setup(test_many_segments, make_good_image),
        cmocka_unit_test_setup(test_unusual_but_good, make_good_image),
        cmocka_unit_test_setup(test_short_reason_room, make_good_image),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
