/*
 * test_gmem_find.c - guest memory found by the guest's own tables: what a read copies, and where it fails, is what the
 * contract says of each byte, whatever stands in the tables; and nothing is filled, backed or evicted for it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_mmu.h"
#include "guest/gmem_find.h"
#include "guest/guest.h"
#include "random.h"
#include "ref_paging.h"

#define FRAMES 24u
#define ENTRIES 1024u
#define DIRECTORY 1u
#define FIRST_TABLE 2u              /* frames of tables, the last of which is never touched */
#define TABLES 4u
#define FIRST_DATA (FIRST_TABLE + TABLES)
#define NOTHING (-1)
#define STEPS 20000u
#define MOST_BYTES (5 * (uint32_t)PAGE_SIZE)

static struct guest *guest;
static uint32_t words[FRAMES][ENTRIES];      /* the same RAM, as the test knows it */

static int start(void **state)
{
    machine_start(state);
    guest = calloc(1, sizeof(*guest));
    memset(words, 0, sizeof(words));
    assert_true(machine_make(&guest->space, &guest->ram, &guest->state.paging, FRAMES));
    return 0;
}

static int stop(void **state)
{
    machine_unmake(&guest->space);
    free(guest);
    return machine_stop(state);
}

static void put(uint32_t frame, uint32_t word, uint32_t value)
{
    machine_put(&guest->space, frame, word, value);
    words[frame][word] = value;
}

/* Half of the frames have something in them; the others were never touched. */
static void fill_frames(void)
{
    for (uint32_t frame = FIRST_DATA; frame < FRAMES; frame += 2)
        for (uint32_t word = 0; word < ENTRIES; word += 1 + random_below(3))
            put(frame, word, random_u32());
}

/* A byte of the guest's, or NOTHING. */
static int byte_at(uint32_t address)
{
    uint32_t frame = address / (uint32_t)PAGE_SIZE, at = address % (uint32_t)PAGE_SIZE;

    if (address > HV_MAX_GVA)
        return NOTHING;
    if (guest->state.paging.is_on) {
        uint32_t pde = words[DIRECTORY][address >> 22], table = ref_table(pde, FRAMES);
        uint32_t pte = table == UINT32_MAX ? 0 : words[table][address >> 12 & 1023];
        struct ref_result result = ref_judge(pde, pte, FRAMES, true, false, false);
        if (result.end != REF_ALLOWED)
            return NOTHING;
        frame = result.frame;
    }
    return frame < FRAMES ? ((const uint8_t *)words[frame])[at] : NOTHING;
}

/* Near a border of pages, tables, RAM or the segment. */
static uint32_t some_address(void)
{
    static const uint32_t borders[] = { 0, 0x3000, FRAMES * (uint32_t)PAGE_SIZE, 0x400000, 0x800000, 0xFEC00000,
                                        HV_MAX_GVA - 0x3000, HV_MAX_GVA };

    return borders[random_below(8)] + random_below(0x3000) - (random_below(2) ? 0x1000 : 0);
}

static void look(void)
{
    static uint8_t found[MOST_BYTES];
    uint32_t from = some_address(), bytes = random_below(random_below(4) ? 100 : MOST_BYTES), good = 0;
    gva_t bad = GVA(1);

    memset(found, 0xEE, sizeof(found));
    while (good < bytes && byte_at(from + good) != NOTHING)
        good++;
    uint64_t allocations = machine_allocations;
    assert_int_equal(gmem_find_copy(guest, GVA(from), found, bytes, &bad), good == bytes);
    assert_int_equal(bad.v, good == bytes ? 1 : from + good);
    for (uint32_t i = 0; i < good; i++)
        assert_int_equal(found[i], byte_at(from + i));
    for (uint32_t i = good; i < bytes; i++)
        assert_int_equal(found[i], 0xEE);
    assert_int_equal(machine_allocations, allocations);
}

static uint32_t some_entry(uint32_t frame)
{
    static const uint32_t noise[] = { 1, 7, 3, 0x67, 0x100, 6, 0x87, 0xE1 };

    frame = random_below(16) == 0 ? FRAMES + random_below(3) : random_below(40) == 0 ? 0xFFFFF : frame;
    return frame << 12 | (random_below(3) ? 7u : noise[random_below(8)]);
}

static void change_an_entry(void)
{
    static const uint32_t pdes[] = { 0, 1, 2, 1018, 1019, 1023 }, ptes[] = { 0, 1, 2, 3, 4, 1020, 1021, 1022, 1023 };

    if (random_below(4) == 0)
        put(DIRECTORY, pdes[random_below(6)], some_entry(FIRST_TABLE + random_below(TABLES)));
    else
        put(FIRST_TABLE + random_below(TABLES - 1), ptes[random_below(9)], some_entry(random_below(FRAMES)));
}

static void test_paging_off(void **state)
{
    (void)state;
    fill_frames();
    for (unsigned step = 0; step < STEPS / 10; step++)
        look();
}

static void test_paging_on(void **state)
{
    (void)state;
    fill_frames();
    guest->state.paging.is_on = true;
    guest->state.paging.directory = GPA(DIRECTORY * PAGE_SIZE);
    look();                             /* a directory that was never touched */
    for (unsigned step = 0; step < STEPS; step++) {
        change_an_entry();
        look();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_paging_off, start, stop),
        cmocka_unit_test_setup_teardown(test_paging_on, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
