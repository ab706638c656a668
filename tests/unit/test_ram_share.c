/*
 * test_ram_share.c - guests whose RAM is shared: a random walk of stores, loads, clones and ends of up to six guests,
 * held against a model in which each has RAM of its own. After each step every count of owners is checked, and every
 * space.
 *
 * A frame is mapped at three places, one more than is kept on record, so that each of them must notice when it moves.
 * The TLB forgets nothing that it is not told to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/frames.h"
#include "fake_mmu.h"
#include "pagetable/audit.h"
#include "pagetable/gwalk.h"
#include "pagetable/owners.h"
#include "pagetable/ram_share.h"
#include "pagetable/shadow.h"
#include "pagetable/tlb_flush.h"
#include "random.h"

#define GUESTS 6u
#define FRAMES 300u             /* records: one page and a piece */
#define FIRST_DATA 4u
#define DATA 60u                /* frames that are stored to: the first of them, and as many from LATER on */
#define LATER 230u
#define WORDS 2u                /* of each frame */
#define DIRECTORY 1u
#define TABLE 2u                /* all RAM one to one, by PDE 0 and 1 */
#define USER_TABLE 3u           /* by PDE 600, for guest user: any frame anywhere */
#define USER_PDE 600u
#define SHIPPED_STEPS 84u       /* START_STEPS of service.c, CLONE_COST of request.c each */
#define STEPS 30000u

static struct model {
    bool is_used, is_paging;
    struct ram ram;
    struct gspace space;
    struct guest_paging paging;
    uint32_t words[FRAMES][WORDS];
    uint32_t user_frame[DATA];  /* what each page of the user table shows */
} guests[GUESTS];
static struct model *loaded;
static uint64_t free_before;
static unsigned clones, copies_failed, slices;

static int start(void **state)
{
    machine_start(state);
    memset(guests, 0, sizeof(guests));
    loaded = NULL;
    clones = copies_failed = 0;
    free_before = frames_count_free();
    return 0;
}

static uint32_t data_frame(uint32_t number)
{
    return number < DATA / 2 ? FIRST_DATA + number : LATER + number;
}

static void load(struct model *guest)
{
    if (loaded != guest)
        gspace_load(&guest->space);
    loaded = guest;
}

static void unload(void)
{
    tlb_load_root(HPA_NONE);
    loaded = NULL;
}

static struct model *make(void)
{
    struct model *guest = guests;

    while (guest->is_used)
        guest++;
    memset(guest, 0, sizeof(*guest));
    guest->is_used = machine_make(&guest->space, &guest->ram, &guest->paging, FRAMES);
    return guest->is_used ? guest : NULL;
}

/* The place of a data frame by one of the ways there are: 0 to 2, of which the last is guest user's. */
static gva_t place(const struct model *guest, uint32_t number, uint32_t way, uint32_t *frame)
{
    *frame = way == 2 && guest->is_paging ? guest->user_frame[number] : data_frame(number);
    if (!guest->is_paging)
        return GVA(*frame << PAGE_SHIFT);
    return way == 2 ? GVA(USER_PDE << 22 | number << PAGE_SHIFT) : GVA(way << 22 | *frame << PAGE_SHIFT);
}

static uint32_t *word_at(hpa_t address, uint32_t word)
{
    return (uint32_t *)hpa_to_ptr(HPA(address.v & ~(uint64_t)PAGE_MASK)) + word * 1023;
}

/* False: memory was out. */
static bool access_word(struct model *guest, uint32_t number, uint32_t way, uint32_t word, bool is_store)
{
    uint32_t frame, value = random_u32();
    gva_t at = place(guest, number, way, &frame);

    load(guest);
    struct access_result result = machine_access(&guest->space, at, way == 2 && guest->is_paging, is_store);
    if (result.end == ACCESS_NO_MEMORY)
        return false;
    assert_int_equal(result.end, ACCESS_DONE);
    if (is_store)
        *word_at(result.address, word) = guest->words[frame][word] = value;
    else
        assert_int_equal(*word_at(result.address, word), guest->words[frame][word]);
    return true;
}

