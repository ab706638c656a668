/*
 * test_svm_nested.c - nested tables and tags, held against guests with RAM of their own, on a processor whose TLB
 * forgets nothing that it is not told to: what is missing as a flush is found here, and not under an emulator that
 * flushes at each entry.
 *
 * A random walk of loads, stores, clones, ends and shortages. Frames that are free are poisoned, and go to whoever asks
 * next: a translation that is used too long reads another guest's word, or is an AddressSanitizer report.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/frames.h"
#include "cpu/x86.h"
#include "fake_mmu.h"
#include "pagetable/audit.h"
#include "pagetable/owners.h"
#include "pagetable/ram_share.h"
#include "random.h"
#include "vpc/svm/asid.h"
#include "vpc/svm/nested.h"

#define GUESTS 4u
#define FRAMES 1100u            /* three page tables, or one and a large leaf and one */
#define LARGE_FIRST LARGE_PAGE_FRAMES
#define ASIDS 6u
#define READ_ONLY 0xB8u
#define DEVICE 0xFEE00u
#define STEPS 60000u

static struct model {
    bool is_used;
    struct ram ram;
    struct nested nested;
    struct asid asid;
    uint32_t words[FRAMES];
} guests[GUESTS];
static uint64_t tlb[ASIDS][FRAMES];
static struct asid_pool pool;
static uint64_t free_before;
static unsigned clones, flushes, larges;

static int start(void **state)
{
    machine_start(state);
    memset(guests, 0, sizeof(guests));
    memset(tlb, 0, sizeof(tlb));
    pool = (struct asid_pool){ .count = ASIDS };
    clones = flushes = larges = 0;
    free_before = frames_count_free();
    return 0;
}

/* What precedes VMRUN, and what VMRUN does. */
static void enter(struct model *guest)
{
    if (guest->nested.must_flush) {
        asid_leave(&guest->asid);
        guest->nested.must_flush = false;
    }
    if (asid_take(&pool, &guest->asid)) {
        memset(tlb, 0, sizeof(tlb));
        flushes++;
    }
    assert_in_range(guest->asid.number, 1, ASIDS - 1);
}

/* The processor's walk; 0: a nested page fault. */
static uint64_t walk(const struct model *guest, uint32_t frame, bool is_write)
{
    const uint64_t *table = hpa_to_ptr(guest->nested.root);
    uint64_t address = (uint64_t)frame << PAGE_SHIFT, entry = 0, rights = PTE_P | PTE_W | PTE_U;

    for (unsigned level = 4; level > 0; level--) {
        entry = table[address >> (12 + 9 * (level - 1)) & 511];
        rights &= entry;
        if (!(rights & PTE_P) || !(rights & PTE_U))
            return 0;
        table = hpa_to_ptr(HPA(entry & PTE_ADDRESS));
        if (level == 2 && entry & PTE_PS) {
            entry += (uint64_t)(frame % LARGE_PAGE_FRAMES) << PAGE_SHIFT;
            break;
        }
    }
    return is_write && !(rights & PTE_W) ? 0 : (entry & PTE_ADDRESS) | rights;
}

/* A word of the guest, through the TLB. NULL: memory is out. */
static uint32_t *translate(struct model *guest, uint32_t frame, bool is_write)
{
    enter(guest);
    for (unsigned tries = 0; tries < 3; tries++) {
        uint64_t *cached = &tlb[guest->asid.number][frame];
        if (*cached & PTE_P && (!is_write || *cached & PTE_W))
            return hpa_to_ptr(HPA(*cached & PTE_ADDRESS));
        *cached = walk(guest, frame, is_write);
        if (*cached)
            continue;
        if (!nested_show(&guest->nested, frame, is_write))
            return NULL;
        enter(guest);
    }
    fail_msg("frame %u is shown, and faults again", frame);
    return NULL;
}

static bool access_word(struct model *guest, uint32_t frame, bool is_write)
{
    bool may_write = frame != READ_ONLY;
    uint32_t *word = translate(guest, frame, is_write && may_write);

    if (word == NULL)
        return false;
    assert_int_equal(*word, guest->words[frame]);
    if (is_write && may_write)
        *word = guest->words[frame] = random_u32();
    return true;
}

/* A device, or the interpreter, stores behind the processor's back. */
static void store_by_hypervisor(struct model *guest, uint32_t frame)
{
    uint32_t word = random_u32();

    (void)access_word(guest, frame, false);
    if (ram_store(&guest->ram, GPA(frame << PAGE_SHIFT), &word, sizeof(word)))
        guest->words[frame] = word;
    (void)access_word(guest, frame, false);
}

