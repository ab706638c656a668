/*
 * test_same_image.c - guests launched from the same file: a random walk of launches in slices of any length, some of
 * which are withdrawn or find no memory, stores, loads, ends and returned frames of up to four guests, held against a
 * model in which each has RAM of its own. After each step all that each has is compared, and every count is checked.
 *
 * Which pages a new guest shares is worked out from the model: those that the oldest guest of the file and of the same
 * parent has as the file has them. The TLB forgets nothing that it is not told to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/frames.h"
#include "fake_mmu.h"
#include "guest/elf32.h"
#include "guest/elf32_file.h"
#include "guest/gmem_find.h"
#include "guest/guest.h"
#include "guest/launch.h"
#include "guest/request.h"
#include "guest/same_image.h"
#include "pagetable/audit.h"
#include "pagetable/gwalk.h"
#include "pagetable/owners.h"
#include "pagetable/tlb_flush.h"
#include "random.h"

#define GUESTS 4u
#define FRAMES 300u             /* records: one page and a piece */
#define STEPS 12000u
#define SHIPPED_STEPS 250u      /* START_STEPS of service.c */
#define DIRECTORY 1u
#define TABLE 2u                /* all RAM one to one, by PDE 0 */
#define READ_TABLE 3u           /* the same for reading only, by PDE 1 */
#define FIRST 16u               /* frames of the image: from this one on, so many, and the bss behind them */
#define PAGES 16u
#define ZERO_PAGE (FIRST + 3)   /* in the middle of a segment */
#define JOINT 9u                /* page of them in which two segments have bytes, the second from .. */
#define JOINT_AT 0x800u         /* .. this one on */

/* Three segments: one from the middle of a page on, with a page of zeroes; one that ends in the third's first page. */
static const struct piece {
    uint32_t address, bytes, memory_bytes;
} pieces[] = {
    { FIRST * PAGE_SIZE + 0x123, 5 * PAGE_SIZE + 77, 5 * PAGE_SIZE + 77 },
    { (FIRST + 7) * PAGE_SIZE, 2 * PAGE_SIZE + 100, 2 * PAGE_SIZE + 100 },
    { (FIRST + JOINT) * PAGE_SIZE + JOINT_AT, 4 * PAGE_SIZE, 5 * PAGE_SIZE },
};
#define PIECES (sizeof(pieces) / sizeof(pieces[0]))

struct file {
    struct elf32_header header;
    struct elf32_program_header programs[PIECES];
    uint8_t bytes[12 * PAGE_SIZE];
};
static struct file files[2];            /* alike, but for where they are */
static uint8_t as_loaded[PAGES][PAGE_SIZE];

static struct model {
    struct guest guest;
    bool is_used, is_paging;
    unsigned file;
    uint8_t bytes[PAGES][PAGE_SIZE];
} models[GUESTS], *by_age[GUESTS], *loaded;
static struct guest parent;     /* of who is not the operator's */
static bool is_alone;           /* nobody runs while a guest is launched */
static unsigned count, launches, shared, withdrawn, failed, copies;

struct guest *guest_first(void)
{
    for (unsigned i = 0; i < count; i++)
        by_age[i]->guest.next = i + 1 < count ? &by_age[i + 1]->guest : NULL;
    return count > 0 ? &by_age[0]->guest : NULL;
}

static void make_file(struct file *file)
{
    uint32_t at = 0;

    file->header = (struct elf32_header){
        .ident = "\177ELF\1\1\1", .type = 2, .machine = 3, .version = 1, .entry = pieces[0].address,
        .program_offset = sizeof(file->header), .header_bytes = sizeof(file->header),
        .program_entry_bytes = sizeof(file->programs[0]), .program_count = PIECES,
    };
    for (unsigned i = 0; i < PIECES; at += pieces[i++].bytes) {
        file->programs[i] = (struct elf32_program_header){
            .type = 1, .offset = (uint32_t)offsetof(struct file, bytes) + at, .virtual_address = pieces[i].address,
            .physical_address = pieces[i].address, .file_bytes = pieces[i].bytes,
            .memory_bytes = pieces[i].memory_bytes,
        };
        for (uint32_t j = 0; j < pieces[i].bytes; j++) {
            uint32_t place = pieces[i].address + j;
            file->bytes[at + j] = place / PAGE_SIZE == ZERO_PAGE ? 0 : (uint8_t)(place * 7 + place / 4096 | 1);
            as_loaded[place / PAGE_SIZE - FIRST][place % PAGE_SIZE] = file->bytes[at + j];
        }
    }
}

