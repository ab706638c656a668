/*
 * test_clone.c - clone.c makes copies in slices of any length, between which a report on the source, which is held, may
 * read its memory: no leaf may come of that, for its next frames are shared then. Source and copy go on after that, and
 * neither sees what the other writes; every count and every leaf is checked.
 *
 * The TLB forgets nothing that it is not told to. What there is of a guest besides RAM is faked here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/frames.h"
#include "fake_mmu.h"
#include "cpu/opcodes.h"
#include "guest/clone.h"
#include "guest/debug_access.h"
#include "guest/debug_stop.h"
#include "guest/gmem.h"
#include "guest/gmem_find.h"
#include "guest/guest.h"
#include "guest/kind.h"
#include "guest/launch.h"
#include "guest/strict.h"
#include "guest/switch.h"
#include "pagetable/audit.h"
#include "pagetable/gwalk.h"
#include "pagetable/owners.h"
#include "pagetable/tlb_flush.h"
#include "random.h"

#define FRAMES 1000u            /* records: four pages, a step each */
#define DIRECTORY 1u
#define TABLE 2u                /* all RAM one to one */
#define FIRST 3u                /* of those that are used, every fourth */
#define USED 240u
#define ROUNDS 400u

static const struct guest_kind plain = { .check = NULL };
static struct guest source, copy;
static uint32_t words[2][FRAMES];       /* the first of each frame, of the source and of the copy */
static unsigned reports;                /* on the source, while it was held */

struct guest *launch_make_room(uint32_t memory_bytes, char *reason)
{
    (void)reason;
    memset(&copy, 0, sizeof(copy));
    assert_true(machine_make(&copy.space, &copy.ram, &copy.state.paging, memory_bytes / PAGE_SIZE));
    return &copy;
}

void guest_bury(struct guest *guest)
{
    (void)guest;
    fail();
}

uint32_t guest_new_id(void)
{
    return 2;
}

static uint8_t stops_new;               /* its debugger, one that is new */

void guest_join(struct guest *guest, const char *name)
{
    guest->life.paused |= stops_new;
    assert_ptr_equal(guest, &copy);
    assert_string_equal(name, "source");
}

struct guest *guest_first(void)
{
    return NULL;
}

void guest_show_state(struct guest *guest)
{
    (void)guest;
}

void switch_save(struct guest *guest)
{
    (void)guest;
}

bool strict_copy(struct guest *to, const struct guest *from)
{
    (void)to, (void)from;
    return true;
}

void debug_access_clear(void)
{
}

bool debug_access_take_hit(uint32_t *address)
{
    (void)address;
    return false;
}

bool debug_access_forget_hits(void)
{
    return false;
}

static int start(void **state)
{
    machine_start(state);
    random_state = 1;
    reports = 0;
    return 0;
}

static void load(struct guest *guest)
{
    struct guest *other = guest == &source ? &copy : &source;

    if (guest->processor != NULL)
        return;
    other->processor = NULL;
    gspace_load(&guest->space);
    guest->processor = (struct processor *)(uintptr_t)1;
}

static void access_frame(struct guest *guest, uint32_t frame, bool is_write)
{
    uint32_t *known = &words[guest == &copy][frame];
    struct access_result result = machine_access(&guest->space, GVA(frame << PAGE_SHIFT), false, is_write);

    assert_int_equal(result.end, ACCESS_DONE);
    guest->hidden_fault_count += result.hidden_faults;
    if (is_write)
        *(uint32_t *)hpa_to_ptr(result.address) = *known = random_u32();
    else
        assert_int_equal(*(uint32_t *)hpa_to_ptr(result.address), *known);
}

static uint32_t any_frame(void)
{
    return FIRST + random_u32() % USED * 4;
}

/* All that it uses has leaves by which it can be written; with paging or without it. */
static void make_source(bool is_paging)
{
    memset(&source, 0, sizeof(source));
    assert_true(machine_make(&source.space, &source.ram, &source.state.paging, FRAMES));
    source.kind = &plain;
    strcpy(source.life.name, "source");
    for (uint32_t i = 0; is_paging && i < FRAMES; i++)
        machine_put(&source.space, TABLE, i, i << 12 | GPTE_P | GPTE_W);
    machine_put(&source.space, DIRECTORY, 0, TABLE << 12 | GPTE_P | GPTE_W);
    load(&source);
    if (is_paging)
        assert_true(gspace_setpd(&source.space, GPA(DIRECTORY << PAGE_SHIFT), false));
    for (uint32_t i = 0; i < USED; i++)
        access_frame(&source, FIRST + i * 4, true);
}