static bool make(struct model *guest)
{
    *guest = (struct model){ .is_used = false };
    if (ram_create(&guest->ram, FRAMES << PAGE_SHIFT) != STATUS_OK)
        return false;
    guest->is_used = nested_create(&guest->nested, &guest->ram, READ_ONLY);
    if (!guest->is_used)
        machine_unmake_ram(&guest->ram);
    return guest->is_used;
}

static void end(struct model *guest)
{
    uint32_t steps = 1;

    while (!nested_destroy(&guest->nested, &steps)) {
        assert_int_equal(steps, 0);
        steps = 1;
    }
    machine_unmake_ram(&guest->ram);
    guest->is_used = false;
}

static void clone(struct model *source)
{
    struct model *copy = guests;
    struct ram_share progress = { .frame = 0 };
    uint32_t steps = UINT32_MAX;

    while (copy < guests + GUESTS && copy->is_used)
        copy++;
    if (copy == guests + GUESTS || !make(copy))
        return;
    (void)nested_forget(&source->nested);
    assert_true(ram_share(&source->ram, &copy->ram, &progress, &steps));
    if (progress.lacks_memory) {
        end(copy);
        return;
    }
    memcpy(copy->words, source->words, sizeof(copy->words));
    clones++;
}

static bool has_large(const struct model *guest)
{
    const uint64_t *table = hpa_to_ptr(guest->nested.root);

    for (unsigned level = 4; level > 2; level--) {
        if (!(table[0] & PTE_P))
            return false;
        table = hpa_to_ptr(HPA(table[0] & PTE_ADDRESS));
    }
    return table[LARGE_FIRST / LARGE_PAGE_FRAMES] & PTE_PS;
}

static void check(void)
{
    char why[160];

    for (struct model *guest = guests; guest < guests + GUESTS; guest++)
        larges += guest->is_used && has_large(guest);

    for (struct model *guest = guests; guest < guests + GUESTS; guest++)
        if (guest->is_used && !nested_audit(&guest->nested, why, sizeof(why)))
            fail_msg("guest %u: %s", (unsigned)(guest - guests), why);
    if (!audit_owners(why, sizeof(why)))
        fail_msg("%s", why);
}

static void walk_step(void)
{
    struct model *guest = &guests[random_below(GUESTS)];
    uint32_t dice = random_below(1000), frame = random_below(2) ? random_below(FRAMES) : READ_ONLY + random_below(12);

    if (!guest->is_used) {
        if (dice < 20)
            (void)make(guest);
        return;
    }
    if (dice < 900)
        (void)access_word(guest, frame, dice < 500);
    else if (dice < 970)
        store_by_hypervisor(guest, frame);
    else if (dice < 975)
        (void)nested_forget(&guest->nested);
    else if (dice < 990)
        clone(guest);
    else
        end(guest);
}

static void end_all(void)
{
    for (struct model *guest = guests; guest < guests + GUESTS; guest++)
        if (guest->is_used)
            end(guest);
    assert_null(owners_beyond);
    assert_int_equal(frames_count_free(), free_before);
}

static void test_random_walk(void **state)
{
    (void)state;
    for (uint32_t step = 0; step < STEPS; step++) {
        walk_step();
        if (step % 61 == 0)
            check();
    }
    assert_true(clones > 50);
    assert_true(flushes > 20);
    assert_true(larges > 20);
    end_all();
}

/* What fails for want of memory has changed nothing, and tables are given back before a guest is refused. */
static void test_short_of_memory(void **state)
{
    (void)state;
    for (uint32_t step = 0; step < STEPS / 3; step++) {
        if (step % 100 == 0)
            machine_leave_free(step / 100 % 2 ? random_below(12) : MACHINE_NEVER);
        walk_step();
        if (step % 61 == 0)
            check();
    }
    machine_leave_free(MACHINE_NEVER);
    check();
    end_all();
}

/* A frame that has tables and no frame left for its own takes those of the tables. */
static void test_tables_are_given_back(void **state)
{
    (void)state;
    struct model *guest = &guests[0];

    assert_true(make(guest));
    assert_true(access_word(guest, 0, true));
    assert_true(access_word(guest, 1, true));
    machine_leave_free(0);
    assert_true(ram_back(&guest->ram, 2).v != 0);
    assert_true(guest->nested.must_flush);
    machine_leave_free(MACHINE_NEVER);
    assert_true(access_word(guest, 0, false));
    end_all();
}

/* A page of a device's can be read as long as it is shown, and what is cached of it is flushed when it is hidden. */
static void test_device_page(void **state)
{
    (void)state;
    struct model *guest = &guests[0];
    hpa_t page = frames_alloc();
    char why[160];

    assert_true(make(guest));
    nested_hide_device(&guest->nested);
    assert_false(guest->nested.must_flush);
    assert_true(nested_show_device(&guest->nested, DEVICE, page));
    assert_int_equal(walk(guest, DEVICE, false) & PTE_ADDRESS, page.v);
    assert_int_equal(walk(guest, DEVICE, true), 0);
    assert_true(nested_audit(&guest->nested, why, sizeof(why)));
    nested_hide_device(&guest->nested);
    assert_true(guest->nested.must_flush);
    assert_int_equal(walk(guest, DEVICE, false), 0);
    assert_true(nested_show_device(&guest->nested, DEVICE, page));
    assert_true(nested_forget(&guest->nested));
    assert_int_equal(walk(guest, DEVICE, false), 0);
    nested_hide_device(&guest->nested);
    frames_free(page);
    end_all();
}

