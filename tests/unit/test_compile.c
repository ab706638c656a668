/*
 * test_compile.c - proof by exhaustion: whatever a guest's PDE and PTE say, the host's four levels allow, deny and
 * translate as the contract says, after hidden faults, whatever kind of access came before (flip pages have a memory).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/frames.h"
#include "fake_mmu.h"
#include "pagetable/audit.h"
#include "pagetable/compile.h"
#include "pagetable/gwalk.h"
#include "ref_paging.h"

#define FRAMES 16u
#define DIRECTORY 3u
#define TABLE 4u
#define PAGE 5u
#define KINDS 4u            /* kernel read, kernel write, user read, user write */
#define MEANING 0x87u       /* P, W, U and bit 7 */

static const gva_t address[2] = { { 0x7F3FF123 }, { 0x00001FF0 } };    /* different PDEs, different halves */
static struct gspace space;
static struct ram ram;
static struct guest_paging paging;
static uint32_t pdes[2], pte, wp;

static void put(uint32_t frame, uint32_t entry, uint32_t value)
{
    machine_put(&space, frame, entry, value);
}

/* A guest with these entries, and hv_setpd. The PTE stands in both places of the table. */
static void make_guest(void)
{
    assert_true(machine_make(&space, &ram, &paging, FRAMES));
    gspace_load(&space);
    for (unsigned i = 0; i < 2; i++) {
        put(DIRECTORY, gtable_pde_index(address[i]), pdes[i]);
        put(TABLE, gtable_pte_index(address[i]), pte);
    }
    assert_true(gspace_setpd(&space, GPA(DIRECTORY * PAGE_SIZE), wp));
}

/* One access, against the contract. kind: below KINDS at address[0], from there on at address[1]. */
static void check(uint32_t kind)
{
    unsigned which = kind / KINDS;
    bool is_user = kind & 2, is_write = kind & 1;
    struct access_result got = machine_access(&space, address[which], is_user, is_write);
    struct ref_result want = ref_judge(pdes[which], pte, FRAMES, wp, is_user, is_write);
    static const enum access_end ends[] = {
        [REF_ALLOWED] = ACCESS_DONE, [REF_PAGE_FAULT] = ACCESS_REFLECTED, [REF_CRASH] = ACCESS_BAD_ENTRY,
    };
    uint64_t host = (uint64_t)ram.frames[want.frame].host << PAGE_SHIFT | (address[which].v & PAGE_MASK);

    if (got.end != ends[want.end] || (got.end == ACCESS_REFLECTED && got.error != want.error) ||
        (got.end == ACCESS_DONE && got.address.v != host))
        fail_msg("PDE 0x%x, PTE 0x%x, wp %u, %s %s: end %d, error %u, address 0x%lx; contract: %d, error %u",
                 pdes[which], pte, wp, is_user ? "user" : "kernel", is_write ? "write" : "read", got.end, got.error,
                 got.address.v, want.end, want.error);
}

/* Every kind of access right after every kind, in a new guest. */
static void check_pairs(uint32_t kinds, bool is_audited)
{
    char why[160];
    uint64_t free_before = frames_count_free();

    make_guest();
    for (uint32_t first = 0; first < kinds; first++) {
        for (uint32_t second = 0; second < kinds; second++) {
            check(first);
            check(second);
            if (is_audited && !audit_space(&space, why, sizeof(why)))
                fail_msg("PDE 0x%x, PTE 0x%x, wp %u: %s", pdes[0], pte, wp, why);
        }
    }
    machine_unmake(&space);
    assert_int_equal(frames_count_free(), free_before);
    assert_int_equal(machine_vmaps, 0);
}

/* Bits that mean something in all combinations, with others: none, all, each alone. */
static uint32_t low_bits(uint32_t number)
{
    static const uint32_t others[] = { 0, 0xF78, 0x008, 0x010, 0x020, 0x040, 0x100, 0x200, 0x400, 0x800 };
    return (number & 7) | (number & 8) << 4 | others[number / 16];
}
#define LOW_BITS 160u
#define LOW_BITS_MEANING 16u