/* Tables as any kernel makes them; then on with paging. */
static bool begin_paging(struct model *guest)
{
    unload();
    for (uint32_t i = 0; i < FRAMES; i++)
        machine_put(&guest->space, TABLE, i, i << 12 | GPTE_P | GPTE_W);
    for (uint32_t i = 0; i < DATA; i++) {
        guest->user_frame[i] = data_frame(i);
        machine_put(&guest->space, USER_TABLE, i, data_frame(i) << 12 | GPTE_P | GPTE_W | GPTE_U);
    }
    machine_put(&guest->space, DIRECTORY, 0, TABLE << 12 | GPTE_P | GPTE_W);
    machine_put(&guest->space, DIRECTORY, 1, TABLE << 12 | GPTE_P | GPTE_W);
    machine_put(&guest->space, DIRECTORY, USER_PDE, USER_TABLE << 12 | GPTE_P | GPTE_W | GPTE_U);
    load(guest);
    if (gspace_setpd(&guest->space, GPA(DIRECTORY << PAGE_SHIFT), random_u32() & 1) != STATUS_OK)
        return false;
    guest->is_paging = true;
    return true;
}

/* A store that changes nothing, but may move the directory. */
static void touch_directory(struct model *guest)
{
    if (random_u32() % 4 == 0)
        (void)machine_access(&guest->space, GVA(DIRECTORY << PAGE_SHIFT | USER_PDE * 4), false, true);
}

/* The guest changes an entry of its user table, which has a shadow and may be shared, and says so. */
static void remap(struct model *guest, uint32_t number)
{
    uint32_t frame = data_frame(random_u32() % DATA);

    load(guest);
    struct access_result result =
        machine_access(&guest->space, GVA(USER_TABLE << PAGE_SHIFT | number * 4), false, true);
    if (result.end == ACCESS_NO_MEMORY)
        return;
    assert_int_equal(result.end, ACCESS_DONE);
    *(uint32_t *)hpa_to_ptr(result.address) = frame << 12 | GPTE_P | GPTE_W | GPTE_U;
    guest->user_frame[number] = frame;
    touch_directory(guest);
    if (random_u32() & 1)
        assert_true(gspace_adjustpg(&guest->space, GVA(USER_PDE << 22 | number << PAGE_SHIFT)));
    else
        (void)!gspace_setpd(&guest->space, GPA(DIRECTORY << PAGE_SHIFT), guest->paging.wp);
}

static void end(struct model *guest)
{
    unload();
    machine_unmake_steps = 1 + random_u32() % 400;
    machine_unmake(&guest->space);
    machine_unmake_steps = UINT32_MAX;
    guest->is_used = false;
}

/* Somebody else runs between two pieces of a clone: anybody but these two. */
static void run_other(const struct model *source, const struct model *copy)
{
    struct model *other = &guests[random_u32() % GUESTS];

    if (other->is_used && other != source && other != copy)
        (void)access_word(other, random_u32() % DATA, random_u32() % 3, 0, true);
}

/* Steps of a look: each number up to the shipped one in its turn, and one between them. */
static uint32_t next_slice(void)
{
    return random_u32() % 3 == 0 ? 1 : 1 + slices++ % SHIPPED_STEPS;
}

static bool clone(struct model *source)
{
    struct model *copy = make();
    struct ram_share progress = { .frame = 0 };
    uint32_t at = 0, slice = next_slice(), steps = random_u32() % 3;

    if (!copy)
        return false;
    assert_ptr_not_equal(copy, source);
    for (; !gspace_drop_leaves(&source->space, &at, &steps); steps = slice)
        run_other(source, copy);
    for (; !ram_share(&source->ram, &copy->ram, &progress, &steps); steps = slice)
        run_other(source, copy);
    if (loaded == source)
        gspace_load(&source->space);
    if (progress.lacks_memory || gspace_resume(&copy->space, &source->paging) != STATUS_OK) {
        copies_failed++;
        end(copy);
        return false;
    }
    copy->is_paging = source->is_paging;
    memcpy(copy->words, source->words, sizeof(copy->words));
    memcpy(copy->user_frame, source->user_frame, sizeof(copy->user_frame));
    clones++;
    return true;
}

static void check(void)
{
    char why[200];

    if (!audit_owners(why, sizeof(why)))
        fail_msg("%s", why);
    for (struct model *guest = guests; guest < guests + GUESTS; guest++)
        if (guest->is_used && !audit_space(&guest->space, why, sizeof(why)))
            fail_msg("guest %u: %s", (unsigned)(guest - guests), why);
}

static unsigned count_guests(void)
{
    unsigned count = 0;

    for (unsigned i = 0; i < GUESTS; i++)
        count += guests[i].is_used;
    return count;
}

