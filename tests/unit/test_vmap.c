/*
 * test_vmap.c - virtually contiguous memory: what is allocated has frames of its own or shows what it was told to, one
 * unmapped page follows it, nothing of it is anybody else's; its end gives back all that it took, page tables, too, and
 * the processor is told of every page that it may have known. Frames run out at any moment.
 *
 * vmap.c is compiled in here. The processor is an array of entries that it may hold: it has seen each page that was
 * ever mapped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#define CPU_INSN_H      /* the real one has the instructions */
static uint64_t insn_read_cr3(void);
static void insn_invlpg(uint64_t linear);

#include "pagetable/vmap.c"

#define FRAMES 20000u
#define ROOT 1u                 /* frame */
#define SHOWN 2u
#define FIRST_FRAME 3u
#define LIVE_MAX 24u
#define ROUNDS 6000u
#define GUEST_PAGES 3071u       /* the records of a guest of 3 GiB */

static uint32_t free_frames[FRAMES], free_count;
static bool is_free[FRAMES];
static uint32_t frames_until_none;              /* so many more can be had */
static uint64_t held[VMAP_PAGES];               /* the entry of each page that the processor may hold; 0: none */
static uint32_t flushes;

static uint64_t insn_read_cr3(void)
{
    return ROOT * PAGE_SIZE;
}

static void insn_invlpg(uint64_t linear)
{
    held[(linear - HVMAP_VMAP_BASE) / PAGE_SIZE] = 0;
    flushes++;
}

uint64_t hvmap_no_execute(void)
{
    return PTE_NX;
}

bool frames_ask_back(void)
{
    return false;
}

hpa_t table_alloc(void)
{
    if (frames_until_none == 0 || free_count == 0)
        return HPA_NONE;
    frames_until_none--;
    uint32_t frame = free_frames[--free_count];
    is_free[frame] = false;
    memset(hpa_to_ptr(HPA(frame * PAGE_SIZE)), 0, PAGE_SIZE);
    return HPA(frame * PAGE_SIZE);
}

void frames_free(hpa_t frame)
{
    uint32_t number = (uint32_t)(frame.v / PAGE_SIZE);

    assert_true(number >= FIRST_FRAME && number < FRAMES && !is_free[number]);
    is_free[number] = true;
    free_frames[free_count++] = number;
}

uint64_t *table_descend(uint64_t *entry, uint64_t flags)
{
    if (!(*entry & PTE_P)) {
        hpa_t table = table_alloc();
        if (!table.v)
            return NULL;
        *entry = table.v | PTE_P | PTE_W | flags;
    }
    return table_of(*entry);
}

