/*
 * test_pebbles_program.c - which files Pebbles accepts as programs. From one good file, built here, each field is
 * broken in turn; linkers' ways to lay a file out are tried on it; and a hundred thousand random changes may be refused
 * or accepted, but never promise what is not so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <elf.h>

#include <cmocka.h>

#include "pebbles/abi.h"
#include "pebbles/kernel/program.h"

#define SEGMENTS 3u
#define DATA_BYTES 100u
#define PAGE 4096u
#define LIMIT (PEBBLES_USER_END - PEBBLES_STACK_MAX_BYTES)
#define HEADERS_BYTES offsetof(typeof(image), data)

static struct {
    Elf32_Ehdr header;
    Elf32_Phdr segments[SEGMENTS];
    uint8_t data[DATA_BYTES];
} image;

static struct program program;
static const char *refusal;         /* of the last file */

static int setup(void **state)
{
    (void)state;
    memset(&image, 0, sizeof(image));
    memcpy(image.header.e_ident, ELFMAG "\1\1\1", 7);
    image.header.e_type = ET_EXEC;
    image.header.e_machine = EM_386;
    image.header.e_entry = PEBBLES_USER_START + 4;
    image.header.e_phoff = offsetof(typeof(image), segments);
    image.header.e_phentsize = sizeof(Elf32_Phdr);
    image.header.e_phnum = SEGMENTS;
    image.segments[0] = (Elf32_Phdr){
        .p_type = PT_LOAD, .p_offset = offsetof(typeof(image), data), .p_flags = PF_R | PF_X,
        .p_vaddr = PEBBLES_USER_START, .p_filesz = 60, .p_memsz = 60,
    };
    image.segments[1] = (Elf32_Phdr){ .p_type = PT_NOTE, .p_vaddr = 5, .p_filesz = 10, .p_memsz = 3 };
    image.segments[2] = (Elf32_Phdr){
        .p_type = PT_LOAD, .p_offset = offsetof(typeof(image), data) + 60, .p_flags = PF_R | PF_W,
        .p_vaddr = LIMIT - 5000, .p_filesz = 40, .p_memsz = 5000,
    };
    return 0;
}

static bool parse(uint32_t bytes)
{
    uint8_t *copy = malloc(bytes);      /* exactly so long: the sanitizer sees each byte too far */

    assert_non_null(copy);
    memcpy(copy, &image, bytes);
    refusal = program_parse(copy, bytes, &program);
    free(copy);
    return refusal == NULL;
}

static void test_good(void **state)
{
    (void)state;
    assert_true(parse(sizeof(image)));
    assert_int_equal(program.entry, PEBBLES_USER_START + 4);
    assert_int_equal(program.segment_count, 2);
    assert_int_equal(program.segments[0].address, PEBBLES_USER_START);
    assert_int_equal(program.segments[0].file_bytes, 60);
    assert_false(program.segments[0].writable);
    assert_int_equal(program.segments[1].offset, offsetof(typeof(image), data) + 60);
    assert_int_equal(program.segments[1].memory_bytes, 5000);
    assert_true(program.segments[1].writable);
}

static void test_cut_short(void **state)
{
    (void)state;
    for (uint32_t bytes = 1; bytes < sizeof(image); bytes++)
        assert_false(parse(bytes));
}

#define REFUSED(field, value)                       \
    do {                                            \
        setup(NULL);                                \
        image.field = (typeof(image.field))(value); \
        assert_false(parse(sizeof(image)));         \
    } while (0)

static void test_bad_fields(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 7; i++)
        REFUSED(header.e_ident[i], 9);
    REFUSED(header.e_type, ET_DYN);
    REFUSED(header.e_machine, EM_X86_64);
    REFUSED(header.e_phentsize, 31);
    REFUSED(header.e_type, ET_REL);
    REFUSED(header.e_phoff, sizeof(image) - 1);
    REFUSED(header.e_phoff, 0xFFFFFFF0);
    REFUSED(header.e_phnum, 0);
    REFUSED(header.e_phnum, 0xFFFF);
    REFUSED(header.e_entry, PEBBLES_USER_START - 1);
    REFUSED(header.e_entry, LIMIT);
    REFUSED(header.e_phnum, PROGRAM_HEADERS_MAX + 1);
    REFUSED(segments[0].p_vaddr, 0xFFFFFFF0);
    REFUSED(segments[0].p_filesz, 61);
    REFUSED(segments[0].p_offset, 0xFFFFFFF0);
    REFUSED(segments[2].p_offset, offsetof(typeof(image), data) + 61);
    REFUSED(segments[2].p_memsz, 5001);
    REFUSED(segments[2].p_memsz, 0xFFFFFFFF);
}

/* The linker puts the headers in front of the text: below user memory, in a segment of their own. */
static void test_headers_below(void **state)
{
    (void)state;
    image.segments[1] = (Elf32_Phdr){
        .p_type = PT_LOAD, .p_flags = PF_R, .p_vaddr = PEBBLES_USER_START - PAGE, .p_filesz = HEADERS_BYTES,
        .p_memsz = HEADERS_BYTES, .p_align = PAGE,
    };
    assert_true(parse(sizeof(image)));
    assert_int_equal(program.segment_count, 2);
    assert_int_equal(program.segments[0].address, PEBBLES_USER_START);
    assert_int_equal(program.segments[1].address, LIMIT - 5000);
}

