/*
 * launch.c - check, make room, fill it, join the others: in pieces.
 */
#include "guest/launch.h"

#include <stddef.h>

#include "base/boot_phases.h"
#include "base/format.h"
#include "cpu/insn.h"
#include "guest/elf32.h"
#include "guest/guest.h"
#include "guest/request.h"
#include "guest/same_image.h"
#include "pagetable/vmap.h"

#define RECORD_PAGES_PER_STEP 16u       /* they are reserved, and not zeroed */
#define REFUSED_STEPS 100u              /* what is wrong was looked for in all headers of an image */

_Static_assert(GUEST_BYTES_FIRST <= 5 * PAGE_SIZE, "docs/performance.md says what a guest takes");

/* The one that is under way; guest NULL: none. */
static struct {
    struct guest *guest;
    struct elf32_image parsed;
    struct guest_filling filling;
} under_way;

/* RAM of a guest that is new, and the tables that will show it. False: no memory. */
static bool make_memory(struct guest *guest, uint32_t memory_bytes)
{
    return ram_create(&guest->ram, memory_bytes) == STATUS_OK &&
           gspace_create(&guest->space, &guest->ram, &guest->state.paging, GUEST_LINEAR_BASE) == STATUS_OK;
}

struct guest *launch_make_room(uint32_t memory_bytes, char *reason)
{
    struct guest *guest = vmap_alloc_growing(GUEST_BYTES_FIRST, sizeof(*guest));

    if (!guest) {
        format_string(reason, GUEST_REASON_BYTES, "no memory left for another guest");
        return NULL;
    }
    if (make_memory(guest, memory_bytes))
        return guest;
    format_string(reason, GUEST_REASON_BYTES, "not enough free memory for the records of %u KiB of guest RAM",
                  memory_bytes / 1024);
    guest_bury(guest);
    return NULL;
}

/* The struct's pages are zeroed, and the entries of the records' pages written; its kind has made what it has. */
static void pay_for_room(const struct guest *guest, const struct guest_kind *kind, uint32_t *steps)
{
    uint64_t records = guest->ram.frame_count * sizeof(struct gframe) / PAGE_SIZE;
    uint32_t count = (uint32_t)(GUEST_BYTES_FIRST / PAGE_SIZE + records / RECORD_PAGES_PER_STEP) + kind->load_steps;

    *steps = *steps > count ? *steps - count : 0;
}

/* Bound: the entries of 3,072 pages of records. False: refused. */
static bool begin_launch(const struct request_start *start, uint32_t *steps)
{
    const struct guest_kind *kind = start->kind != NULL ? start->kind : &guest_pebpeb;
    char *reason = start->reason;

    boot_phases_lap(BOOT_PHASE_MONITOR, insn_rdtsc());
    if (!kind->check(start, &under_way.parsed, reason))
        return false;
    struct guest *guest = launch_make_room(start->memory_bytes, reason);
    if (!guest)
        return false;
    pay_for_room(guest, kind, steps);
    guest->life.id = start->id ? start->id : guest_new_id();
    guest->state.version = GUEST_STATE_VERSION;
    fpu_fresh(guest->state.fpu);
    virq_init(&guest->state.virq);
    guest->kind = kind;
    if (!kind->load(guest, start, &under_way.parsed, reason)) {
        guest_bury(guest);
        return false;
    }
    under_way.guest = guest;
    under_way.filling = (struct guest_filling){ .segment = 0 };
    if (kind == &guest_pebpeb)
        same_image_find(&under_way.filling.source, guest, start);
    return true;
}

void launch_withdraw(void)
{
    hold_end(&under_way.filling.source);
    if (under_way.guest)
        guest_bury(under_way.guest);
    under_way.guest = NULL;
}

bool launch_step(const struct request_start *start, struct guest **guest, uint32_t *steps)
{
    *guest = NULL;
    if (!under_way.guest && !begin_launch(start, steps)) {
        *steps = *steps > REFUSED_STEPS ? *steps - REFUSED_STEPS : 0;
        return true;
    }
    const struct guest_kind *kind = under_way.guest->kind;
    enum guest_fill fill = GUEST_FILL_DONE;
    if (kind->fill)
        fill = kind->fill(under_way.guest, start, &under_way.parsed, &under_way.filling, steps);
    if (fill == GUEST_FILL_GOES_ON)
        return false;
    if (fill == GUEST_FILL_NO_MEMORY) {
        format_string(start->reason, GUEST_REASON_BYTES, "not enough free memory for its image");
        launch_withdraw();
        return true;
    }
    hold_end(&under_way.filling.source);
    *guest = under_way.guest;
    under_way.guest = NULL;
    guest_join(*guest, start->name);
    boot_phases_lap(BOOT_PHASE_LOAD, insn_rdtsc());
    return true;
}
