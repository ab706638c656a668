/*
 * test_gspace_memory.c - memory runs out at each allocation in turn: the operation says so, the space stays consistent,
 * the guest could go on, and nothing leaks. And: however many directories a guest makes, it costs so much and no more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/frames.h"
#include "fake_mmu.h"
#include "pagetable/evict.h"
#include "pagetable/shadow.h"
#include "pagetable/tlb_flush.h"
#include "paging_model.h"

#define FRAMES 32u
#define DIRECTORY 1u        /* and the next one */
#define TABLE 3u            /* and the next one */
#define PAGE 8u
#define KERNEL_WRITE 3u     /* entry bits */
#define USER_READ 5u
#define USER_WRITE 7u

/* Operations of the script that follows, which fail for want of memory, and only for that. */
static bool store(uint32_t address, bool is_user, uint32_t value)
{
    enum access_end end = model_store(GVA(address), is_user, value);
    assert_true(end == ACCESS_DONE || end == ACCESS_NO_MEMORY);
    return end == ACCESS_DONE;
}

static bool load(uint32_t address, bool is_user)
{
    enum access_end end = model_load(GVA(address), is_user);
    assert_true(end == ACCESS_DONE || end == ACCESS_NO_MEMORY);
    return end == ACCESS_DONE;
}

static bool adjust(uint32_t address)
{
    model_adjustpg(GVA(address));
    return true;
}

/* gva 0 .. 127 KiB: RAM one to one. Elsewhere: more of it, in other halves and page directories. */
static uint32_t entry_address(uint32_t frame, uint32_t word)
{
    return frame << 12 | word << 2;
}

#define SCRIPT_LENGTH 34u
static bool run_step(uint32_t step)
{
    switch (step) {
    case 0: return store(entry_address(DIRECTORY, 0), false, TABLE << 12 | USER_WRITE);
    case 1: return store(entry_address(DIRECTORY, 500), false, (TABLE + 1) << 12 | USER_READ);
    case 2: return store(entry_address(DIRECTORY, 1019), false, (TABLE + 1) << 12 | USER_WRITE);
    case 3: return store(entry_address(DIRECTORY + 1, 0), false, TABLE << 12 | KERNEL_WRITE);
    case 4: return store(entry_address(DIRECTORY + 1, 252), false, (TABLE + 1) << 12 | USER_READ);
    case 5: case 6: case 7: case 8: case 9: case 10: case 11: case 12: case 13: case 14:
        return store(entry_address(TABLE, step - 5), false, (step - 5) << 12 | KERNEL_WRITE);
    case 15: return store(entry_address(TABLE + 1, 7), false, PAGE << 12 | USER_READ);
    case 16: return store(entry_address(TABLE + 1, 700), false, (PAGE + 1) << 12 | USER_WRITE);
    case 17: return model_setpd(DIRECTORY, false);
    case 18: return store(0x8000, false, 1);                            /* a page of RAM and a table */
    case 19: return load(500u << 22 | 7u << 12, true);                  /* another page directory, a flip page */
    case 20: return store(500u << 22 | 7u << 12, false, 2);             /* flips */
    case 21: return load(500u << 22 | 7u << 12, true);                  /* and back */
    case 22: return store(1019u << 22 | 700u << 12, true, 3);           /* another role, another half */
    case 23: return model_setpd(DIRECTORY + 1, false);
    case 24: return load(252u << 22 | 700u << 12, true);                /* shares a shadow */
    case 25: return model_setpd(DIRECTORY, true);                       /* the other kind of roles */
    case 26: return load(0x9000, false);
    case 27: return store(entry_address(TABLE, 20), false, 20u << 12 | KERNEL_WRITE);   /* a traced frame: a snapshot */
    case 28: return load(20u << 12, false);
    case 29: return adjust(20u << 12);
    case 30: return model_setpd(DIRECTORY, true);
    case 31: return store(entry_address(DIRECTORY, 500), false, 0) && adjust(500u << 22);
    case 32: return store(entry_address(DIRECTORY, 0), false, TABLE << 12 | KERNEL_WRITE) && adjust(0);
    case 33: return model_setpd(DIRECTORY + 1, true) && load(252u << 22 | 7u << 12, true);
    default: return false;
    }
}

