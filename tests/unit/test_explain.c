/*
 * test_explain.c - the words of crash reports about an address, for each thing that can be wrong with it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_mmu.h"
#include "pagetable/tlb_flush.h"

#define FRAMES 16u
#define DIRECTORY 3u
#define TABLE 4u

static struct gspace space;
static struct ram ram;
static struct guest_paging paging;
static char text[200];

static int start(void **state)
{
    machine_start(state);
    assert_true(machine_make(&space, &ram, &paging, FRAMES));
    gspace_load(&space);
    return 0;
}

static int stop(void **state)
{
    machine_unmake(&space);
    return machine_stop(state);
}

static void put(uint32_t frame, uint32_t entry, uint32_t value)
{
    machine_put(&space, frame, entry, value);
}

static void turn_paging_on(uint32_t wp)
{
    assert_true(gspace_setpd(&space, GPA(DIRECTORY * PAGE_SIZE), wp));
}

static void expect(uint32_t address, const char *wanted)
{
    gspace_explain(&space, GVA(address), text, sizeof(text));
    assert_string_equal(text, wanted);
}

static void test_paging_off(void **state)
{
    (void)state;
    expect(0, "paging is off: RAM is 0x00000000..0x0000ffff, 0x00000000 lies inside it and is readable and writable");
    expect(0xFFFF,
           "paging is off: RAM is 0x00000000..0x0000ffff, 0x0000ffff lies inside it and is readable and writable");
    expect(0x10000, "paging is off: RAM is 0x00000000..0x0000ffff, 0x00010000 lies beyond it: not present");
    expect(0xFEFFFFFF, "paging is off: RAM is 0x00000000..0x0000ffff, 0xfeffffff lies beyond it: not present");
}

/* Whether paging is on or off makes no difference there, and the text must not guess. */
static void test_beyond_the_segment(void **state)
{
    (void)state;
    expect(0xFF000000, "0xff000000 lies beyond the segment limit 0xfeffffff");
    turn_paging_on(0);
    expect(0xFF000000, "0xff000000 lies beyond the segment limit 0xfeffffff");
    expect(0xFFFFFFFF, "0xffffffff lies beyond the segment limit 0xfeffffff");
}

static void test_directory_entries(void **state)
{
    (void)state;
    turn_paging_on(0);      /* a directory that was never touched */
    expect(0x7F3FE123, "directory 0x00003000, wp 0, PDE[0x1fc] 0x00000000 not present");
    put(DIRECTORY, 0x1FC, 0xABCDE006);
    expect(0x7F3FE123, "directory 0x00003000, wp 0, PDE[0x1fc] 0xabcde006 not present");
    put(DIRECTORY, 0x1FC, 0x4087);
    expect(0x7F3FE123,
           "directory 0x00003000, wp 0, PDE[0x1fc] 0x00004087 has PS set, and 4 MiB pages do not exist here");
    put(DIRECTORY, 0x1FC, FRAMES << 12 | 7);
    expect(0x7F3FE123, "directory 0x00003000, wp 0, PDE[0x1fc] 0x00010007 names a page table outside RAM");
    put(DIRECTORY, 1019, 0xFFFFF001);
    expect(0xFEFFFFFF, "directory 0x00003000, wp 0, PDE[0x3fb] 0xfffff001 names a page table outside RAM");
}

static void test_table_entries(void **state)
{
    (void)state;
    static const struct { uint32_t pde, pte; const char *wanted; } cases[] = {
        { 0x7, 0x5006, "0x00005006 not present" },
        { 0x7, 0x10007, "0x00010007 names a frame outside RAM" },
        { 0x7, 0x5001, "0x00005001 kernel, read-only" },
        { 0x7, 0x5003, "0x00005003 kernel, writable" },
        { 0x7, 0x5005, "0x00005005 user, read-only" },
        { 0x7, 0xF067, "0x0000f067 user, writable" },
        { 0x1, 0x5007, "0x00005007 kernel, read-only" },    /* the PDE takes rights away */
        { 0x3, 0x5007, "0x00005007 kernel, writable" },
        { 0x5, 0x5007, "0x00005007 user, read-only" },
    };
    char wanted[200];

    turn_paging_on(5);
    put(DIRECTORY, 0x1FC, TABLE << 12 | 7);     /* a table that was never touched */
    expect(0x7F3FE123, "directory 0x00003000, wp 1, PDE[0x1fc] 0x00004007 PTE[0x3fe] 0x00000000 not present");
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        put(DIRECTORY, 0x1FC, TABLE << 12 | cases[i].pde);
        put(TABLE, 0x3FE, cases[i].pte);
        snprintf(wanted, sizeof(wanted), "directory 0x00003000, wp 1, PDE[0x1fc] 0x%08x PTE[0x3fe] %s",
                 TABLE << 12 | cases[i].pde, cases[i].wanted);
        expect(0x7F3FE123, wanted);
    }
}

/* In a buffer of any length: the text as far as it goes, terminated, and not a byte more. */
static void test_short_buffers(void **state)
{
    (void)state;
    char whole[200];

    for (unsigned is_on = 0; is_on < 2; is_on++) {
        if (is_on) {
            put(DIRECTORY, 0, TABLE << 12 | 7);
            put(TABLE, 1, 0x5003);
            turn_paging_on(0);
        }
        gspace_explain(&space, GVA(0x1234), whole, sizeof(whole));
        for (uint32_t bytes = 1; bytes <= strlen(whole) + 1; bytes++) {
            char *cut = malloc(bytes);      /* AddressSanitizer watches its end */
            gspace_explain(&space, GVA(0x1234), cut, bytes);
            assert_int_equal(strlen(cut), bytes - 1);
            assert_memory_equal(cut, whole, bytes - 1);
            free(cut);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_paging_off, start, stop),
        cmocka_unit_test_setup_teardown(test_beyond_the_segment, start, stop),
        cmocka_unit_test_setup_teardown(test_directory_entries, start, stop),
        cmocka_unit_test_setup_teardown(test_table_entries, start, stop),
        cmocka_unit_test_setup_teardown(test_short_buffers, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
