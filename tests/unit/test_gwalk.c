/*
 * test_gwalk.c - the walk of a guest's tables against the contract, for all low bits of both entries.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gwalk_entries.h"
#include "ref_paging.h"

#define DIRECTORY 3u

static uint32_t directory[GTABLE_ENTRIES], table[GTABLE_ENTRIES];
static unsigned tables_read;

static const uint32_t *get_table(const void *context, uint32_t frame)
{
    assert_ptr_equal(context, &tables_read);
    assert_true(frame < FRAMES);    /* never asked for what is not RAM */
    tables_read++;
    return frame == TABLE ? table : NULL;
}

static struct gwalk walk(uint32_t wp, uint32_t access)
{
    return gwalk(&(struct gwalk_tables){
        .directory = directory, .get_table = get_table, .context = &tables_read, .frame_count = FRAMES, .wp = wp,
    }, ADDRESS, access);
}

static enum ref_end end_of(enum gwalk_verdict verdict)
{
    switch (verdict) {
    case GWALK_ALLOWED:
        return REF_ALLOWED;
    case GWALK_NOT_PRESENT:
    case GWALK_DENIED:
        return REF_PAGE_FAULT;
    default:
        return REF_CRASH;
    }
}

static void check(uint32_t pde, uint32_t pte)
{
    directory[gtable_pde_index(ADDRESS)] = pde;
    table[gtable_pte_index(ADDRESS)] = pte;
    for (uint32_t i = 0; i < 8; i++) {
        uint32_t wp = i & 1, access = i & (ACCESS_WRITE | ACCESS_USER);
        struct gwalk got = walk(wp, access);
        struct ref_result want = ref_judge(pde, pde >> 12 == TABLE ? pte : 0, FRAMES, wp, access & ACCESS_USER,
                                           access & ACCESS_WRITE);
        if (end_of(got.verdict) != want.end ||
            (want.end == REF_PAGE_FAULT && gwalk_error(got.verdict, access) != want.error) ||
            (want.end == REF_ALLOWED && got.pte >> 12 != want.frame) || got.pde != pde)
            fail_msg("PDE 0x%x, PTE 0x%x, wp %u, access %u: verdict %d, contract %d", pde, pte, wp, access,
                     got.verdict, want.end);
    }
}

static void test_all_bits(void **state)
{
    (void)state;
    for_all_entries(check);
}

/* No PTE is read through a PDE that is not present, large, or beyond RAM; and an untouched frame is all zero. */
static void test_reads_only_tables(void **state)
{
    (void)state;
    static const uint32_t no_way[] = { 0, 0x4FFE, 0x4081, 0x10001, 0xFFFFF001 };

    table[gtable_pte_index(ADDRESS)] = 0x5007;
    for (unsigned i = 0; i < sizeof(no_way) / sizeof(no_way[0]); i++) {
        directory[gtable_pde_index(ADDRESS)] = no_way[i];
        tables_read = 0;
        assert_int_equal(walk(0, 0).pte, 0);
        assert_int_equal(tables_read, 0);
    }
    directory[gtable_pde_index(ADDRESS)] = 0xF007;
    assert_int_equal(walk(0, 0).verdict, GWALK_NOT_PRESENT);
    assert_int_equal(gwalk(&(struct gwalk_tables){ .get_table = get_table, .frame_count = FRAMES }, ADDRESS, 0).verdict,
                     GWALK_NOT_PRESENT);
}

/* Only the entries that the address names count. */
static void test_indices(void **state)
{
    (void)state;
    memset(directory, 0xFF, sizeof(directory));
    memset(table, 0xFF, sizeof(table));
    check(TABLE << 12 | 7, 7);
    assert_int_equal(gtable_pde_index(GVA(0xFEFFFFFF)), 1019);
    assert_int_equal(gtable_pte_index(GVA(0xFEFFFFFF)), 1023);
    memset(directory, 0, sizeof(directory));
    memset(table, 0, sizeof(table));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_bits),
        cmocka_unit_test(test_reads_only_tables),
        cmocka_unit_test(test_indices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