/*
 * The script with count allocations failing from number first on. Each step that fails is tried again with memory at
 * hand, and then must do. Returns how many allocations were made; *failed counts steps.
 */
static uint64_t run_script(uint64_t first, uint64_t count, unsigned *failed)
{
    uint64_t free_before = frames_count_free(), begun = machine_allocations;

    machine_fail(begun + first, count);
    if (!model_start(FRAMES)) {
        ++*failed;
        assert_int_equal(frames_count_free(), free_before);
        assert_int_equal(machine_vmaps, 0);
        machine_fail(MACHINE_NEVER, 0);
        assert_true(model_start(FRAMES));
    }
    for (uint32_t step = 0; step < SCRIPT_LENGTH; step++) {
        model_step = step;
        if (run_step(step))
            continue;
        ++*failed;
        machine_fail(MACHINE_NEVER, 0);
        if (!run_step(step))
            fail_msg("step %u fails even with memory, after a failure from allocation %lu", step, first);
    }
    uint64_t made = machine_allocations - begun;
    machine_fail(MACHINE_NEVER, 0);
    model_stop();
    assert_int_equal(frames_count_free(), free_before);
    return made;
}

/* One allocation fails: evicting helps wherever there is something to evict, and else the step fails. */
static void test_each_allocation_fails_once(void **state)
{
    (void)state;
    unsigned failed = 0;
    uint64_t made = run_script(MACHINE_NEVER / 2, 0, &failed);

    assert_int_equal(failed, 0);
    assert_true(made > 25);
    for (uint64_t first = 0; first < made; first++)
        run_script(first, 1, &failed);
    assert_true(failed >= 8 && failed < made);
}

/* From some allocation on there is none at all, until a step fails. */
static void test_memory_ends_at_each_allocation(void **state)
{
    (void)state;
    unsigned failed = 0;
    uint64_t made = run_script(MACHINE_NEVER / 2, 0, &failed);

    for (uint64_t first = 0; first < made; first++) {
        unsigned before = failed;
        run_script(first, MACHINE_NEVER / 2, &failed);
        if (first == 0)
            assert_int_equal(failed, before + 1);
    }
    assert_true(failed > made / 2);
}

/* RAM or a space that cannot be made leaves nothing to destroy, and the end of that does no harm. */
static void test_create_fails(void **state)
{
    (void)state;
    struct gspace space = { .root = HPA_NONE };
    struct ram ram;
    struct guest_paging paging;
    uint64_t free_before = frames_count_free();

    for (uint64_t first = 0; first < 2; first++) {
        machine_fail(machine_allocations + first, 1);
        assert_false(machine_make(&space, &ram, &paging, FRAMES));
        uint32_t steps = 0;
        assert_true(gspace_destroy(&space, &steps));
        machine_unmake_ram(&ram);
        assert_int_equal(frames_count_free(), free_before);
        assert_int_equal(machine_vmaps, 0);
    }
}

/* A page that is stored as a whole takes one frame, once, which need not be zeroed for it; or there is no memory. */
static void test_whole_page(void **state)
{
    static uint8_t page[PAGE_SIZE];

    (void)state;
    assert_true(model_start(FRAMES));
    struct ram *ram = model_space.ram;
    memset(page, 0x5A, sizeof(page));
    machine_fail(machine_allocations, 2);
    assert_false(ram_store(ram, GPA(0x5000), page, PAGE_SIZE));
    assert_int_equal(ram->backed_count, 0);
    assert_true(ram_store(ram, GPA(0x5000), page, PAGE_SIZE));
    const void *frame = ram_peek(ram, 5);
    assert_memory_equal(frame, page, PAGE_SIZE);
    page[7] = 0x77;
    assert_true(ram_store(ram, GPA(0x5000), page, PAGE_SIZE));
    assert_ptr_equal(ram_peek(ram, 5), frame);
    assert_memory_equal(frame, page, PAGE_SIZE);
    assert_int_equal(ram->backed_count, 1);
    memcpy(model_ram[5], page, PAGE_SIZE);
    model_stop();
}

