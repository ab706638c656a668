/*
 * ram.c - back a guest's frames at their first touch, store to them, and give them back (PURE).
 */
#include "pagetable/ram.h"

#include "base/check.h"
#include "base/frames.h"
#include "base/string.h"
#include "pagetable/guest_table.h"
#include "pagetable/host_table.h"
#include "pagetable/owners.h"
#include "pagetable/vmap.h"

/* Records of a large page are two pages of them, and begin one. */
_Static_assert(LARGE_PAGE_FRAMES == 2 * RAM_PAGE_RECORDS, "ram_back_large");

static struct gframe *absent_records;      /* a page of them */
static struct ram *sharing;                /* all that is_sharing */

void ram_init(void)
{
    hpa_t page = frames_alloc();

    CHECK(page.v);
    absent_records = hpa_to_ptr(page);
    for (uint32_t i = 0; i < RAM_PAGE_RECORDS; i++)
        absent_records[i] = (struct gframe){ .flags = GFRAME_ABSENT };
}

enum status ram_create(struct ram *ram, uint32_t bytes)
{
    *ram = (struct ram){ .bytes = bytes, .frame_count = bytes / PAGE_SIZE };
    ram->frames = vmap_reserve(ram->frame_count * sizeof(ram->frames[0]), ptr_to_hpa(absent_records));
    return ram->frames ? STATUS_OK : STATUS_NO_MEMORY;
}

/* The next frame's end. A page of records goes with the last of its frames. */
static void destroy_next(struct ram *ram)
{
    uint32_t frame = ram->destroyed_count++;
    const struct gframe *record = &ram->frames[frame];
    bool has_others = false;

    if (record->flags & (GFRAME_ABSENT | GFRAME_SHARED)) {
        if (record->flags & GFRAME_ABSENT) {
            ram->destroyed_count = (frame / RAM_PAGE_RECORDS + 1) * RAM_PAGE_RECORDS;
            return;
        }
        has_others = owners_drop(record->host);
    }
    if (record->host && !has_others)
        frames_free(HPA((uint64_t)record->host << PAGE_SHIFT));
    if (ram->destroyed_count % RAM_PAGE_RECORDS == 0)
        vmap_unback(ram->frames + (ram->destroyed_count - RAM_PAGE_RECORDS), ptr_to_hpa(absent_records));
}

void ram_begin_sharing(struct ram *ram)
{
    if (ram->is_sharing)
        return;
    ram->is_sharing = true;
    ram->next_sharing = sharing;
    sharing = ram;
}

const struct ram *ram_first_sharing(void)
{
    return sharing;
}

/* One that is left alone shares with nobody: then no frame has another owner. Bound: those that share. */
static void end_sharing(struct ram *ram)
{
    struct ram **link = &sharing;

    if (!ram->is_sharing)
        return;
    while (*link != ram)
        link = &(*link)->next_sharing;
    *link = ram->next_sharing;
    if (!sharing || !sharing->next_sharing)
        owners_end();
}

/* Bound: *steps, and at the end what vmap_free does for RAM_PAGE_RECORDS frames a page. */
bool ram_destroy(struct ram *ram, uint32_t *steps)
{
    if (!ram->frames)
        return true;
    for (; ram->destroyed_count < ram->frame_count; --*steps) {
        if (*steps == 0)
            return false;
        destroy_next(ram);
    }
    vmap_free(ram->frames);
    end_sharing(ram);
    *ram = (struct ram){ .bytes = ram->bytes };
    return true;
}

/*
 * A frame that the view gives back, where there was none left. Bound: the first that is asked for gives one, or the
 * next does: a table is taken out of a few directories a call, and only the current one is left by then (evict_any).
 */
static hpa_t alloc_given_back(struct ram *ram)
{
    hpa_t frame = HPA_NONE;

    while (!frame.v && ram->asks && ram->asks->give_back(ram->view))
        frame = table_alloc();
    return frame;
}

hpa_t ram_alloc(struct ram *ram)
{
    hpa_t frame = table_alloc();

    return frame.v ? frame : alloc_given_back(ram);
}

bool ram_make_record(struct ram *ram, uint32_t frame)
{
    if (!(ram->frames[frame].flags & GFRAME_ABSENT))
        return true;
    hpa_t records = ram_alloc(ram);
    if (records.v)
        vmap_back(ram->frames + frame / RAM_PAGE_RECORDS * RAM_PAGE_RECORDS, records);
    return records.v != 0;
}

hpa_t ram_back_new(struct ram *ram, uint32_t frame)
{
    hpa_t page = ram_make_record(ram, frame) ? ram_alloc(ram) : HPA_NONE;

    if (!page.v)
        return page;
    ram->frames[frame].host = (uint32_t)(page.v >> PAGE_SHIFT);
    ram->backed_count++;
    return page;
}

