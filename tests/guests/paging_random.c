/*
 * paging_random.c - a long random walk of table edits, setpd, adjustpg and accesses, against a walker of its own.
 *
 * Every frame of a small pool is table and data at once: 16 of its words, half of them in its upper half, are sound
 * entries that name frames of the same pool, the others are data. Each of four directories has a few entries that name
 * pool frames. So a frame is a table under several entries and directories, mapped as a page there, read-only here,
 * written by the kernel and by user mode while it is a live table. Entries change by stores of all kinds: through the
 * identity map, through a page that happens to show the table (kernel or user, and the kernel through a read-only page
 * under wp 0), and by the hypervisor's own store for hv_cons_get_cursor_pos. An edit of a present entry is told by
 * hv_adjustpg or followed by hv_setpd; one of a not-present entry is told to nobody. Each access must do what the
 * tables say at that moment: value, effect, fault; words across two pages included. The walk is the same in every run;
 * a failure prints its step.
 */
#include "lib/paging.h"

#define STEPS 60000u
#define POOL 12u
#define DIRECTORIES 4u
#define WINDOWS 4u
#define PAGES 16u                                   /* in each window, and entries in each pool frame */

static uint32_t pool[POOL], pds[DIRECTORIES];
static uint32_t active, wp, random_state = 2463534242u;

static uint32_t random_below(uint32_t limit)
{
    random_state ^= random_state << 13;             /* xorshift: Marsaglia 2003 */
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return (random_state >> 4) % limit;
}

/* Where page 0..15 has its entry in a table: 8 in each half. */
static uint32_t slot_of(uint32_t page)
{
    return page < PAGES / 2 ? page : TABLE_ENTRIES / 2 + page - PAGES / 2;
}

static uint32_t page_at(uint32_t window, uint32_t page)
{
    return FREE_GVA + window * TABLE_SPAN + slot_of(page) * PAGE_BYTES;
}

/* One in six is not present, with garbage; the others have any rights, most often all. */
static uint32_t entry_make(bool is_pde)
{
    uint32_t ignored = random_below(256) << 3 & (is_pde ? 0xF78 : 0xFF8);
    uint32_t kind = random_below(6);

    if (kind == 0)
        return random_below(0x07FFFFFF) << 1;
    uint32_t rights = kind < 4 ? ENTRY_USER : ENTRY_P | random_below(4) << 1;
    return pool[random_below(POOL)] | rights | ignored;
}

/* What an access does now. Sets *word to what it reads or writes, if it is allowed. */
static uint32_t walk(uint32_t gva, bool user, bool write, uint32_t **word)
{
    uint32_t error = (user ? PF_U : 0) | (write ? PF_W : 0);
    uint32_t pde = frame_words(active)[gva / TABLE_SPAN];

    if ((pde & ENTRY_P) == 0)
        return PF(error);
    uint32_t pte = frame_words(pde & ~(PAGE_BYTES - 1))[gva / PAGE_BYTES % TABLE_ENTRIES];
    if ((pte & ENTRY_P) == 0)
        return PF(error);
    if (user && (pde & pte & ENTRY_U) == 0)
        return PF(error | PF_P);
    if (write && (pde & pte & ENTRY_W) == 0 && (user || wp != 0))
        return PF(error | PF_P);
    *word = &frame_words(pte & ~(PAGE_BYTES - 1))[gva % PAGE_BYTES / 4];
    return DONE;
}

static void load_random(void)
{
    active = pds[random_below(DIRECTORIES)];
    wp = random_below(2);
    hv_setpd(active, wp);
}

/* Entry "page" of some frame was present and has changed. */
static void page_tell(uint32_t page)
{
    for (uint32_t window = 0; window < WINDOWS; window++)
        hv_adjustpg(page_at(window, page));
}

/* Edits up to three entries of pool frames, then tells what must be told. */
static void table_edit(void)
{
    uint32_t count = 1 + random_below(3), pages[3];
    bool by_setpd = random_below(8) == 0;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t page = random_below(PAGES);
        uint32_t *entry = &frame_words(pool[random_below(POOL)])[slot_of(page)];

        pages[i] = (*entry & ENTRY_P) != 0 ? page : PAGES;
        *entry = entry_make(false);
    }
    if (by_setpd) {
        load_random();
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (pages[i] != PAGES)
            page_tell(pages[i]);
    }
}

static void directory_edit(void)
{
    uint32_t window = random_below(WINDOWS);
    uint32_t pd = pds[random_below(DIRECTORIES)];
    uint32_t *entry = pd_entry(pd, page_at(window, 0));
    bool must_tell = (*entry & ENTRY_P) != 0 && pd == active;

    *entry = entry_make(true);
    for (uint32_t page = 0; page < PAGES && must_tell; page++)
        hv_adjustpg(page_at(window, page));
}