/* RAM that the guest never touches costs nothing; a store backs what it reaches, or says that it cannot. */
static void test_backing(void **state)
{
    (void)state;
    uint64_t free_before = frames_count_free();
    uint32_t words[2] = { 0x11111111, 0x22222222 };

    assert_true(model_start(FRAMES));
    struct ram *ram = model_space.ram;
    assert_int_equal(free_before - frames_count_free(), 1);     /* a root */
    assert_null(ram_peek(ram, 5));
    machine_fail(machine_allocations, 1);
    assert_false(ram_store(ram, GPA(0x5000), words, 4));
    assert_int_equal(ram->backed_count, 0);
    machine_fail(machine_allocations + 2, 1);           /* records, the first half */
    assert_false(ram_store(ram, GPA(0x5FFC), words, 8));        /* the first half is there, the second is not */
    assert_int_equal(((const uint32_t *)ram_peek(ram, 5))[1023], words[0]);
    assert_null(ram_peek(ram, 6));
    const void *frame = ram_peek(ram, 5);
    assert_true(ram_store(ram, GPA(0x5FFE), words, 8));
    assert_ptr_equal(ram_peek(ram, 5), frame);
    assert_int_equal(((const uint32_t *)frame)[1023], 0x11111111);
    assert_int_equal(((const uint32_t *)frame)[1022], 0);
    assert_int_equal(((const uint16_t *)ram_peek(ram, 6))[0], 0x1111);
    assert_int_equal(((const uint16_t *)ram_peek(ram, 6))[2], 0x2222);
    assert_int_equal(((const uint16_t *)ram_peek(ram, 6))[3], 0);
    assert_int_equal(ram->backed_count, 2);
    model_ram[5][1023] = 0x11111111;
    model_ram[6][0] = 0x22221111;
    model_ram[6][1] = 0x2222;
    model_stop();
    assert_int_equal(frames_count_free(), free_before);
}

/* Paging off: RAM for the kernel alone, and #PF as the contract has it beyond. */
static void test_paging_off(void **state)
{
    (void)state;
    assert_true(model_start(FRAMES));
    for (uint32_t page = 0; page < 2 * FRAMES; page++) {
        for (uint32_t kind = 0; kind < 4; kind++) {
            gva_t address = GVA(page << 12 | 0xABC);
            enum access_end end = kind & 1 ? model_store(address, kind & 2, page) : model_load(address, kind & 2);
            assert_int_equal(end, page < FRAMES && !(kind & 2) ? ACCESS_DONE : ACCESS_REFLECTED);
        }
    }
    assert_int_equal(model_load(GVA(0xFEFFFFFF & ~3u), false), ACCESS_REFLECTED);
    model_stop();
}

#define MANY 10000u
#define MANY_FRAMES 120u
#define MANY_FIRST 10u      /* directories and tables from here on */
#define WINDOW 2u           /* a table that shows all RAM, in every directory at PDE 1 */

static void window_store(uint32_t frame, uint32_t word, uint32_t value)
{
    uint32_t base = model_space.paging->is_on ? 1u << 22 : 0;
    assert_int_equal(model_store(GVA(base | entry_address(frame, word)), false, value), ACCESS_DONE);
}