/* A store, of which each way to the frame must hear: the TLB has all of them before. */
static void store_seen_by_all(struct model *guest, uint32_t number, uint32_t word)
{
    for (uint32_t way = 0; way < 3; way++)
        (void)access_word(guest, number, way, word, false);
    (void)access_word(guest, number, random_u32() % 3, word, true);
    for (uint32_t way = 0; way < 3; way++)
        (void)access_word(guest, number, way, word, false);
}

/* The guest has no use for some frames, which others may have, too. */
static void give_back(struct model *guest)
{
    uint32_t first = data_frame(random_u32() % DATA), left = 1 + random_u32() % 8, end = first + left;

    if (end > FRAMES)
        return;
    for (uint32_t frame = first; frame < end; frame++)
        memset(guest->words[frame], 0, sizeof(guest->words[frame]));
    load(guest);
    for (uint32_t steps = 1; !gspace_give_back(&guest->space, &first, &left, &steps); steps = 1 + random_u32() % 90)
        assert_int_equal(steps, 0);
}

static void walk_step(void)
{
    struct model *guest = &guests[random_u32() % GUESTS];
    uint32_t dice = random_u32() % 1000, number = random_u32() % DATA, word = random_u32() % WORDS;

    if (count_guests() == 0)
        (void)make();
    if (!guest->is_used)
        return;
    if (dice < 450)
        (void)access_word(guest, number, random_u32() % 3, word, false);
    else if (dice < 850)
        store_seen_by_all(guest, number, word);
    else if (dice < 940 && guest->is_paging)
        remap(guest, number);
    else if (dice < 945)
        give_back(guest);
    else if (dice < 960 && !guest->is_paging)
        (void)begin_paging(guest);
    else if (dice < 980 && count_guests() < GUESTS)
        (void)clone(guest);
    else if (dice > 990)
        end(guest);
}

/* Everything that each guest can see, by every way. */
static void compare_all(void)
{
    for (struct model *guest = guests; guest < guests + GUESTS; guest++)
        for (uint32_t i = 0; guest->is_used && i < 3 * DATA * WORDS; i++)
            assert_true(access_word(guest, i % DATA, i / DATA % 3, i / DATA / 3, false));
}

static void end_all(void)
{
    for (struct model *guest = guests; guest < guests + GUESTS; guest++)
        if (guest->is_used)
            end(guest);
    assert_null(owners_beyond);
    assert_null(ram_first_sharing());
    assert_int_equal(frames_count_free(), free_before);
    assert_int_equal(machine_vmaps, 0);
}

static void test_random_walk(void **state)
{
    (void)state;
    for (uint32_t step = 0; step < STEPS; step++) {
        walk_step();
        if (step % 7 == 0)
            check();
    }
    compare_all();
    assert_true(clones > 100 && slices >= SHIPPED_STEPS);
    end_all();
}

/* The same where memory is out now and then: what fails has changed nothing. */
static void test_random_walk_short_of_memory(void **state)
{
    (void)state;
    for (uint32_t step = 0; step < STEPS / 3; step++) {
        bool is_short = step / 50 % 2;
        if (step % 50 == 0)
            machine_leave_free(is_short ? random_u32() % 24 : MACHINE_NEVER);
        bool is_store = random_u32() & 1;
        struct model *guest = &guests[random_u32() % GUESTS];
        if (!is_short)
            walk_step();
        else if (!guest->is_used)
            continue;
        else if (random_u32() % 5 == 0 && count_guests() < GUESTS)
            (void)clone(guest);
        else
            (void)access_word(guest, random_u32() % DATA, random_u32() % 3, 0, is_store);
        if (step % 7 == 0)
            check();
    }
    machine_leave_free(MACHINE_NEVER);
    compare_all();
    assert_true(copies_failed > 10);
    end_all();
}