static void unload(void)
{
    source.processor = copy.processor = NULL;
    tlb_load_root(HPA_NONE);
}

/* By leaves, which fill themselves: nobody who is held is read so. */
size_t copy_with_fixup(void *to, const void *from, size_t bytes)
{
    (void)to, (void)from;
    fail();
    return bytes;
}

/* Others have run since the slice before: the TLB has nothing of the source. */
static void report_on_source(void)
{
    unload();
    load(&source);
    for (unsigned i = 0; i < 20; i++) {
        uint32_t frame = any_frame(), word;
        assert_true(gmem_peek(&source, GVA(frame << PAGE_SHIFT), &word, sizeof(word), NULL));
        assert_int_equal(word, words[0][frame]);
    }
    reports++;
}

/* In slices of up to so many steps. */
static void make_copy(uint32_t most)
{
    char reason[GUEST_REASON_BYTES];
    struct clone clone = { .reason = reason };
    uint32_t steps = 1 + random_u32() % most;

    while (!clone_step(&source, &clone, &steps)) {
        assert_int_equal(source.life.paused, GUEST_PAUSED_BY_HOLD);
        if (random_u32() % 2 == 0)
            report_on_source();
        steps = 1 + random_u32() % most;
    }
    assert_ptr_equal(clone.copy, &copy);
    assert_int_equal(source.life.paused, 0);
    memcpy(words[1], words[0], sizeof(words[1]));
}

static void check(struct guest *guest)
{
    char why[200];

    if (!audit_owners(why, sizeof(why)) || !audit_space(&guest->space, why, sizeof(why)))
        fail_msg("%s", why);
}

/* Some turns of each. */
static void go_on(void)
{
    for (unsigned turn = 0; turn < 6; turn++) {
        struct guest *guest = turn % 2 == 0 ? &source : &copy;
        load(guest);
        for (unsigned i = 0; i < 40; i++)
            access_frame(guest, any_frame(), random_u32() % 2 == 0);
        check(guest);
    }
}

static void end(struct guest *guest)
{
    unload();
    machine_unmake(&guest->space);
}

static void test_reports_between_slices(void **state)
{
    uint64_t free_before = frames_count_free();

    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        make_source(round % 2 != 0);
        make_copy(1 + round % 4);
        go_on();
        end(random_u32() & 1 ? &source : &copy);
        end(source.ram.frames == NULL ? &copy : &source);
        assert_int_equal(frames_count_free(), free_before);
        assert_null(owners_beyond);
    }
    print_message("# %u reports\n", reports);
    assert_true(reports > ROUNDS / 2);
}

/* What its kind makes anew is paid for where it begins and where it ends, so that another waits for the next look. */
static void test_what_its_kind_takes_is_paid(void **state)
{
    static const struct guest_kind heavy = { .load_steps = 80 * CLONE_STEP_COST };
    uint32_t left[2];

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        char reason[GUEST_REASON_BYTES];
        struct clone clone = { .reason = reason };
        left[i] = 10000;
        make_source(false);
        source.kind = i == 0 ? &plain : &heavy;
        assert_true(clone_step(&source, &clone, &left[i]));
        end(&copy);
        end(&source);
    }
    assert_int_equal(left[0] - left[1], 80);
}

/* A report on who is held takes no frame, which the pieces that are left would not know of, and makes no leaf. */
static void test_who_is_held_is_only_looked_at(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 2; round++) {
        uint32_t read[2] = { 1, 1 };
        gva_t bad = GVA(0);
        make_source(round != 0);
        uint32_t backed = source.ram.backed_count;
        uint32_t at = (FIRST << PAGE_SHIFT) + (uint32_t)PAGE_SIZE - 4;          /* and the page behind, never touched */
        assert_true(gmem_find_copy(&source, GVA(FIRST << PAGE_SHIFT), (uint8_t *)read, 4, &bad));
        assert_int_equal(read[0], words[0][FIRST]);
        assert_true(gmem_find_copy(&source, GVA(at), (uint8_t *)read, 8, &bad));
        assert_int_equal(read[1], 0);
        assert_false(gmem_find_copy(&source, GVA((FRAMES << PAGE_SHIFT) - 4), (uint8_t *)read, 8, &bad));
        assert_int_equal(bad.v, FRAMES << PAGE_SHIFT);
        assert_int_equal(source.ram.backed_count, backed);
        assert_int_equal(source.hidden_fault_count, USED);
        end(&source);
    }
}