/* A new process: directory and table in frames that served others before, one page, and it runs. */
static void run_process(uint32_t number)
{
    uint32_t count = MANY_FRAMES - MANY_FIRST;
    uint32_t directory = MANY_FIRST + number % count, table = MANY_FIRST + (number * 7 + 1) % count;

    if (table == directory)
        table = MANY_FIRST + (number * 7 + 2) % count;
    for (uint32_t word = 0; word < 4; word++)
        window_store(directory, word, 0);
    window_store(directory, 1, WINDOW << 12 | KERNEL_WRITE);
    window_store(directory, 3, table << 12 | USER_WRITE);
    window_store(table, number % MODEL_WORDS, 1u << 12 | USER_WRITE);
    assert_true(model_setpd(directory, true));
    assert_int_equal(model_store(GVA(3u << 22 | (number % MODEL_WORDS) << 12), true, number), ACCESS_DONE);
}

/* Returns whether there was memory for all directories that a guest may have. */
static bool run_processes(uint64_t frames_left, bool can_grow)
{
    uint64_t free_before = frames_count_free();

    model_audit_interval = 31;      /* so that it ends today */
    assert_true(model_start(MANY_FRAMES));
    for (uint32_t frame = 0; frame < MANY_FRAMES; frame++)
        window_store(frame, 0, 0);      /* back it all */
    for (uint32_t frame = 0; frame < MANY_FRAMES; frame++)
        window_store(WINDOW, frame, frame << 12 | KERNEL_WRITE);
    machine_leave_free(frames_left);
    run_process(0);
    machine_growth_fails = !can_grow;
    for (model_step = 0; model_step < MANY; model_step++) {
        run_process((uint32_t)model_step);
        uint64_t used = free_before - frames_count_free();
        uint64_t most = MANY_FRAMES + SHADOW_DIRECTORIES * 6 + model_space.shadows->table_count * 3;
        assert_true(frames_left < MACHINE_FRAMES || used <= most);
    }
    assert_true(model_space.shadows->evictions > MANY / 2);
    bool has_all = model_space.shadows->directory_first == 0;
    model_audit_interval = 1;
    model_stop();
    machine_leave_free(MACHINE_NEVER);
    assert_int_equal(frames_count_free(), free_before);
    return has_all;
}

/* Ten thousand directories, made and left: the shadows kept are bounded by number ... */
static void test_many_directories(void **state)
{
    (void)state;
    assert_true(run_processes(MACHINE_NEVER, true));
}

/* ... by those that the pool begins with, where there is no memory for more ... */
static void test_many_directories_pool_cannot_grow(void **state)
{
    (void)state;
    assert_false(run_processes(MACHINE_NEVER, false));
}

/* ... and by memory: with 10 frames to spare, nothing fails. */
static void test_many_directories_little_memory(void **state)
{
    (void)state;
    (void)run_processes(10, true);
}

/* Everything is evicted between any two steps, and nobody notices. */
static void test_evict_all_between_steps(void **state)
{
    (void)state;
    assert_true(model_start(FRAMES));
    for (uint32_t step = 0; step < SCRIPT_LENGTH; step++) {
        model_step = step;
        assert_true(run_step(step));
        if (!model_space.shadows)
            continue;
        while (evict_oldest_directory(&model_space) || evict_some_table(&model_space))
            model_check_all();
        for (uint32_t page = 0; page < FRAMES; page++)
            model_check_page(GVA(page << 12));
    }
    model_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_allocation_fails_once, machine_start, machine_stop),
        cmocka_unit_test_setup_teardown(test_memory_ends_at_each_allocation, machine_start, machine_stop),
        cmocka_unit_test_setup_teardown(test_create_fails, machine_start, machine_stop),
        cmocka_unit_test_setup_teardown(test_whole_page, machine_start, machine_stop),
        cmocka_unit_test_setup_teardown(test_backing, machine_start, machine_stop),
        cmocka_unit_test_setup_teardown(test_paging_off, machine_start, machine_stop),
        cmocka_unit_test_setup_teardown(test_many_directories, machine_start, machine_stop),
        cmocka_unit_test_setup_teardown(test_many_directories_pool_cannot_grow, machine_start, machine_stop),
        cmocka_unit_test_setup_teardown(test_many_directories_little_memory, machine_start, machine_stop),
        cmocka_unit_test_setup_teardown(test_evict_all_between_steps, machine_start, machine_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