static int start(void **state)
{
    machine_start(state);
    memset(models, 0, sizeof(models));
    loaded = NULL;
    is_alone = false;
    count = launches = shared = withdrawn = failed = copies = 0;
    make_file(&files[0]);
    make_file(&files[1]);
    return 0;
}

static const uint8_t *page_of(const struct model *model, uint32_t page)
{
    static const uint8_t zeroes[PAGE_SIZE];
    const uint8_t *bytes = ram_peek(&model->guest.ram, FIRST + page);

    return bytes != NULL ? bytes : zeroes;
}

static void check(void)
{
    char why[200];

    if (!audit_owners(why, sizeof(why)))
        fail_msg("%s", why);
    for (unsigned i = 0; i < count; i++) {
        if (!audit_space(&by_age[i]->guest.space, why, sizeof(why)))
            fail_msg("%s", why);
        for (uint32_t page = 0; page < PAGES; page++)
            assert_memory_equal(page_of(by_age[i], page), by_age[i]->bytes[page], PAGE_SIZE);
        assert_int_equal(by_age[i]->guest.life.paused, 0);
    }
}

static void load(struct model *model)
{
    if (loaded == model)
        return;
    if (loaded != NULL)
        loaded->guest.processor = NULL;
    if (model != NULL)
        gspace_load(&model->guest.space);
    else
        tlb_load_root(HPA_NONE);
    loaded = model;
    if (model != NULL)
        model->guest.processor = (struct processor *)(uintptr_t)1;
}

/* A byte, by one of the ways there are. */
static void access_byte(struct model *model, uint32_t page, uint32_t at, bool is_write)
{
    uint32_t address = (FIRST + page) * PAGE_SIZE + at;
    bool is_alias = !is_write && model->is_paging && random_u32() & 1;

    load(model);
    struct access_result result =
        machine_access(&model->guest.space, GVA(is_alias ? 1u << 22 | address : address), false, is_write);
    model->guest.hidden_fault_count += result.hidden_faults;
    if (result.end == ACCESS_NO_MEMORY)
        return;
    assert_int_equal(result.end, ACCESS_DONE);
    uint8_t *byte = hpa_to_ptr(result.address);
    if (is_write)
        *byte = model->bytes[page][at] = (uint8_t)random_u32();
    else
        assert_int_equal(*byte, model->bytes[page][at]);
}

static void access_any(struct model *model, bool is_write)
{
    access_byte(model, random_u32() % PAGES, random_u32() % PAGE_SIZE, is_write);
}

/*
 * All of a page again as the file has it: by chance, or because the guest undoes what it did. Of the page of two
 * segments it may be what one of them has there, and zeroes.
 */
static void restore(struct model *model, uint32_t page)
{
    uint32_t first = page == JOINT ? random_u32() % 3 * JOINT_AT / 2 : 0;
    uint32_t bytes = page == JOINT && first == 0 && random_u32() & 1 ? JOINT_AT : (uint32_t)PAGE_SIZE - first;

    access_byte(model, page, 0, true);
    uint32_t frame = FIRST + page;
    const struct gframe *record = &model->guest.ram.frames[frame];
    if (record->host == 0 || record->flags & GFRAME_SHARED)
        return;
    memset(model->bytes[page], 0, PAGE_SIZE);
    memcpy(model->bytes[page] + first, as_loaded[page] + first, bytes);
    memcpy(hpa_to_ptr(HPA((uint64_t)record->host << PAGE_SHIFT)), model->bytes[page], PAGE_SIZE);
}

static void begin_paging(struct model *model)
{
    if (model->is_paging)
        return;
    load(NULL);
    for (uint32_t i = 0; i < FRAMES; i++) {
        machine_put(&model->guest.space, TABLE, i, i << 12 | GPTE_P | GPTE_W);
        machine_put(&model->guest.space, READ_TABLE, i, i << 12 | GPTE_P);
    }
    machine_put(&model->guest.space, DIRECTORY, 0, TABLE << 12 | GPTE_P | GPTE_W);
    machine_put(&model->guest.space, DIRECTORY, 1, READ_TABLE << 12 | GPTE_P | GPTE_W);
    load(model);
    model->is_paging =
        gspace_setpd(&model->guest.space, GPA(DIRECTORY << PAGE_SHIFT), random_u32() & 1);
}

