/*
 * test_shadow.c - a random walk of a guest that edits its page tables in every way it may, against the contract.
 *
 * COBBLE_STEPS and COBBLE_SEED in the environment make it longer, or another one. Each episode is a new guest in which
 * the same few frames serve as directories, tables and data, often as several of these at once. Its stores go through
 * its own mappings: mostly through a window, a table that shows RAM one to one, and which may itself be overwritten.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/frames.h"
#include "fake_mmu.h"
#include "pagetable/evict.h"
#include "pagetable/gwalk.h"
#include "pagetable/rmap.h"
#include "pagetable/sync.h"
#include "paging_model.h"
#include "ref_paging.h"
#include "shadow_choices.h"

#define STEPS_DEFAULT 150000u
#define EPISODE_STEPS_MAX 1500u
#define SHIPPED_GIVE_STEPS 3000u    /* call_give_back.c */

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

static bool likes_wp;           /* of this episode */
static uint64_t evictions;
static uint32_t shipped_entries, shipped_searches, shipped_links;   /* lengths of slices */
static uint32_t setpd_slices;   /* tried in their turn */

static gva_t window(uint32_t frame, uint32_t word)
{
    uint32_t entry = chance(20) ? frame + 512 : frame;
    return GVA(model_space.paging->is_on ? WINDOW_PDE << 22 | entry << 12 | word << 2 : frame << 12 | word << 2);
}

/* The guest kernel stores to RAM. */
static void edit(uint32_t frame, uint32_t word, uint32_t value)
{
    model_store(window(frame, word), false, value);
}

static void step_access(void)
{
    gva_t address = GVA(some_page().v | some_word() << 2);
    bool is_user = chance(45);

    recent[random_below(COUNT(recent))] = GVA(address.v & ~PAGE_MASK);
    if (chance(50))
        model_load(address, is_user);
    else
        model_store(address, is_user, chance(30) ? random_below(UINT32_MAX) : chance(50) ? some_pte() : some_pde());
}

/* A PTE of any table, or the one that a page goes through now. */
static void step_edit_table(void)
{
    gva_t page = some_page();
    uint32_t used = ref_table(model_ram[model_directory][gtable_pde_index(page)], model_space.ram->frame_count);
    uint32_t table = used != UINT32_MAX && chance(60) ? used : some_table(), word = gtable_pte_index(page);
    uint32_t now = model_ram[table][word], kind = random_below(4);

    if (table == WINDOW_FRAME && chance(90))
        return;
    edit(table, word, kind == 0 ? 0 : kind == 1 ? now ^ random_below(8) : some_pte());
    if (chance(40))
        model_adjustpg(page);
    if (chance(50))
        step_access();
}

static void step_edit_directory(void)
{
    gva_t page = some_page();
    uint32_t directory = some_directory(), word = gtable_pde_index(page), kind = random_below(4);

    if (word == WINDOW_PDE && chance(95))
        return;
    edit(directory, word, kind == 0 ? 0 : kind == 1 ? model_ram[directory][word] ^ random_below(8) : some_pde());
    if (chance(40))
        model_adjustpg(page);
    if (chance(50))
        step_access();
}

/* Each length up to the shipped one in its turn, and short ones between them; now and then no time at all. */
static uint32_t next_setpd_slice(void)
{
    uint32_t dice = random_below(100);

    if (dice < 60)
        return 1 + setpd_slices++ % shipped_entries;
    return dice < 95 ? 1 + random_below(200) : 0;
}

/* hv_setpd, with little time or much. */
static bool setpd_in_time(uint32_t directory, bool wp)
{
    sync_entries_most = next_setpd_slice();
    rmap_search_tables = 1 + random_below(shipped_searches);
    evict_links_most = chance(50) ? 1 : 1 + random_below(shipped_links);
    return model_setpd(directory, wp);
}

static void step_setpd(void)
{
    bool wp = chance(90) ? likes_wp : !likes_wp;

    if (!setpd_in_time(some_directory(), wp)) {
        machine_leave_free(frames_count_free() + 6);
        return;
    }
    for (uint32_t i = 0; i < COUNT(pde_words); i++)
        for (uint32_t j = 0; j < COUNT(pte_words); j++)
            model_check_page(GVA((uint32_t)pde_words[i] << 22 | (uint32_t)pte_words[j] << 12));
}

static bool has_window(uint32_t directory)
{
    return (model_ram[directory][WINDOW_PDE] & ~GPTE_U) == (WINDOW_FRAME << 12 | GPTE_P | GPTE_W);
}

