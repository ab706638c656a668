/*
 * test_audit.c - the audit finds each thing that it is for: one word of a good space is spoilt at a time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/x86.h"
#include "pagetable/audit.h"
#include "pagetable/compile.h"
#include "pagetable/gwalk.h"
#include "pagetable/host_table.h"
#include "pagetable/shadow.h"
#include "pagetable/tlb_flush.h"
#include "paging_model.h"

#define FRAMES 32u
#define DIRECTORY 1u        /* and the next one */
#define TABLE 3u
#define OTHER_TABLE 4u
#define PAGE 8u
#define KERNEL_WRITE 3u     /* entry bits */
#define USER_WRITE 7u

static struct shadow_pool *pool;
static struct shadow_directory *current;
static struct shadow_table *table, *other;      /* synced; unsynced, with a snapshot */

/* Two directories; one synced table for RAM one to one; another at PDE 2, unsynced since its last store. */
static int start(void **state)
{
    machine_start(state);
    assert_true(model_start(FRAMES));
    for (uint32_t frame = 0; frame < FRAMES; frame++)
        model_put(TABLE, frame, frame << 12 | KERNEL_WRITE);
    model_put(OTHER_TABLE, 600, PAGE << 12 | USER_WRITE);
    for (uint32_t i = 0; i < 2; i++) {
        model_put(DIRECTORY + i, 0, TABLE << 12 | KERNEL_WRITE);
        model_put(DIRECTORY + i, 2, OTHER_TABLE << 12 | USER_WRITE);
    }
    for (uint32_t i = 0; i < 4; i++) {
        assert_true(model_setpd(DIRECTORY + i % 2, true));
        assert_int_equal(model_store(GVA(2u << 22 | 600u << 12), true, i), ACCESS_DONE);
        assert_int_equal(model_load(GVA(0x7000), false), ACCESS_DONE);
    }
    model_put(OTHER_TABLE, 601, (PAGE + 1) << 12 | USER_WRITE);
    pool = model_space.shadows;
    current = pool->current;
    table = shadow_find_table(&model_space, TABLE, ROLE_WP);
    other = shadow_find_table(&model_space, OTHER_TABLE, ROLE_WP);
    assert_true(table->is_synced && !other->is_synced && other->snapshot.v);
    return 0;
}

static int stop(void **state)
{
    model_stop();
    return machine_stop(state);
}

static void expect_fault(const char *part)
{
    char why[200] = "";

    if (audit_space(&model_space, why, sizeof(why)))
        fail_msg("the audit finds nothing, where \"%s\" is the fault", part);
    if (!strstr(why, part))
        fail_msg("the audit says \"%s\", not \"%s\"", why, part);
}

/* With this value at this place, the audit says so. */
#define spoil(place, value, part)       \
    do {                                \
        __typeof__(place) good_ = place;\
        place = (value);                \
        expect_fault(part);             \
        place = good_;                  \
        model_check_all();              \
    } while (0)

static uint64_t *leaf(struct shadow_table *of, uint32_t entry)
{
    return (uint64_t *)hpa_to_ptr(of->half[entry / TABLE_ENTRIES]) + entry % TABLE_ENTRIES;
}

static uint64_t host(uint32_t frame)
{
    return (uint64_t)model_space.ram->frames[frame].host << PAGE_SHIFT;
}

static void test_roots(void **state)
{
    (void)state;
    uint64_t *root = hpa_to_ptr(current->root), *pdpt = hpa_to_ptr(current->pdpt), *pd = hpa_to_ptr(current->pd[0]);
    const struct shadow_directory *first = &pool->directories[pool->directory_first];

    spoil(root[0], 0ull, "PML4[0]");
    spoil(root[0], current->root.v | PTE_P, "PML4[0]");
    spoil(root[1], root[0], "PML4[1]");
    spoil(root[255], host(PAGE) | PTE_P, "PML4[255]");
    spoil(root[256], 0ull, "upper half");
    spoil(root[511], root[511] ^ PTE_U, "upper half");
    spoil(pdpt[0], 0ull, "PDPT[0]");
    spoil(pdpt[4], pdpt[0], "PDPT[4]");
    spoil(pdpt[511], pdpt[0], "PDPT[511]");
    spoil(pd[0], pd[8], "host PDE 0x0");        /* below the segment */
    spoil(pd[10], pd[8], "host PDE 0xa");       /* the guest's PDE 1 is empty */
    spoil(pd[8], host(PAGE) | PTE_P | PTE_A | PTE_W, "no half of a table");
    spoil(pd[8], pd[8] | PTE_PS, "no half of a table");
    spoil(pd[8], pd[8] | PTE_U, "not the guest's");
    spoil(pd[9], pd[8], "links half 0");
    spoil(model_space.root, (current == first ? first + 1 : first)->root, "current directory");
    spoil(model_space.paging->wp, 0u, "current directory");
    spoil(pool->pinned, 1, "pinned");
}