/* One touch backs and shows them all; what is read-only, short of RAM's end or backed in part gets small leaves. */
static void test_a_large_leaf(void **state)
{
    (void)state;
    struct model *guest = &guests[0];

    assert_true(make(guest));
    assert_true(access_word(guest, READ_ONLY + 1, true));
    assert_int_equal(guest->ram.backed_count, 1);
    assert_true(access_word(guest, FRAMES - 1, true));
    assert_int_equal(guest->ram.backed_count, 2);
    assert_true(access_word(guest, LARGE_FIRST + 7, false));
    assert_true(has_large(guest));
    assert_int_equal(guest->ram.backed_count, 2 + LARGE_PAGE_FRAMES);
    for (uint32_t frame = LARGE_FIRST; frame < LARGE_FIRST + LARGE_PAGE_FRAMES; frame++) {
        assert_true(walk(guest, frame, true) != 0);
        assert_true(access_word(guest, frame, true));
    }
    check();
    assert_true(nested_forget(&guest->nested));
    assert_true(access_word(guest, LARGE_FIRST, true));
    assert_true(has_large(guest));
    end_all();
}

/* The audit looks at each frame of it, and at its rights. */
static void test_the_audit_of_a_large_leaf(void **state)
{
    (void)state;
    struct model *guest = &guests[0];
    char why[160];

    assert_true(make(guest));
    struct gframe *record = &guest->ram.frames[LARGE_FIRST + 300];
    assert_true(access_word(guest, LARGE_FIRST, true) && has_large(guest));
    record->host++;
    assert_false(nested_audit(&guest->nested, why, sizeof(why)));
    record->host--;
    record->flags |= GFRAME_SHARED;
    assert_false(nested_audit(&guest->nested, why, sizeof(why)));
    record->flags &= (uint16_t)~GFRAME_SHARED;
    assert_true(nested_audit(&guest->nested, why, sizeof(why)));
    end_all();
}

/* Frames that a copy has, too, are shown one by one, and those that were written are its own. */
static void test_a_large_leaf_is_not_shared(void **state)
{
    (void)state;
    struct model *guest = &guests[0], *copy = &guests[1];

    assert_true(make(guest));
    assert_true(access_word(guest, LARGE_FIRST, true) && has_large(guest));
    clone(guest);
    assert_true(copy->is_used);
    assert_true(access_word(guest, LARGE_FIRST + 1, false));
    assert_true(access_word(copy, LARGE_FIRST + 2, true));
    assert_true(access_word(guest, LARGE_FIRST + 2, true));
    assert_false(has_large(guest) || has_large(copy));
    check();
    end(copy);
    end_all();
}

/* Backed in part, and memory that is not plenty: small leaves, and nothing more is backed. */
static void test_no_large_leaf(void **state)
{
    (void)state;
    struct model *guest = &guests[0];
    uint32_t word = 0;

    assert_true(make(guest));
    assert_true(ram_store(&guest->ram, GPA((LARGE_FIRST + 511) << PAGE_SHIFT), &word, sizeof(word)));
    assert_true(access_word(guest, LARGE_FIRST, true));
    assert_false(has_large(guest));
    assert_int_equal(guest->ram.backed_count, 2);
    end(guest);
    assert_true(make(guest));
    machine_leave_free((uint32_t)(frames_count_total() / 2 - 1));
    assert_true(access_word(guest, LARGE_FIRST, true));
    assert_false(has_large(guest));
    assert_int_equal(guest->ram.backed_count, 1);
    machine_leave_free(MACHINE_NEVER);
    end_all();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_random_walk, start, machine_stop),
        cmocka_unit_test_setup_teardown(test_short_of_memory, start, machine_stop),
        cmocka_unit_test_setup_teardown(test_tables_are_given_back, start, machine_stop),
        cmocka_unit_test_setup_teardown(test_device_page, start, machine_stop),
        cmocka_unit_test_setup_teardown(test_a_large_leaf, start, machine_stop),
        cmocka_unit_test_setup_teardown(test_the_audit_of_a_large_leaf, start, machine_stop),
        cmocka_unit_test_setup_teardown(test_a_large_leaf_is_not_shared, start, machine_stop),
        cmocka_unit_test_setup_teardown(test_no_large_leaf, start, machine_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