static int begin(void **state)
{
    void *ram = mmap((void *)BOOT_DIRECT_MAP_BASE, FRAMES * PAGE_SIZE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

    (void)state;
    assert_ptr_equal(ram, (void *)BOOT_DIRECT_MAP_BASE);
    free_count = 0;
    for (uint32_t frame = FRAMES - 1; frame >= FIRST_FRAME; frame--) {
        free_frames[free_count++] = frame;
        is_free[frame] = true;
    }
    frames_until_none = FRAMES;
    memset(held, 0, sizeof(held));
    memset(taken, 0, sizeof(taken));
    search_from = 0;
    vmap_init();
    return 0;
}

static int end(void **state)
{
    (void)state;
    return munmap((void *)BOOT_DIRECT_MAP_BASE, FRAMES * PAGE_SIZE);
}

static uint64_t entry_at(uint32_t page)
{
    uint64_t table = directory[page / TABLE_ENTRIES];
    return table & PTE_P ? table_of(table)[page % TABLE_ENTRIES] : 0;
}

/* What the processor holds is what is there; and then it comes to hold all that is there. */
static void check_processor(void)
{
    for (uint32_t page = 0; page < VMAP_PAGES; page++) {
        uint64_t entry = entry_at(page);
        assert_true(held[page] == 0 || held[page] == entry);
        held[page] = entry & PTE_P ? entry : 0;
    }
}

static struct live {
    char *memory;               /* NULL: none */
    uint32_t pages, own;        /* the first own of them have frames, or those that are backed */
    enum { OWN, SHOWS, GROWS } kind;
    bool is_backed[GUEST_PAGES + 1];
} lives[LIVE_MAX];

static void check_live(const struct live *live, bool *seen)
{
    uint32_t first = vmap_page(live->memory);

    for (uint32_t i = 0; i < live->pages; i++) {
        uint64_t entry = entry_at(first + i);
        bool is_own = live->kind == SHOWS ? live->is_backed[i] : i < live->own;
        if (is_own) {
            uint32_t frame = (uint32_t)((entry & PTE_ADDRESS) / PAGE_SIZE);
            assert_int_equal(entry & ~PTE_ADDRESS, PTE_P | PTE_W | PTE_NX);
            assert_true(frame >= FIRST_FRAME && !is_free[frame] && !seen[frame]);
            seen[frame] = true;
        } else {
            assert_int_equal(entry, live->kind == SHOWS ? SHOWN * PAGE_SIZE | PTE_P | PTE_NX : GROWTH_ENTRY);
        }
    }
    assert_int_equal(entry_at(first + live->pages), 0);
}

/* Each page is of one at most: those that are mapped and those behind them are all that is taken. */
static void check_all(void)
{
    static bool seen[FRAMES];
    uint64_t pages = 0, bits = 0, mapped = 0, frames = 2;   /* of directory and its PDPT */

    memset(seen, 0, sizeof(seen));
    for (const struct live *live = lives; live < lives + LIVE_MAX; live++) {
        if (!live->memory)
            continue;
        check_live(live, seen);
        pages += live->pages;
        bits += live->pages + 1;
    }
    for (uint32_t page = 0; page < VMAP_PAGES; page++)
        mapped += entry_at(page) != 0;
    for (uint32_t word = 0; word < VMAP_PAGES / WORD_BITS; word++)
        bits -= (uint64_t)__builtin_popcountll(taken[word]);
    for (uint32_t frame = 0; frame < FRAMES; frame++)
        frames += seen[frame];
    assert_int_equal(mapped, pages);
    assert_int_equal(bits, 0);
    assert_int_equal(FRAMES - FIRST_FRAME - free_count, frames + vmap_count_tables());
    check_processor();
}

static uint32_t some(uint32_t most)
{
    return (uint32_t)rand() % most + 1;
}

static void allocate(struct live *live)
{
    memset(live, 0, sizeof(*live));
    live->kind = (unsigned)rand() % 3;
    live->pages = some(8) == 1 ? some(GUEST_PAGES) : some(40);
    live->own = live->kind == OWN ? live->pages : live->kind == GROWS ? some(live->pages) : 0;
    size_t bytes = live->pages * PAGE_SIZE - (size_t)rand() % PAGE_SIZE;
    if (live->kind == OWN)
        live->memory = vmap_alloc(bytes);
    else if (live->kind == SHOWS)
        live->memory = vmap_reserve(bytes, HPA(SHOWN * PAGE_SIZE));
    else
        live->memory = vmap_alloc_growing(live->own * PAGE_SIZE, live->pages * PAGE_SIZE);
    assert_true(live->memory || frames_until_none == 0 || free_count == 0);
}

/* A page of records comes or goes; what can grow does. */
static void change(struct live *live)
{
    uint32_t page = some(live->pages) - 1;
    hpa_t frame = live->kind == SHOWS && !live->is_backed[page] ? table_alloc() : HPA_NONE;

    if (live->kind == GROWS && vmap_grow(live->memory, (page + 1) * PAGE_SIZE))
        live->own = page + 1 > live->own ? page + 1 : live->own;
    if (live->kind == GROWS)
        while (live->own < live->pages && entry_at(vmap_page(live->memory) + live->own) & PTE_P)
            live->own++;        /* what it got before memory was out */
    if (live->kind != SHOWS)
        return;
    if (frame.v)
        vmap_back(live->memory + page * PAGE_SIZE, frame);
    else if (live->is_backed[page])
        vmap_unback(live->memory + page * PAGE_SIZE, HPA(SHOWN * PAGE_SIZE));
    live->is_backed[page] = frame.v != 0;
}

static void give_back(struct live *live)
{
    vmap_free(live->memory);
    live->memory = NULL;
}

static void they_come_and_go(void **state)
{
    (void)state;
    srand(7);
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct live *live = &lives[(unsigned)rand() % LIVE_MAX];
        frames_until_none = some(10) == 1 ? some(60) - 1 : FRAMES;
        if (!live->memory)
            allocate(live);
        else if (some(3) == 1)
            give_back(live);
        else
            change(live);
        if (round % 10 == 0)
            check_all();
    }
    for (unsigned i = 0; i < LIVE_MAX; i++)
        if (lives[i].memory)
            give_back(&lives[i]);
    check_all();
    assert_int_equal(vmap_count_tables(), 0);
}

/* As it stands and ends: the processor is told of each page once, and of each table. */
static void the_records_of_a_large_guest(void **state)
{
    char *before = vmap_alloc(100 * PAGE_SIZE);
    char *records = vmap_reserve(GUEST_PAGES * PAGE_SIZE, HPA(SHOWN * PAGE_SIZE));
    char *behind = vmap_alloc(PAGE_SIZE);

    (void)state;
    assert_true(before && records && behind);
    assert_int_equal(vmap_page(records), 101);
    assert_int_equal(vmap_page(behind), 101 + GUEST_PAGES + 1);
    check_processor();
    flushes = 0;
    vmap_free(records);
    check_processor();
    assert_int_equal(flushes, GUEST_PAGES + 5);         /* the first table and the last map the others */
    assert_int_equal(vmap_count_tables(), 2);
    assert_ptr_equal(vmap_reserve(GUEST_PAGES * PAGE_SIZE, HPA(SHOWN * PAGE_SIZE)), records);
}

/* It ends with a page table: the page that follows is another table's, which may map nothing. */
static void an_end_where_a_table_ends(void **state)
{
    (void)state;
    for (uint32_t pages = TABLE_ENTRIES - 1; pages <= TABLE_ENTRIES + 1; pages++) {
        uint32_t frames = free_count;
        char *memory = vmap_alloc(pages * PAGE_SIZE), *next = vmap_alloc(PAGE_SIZE);
        assert_int_equal(vmap_page(next), pages + 1);
        check_processor();
        vmap_free(memory);
        check_processor();
        assert_int_not_equal(entry_at(pages + 1), 0);
        vmap_free(next);
        check_processor();
        assert_int_equal(free_count, frames);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(they_come_and_go, begin, end),
        cmocka_unit_test_setup_teardown(the_records_of_a_large_guest, begin, end),
        cmocka_unit_test_setup_teardown(an_end_where_a_table_ends, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
