/*
 * clone.c - copy a guest, a piece at a time.
 */
#include "guest/clone.h"

#include <stddef.h>

#include "base/format.h"
#include "base/text.h"
#include "guest/debug_stop.h"
#include "guest/guest.h"
#include "guest/kind.h"
#include "guest/launch.h"
#include "guest/strict.h"
#include "guest/switch.h"
#include "pagetable/audit.h"

static bool refuse_clone(struct clone *clone, const char *reason)
{
    format_string(clone->reason, GUEST_REASON_BYTES, "%s", reason);
    return false;
}

static bool begin_clone(struct guest *source, struct clone *clone)
{
    if (clone->is_withdrawn)
        return refuse_clone(clone, "nobody wants it any more");
    if (source->life.activity == GUEST_ENDED)
        return refuse_clone(clone, "it has ended");
    clone->copy = launch_make_room(source->ram.bytes, clone->reason);
    if (clone->copy == NULL)
        return false;
    clone->copy->kind = source->kind;
    hold_begin(&clone->hold, source);
    return true;
}

/* All that is flat. What is not copied is made again: tables, row log, clock (sched.c, as for any that is new). */
static void copy_state(struct guest *copy, struct guest *source)
{
    const struct guest_paging none = copy->state.paging;

    switch_save(source);
    copy->state = source->state;
    copy->state.paging = none;
    copy->space.tables_most = source->space.tables_most;
    copy->state.clock.waited_ns = 0;
    copy->event_count = source->event_count;
    copy->hidden_fault_count = source->hidden_fault_count;
    copy->events = source->events;
    copy->fault_address = source->fault_address;
    copy->turns.run_ns = source->turns.run_ns;
    copy->image = source->image;
}

static void introduce_copy(struct guest *copy, struct guest *source, const struct clone *clone)
{
    copy->life.id = clone->id != 0 ? clone->id : guest_new_id();
    guest_join(copy, clone->name != NULL ? clone->name : source->life.name);
    vcon_settle(&source->console.vcon);
    vcon_copy(&copy->console.vcon, &source->console.vcon);
    /* Blocked would be by its own log, which is empty; a PC finds out by itself whether it waits. */
    if (source->life.activity != GUEST_BLOCKED && source->machine == NULL)
        copy->life.activity = source->life.activity;
    copy->life.paused |= clone->paused;             /* its debugger may have stopped it */
    copy->console.kill = source->console.kill;
    copy->family.rights = source->family.rights;
    guest_show_state(copy);
}

/* The source goes on; so does the copy, if it came to that. */
static void finish_clone(struct guest *source, struct clone *clone)
{
    struct guest *copy = clone->copy;

    hold_end(&clone->hold);
    if (!clone->share.lacks_memory) {
        copy_state(copy, source);
        clone->share.lacks_memory = !debug_stop_copy(source, copy) ||
                                    gspace_resume(&copy->space, &source->state.paging) != STATUS_OK ||
                                    !strict_copy(copy, source) ||
                                    (source->kind->copy != NULL && !source->kind->copy(source, copy));
    }
    if (clone->share.lacks_memory) {
        refuse_clone(clone, "not enough free memory for its tables");
        guest_bury(copy);
        clone->copy = NULL;
        return;
    }
    introduce_copy(copy, source, clone);
    audit_check(&copy->space);
}

/* What its kind has besides RAM. False: it goes on with more steps. */
static bool share_machine(struct guest *source, struct clone *clone, uint32_t *steps)
{
    if (source->kind->share == NULL)
        return true;
    enum guest_fill fill = source->kind->share(source, clone->copy, steps);
    clone->share.lacks_memory = fill == GUEST_FILL_NO_MEMORY;
    return fill != GUEST_FILL_GOES_ON;
}

static void pay_for_end(const struct guest_kind *kind, uint32_t *steps)
{
    uint32_t count = CLONE_ENDS_STEPS + kind->load_steps / 2 / CLONE_STEP_COST;

    *steps = *steps > count ? *steps - count : 0;
}

bool clone_step(struct guest *source, struct clone *clone, uint32_t *steps)
{
    if (clone->copy == NULL) {
        if (!begin_clone(source, clone))
            return true;
        pay_for_end(source->kind, steps);
    }
    struct ram_share *share = &clone->share;
    if (!hold_drop_leaves(&clone->hold, steps) || (!share->is_begun && !share_machine(source, clone, steps)))
        return false;
    if ((share->is_begun || !share->lacks_memory) && !ram_share(&source->ram, &clone->copy->ram, share, steps))
        return false;
    finish_clone(source, clone);
    pay_for_end(source->kind, steps);
    return true;
}

struct guest *clone_find_snapshot(const char *name)
{
    struct guest *guest = guest_first();

    while (guest != NULL && !(guest->life.paused & GUEST_PAUSED_SNAPSHOT && guest->life.activity != GUEST_ENDED &&
                              text_equal_nocase(guest->life.name, name)))
        guest = guest->next;
    return guest;
}