/* gdb waits for the next guest of a name, which may be a copy. */
static void test_debugger_stops_a_copy(void **state)
{
    (void)state;
    make_source(false);
    stops_new = GUEST_PAUSED_BY_OPERATOR;
    make_copy(9);
    stops_new = 0;
    uint8_t paused = copy.life.paused;
    end(&copy);
    end(&source);
    assert_int_equal(paused, GUEST_PAUSED_BY_OPERATOR);
}

/* A copy of a strict guest may have no more shadows than that, or its hv_setpd takes four times what it may. */
static void test_limit_of_tables(void **state)
{
    (void)state;
    make_source(true);
    source.space.tables_most = 7;
    make_copy(9);
    uint32_t most = copy.space.tables_most;
    end(&copy);
    end(&source);
    assert_int_equal(most, 7);
}

/* Nobody takes a CLI out of a copy, and nobody takes its #DB: it would die of both. */
static void test_breakpoints_stay_behind(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 2; round++) {
        make_source(round != 0);
        debug_stop = (struct guest_debugger){ .guest = &source };
        uint32_t at[] = { FIRST * PAGE_SIZE + 5, (FIRST + 4) * PAGE_SIZE };
        uint8_t was[2];
        for (unsigned i = 0; i < 2; i++) {
            assert_int_equal(debug_stop_read(at[i], &was[i], 1), 1);
            assert_true(debug_stop_set(at[i]));
        }
        source.state.frame.eflags = EFLAGS_TF | EFLAGS_IF;
        make_copy(5);
        assert_int_equal(copy.state.frame.eflags, EFLAGS_IF);
        for (unsigned i = 0; i < 2; i++) {
            assert_int_equal(((const uint8_t *)ram_peek(&source.ram, at[i] >> PAGE_SHIFT))[at[i] & PAGE_MASK],
                             OPCODE_CLI);
            assert_int_equal(((const uint8_t *)ram_peek(&copy.ram, at[i] >> PAGE_SHIFT))[at[i] & PAGE_MASK], was[i]);
        }
        check(&copy);
        debug_stop.guest = NULL;
        end(&copy);
        end(&source);
    }
}

/* What the guest kernel has there by its leaves, and by what the TLB still knows. */
static uint8_t fetch(struct guest *guest, uint32_t address)
{
    struct access_result result = machine_access(&guest->space, GVA(address), false, false);

    assert_int_equal(result.end, ACCESS_DONE);
    guest->hidden_fault_count += result.hidden_faults;
    return *(const uint8_t *)hpa_to_ptr(result.address);
}

/* The frame is shared with a copy: to store there moves it, and the guest that is loaded had it in the TLB before. */
static void store_where_the_frame_moves(struct guest *guest, bool is_breakpoint)
{
    uint32_t frame = FIRST + 8, at = frame * (uint32_t)PAGE_SIZE + 77;

    make_copy(5);
    load(guest);
    debug_stop = (struct guest_debugger){ .guest = guest };
    uint8_t now = (uint8_t)(fetch(guest, at) + 1);
    const void *page = ram_peek(&guest->ram, frame);
    if (is_breakpoint) {
        now = OPCODE_CLI;
        assert_true(debug_stop_set(at));
    } else {
        assert_int_equal(debug_stop_write(at, &now, 1), 1);
    }
    assert_ptr_not_equal(page, ram_peek(&guest->ram, frame));
    assert_int_equal(fetch(guest, at), now);
    access_frame(guest, frame, false);
    check(guest);
    debug_stop.guest = NULL;
}

static void test_debugger_stores_where_the_frame_moves(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 8; round++) {
        make_source(round & 1);
        store_where_the_frame_moves(round & 2 ? &copy : &source, round & 4);
        end(&copy);
        end(&source);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reports_between_slices, start, machine_stop),
        cmocka_unit_test_setup_teardown(test_what_its_kind_takes_is_paid, start, machine_stop),
        cmocka_unit_test_setup_teardown(test_who_is_held_is_only_looked_at, start, machine_stop),
        cmocka_unit_test_setup_teardown(test_debugger_stops_a_copy, start, machine_stop),
        cmocka_unit_test_setup_teardown(test_limit_of_tables, start, machine_stop),
        cmocka_unit_test_setup_teardown(test_breakpoints_stay_behind, start, machine_stop),
        cmocka_unit_test_setup_teardown(test_debugger_stores_where_the_frame_moves, start, machine_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