/* A page of records that is not there says that no frame is backed. */
static bool is_any_backed(const struct ram *ram, uint32_t first)
{
    for (uint32_t frame = first; frame < first + LARGE_PAGE_FRAMES; frame++) {
        if (ram->frames[frame].flags & GFRAME_ABSENT)
            frame += RAM_PAGE_RECORDS - 1;
        else if (ram->frames[frame].is_in_use != 0)
            return true;
    }
    return false;
}

bool ram_back_large(struct ram *ram, uint32_t first)
{
    if (is_any_backed(ram, first) || !ram_make_record(ram, first) || !ram_make_record(ram, first + RAM_PAGE_RECORDS))
        return false;
    hpa_t memory = frames_alloc_large();
    if (!memory.v)
        return false;
    table_fill(hpa_to_ptr(memory), 0, LARGE_PAGE_SIZE / sizeof(uint64_t));
    for (uint32_t i = 0; i < LARGE_PAGE_FRAMES; i++)
        ram->frames[first + i].host = (uint32_t)(memory.v >> PAGE_SHIFT) + i;
    ram->backed_count += LARGE_PAGE_FRAMES;
    return true;
}

void ram_unback(struct ram *ram, uint32_t frame)
{
    struct gframe *record = &ram->frames[frame];

    if (record->host) {
        bool is_shared = record->flags & GFRAME_SHARED;
        ram->backed_count--;
        ram->shared_count -= is_shared;
        if (!is_shared || !owners_drop(record->host))
            frames_free(HPA((uint64_t)record->host << PAGE_SHIFT));
    }
    *record = (struct gframe){ .host = 0 };
}

/* Another owner may end by the allocation, and leave the frame to this one: it is copied all the same. */
static hpa_t copy_shared(struct ram *ram, uint32_t host)
{
    hpa_t before = HPA((uint64_t)host << PAGE_SHIFT), page = frames_alloc();

    if (!page.v)
        page = alloc_given_back(ram);
    if (!page.v)
        return page;
    guest_table_copy(hpa_to_ptr(page), hpa_to_ptr(before));
    if (!owners_drop(host))
        frames_free(before);
    return page;
}

hpa_t ram_own(struct ram *ram, uint32_t frame)
{
    struct gframe *record = &ram->frames[frame];
    uint32_t before = record->host;
    hpa_t page = owners_are_others(before) ? copy_shared(ram, before) : HPA((uint64_t)before << PAGE_SHIFT);

    if (!page.v)
        return page;
    record->host = (uint32_t)(page.v >> PAGE_SHIFT);
    record->flags &= (uint16_t)~(GFRAME_SHARED | GFRAME_MANY | GFRAME_SEARCHED);
    ram->shared_count--;
    if (ram->asks)
        ram->asks->moved(ram->view, frame, before);
    record->leaf[0] = record->leaf[1] = 0;
    return page;
}

/* Back a frame that is written as a whole next: nobody needs it zeroed. HPA_NONE when memory is out. */
static hpa_t back_whole(struct ram *ram, uint32_t frame)
{
    struct gframe *record = &ram->frames[frame];
    hpa_t page = record->host == 0 && ram_make_record(ram, frame) ? frames_alloc() : HPA_NONE;

    if (!page.v)
        return ram_back(ram, frame);
    record->host = (uint32_t)(page.v >> PAGE_SHIFT);
    ram->backed_count++;
    return page;
}

/* The rare cases of a store to a frame that is backed at page. */
static hpa_t before_store(struct ram *ram, uint32_t frame, hpa_t page)
{
    if (ram->frames[frame].flags & GFRAME_TRACED)
        ram->asks->untrace(ram->view, frame);
    return ram->frames[frame].flags & GFRAME_SHARED ? ram_own(ram, frame) : page;
}

/*
 * Bound: the bytes, some 700 instructions a page that is new, 1,200 for a part of one: whoever has many cuts them
 * (load_elf.c, vpc_boot.c).
 */
bool ram_store(struct ram *ram, gpa_t to, const void *from, size_t bytes)
{
    while (bytes) {
        uint32_t frame = to.v >> PAGE_SHIFT, at = to.v & PAGE_MASK;
        size_t chunk = bytes < PAGE_SIZE - at ? bytes : PAGE_SIZE - at;
        hpa_t page = chunk == PAGE_SIZE ? back_whole(ram, frame) : ram_back(ram, frame);
        if (page.v && ram->frames[frame].flags & (GFRAME_TRACED | GFRAME_SHARED))
            page = before_store(ram, frame, page);
        if (!page.v)
            return false;
        memcpy((uint8_t *)hpa_to_ptr(page) + at, from, chunk);
        from = (const uint8_t *)from + chunk;
        to = GPA(to.v + (uint32_t)chunk);
        bytes -= chunk;
    }
    return true;
}