static void give_back(struct model *model)
{
    uint32_t page = random_u32() % PAGES, first = FIRST + page, left = 1 + random_u32() % 3, steps = UINT32_MAX;

    if (page + left > PAGES)
        return;
    memset(model->bytes[page], 0, left * PAGE_SIZE);
    load(model);
    assert_true(gspace_give_back(&model->guest.space, &first, &left, &steps));
}

static void destroy(struct model *model)
{
    load(NULL);
    machine_unmake_steps = 1 + random_u32() % 400;
    machine_unmake(&model->guest.space);
    machine_unmake_steps = UINT32_MAX;
    model->is_used = false;
}

static void end(struct model *model)
{
    unsigned i = 0;

    while (by_age[i] != model)
        i++;
    for (count--; i < count; i++)
        by_age[i] = by_age[i + 1];
    destroy(model);
}

static struct model *find_oldest(unsigned file, const struct guest *payer)
{
    for (unsigned i = 0; i < count; i++)
        if (by_age[i]->file == file && by_age[i]->guest.family.parent == payer &&
            by_age[i]->guest.life.activity != GUEST_ENDED)
            return by_age[i];
    return NULL;
}

/* By no leaf, as gmem_peek.c reads who is held. */
static void report_on(const struct model *source)
{
    uint32_t page = random_u32() % PAGES, at = random_u32() % PAGE_SIZE;
    uint8_t byte;

    assert_true(gmem_find_copy(&source->guest, GVA((FIRST + page) * PAGE_SIZE + at), &byte, 1, NULL));
    assert_int_equal(byte, source->bytes[page][at]);
}

/* Between two slices anybody runs but the source, and a report may be made of that. */
static void run_others(struct model *source)
{
    struct model *other = count > 0 ? by_age[random_u32() % count] : NULL;

    if (other == NULL || is_alone)
        return;
    assert_int_equal(other->guest.life.paused, other == source ? GUEST_PAUSED_BY_HOLD : 0);
    if (other == source)
        report_on(source);
    else
        access_any(other, random_u32() & 1);
}

static bool is_whole(uint32_t page)
{
    static const uint8_t zeroes[PAGE_SIZE];

    return page != JOINT && memcmp(as_loaded[page], zeroes, PAGE_SIZE) != 0;
}

/* The pages that the new guest has from the source are those that the source has not changed, and no others. */
static void check_shared(const struct model *model, const struct model *source)
{
    for (uint32_t page = 0; page < PAGES; page++) {
        const struct gframe *record = &model->guest.ram.frames[FIRST + page];
        bool is_shared = record->flags & GFRAME_SHARED;
        bool wanted = source != NULL && is_whole(page) && memcmp(source->bytes[page], as_loaded[page], PAGE_SIZE) == 0;
        assert_int_equal(is_shared, wanted);
        if (is_shared)
            assert_int_equal(record->host, source->guest.ram.frames[FIRST + page].host);
        shared += is_shared;
        copies += !is_shared && record->host != 0;
    }
    assert_int_equal(model->guest.ram.frames[ZERO_PAGE].host, 0);
}

/* False: it was withdrawn, or found no memory. */
static bool fill(struct model *model, const struct request_start *request, const struct elf32_image *parsed,
                 struct guest_filling *filling, struct model *source)
{
    uint32_t slice = random_u32() % 3 == 0 ? 1 : 1 + launches % SHIPPED_STEPS, steps = slice;
    bool is_unwanted = random_u32() % 8 == 0;
    enum guest_fill end;

    while ((end = guest_pebpeb.fill(&model->guest, request, parsed, filling, &steps)) == GUEST_FILL_GOES_ON) {
        assert_int_equal(steps, 0);
        steps = slice;
        if (is_unwanted && random_u32() % 8 == 0)
            break;
        run_others(source);
    }
    withdrawn += end == GUEST_FILL_GOES_ON;
    failed += end == GUEST_FILL_NO_MEMORY;
    return end == GUEST_FILL_DONE;
}