/* One step at a time: who pays for a copy, and who need not. */
static void test_last_owner_takes_the_frame(void **state)
{
    (void)state;
    struct model *source = make(), *copy = &guests[1];

    assert_true(access_word(source, 0, 0, 0, true));
    assert_true(clone(source));
    uint64_t before = frames_count_free();
    uint32_t host = source->ram.frames[data_frame(0)].host;
    assert_int_equal(copy->ram.frames[data_frame(0)].host, host);
    assert_int_equal(source->ram.shared_count, 1);
    assert_true(access_word(copy, 0, 0, 0, false));
    assert_int_equal(before - frames_count_free(), 3);      /* to read it took the tables that show it */
    assert_int_equal(copy->ram.frames[data_frame(0)].host, host);

    assert_true(access_word(source, 0, 0, 0, true));
    assert_int_equal(before - frames_count_free(), 4);
    assert_int_not_equal(source->ram.frames[data_frame(0)].host, host);
    assert_int_equal(source->ram.shared_count, 0);
    assert_true(access_word(copy, 0, 0, 0, false));
    assert_true(access_word(copy, 0, 0, 0, true));      /* nobody else has it by now */
    assert_int_equal(copy->ram.frames[data_frame(0)].host, host);
    assert_int_equal(before - frames_count_free(), 4);
    assert_true(access_word(source, 0, 0, 0, false));
    check();
    end_all();
}

/* The other owner is dead, and its memory is what the copy is found in: the frame is still given back once. */
static bool end_second(void)
{
    bool is_used = guests[1].is_used;

    if (is_used) {
        machine_unmake(&guests[1].space);
        guests[1].is_used = false;
    }
    return is_used;
}

static void test_other_owner_ends_by_the_copy(void **state)
{
    (void)state;
    struct model *source = make();

    frames_on_shortage(end_second);
    for (uint32_t i = 0; i < 5; i++)
        assert_true(access_word(source, i, 0, 0, true));
    assert_true(clone(source));
    assert_true(access_word(source, 0, 0, 0, false));
    machine_leave_free(0);
    assert_true(access_word(source, 0, 0, 0, true));
    assert_false(guests[1].is_used);
    machine_leave_free(MACHINE_NEVER);
    compare_all();
    frames_on_shortage(NULL);
    end_all();
}

/* The hypervisor stores to a guest that does not run. */
static void test_stores_of_the_hypervisor(void **state)
{
    (void)state;
    struct model *source = make(), *copy = &guests[1];

    assert_true(begin_paging(source));
    assert_true(access_word(source, 1, 2, 0, true));
    assert_true(clone(source));
    assert_true(access_word(copy, 1, 0, 0, false) && access_word(copy, 1, 2, 0, false));
    unload();
    machine_put(&copy->space, data_frame(1), 0, 77);
    copy->words[data_frame(1)][0] = 77;
    assert_true(access_word(copy, 1, 0, 0, false) && access_word(copy, 1, 1, 0, false));
    assert_true(access_word(copy, 1, 2, 0, false) && access_word(source, 1, 2, 0, false));
    unload();
    machine_put(&source->space, USER_TABLE, 2, data_frame(5) << 12 | GPTE_P | GPTE_W | GPTE_U);
    source->user_frame[2] = data_frame(5);
    load(source);
    assert_true(gspace_adjustpg(&source->space, GVA(USER_PDE << 22 | 2 << PAGE_SHIFT)));
    assert_true(access_word(source, 2, 2, 0, true) && access_word(source, 5, 0, 0, false));
    assert_true(access_word(copy, 2, 2, 0, false) && access_word(copy, 5, 0, 0, false));
    check();
    end_all();
}

/* A clone of a clone of a clone ..., each of which writes one page: they share all but those. */
static void test_generations(void **state)
{
    (void)state;
    struct model *guest = make();

    for (uint32_t i = 0; i < DATA; i++)
        assert_true(access_word(guest, i, 0, 0, true));
    for (uint32_t i = 0; i < 100; i++) {
        struct model *child = &guests[(i + 1) % 2];
        assert_true(clone(guest));
        assert_true(access_word(child, i % DATA, 0, 1, true));
        if (i % 2)
            assert_true(access_word(guest, i % DATA, 0, 1, false));
        end(guest);
        check();
        guest = child;
    }
    compare_all();
    assert_int_equal(guest->ram.backed_count, DATA);
    end_all();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_random_walk, start, machine_stop),
        cmocka_unit_test_setup_teardown(test_random_walk_short_of_memory, start, machine_stop),
        cmocka_unit_test_setup_teardown(test_last_owner_takes_the_frame, start, machine_stop),
        cmocka_unit_test_setup_teardown(test_other_owner_ends_by_the_copy, start, machine_stop),
        cmocka_unit_test_setup_teardown(test_stores_of_the_hypervisor, start, machine_stop),
        cmocka_unit_test_setup_teardown(test_generations, start, machine_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