/* A guest that cannot reach its tables any more comes back by hv_setpd. False: no directory helps. */
static bool step_come_back(void)
{
    uint32_t first = random_below(DIRECTORIES), use = first;

    while (!has_window(use))
        if ((use = (use + 1) % DIRECTORIES) == first)
            return false;
    if (!setpd_in_time(use, likes_wp))
        machine_leave_free(frames_count_free() + 6);
    for (uint32_t i = 0; i < DIRECTORIES; i++)
        if (!has_window(i) && chance(70))
            edit(i, WINDOW_PDE, WINDOW_FRAME << 12 | GPTE_P | GPTE_W);
    for (uint32_t i = 0; i < 10; i++) {
        uint32_t frame = any_frame();
        edit(WINDOW_FRAME, frame, frame << 12 | GPTE_P | GPTE_W);
    }
    return true;
}

/* One table under many entries of a directory. */
static void step_alias(void)
{
    uint32_t directory = some_directory(), pde = some_pde();

    for (uint32_t i = 0; i < COUNT(pde_words); i++)
        if (pde_words[i] != WINDOW_PDE && chance(60))
            edit(directory, pde_words[i], chance(70) ? pde : pde ^ random_below(8));
}

/* A table is freed without a word, and its frame is data at once. */
static void step_reuse(void)
{
    uint32_t table = some_table();

    for (uint32_t directory = 0; directory < DIRECTORIES; directory++)
        for (uint32_t i = 0; i < COUNT(pde_words); i++)
            if (model_ram[directory][pde_words[i]] >> 12 == table)
                edit(directory, pde_words[i], 0);
    for (uint32_t i = 0; i < 8; i++)
        edit(table, some_word(), random_below(UINT32_MAX));
}

static void step_copy_directory(void)
{
    uint32_t to = random_below(DIRECTORIES), from = some_directory();

    for (uint32_t i = 0; i < COUNT(pde_words); i++)
        edit(to, pde_words[i], model_ram[from][pde_words[i]]);
}

/* An entry goes, which the guest may or may not say, and comes back as it was. */
static void step_toggle(void)
{
    gva_t page = some_page();
    uint32_t frame = model_directory, word = gtable_pde_index(page);

    if (chance(50)) {
        frame = ref_table(model_ram[frame][word], model_space.ram->frame_count);
        word = gtable_pte_index(page);
    }
    if (frame == UINT32_MAX || frame == WINDOW_FRAME || word == WINDOW_PDE)
        return;
    uint32_t before = model_ram[frame][word];
    model_load(page, false);
    edit(frame, word, chance(50) ? 0 : some_pde());
    if (chance(70))
        model_adjustpg(page);
    if (chance(30))
        model_load(page, false);
    edit(frame, word, before);
    if (chance(50))
        model_adjustpg(page);
    model_load(page, false);
}

/* Many pages of one table, one after the other. */
static void step_burst(void)
{
    gva_t page = some_page();
    uint32_t table = ref_table(model_ram[model_directory][gtable_pde_index(page)], model_space.ram->frame_count);

    if (table == UINT32_MAX || table == WINDOW_FRAME)
        return;
    for (uint32_t i = 0; i < 8; i++) {
        uint32_t word = (gtable_pte_index(page) & 512) + random_below(8);
        gva_t address = GVA((page.v & 0xFFC00000) | word << 12);
        if (chance(60))
            edit(table, word, some_pte());
        if (chance(30))
            model_adjustpg(address);
        if (chance(60))
            model_load(address, chance(40));
        else
            model_store(address, chance(40), some_pte());
    }
}

static void step_window_data(void)
{
    uint32_t frame = any_frame(), word = some_word();

    edit(frame, word, chance(50) ? random_below(UINT32_MAX) : some_pte());
    model_load(window(frame, word), false);
}

/* A device writes to RAM, tables or not. */
static void step_device(void)
{
    model_device_store(chance(50) ? some_table() : some_directory(), some_word(), chance(50) ? some_pte() : some_pde());
}

static void step_evict(void)
{
    if (chance(50) ? evict_some_table(&model_space) : evict_oldest_directory(&model_space) != NULL)
        model_check_all();
}

/* Frames are free, whatever they were: data, tables, the directory that is loaded. Sometimes all of RAM. */
static void step_give_back(void)
{
    uint32_t frames = model_space.ram->frame_count, first = any_frame(), count = 1 + random_below(chance(95) ? 4 : 64);

    if (chance(40))
        first = chance(90) ? some_table() : some_directory();
    if (first <= WINDOW_FRAME && chance(90))
        return;     /* a guest without its window and directories is soon stuck */
    evict_links_most = chance(50) ? 1 : 1 + random_below(shipped_links);
    model_give_back(first, count < frames - first ? count : frames - first,
                    1 + random_below(chance(50) ? 200 : SHIPPED_GIVE_STEPS));
    if (chance(50))
        step_access();
}