static void launch(unsigned file, struct guest *payer, bool image_goes, bool lacks_memory)
{
    struct model *model = models, *oldest = find_oldest(file, payer), *source = image_goes ? NULL : oldest;
    char reason[GUEST_REASON_BYTES];
    const struct request_start request = { .name = "g", .image = &files[file], .image_bytes = sizeof(files[file]),
                                           .memory_bytes = FRAMES * PAGE_SIZE, .reason = reason,
                                           .payer = payer, .image_goes = image_goes };
    struct guest_filling filling = { .segment = 0 };
    struct elf32_image parsed;

    while (model->is_used)
        model++;
    memset(model, 0, sizeof(*model));
    assert_true(machine_make(&model->guest.space, &model->guest.ram, &model->guest.state.paging, FRAMES));
    model->is_used = true;
    model->guest.kind = &guest_pebpeb;
    assert_true(guest_pebpeb.check(&request, &parsed, reason));
    assert_true(guest_pebpeb.load(&model->guest, &request, &parsed, reason));
    same_image_find(&filling.source, &model->guest, &request);
    assert_ptr_equal(filling.source.guest, source != NULL ? &source->guest : NULL);
    if (lacks_memory)
        machine_fail(machine_allocations + random_u32() % 8, 1 + random_u32() % 3);
    bool is_made = fill(model, &request, &parsed, &filling, source);
    machine_fail(MACHINE_NEVER, 0);
    hold_end(&filling.source);
    launches++;
    if (!is_made) {
        destroy(model);
        return;
    }
    model->file = file;
    model->guest.family.parent = payer;
    memcpy(model->bytes, as_loaded, sizeof(model->bytes));
    by_age[count++] = model;
    if (!lacks_memory)
        check_shared(model, source);
    if (image_goes)
        model->guest.image = (struct image_bytes){ NULL, 0 };
    model->file = image_goes ? 2 : file;        /* nobody's */
}

static void step(void)
{
    struct model *model = count > 0 ? by_age[random_u32() % count] : NULL;
    uint32_t what = random_u32() % 64;

    if (model == NULL || (what < 8 && count < GUESTS))
        launch(random_u32() % 5 == 0, random_u32() % 5 == 0 ? &parent : NULL, random_u32() % 8 == 0,
               random_u32() % 8 == 0);
    else if (what < 12)
        end(model);
    else if (what < 14)
        begin_paging(model);
    else if (what < 17)
        give_back(model);
    else if (what < 18)
        model->guest.life.activity = GUEST_ENDED;   /* its memory has not gone back yet */
    else if (what < 22)
        restore(model, random_u32() & 1 ? JOINT : random_u32() % PAGES);
    else
        access_any(model, random_u32() % 3 == 0);
}

static void test_walk(void **state)
{
    uint64_t free_before = frames_count_free();

    (void)state;
    random_state = 1;
    for (unsigned i = 0; i < STEPS; i++) {
        step();
        check();
    }
    while (count > 0)
        end(by_age[random_u32() % count]);
    assert_int_equal(frames_count_free(), free_before);
    assert_null(owners_beyond);
    print_message("# %u launches, %u withdrawn, %u without memory: %u pages shared, %u copied\n", launches, withdrawn,
                  failed, shared, copies);
    assert_true(launches > 500 && withdrawn > 20 && failed > 20 && shared > 500 && copies > 500);
}

/* Two guests of a file take one set of its frames, and one that is alone what it always took. */
static void test_frames(void **state)
{
    uint32_t whole = 0, pages = 0;

    (void)state;
    for (uint32_t page = 0; page < PAGES; page++) {
        whole += is_whole(page);
        pages += is_whole(page) || page == JOINT;
    }
    random_state = 2;
    is_alone = true;
    do
        launch(0, NULL, false, false);
    while (count < 1);
    assert_int_equal(models[0].guest.ram.backed_count, pages);
    assert_int_equal(models[0].guest.ram.shared_count, 0);
    assert_null(owners_beyond);
    while (count < GUESTS)
        launch(0, NULL, false, false);
    for (unsigned i = 0; i < GUESTS; i++) {
        assert_int_equal(models[i].guest.ram.backed_count, pages);
        assert_int_equal(models[i].guest.ram.shared_count, whole);
    }
    for (unsigned i = 1; i < GUESTS; i++)
        access_byte(by_age[i], 1, 5, true);
    access_byte(by_age[0], 1, 5, false);
    assert_int_equal(by_age[0]->guest.ram.shared_count, whole);
    check();
    while (count > 1)
        end(by_age[count - 1]);
    assert_null(owners_beyond);
    access_byte(by_age[0], 1, 5, true);     /* the last one takes the frame as it is */
    assert_int_equal(by_age[0]->guest.ram.shared_count, whole - 1);
    end(by_age[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_walk, start, machine_stop),
        cmocka_unit_test_setup_teardown(test_frames, start, machine_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