static void test_all_entries(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < LOW_BITS; i++) {
        for (uint32_t j = 0; j < LOW_BITS; j++) {
            for (uint32_t k = 0; k < 8; k++) {
                pdes[0] = (k & 1 ? FRAMES : TABLE) << 12 | low_bits(i);
                pdes[1] = 0;
                pte = (k & 2 ? FRAMES : PAGE) << 12 | low_bits(j);
                wp = k >> 2;
                if ((k & 1 || !(low_bits(i) & 1)) && j >= LOW_BITS_MEANING)
                    continue;   /* no PTE is looked at: its other bits need no second proof */
                check_pairs(KINDS, i < LOW_BITS_MEANING && j < LOW_BITS_MEANING);
            }
        }
    }
}

/* One table under two PDEs with different rights: its shadow may be shared, what it allows must not be. */
static void test_two_pdes(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 8 * 8 * 8 * 2; i++) {
        pdes[0] = TABLE << 12 | (i & 7);
        pdes[1] = TABLE << 12 | (i >> 3 & 7);
        pte = PAGE << 12 | (i >> 6 & 7);
        wp = i >> 9;
        check_pairs(2 * KINDS, true);
    }
}

/* The page is one of the tables: its frame is traced after hv_setpd, and written all the same. */
static void test_traced_pages(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 8 * 8 * 2 * 2; i++) {
        pdes[0] = TABLE << 12 | (i & 7);
        pdes[1] = 0;
        pte = (i >> 7 ? TABLE : DIRECTORY) << 12 | (i >> 3 & 7);
        wp = i >> 6 & 1;
        make_guest();
        for (uint32_t kind = 0; kind < KINDS * KINDS; kind++) {
            check(kind / KINDS);
            assert_true(gspace_setpd(&space, GPA(DIRECTORY * PAGE_SIZE), wp));
            check(kind % KINDS);
        }
        machine_unmake(&space);
    }
}

/* The same page under every directory entry of the segment: 1,020 of them, to the last address. */
static void test_whole_segment(void **state)
{
    (void)state;
    uint64_t free_before = frames_count_free();

    pdes[0] = pdes[1] = TABLE << 12 | 7;
    pte = PAGE << 12 | 7;
    wp = 1;
    make_guest();
    for (uint32_t i = 0; i < 1020; i++)
        put(DIRECTORY, i, pdes[0]);
    for (uint32_t i = 0; i < GTABLE_ENTRIES; i++)
        put(TABLE, i, pte);
    assert_true(gspace_setpd(&space, GPA(DIRECTORY * PAGE_SIZE), wp));
    for (uint64_t i = 0; i < 1020ull << 22; i += 255 * PAGE_SIZE + 1) {
        struct access_result got = machine_access(&space, GVA(i), i & 8, i & 16);
        assert_int_equal(got.end, ACCESS_DONE);
        assert_int_equal(got.address.v, ((uint64_t)ram.frames[PAGE].host << 12) + (i & PAGE_MASK));
    }
    assert_int_equal(machine_access(&space, GVA(0xFEFFFFFF), true, true).end, ACCESS_DONE);
    /* 2 halves, a snapshot as the table was linked again, 4 page directories, PDPT, PML4, 3 frames of RAM, records */
    assert_int_equal(free_before - frames_count_free(), 2 + 1 + 4 + 2 + 3 + 1);
    machine_unmake(&space);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_entries, machine_start, machine_stop),
        cmocka_unit_test_setup_teardown(test_two_pdes, machine_start, machine_stop),
        cmocka_unit_test_setup_teardown(test_traced_pages, machine_start, machine_stop),
        cmocka_unit_test_setup_teardown(test_whole_segment, machine_start, machine_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