/* False: the walk is stuck. */
static bool step(void)
{
    static const struct { uint32_t percent; void (*run)(void); } kinds[] = {
        { 36, step_access }, { 16, step_edit_table }, { 12, step_edit_directory }, { 10, step_setpd },
        { 4, step_window_data }, { 3, step_toggle }, { 3, step_burst }, { 2, step_alias }, { 1, step_reuse },
        { 1, step_copy_directory }, { 2, step_evict }, { 2, step_device }, { 2, step_give_back },
    };
    uint32_t dice = random_below(100);

    if (chance(50))
        machine_hint();
    if (chance(has_window(model_directory) ? 1 : 30))
        return step_come_back();
    for (uint32_t i = 0; i < COUNT(kinds); i++) {
        if (dice < kinds[i].percent) {
            kinds[i].run();
            return true;
        }
        dice -= kinds[i].percent;
    }
    if (chance(50))
        model_adjustpg(some_page());
    else
        model_prefetch(some_page(), chance(50));
    return true;
}

/* Tables as a kernel makes them before its first hv_setpd, with garbage in entries that it does not use. */
static void build_tables(void)
{
    for (uint32_t i = 0; i < model_space.ram->frame_count; i++) {
        edit(WINDOW_FRAME, i, i << 12 | GPTE_P | GPTE_W);
        edit(WINDOW_FRAME, i + 512, i << 12 | GPTE_P | GPTE_W | GPTE_U);
    }
    for (uint32_t i = 0; i < DIRECTORIES; i++) {
        for (uint32_t j = 0; j < COUNT(pde_words); j++)
            edit(i, pde_words[j], chance(80) ? some_pde() : random_below(UINT32_MAX) & ~1u);
        edit(i, WINDOW_PDE, WINDOW_FRAME << 12 | GPTE_P | GPTE_W | (chance(50) ? GPTE_U : 0));
    }
    for (uint32_t i = 0; i < TABLES; i++)
        for (uint32_t j = 0; j < COUNT(pte_words); j++)
            edit(FIRST_TABLE + i, pte_words[j], chance(70) ? some_pte() : 0);
}

static uint64_t run_episode(uint64_t steps_left)
{
    static const uint8_t spreads[] = { 0, 1, 5, 30 };
    static const uint32_t bases[] = { 16u << 20, 16u << 20, 4u << 20, 0 };
    uint64_t length = 100 + random_below(EPISODE_STEPS_MAX - 100), free_before = frames_count_free();

    if (length > steps_left)
        length = steps_left;
    likes_wp = chance(50);
    spread = spreads[random_below(COUNT(spreads))];
    machine_segment_base = bases[random_below(COUNT(bases))];
    assert_true(model_start(20 + random_below(MODEL_FRAMES_MAX - 20)));
    build_tables();
    while (!model_setpd(random_below(DIRECTORIES), likes_wp))
        ;
    if (chance(50))     /* little memory: shadows are evicted all the time */
        machine_leave_free(4 + random_below(60));
    bool is_stuck = false;
    for (uint64_t i = 0; i < length && !is_stuck; i++, model_step++) {
        if (chance(1))
            machine_leave_free(frames_count_free() + 1 + random_below(4));
        is_stuck = !step();
    }
    evictions += model_space.shadows->evictions;
    machine_unmake_steps = chance(30) ? UINT32_MAX : 1 + random_below(chance(50) ? 4 : 300);
    model_stop();
    machine_leave_free(MACHINE_NEVER);
    assert_int_equal(frames_count_free(), free_before);     /* nothing leaked */
    return length;
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

static void test_random_walk(void **state)
{
    (void)state;
    const uint64_t wanted = from_environment("COBBLE_STEPS", STEPS_DEFAULT);
    uint64_t left = wanted;

    model_seed = from_environment("COBBLE_SEED", 1);
    random_start(model_seed);
    while (left)
        left -= run_episode(left);
    print_message("# %lu done, %lu reflected, %lu bad entries, %lu out of memory, %lu hidden faults, %lu evictions\n",
                  model_counts.done, model_counts.reflected, model_counts.bad_entries, model_counts.no_memory,
                  model_counts.hidden_faults, evictions);
    print_message("# %lu hv_setpd, %lu hv_adjustpg, %lu stores to traced frames, %lu accesses by stale entries\n",
                  model_counts.setpds, model_counts.adjusts, model_counts.traced_writes, model_counts.stale);
    print_message("# %lu frames given back\n", model_counts.given);
    if (wanted < STEPS_DEFAULT)
        return;
    /* The walk was where it is steep. */
    assert_true(model_counts.reflected > 1000 && model_counts.bad_entries > 1000 && model_counts.no_memory > 50);
    assert_true(evictions > 1000 && model_counts.traced_writes > 1000 && model_counts.stale > 1000);
    assert_true(setpd_slices >= shipped_entries);
    assert_true(model_counts.setpds > 10000 && model_counts.adjusts > 10000 && model_counts.given > 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_random_walk, machine_start, machine_stop),
    };
    shipped_entries = sync_entries_most;
    shipped_searches = rmap_search_tables;
    shipped_links = evict_links_most;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
