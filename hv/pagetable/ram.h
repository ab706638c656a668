/*
 * ram.h - a guest's RAM: which host frame backs which of its frames (PURE). Who shows it to the guest, and where, is no
 * matter here: that is a view's (bootvm.h while paging is off, shadow.h when it is on).
 *
 * A frame is backed, zeroed, at its first touch; until then it reads as zero and costs its record only. A host frame
 * has one owner, or several (ram_share.h), who are counted in owners.h: then nobody may write it, and
 * whoever wants to gets a copy, or the frame, if there is nobody else any more (ram_own).
 */
#ifndef PAGETABLE_RAM_H
#define PAGETABLE_RAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/codegen.h"
#include "base/frames.h"
#include "base/status.h"
#include "pagetable/host_table.h"

#define GFRAME_TRACED 0x1u      /* a view has read it, and must hear of it before it is stored to */
#define GFRAME_MANY 0x2u        /* more leaves may map it writable than leaf[] holds */
#define GFRAME_SEARCHED 0x4u    /* these are being looked for, to take W from them: rmap.h */
#define GFRAME_ABSENT 0x8u      /* there is no record yet: what is read is one page that stands for all such */
/*
 * Other guests may own its host frame, too: no leaf maps it writable, and leaf[] names those that map it at all, which
 * are never more than it holds. GFRAME_MANY and GFRAME_SEARCHED mean nothing beside it.
 */
#define GFRAME_SHARED 0x10u
#define GFRAME_LEAVES 2
#define GFRAME_FLAGS_SHIFT 48   /* where flags are in is_in_use */
#define RAM_PAGE_RECORDS (PAGE_SIZE / sizeof(struct gframe))

/*
 * What is known of one frame of guest RAM. Records come a page at a time, when the first of their frames is backed or
 * shadowed: until then the page is read-only, and each record in it says that nothing is known.
 */
struct gframe {
    union {
        struct {
            uint32_t host;          /* host frame number; 0: not touched yet, reads as zero */
            uint16_t shadow;        /* first of its shadows (see shadow.h); 0: none */
            uint16_t flags;         /* GFRAME_ bits */
        };
        uint64_t is_in_use;         /* 0: untouched and nobody's, and the record is there to be written */
    };
    uint32_t leaf[GFRAME_LEAVES];   /* leaves that map it writable, or a shared one at all: rmap.h; 0: none */
};
_Static_assert(sizeof(struct gframe) == 16, "docs/performance.md allows 16 bytes per guest frame");

/* What RAM asks of the view that shows it. */
struct ram_view {
    /* A traced frame is about to be stored to: what the view made of it may be stale then; it is traced no more. */
    void (*untrace)(void *view, uint32_t frame);
    /* The machine has no frame left: give one back that only caches something. False: there is none. */
    bool (*give_back)(void *view);
    /* A shared frame is the guest's own now, and may lie elsewhere than here: no leaf may show this host frame. */
    void (*moved)(void *view, uint32_t frame, uint32_t host_before);
};

struct ram {
    uint32_t bytes;             /* multiple of 4 KiB; stays after the end */
    uint32_t frame_count;
    struct gframe *frames;      /* [frame_count] */
    uint32_t backed_count;      /* frames that have a host frame */
    uint32_t destroyed_count;   /* frames that ram_destroy is done with */
    const struct ram_view *asks;
    void *view;                 /* for the functions of asks */
    uint32_t shared_count;      /* of backed_count, frames that others may have, too: GFRAME_SHARED */
    bool is_sharing;            /* has such frames, or had: it is in the list of those */
    struct ram *next_sharing;
};

/* Once, after vmap_init: the page that stands for records that are not there. */
void ram_init(void);

/* Room for the records, nothing backed. STATUS_NO_MEMORY: nothing is left behind. */
MUST_CHECK enum status ram_create(struct ram *ram, uint32_t bytes);
/*
 * Give every frame and the records back, in steps of a frame each (some 100 instructions), or of a page of records that
 * is not there. No view may show it any more, and nothing else be done with it. False: *steps are used up, and the next
 * call goes on.
 */
bool ram_destroy(struct ram *ram, uint32_t *steps);

/* A zeroed frame for RAM, or for a view's tables, which may ask the view for one. HPA_NONE when memory is out. */
hpa_t ram_alloc(struct ram *ram);

/* Have a record for a frame below frame_count. False: memory is out. */
MUST_CHECK bool ram_make_record(struct ram *ram, uint32_t frame);

/*
 * Back a frame whose record says that it is not in use, by a page of frames_alloc_quick: the hot path of a first touch.
 * Where there is none at once, ram_back may have one.
 */
static inline void ram_back_by(struct ram *ram, struct gframe *record, hpa_t page)
{
    WORK_OUT_HERE(page.v);
    record->host = (uint32_t)(page.v >> PAGE_SHIFT);
    ram->backed_count++;
    table_clear(hpa_to_ptr(page));
}

/* Back a frame below frame_count, if it is not. HPA_NONE when memory is out. */
hpa_t ram_back_new(struct ram *ram, uint32_t frame);
static inline hpa_t ram_back(struct ram *ram, uint32_t frame)
{
    uint32_t host = ram->frames[frame].host;
    return host ? HPA((uint64_t)host << PAGE_SHIFT) : ram_back_new(ram, frame);
}

/*
 * Back LARGE_PAGE_FRAMES frames in a row, none of which is, by host memory in a row. first: a multiple of so many.
 * Some 280,000 instructions. False: nothing has changed but records, as some are backed or as memory is not plenty.
 */
bool ram_back_large(struct ram *ram, uint32_t first);

/*
 * Give the host frame of a frame back that has a record and no shadow, and that no leaf maps: it is as it was before
 * its first touch.
 */
void ram_unback(struct ram *ram, uint32_t frame);

/* A whole frame for reading, without backing: NULL for one that holds only zeroes so far. */
static inline const void *ram_peek(const struct ram *ram, uint32_t frame)
{
    uint32_t host = ram->frames[frame].host;
    return host ? hpa_to_ptr(HPA((uint64_t)host << PAGE_SHIFT)) : 0;
}

/* The same to be written: 0 also for one that is shared, which has to be made the guest's own first (ram_own). */
static inline void *ram_poke(const struct ram *ram, uint32_t frame)
{
    const struct gframe *record = &ram->frames[frame];

    return record->host && !(record->flags & GFRAME_SHARED) ? hpa_to_ptr(HPA((uint64_t)record->host << PAGE_SHIFT)) : 0;
}

/*
 * A shared frame is about to be written: make it the guest's own, by a copy if others have it, too. The view has no
 * leaf of it then, but the processor may still, if it holds this guest: the caller flushes. HPA_NONE when memory is
 * out: nothing has changed.
 */
hpa_t ram_own(struct ram *ram, uint32_t frame);

/* It is about to have shared frames. */
void ram_begin_sharing(struct ram *ram);
/* All that have, by next_sharing: for the audit. */
const struct ram *ram_first_sharing(void);

/*
 * Store bytes from a guest-physical address on, as a device would: backs what is not, tells the view of frames that it
 * traces, and copies shared ones; the guest must not be loaded if it has any. All must lie in RAM. False: memory is
 * out; what came before is stored.
 */
MUST_CHECK bool ram_store(struct ram *ram, gpa_t to, const void *from, size_t bytes);

#endif