static bool read_step(uint32_t gva, bool user)
{
    uint32_t *word = NULL;
    uint32_t expected = walk(gva, user, false, &word);

    if (expected == DONE)
        expected = *word;
    return CHECK_EQUAL(user ? user_get(gva) : kernel_get(gva), expected);
}

/* Only data words: entries stay sound. */
static bool write_step(uint32_t gva, bool user, uint32_t value)
{
    uint32_t *word = NULL;

    gva |= PAGES * 4;
    uint32_t expected = walk(gva, user, true, &word);
    if (!CHECK_EQUAL(user ? user_put(gva, value) : kernel_put(gva, value), expected))
        return false;
    return expected != DONE || CHECK_EQUAL(*word, value);
}

static bool access_step(void)
{
    uint32_t gva = page_at(random_below(WINDOWS), random_below(PAGES)) + random_below(TABLE_ENTRIES) * 4;
    bool user = random_below(3) == 0;

    if (random_below(2) == 0)
        return read_step(gva, user);
    return write_step(gva, user, random_below(0x00FFFFFF));
}

/* Both words of the call go to one place: the column, stored last, stays there. 0..24 is an entry that maps frame 0. */
static uint32_t cursor_store(uint32_t gva)
{
    uint32_t value = random_below(HV_CONSOLE_ROWS);

    hv_cons_set_cursor_pos(0, value);
    hv_cons_get_cursor_pos((uint32_t *)(uintptr_t)gva, (uint32_t *)(uintptr_t)gva);
    return value;
}

/* An entry is stored through a page that shows its frame, if there is one that may be written. */
static bool mapped_edit_step(void)
{
    uint32_t page = random_below(PAGES), kind = random_below(4);
    uint32_t gva = page_at(random_below(WINDOWS), random_below(PAGES)) + slot_of(page) * 4;
    uint32_t *word = NULL;
    bool user = kind == 0;

    if (walk(gva, user, true, &word) != DONE)
        return true;
    uint32_t before = *word;
    uint32_t value = entry_make(false);
    if (kind == 1)
        value = cursor_store(gva);
    else if (!CHECK_EQUAL(user ? user_put(gva, value) : kernel_put(gva, value), DONE))
        return false;
    bool good = CHECK_EQUAL(*word, value);
    if ((before & ENTRY_P) != 0) {
        if (random_below(8) == 0)
            load_random();
        else
            page_tell(page);
    }
    return good;
}

/* Two bytes of a word at the end of one page, two at the start of the next: data words of both. */
static bool straddle_step(void)
{
    uint32_t gva = page_at(random_below(WINDOWS), random_below(PAGES - 1)) + PAGE_BYTES - 2;
    uint32_t *low = NULL, *high = NULL;
    bool user = random_below(2) == 0;
    uint32_t expected = walk(gva - 2, user, false, &low);
    uint32_t next = walk(gva + 2, user, false, &high);

    if (expected != DONE || next != DONE) {
        return CHECK_EQUAL(user ? user_get(gva) : kernel_get(gva), expected != DONE ? expected : next) &&
               CHECK_EQUAL(seen.address, expected != DONE ? gva : gva + 2);
    }
    return CHECK_EQUAL(user ? user_get(gva) : kernel_get(gva), *low >> 16 | *high << 16);
}

int main(void)
{
    traps_record(true);
    for (uint32_t i = 0; i < POOL; i++)
        pool[i] = frame_take();
    for (uint32_t i = 0; i < POOL * PAGES; i++)
        frame_words(pool[i / PAGES])[slot_of(i % PAGES)] = entry_make(false);
    for (uint32_t i = 0; i < DIRECTORIES; i++) {
        pds[i] = pd_make();
        for (uint32_t window = 0; window < WINDOWS; window++)
            *pd_entry(pds[i], page_at(window, 0)) = entry_make(true);
    }
    load_random();
    for (uint32_t step = 0; step < STEPS; step++) {
        uint32_t what = random_below(32);
        bool good = true;

        if (what == 0)
            load_random();
        else if (what < 5)
            table_edit();
        else if (what < 6)
            directory_edit();
        else if (what < 10)
            good = mapped_edit_step();
        else if (what < 12)
            good = straddle_step();
        else
            good = access_step();
        if (!good) {
            printf("at step %u, directory 0x%08x, wp %u\n", step, active, wp);
            return 1;
        }
    }
    return test_result();
}
