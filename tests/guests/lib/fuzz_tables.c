/*
 * fuzz_tables.c - page tables of the fuzz guest: a pool of frames that are directories, tables and data (fuzz.h).
 *
 * A directory maps the image one to one by one table that all share, and the windows by pool frames: aliases, tables
 * that map themselves, directories used as tables. The low MiB is not mapped, so that a RET to nowhere does not walk
 * through zeroes into the image.
 */
#include "lib/fuzz.h"

#define PAGES 16u
#define FIRST (FREE_GVA / TABLE_SPAN)   /* of the entries in use, in directories and in tables: one frame may be both */
#define DIRECTORIES 6u              /* the first frames of the pool; those too are named by entries */
#define IDENTITY_FIRST (0x100000 / PAGE_BYTES)

static uint8_t pool[FUZZ_POOL][PAGE_BYTES] __attribute__((aligned(4096)));
static uint32_t identity[TABLE_ENTRIES] __attribute__((aligned(4096)));
static uint32_t active;

uint32_t tables_frame(void)
{
    return address_of(pool[random_below(FUZZ_POOL)]);
}

uint32_t tables_gva(void)
{
    return FREE_GVA + random_below(FUZZ_WINDOWS) * TABLE_SPAN + (FIRST + random_below(PAGES)) * PAGE_BYTES;
}

/* One in eight is not present; the others name a pool frame, with any rights, most often all. */
static uint32_t entry_make(void)
{
    uint32_t ignored = random_word() & (random_is_bold() ? 0xFF8 : 0xF78);      /* bit 7 is the end, in a directory */

    if (random_is_bold())
        return random_word();
    if (random_one_in(8))
        return random_word() & ~ENTRY_P;
    return tables_frame() | (random_one_in(2) ? ENTRY_USER : ENTRY_P | random_below(4) << 1) | ignored;
}

/*
 * The kernel sees a frame at its own address again, and through it the image. The word is written before hv_adjustpg,
 * which reads it when this is the active directory, and after, when the frame was an alias of another.
 */
static uint32_t *directory_mend(uint32_t frame)
{
    volatile uint32_t *directory = frame_words(frame);
    uint32_t entry = address_of(identity) | (random_one_in(16) ? ENTRY_KERNEL : ENTRY_USER);

    directory[0] = entry;
    identity[frame / PAGE_BYTES] = frame | ENTRY_KERNEL;
    if (active != 0)
        hv_adjustpg(frame);
    directory[0] = entry;
    return frame_words(frame);
}

static void directory_make(uint32_t frame)
{
    uint32_t *directory = directory_mend(frame);

    for (uint32_t window = 0; window < FUZZ_WINDOWS; window++)
        directory[FIRST + window] = entry_make();
}

void tables_open(const void *page)
{
    identity[address_of(page) / PAGE_BYTES] |= ENTRY_U;
}

void tables_make(void)
{
    for (uint32_t i = IDENTITY_FIRST; i < TABLE_ENTRIES; i++)
        identity[i] = i * PAGE_BYTES | ENTRY_KERNEL;
    for (uint32_t frame = 0; frame < FUZZ_POOL; frame++) {
        for (uint32_t page = 0; page < PAGES; page++)
            frame_words(address_of(pool[frame]))[FIRST + page] = entry_make();
    }
    for (uint32_t i = 0; i < DIRECTORIES; i++)
        directory_make(address_of(pool[i]));
    active = address_of(pool[0]);
    hv_setpd(active, 0);
}

/* Random code may have spoilt the way to the image: a directory is made good before it is used, most often. */
void tables_load(void)
{
    uint32_t i = random_below(DIRECTORIES);

    if (!random_is_bold())
        directory_make(address_of(pool[i]));
    active = address_of(pool[i]);
    hv_setpd(active, random_below(2));
}

static void entries_mend(uint32_t *entry, uint32_t count)
{
    for (uint32_t *end = entry + count; entry < end; entry++) {
        if ((*entry & ENTRY_P) != 0 && (*entry - address_of(pool) >= sizeof(pool) || (*entry & ENTRY_BIT_7) != 0))
            *entry = entry_make();
    }
}

/*
 * What random code stored is an entry, too, and seldom a sound one: the guest would end at its first use. The entries
 * in use are looked at each time, and one whole frame.
 */
void tables_mend(void)
{
    uint32_t whole = random_below(FUZZ_POOL);

    if (random_is_bold())
        return;
    directory_mend(active);
    for (uint32_t frame = 0; frame < FUZZ_POOL; frame++)
        entries_mend(frame_words(address_of(pool[frame])) + FIRST - 1, PAGES + 4);
    entries_mend(frame_words(address_of(pool[whole])) + FIRST, TABLE_ENTRIES - FIRST);
}

static uint32_t *entry_pick(void)
{
    if (random_one_in(4))
        return &frame_words(random_one_in(2) ? active : tables_frame())[FIRST + random_below(FUZZ_WINDOWS)];
    return &frame_words(tables_frame())[random_one_in(8) ? random_below(TABLE_ENTRIES) : FIRST + random_below(PAGES)];
}

/* Where the kernel itself sees a frame of the pool: an alias of another one, a table that it edits, or its own. */
static void identity_edit(void)
{
    uint32_t frame = tables_frame();

    identity[frame / PAGE_BYTES] = (random_one_in(4) ? tables_frame() : frame) | ENTRY_KERNEL;
}

void tables_edit(void)
{
    for (uint32_t count = random_below(24); count > 0; count--) {
        *(volatile uint32_t *)entry_pick() = entry_make();
        if (random_one_in(16))
            identity_edit();
        if (random_one_in(3))
            hv_adjustpg(random_one_in(4) ? tables_frame() : tables_gva() & ~(PAGE_BYTES - 1));
    }
    if (random_one_in(2))
        tables_load();
}
