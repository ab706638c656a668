/*
 * test_lean_walk.c - the walk in assembly against gwalk.h, for all low bits of both entries: it decides what is the
 * guest's own fault, with the same error code, and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/frames.h"
#include "fake_mmu.h"
#include "guest/guest.h"
#include "gwalk_entries.h"
#include "pagetable/host_table.h"
#include "pagetable/shadow.h"

#define WALK_UNDECIDED 8u

uint32_t lean_walk(const struct guest *guest, gva_t address, uint32_t access);

static struct gframe frames[FRAMES + 1];    /* one beyond RAM, to be left alone */
static struct shadow_pool pool;
static struct guest guest;
static uint32_t *directory, *table;

static const uint32_t *get_table(const void *context, uint32_t frame)
{
    (void)context;
    return frame == TABLE ? table : NULL;
}

static uint32_t expected(gva_t address, uint32_t wp, uint32_t access)
{
    uint32_t pde = pool.current->entries ? directory[gtable_pde_index(address)] : 0;
    struct gwalk walk = gwalk(&(struct gwalk_tables){
        .directory = pool.current->entries, .get_table = get_table, .frame_count = FRAMES, .wp = wp,
    }, address, access);
    bool is_backed = pool.current->entries && (!(pde & GPTE_P) || pde >> GPTE_FRAME_SHIFT == TABLE);

    if (!is_backed || walk.verdict > GWALK_DENIED || walk.verdict == GWALK_ALLOWED)
        return WALK_UNDECIDED;
    return gwalk_error(walk.verdict, access);
}

static void check(gva_t address, uint32_t pde, uint32_t pte)
{
    directory[gtable_pde_index(address)] = pde;
    table[gtable_pte_index(address)] = pte;
    for (uint32_t i = 0; i < 8; i++) {
        uint32_t access = i & (ACCESS_WRITE | ACCESS_USER);
        guest.state.paging.wp = i & 1;
        uint32_t got = lean_walk(&guest, address, access), want = expected(address, i & 1, access);
        if (got != want)
            fail_msg("0x%x: PDE 0x%x, PTE 0x%x, wp %u, access %u: %u, not %u", address.v, pde, pte, i & 1, access, got,
                     want);
    }
}

static void check_here(uint32_t pde, uint32_t pte)
{
    check(ADDRESS, pde, pte);
}

static void test_all_bits(void **state)
{
    (void)state;
    for_all_entries(check_here);
}

/* Only the entries that the address names count, for all of them. */
static void test_indices(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < GTABLE_ENTRIES; i++) {
        directory[i] = TABLE << 12 | 7;
        table[i] = 7;
    }
    for (uint32_t i = 0; i < GTABLE_ENTRIES; i++) {
        gva_t address = GVA(i << 22 | (i * 7 & 1023) << 12 | 0xFFF);
        check(address, TABLE << 12 | 7, 0);
        table[gtable_pte_index(address)] = 7;
        check(address, 0, 7);
        directory[gtable_pde_index(address)] = TABLE << 12 | 7;
    }
}

/* A directory that was never touched when its shadow was made. */
static void test_no_directory(void **state)
{
    (void)state;
    pool.current->entries = NULL;
    check(ADDRESS, 0, 0);
    check(ADDRESS, TABLE << 12 | 7, 0);
}

static int start(void **state)
{
    int result = machine_start(state);

    directory = hpa_to_ptr(table_alloc());
    table = hpa_to_ptr(table_alloc());
    frames[TABLE].host = (uint32_t)(ptr_to_hpa(table).v >> PAGE_SHIFT);
    frames[FRAMES] = frames[TABLE];
    pool.current = &pool.directories[1];
    pool.current->entries = directory;
    guest.ram = (struct ram){ .frame_count = FRAMES, .frames = frames };
    guest.state.paging.is_on = true;
    guest.space = (struct gspace){ .ram = &guest.ram, .shadows = &pool, .paging = &guest.state.paging };
    return result;
}

static int stop(void **state)
{
    frames_free(ptr_to_hpa(directory));
    frames_free(ptr_to_hpa(table));
    return machine_stop(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_bits, start, stop),
        cmocka_unit_test_setup_teardown(test_indices, start, stop),
        cmocka_unit_test_setup_teardown(test_no_directory, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