static void test_leaves(void **state)
{
    (void)state;
    struct gspace second;
    struct ram its_ram;
    struct guest_paging its_paging;

    assert_true(machine_make(&second, &its_ram, &its_paging, 1));
    uint64_t foreign = ram_back(&its_ram, 0).v;
    spoil(*leaf(table, 7), foreign | (*leaf(table, 7) & ~PTE_ADDRESS), "no RAM of this guest");
    spoil(*leaf(other, 600), foreign | (*leaf(other, 600) & ~PTE_ADDRESS), "no RAM of this guest");
    machine_unmake(&second);

    spoil(*leaf(table, 7), current->root.v | (*leaf(table, 7) & ~PTE_ADDRESS), "no RAM of this guest");
    spoil(*leaf(table, 7), *leaf(table, 7) | PTE_G, "no RAM of this guest");
    spoil(*leaf(table, 7), *leaf(table, 7) & ~PTE_P, "no RAM of this guest");
    spoil(*leaf(table, TABLE), host(TABLE) | PTE_P | PTE_A | PTE_D | PTE_W, "maps traced frame 0x3 writable");
    spoil(*leaf(other, 600), host(TABLE) | PTE_P | PTE_A | PTE_D | PTE_W | PTE_U, "maps traced frame 0x3 writable");
    spoil(*leaf(table, 7), *leaf(table, 7) | PTE_U, "is synced, but leaf 0x7");
    spoil(*leaf(table, 7), host(PAGE) | (*leaf(table, 7) & ~(PTE_ADDRESS | PTE_W)), "is synced, but leaf 0x7");
    spoil(model_space.ram->frames[7].leaf[0], 0u, "is not recorded");
    uint32_t *snapshot = hpa_to_ptr(other->snapshot);
    spoil(snapshot[600], 0u, "is known, but leaf 0x258");
}

static void test_records(void **state)
{
    (void)state;
    uint32_t number = (uint32_t)(other - pool->tables);
    struct shadow_directory *first = &pool->directories[pool->directory_first];

    if (current == first)
        first++;

    spoil(model_space.ram->backed_count, model_space.ram->backed_count + 1, "backed_count");
    spoil(model_space.ram->frames[7].host, model_space.ram->frames[PAGE].host, "two uses");
    spoil(table->half[1], table->half[0], "two uses");
    spoil(table->parents, 0ull, "parents");
    spoil(other->parents, other->parents | 1ull << 40, "parents");
    spoil(current->is_dirty, false, "is not dirty");
    spoil(current->unsynced, (uint16_t)(current->unsynced + 1), "unsynced tables, but links");
    spoil(first->is_dirty, false, "is not dirty");
    spoil(model_space.ram->frames[TABLE].flags, 0, "is not traced");
    spoil(model_space.ram->frames[DIRECTORY].flags, 0, "is not traced");
    spoil(model_space.ram->frames[PAGE].flags, GFRAME_TRACED, "no synced shadow");
    spoil(model_space.ram->frames[PAGE].shadow, (uint16_t)number, "not its own");
    spoil(model_space.ram->frames[OTHER_TABLE].shadow, 0, "chained");
    spoil(other->next, (uint16_t)number, "or a circle");
    spoil(other->is_synced, true, "not traced");
    spoil(pool->tables[0].list_next, 0, "in no list");
    spoil(other->list_previous, 5, "list of the unsynced");
    spoil(pool->free_table, pool->tables[pool->free_table].next, "in no list");
    spoil(pool->free_table, (uint16_t)number, "list of free tables");
    spoil(table->snapshot, current->root, "two uses");
}

static void test_known_regions(void **state)
{
    (void)state;
    assert_int_equal(model_load(GVA(2u << 22 | 601u << 12), true), ACCESS_DONE);
    struct known_region *known = &pool->known[1];
    uint64_t *link = shadow_pde(&model_space, current, 2, 1);

    assert_int_equal(pool->known_regions[1], 5);
    spoil(pool->known_regions[1], 9, "remembered");
    spoil(pool->known_regions[1], 6, "remembered");
    spoil(known->entries, known->entries + 1, "remembered");
    spoil(known->leaves, known->leaves + 1, "remembered");
    spoil(known->pde_at, known->pde_at + 1, "remembered");
    spoil(known->snapshot, NULL, "remembered");
    /* The link may be gone for any other PDE, not for this one. Its unsynced table then has a parent less. */
    spoil(current->entries, current->entries + 1, "where its shadow says");
    uint64_t kept = *link;
    *link = 0;
    expect_fault("parents");
    other->parents &= ~shadow_directory_bit(pool, current);
    current->unsynced--;
    expect_fault("link 1 is wrong");
    current->unsynced++;
    other->parents |= shadow_directory_bit(pool, current);
    *link = kept;
}

/* Paging is off: the root of a guest that never called hv_setpd. */
static void test_boot(void **state)
{
    (void)state;
    char why[200];
    struct gspace kept = model_space;
    struct ram its_ram;
    struct guest_paging its_paging;

    assert_true(machine_make(&model_space, &its_ram, &its_paging, FRAMES));
    gspace_load(&model_space);
    assert_int_equal(machine_access(&model_space, GVA(0x5000), false, true).end, ACCESS_DONE);
    assert_int_equal(machine_access(&model_space, GVA(0x6000), false, true).end, ACCESS_DONE);
    uint64_t *root = hpa_to_ptr(model_space.root), *pd = table_of(table_of(root[0])[0]), *leaves = table_of(pd[8]);

    assert_true(audit_space(&model_space, why, sizeof(why)));
    spoil(leaves[5], leaves[6], "linear 0x1005000");
    spoil(leaves[5], leaves[5] | PTE_U, "linear 0x1005000");
    spoil(leaves[7], host(5) | PTE_P, "linear 0x1007000");
    spoil(leaves[5], kept.root.v | PTE_P, "linear 0x1005000");
    spoil(root[1], root[0], "PML4[1]");
    spoil(root[300], 0ull, "upper half");
    tlb_load_root(kept.root);
    machine_unmake(&model_space);
    model_space = kept;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_roots, start, stop),
        cmocka_unit_test_setup_teardown(test_leaves, start, stop),
        cmocka_unit_test_setup_teardown(test_records, start, stop),
        cmocka_unit_test_setup_teardown(test_known_regions, start, stop),
        cmocka_unit_test_setup_teardown(test_boot, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
