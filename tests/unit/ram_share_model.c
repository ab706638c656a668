/*
 * ram_share_model.c - guests of the machine of fake_mmu.h whose RAM is shared, and beside each the RAM of its own that
 * it believes it has, for ram_share_model.h.
 */
#include "ram_share_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/frames.h"
#include "pagetable/audit.h"
#include "pagetable/gwalk.h"
#include "pagetable/owners.h"
#include "pagetable/ram_share.h"
#include "pagetable/shadow.h"
#include "pagetable/tlb_flush.h"
#include "random.h"

struct model share_guests[GUESTS];
unsigned share_clones, share_copies_failed, share_slices;
static struct model *loaded;
static uint64_t free_before;

int share_start(void **state)
{
    machine_start(state);
    memset(share_guests, 0, sizeof(share_guests));
    loaded = NULL;
    share_clones = share_copies_failed = 0;
    random_state = 2;       /* other numbers than the test's own */
    free_before = frames_count_free();
    return 0;
}

uint32_t share_data_frame(uint32_t number)
{
    return number < DATA / 2 ? FIRST_DATA + number : LATER + number;
}

void share_load(struct model *guest)
{
    if (loaded != guest)
        gspace_load(&guest->space);
    loaded = guest;
}

void share_unload(void)
{
    tlb_load_root(HPA_NONE);
    loaded = NULL;
}

struct model *share_make(void)
{
    struct model *guest = share_guests;

    while (guest->is_used)
        guest++;
    memset(guest, 0, sizeof(*guest));
    guest->is_used = machine_make(&guest->space, &guest->ram, &guest->paging, FRAMES);
    return guest->is_used ? guest : NULL;
}

/* The place of a data frame by one of the ways there are: 0 to 2, of which the last is guest user's. */
static gva_t place(const struct model *guest, uint32_t number, uint32_t way, uint32_t *frame)
{
    *frame = way == 2 && guest->is_paging ? guest->user_frame[number] : share_data_frame(number);
    if (!guest->is_paging)
        return GVA(*frame << PAGE_SHIFT);
    return way == 2 ? GVA(USER_PDE << 22 | number << PAGE_SHIFT) : GVA(way << 22 | *frame << PAGE_SHIFT);
}

static uint32_t *word_at(hpa_t address, uint32_t word)
{
    return (uint32_t *)hpa_to_ptr(HPA(address.v & ~(uint64_t)PAGE_MASK)) + word * 1023;
}

/* False: memory was out. */
bool share_access(struct model *guest, uint32_t number, uint32_t way, uint32_t word, bool is_store)
{
    uint32_t frame, value = random_u32();
    gva_t at = place(guest, number, way, &frame);

    share_load(guest);
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
bool share_begin_paging(struct model *guest)
{
    share_unload();
    for (uint32_t i = 0; i < FRAMES; i++)
        machine_put(&guest->space, TABLE, i, i << 12 | GPTE_P | GPTE_W);
    for (uint32_t i = 0; i < DATA; i++) {
        guest->user_frame[i] = share_data_frame(i);
        machine_put(&guest->space, USER_TABLE, i, share_data_frame(i) << 12 | GPTE_P | GPTE_W | GPTE_U);
    }
    machine_put(&guest->space, DIRECTORY, 0, TABLE << 12 | GPTE_P | GPTE_W);
    machine_put(&guest->space, DIRECTORY, 1, TABLE << 12 | GPTE_P | GPTE_W);
    machine_put(&guest->space, DIRECTORY, USER_PDE, USER_TABLE << 12 | GPTE_P | GPTE_W | GPTE_U);
    share_load(guest);
    if (!gspace_setpd(&guest->space, GPA(DIRECTORY << PAGE_SHIFT), random_u32() & 1))
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
void share_remap(struct model *guest, uint32_t number)
{
    uint32_t frame = share_data_frame(random_u32() % DATA);

    share_load(guest);
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

void share_end(struct model *guest)
{
    share_unload();
    machine_unmake_steps = 1 + random_u32() % 400;
    machine_unmake(&guest->space);
    machine_unmake_steps = UINT32_MAX;
    guest->is_used = false;
}

/* Somebody else runs between two pieces of a clone: anybody but these two. */
static void run_other(const struct model *source, const struct model *copy)
{
    struct model *other = &share_guests[random_u32() % GUESTS];

    if (other->is_used && other != source && other != copy)
        (void)share_access(other, random_u32() % DATA, random_u32() % 3, 0, true);
}

/* Steps of a look: each number up to the shipped one in its turn, and one between them. */
static uint32_t next_slice(void)
{
    return random_u32() % 3 == 0 ? 1 : 1 + share_slices++ % SHIPPED_STEPS;
}

bool share_clone(struct model *source)
{
    struct model *copy = share_make();
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
        share_copies_failed++;
        share_end(copy);
        return false;
    }
    copy->is_paging = source->is_paging;
    memcpy(copy->words, source->words, sizeof(copy->words));
    memcpy(copy->user_frame, source->user_frame, sizeof(copy->user_frame));
    share_clones++;
    return true;
}

void share_check(void)
{
    char why[200];

    if (!audit_owners(why, sizeof(why)))
        fail_msg("%s", why);
    for (struct model *guest = share_guests; guest < share_guests + GUESTS; guest++)
        if (guest->is_used && !audit_space(&guest->space, why, sizeof(why)))
            fail_msg("guest %u: %s", (unsigned)(guest - share_guests), why);
}

unsigned share_count(void)
{
    unsigned count = 0;

    for (unsigned i = 0; i < GUESTS; i++)
        count += share_guests[i].is_used;
    return count;
}

/* The guest has no use for some frames, which others may have, too. */
void share_give_back(struct model *guest)
{
    uint32_t first = share_data_frame(random_u32() % DATA), left = 1 + random_u32() % 8, end = first + left;

    if (end > FRAMES)
        return;
    for (uint32_t frame = first; frame < end; frame++)
        memset(guest->words[frame], 0, sizeof(guest->words[frame]));
    share_load(guest);
    for (uint32_t steps = 1; !gspace_give_back(&guest->space, &first, &left, &steps); steps = 1 + random_u32() % 90)
        assert_int_equal(steps, 0);
}

/* Everything that each guest can see, by every way. */
void share_compare_all(void)
{
    for (struct model *guest = share_guests; guest < share_guests + GUESTS; guest++)
        for (uint32_t i = 0; guest->is_used && i < 3 * DATA * WORDS; i++)
            assert_true(share_access(guest, i % DATA, i / DATA % 3, i / DATA / 3, false));
}

void share_end_all(void)
{
    for (struct model *guest = share_guests; guest < share_guests + GUESTS; guest++)
        if (guest->is_used)
            share_end(guest);
    assert_null(owners_beyond);
    assert_null(ram_first_sharing());
    assert_int_equal(frames_count_free(), free_before);
    assert_int_equal(machine_vmaps, 0);
}