/* ... or in one segment with the text, which is cut where user memory begins. */
static void test_headers_before_text(void **state)
{
    (void)state;
    image.data[10] = image.data[11] = 0x90;
    image.segments[0].p_offset = 0;
    image.segments[0].p_vaddr = PEBBLES_USER_START - HEADERS_BYTES - 10;
    image.segments[0].p_filesz = HEADERS_BYTES + 60;
    image.segments[0].p_memsz = HEADERS_BYTES + 70;
    assert_true(parse(sizeof(image)));
    assert_int_equal(program.segment_count, 2);
    assert_int_equal(program.segments[0].address, PEBBLES_USER_START);
    assert_int_equal(program.segments[0].offset, HEADERS_BYTES + 10);
    assert_int_equal(program.segments[0].file_bytes, 50);
    assert_int_equal(program.segments[0].memory_bytes, 60);
    image.segments[0].p_vaddr--;                    /* now a byte of the text is below, too */
    assert_false(parse(sizeof(image)));
    assert_string_equal(refusal, "it has code or data below 16 MiB");
}

static void test_notes_below(void **state)
{
    (void)state;
    memset(image.data + 20, 7, 16);
    image.segments[0].p_vaddr = PEBBLES_USER_START - 40;
    assert_false(parse(sizeof(image)));
    image.segments[1].p_offset = offsetof(typeof(image), data) + 20;
    image.segments[1].p_filesz = 15;
    assert_false(parse(sizeof(image)));
    image.segments[1].p_filesz = 16;
    assert_true(parse(sizeof(image)));
    assert_int_equal(program.segments[0].file_bytes, 20);
}

static void test_content_below(void **state)
{
    (void)state;
    image.segments[2].p_vaddr = 0x800000;
    image.data[99] = 1;                             /* its last byte */
    assert_false(parse(sizeof(image)));
    image.data[99] = 0;
    assert_false(parse(sizeof(image)));             /* p_memsz is more: zeroes that the program would use */
    image.segments[2].p_memsz = image.segments[2].p_filesz;
    assert_true(parse(sizeof(image)));
    assert_int_equal(program.segment_count, 1);
    image.segments[2].p_vaddr = 0;
    image.segments[2].p_offset = image.segments[2].p_filesz = 0;
    assert_false(parse(sizeof(image)));             /* zeroes only */
    assert_string_equal(refusal, "it has code or data below 16 MiB");
}

/* Where a segment without data would be in the file means nothing, nor what an alignment should be. */
static void test_zeroes_apart(void **state)
{
    (void)state;
    image.segments[2].p_filesz = 0;
    image.segments[2].p_offset = 0x7FFFF123;
    image.segments[2].p_align = 3;
    image.segments[0].p_align = 0xFFFFFFFF;
    assert_true(parse(sizeof(image)));
    assert_int_equal(program.segments[1].memory_bytes, 5000);
    assert_int_equal(program.segments[1].file_bytes, 0);
}

static void test_entry_in_a_later_segment(void **state)
{
    (void)state;
    image.header.e_entry = LIMIT - 4980;
    assert_true(parse(sizeof(image)));
    assert_int_equal(program.entry, LIMIT - 4980);
}

static void test_dynamic(void **state)
{
    static const char wanted[] = "it is position-independent or dynamic: link it with -static -no-pie";

    (void)state;
    image.segments[1].p_type = PT_GNU_STACK;
    assert_true(parse(sizeof(image)));
    image.segments[1].p_type = PT_GNU_RELRO;
    assert_true(parse(sizeof(image)));
    image.segments[1].p_type = PT_INTERP;
    assert_false(parse(sizeof(image)));
    assert_string_equal(refusal, wanted);
    image.segments[1].p_type = PT_DYNAMIC;
    assert_false(parse(sizeof(image)));
    assert_string_equal(refusal, wanted);
    setup(NULL);
    image.header.e_type = ET_DYN;
    assert_false(parse(sizeof(image)));
    assert_string_equal(refusal, wanted);
}

static void test_random(void **state)
{
    uint32_t random = 1, accepted = 0;

    for (uint32_t i = 0; i < 100000; i++) {
        setup(state);
        for (uint32_t change = 0; change <= i % 3; change++) {
            random = random * 1664525u + 1013904223u;
            ((uint8_t *)&image)[(random >> 8) % offsetof(typeof(image), data)] ^= (uint8_t)(1u << (random >> 29));
        }
        if (!parse(sizeof(image)))
            continue;
        accepted++;
        assert_in_range(program.segment_count, 1, PROGRAM_SEGMENTS_MAX);
        for (uint32_t j = 0; j < program.segment_count; j++) {
            const struct program_segment *segment = &program.segments[j];
            assert_true((uint64_t)segment->offset + segment->file_bytes <= sizeof(image));
            assert_in_range(segment->address, PEBBLES_USER_START, LIMIT - 1);
            assert_true((uint64_t)segment->address + segment->memory_bytes <= LIMIT);
            assert_true(segment->memory_bytes > 0 && segment->file_bytes <= segment->memory_bytes);
        }
    }
    assert_in_range(accepted, 1000, 99000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_good, setup),
        cmocka_unit_test_setup(test_cut_short, setup),
        cmocka_unit_test(test_bad_fields),
        cmocka_unit_test_setup(test_headers_below, setup),
        cmocka_unit_test_setup(test_headers_before_text, setup),
        cmocka_unit_test_setup(test_notes_below, setup),
        cmocka_unit_test_setup(test_content_below, setup),
        cmocka_unit_test_setup(test_zeroes_apart, setup),
        cmocka_unit_test_setup(test_entry_in_a_later_segment, setup),
        cmocka_unit_test_setup(test_dynamic, setup),
        cmocka_unit_test_setup(test_random, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
