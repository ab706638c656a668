/*
 * family.c - see family.h.
 */
#include "guest/family.h"

#include <stddef.h>

#include "base/check.h"
#include "base/text.h"
#include "guest/guest.h"
#include "io/console.h"
#include "pagetable/vmap.h"

/* Bound, here and below where it goes up: HV_DEPTH_MAX. */
int32_t family_check(const struct guest *parent, uint32_t memory_bytes)
{
    if (parent->family.depth >= HV_DEPTH_MAX)
        return HV_ERROR_DEPTH;
    for (const struct guest *above = parent; above != NULL; above = above->family.parent) {
        const struct family *family = &above->family;
        if (family->below.children >= family->rights.most.children)
            return HV_ERROR_CHILDREN;
        if (memory_bytes > family->rights.most.memory_bytes - family->below.memory_bytes)
            return HV_ERROR_MEMORY;
    }
    return 0;
}

static void count_below(struct guest *parent, struct family_sum sum)
{
    for (struct guest *above = parent; above != NULL; above = above->family.parent) {
        above->family.below.children += sum.children;
        above->family.below.memory_bytes += sum.memory_bytes;
    }
}

/* All that a child counts for, with what is below it. */
static struct family_sum sum_of(const struct child *child)
{
    struct family_sum sum = child->sum;

    if (child->guest != NULL) {
        sum.children += child->guest->family.below.children;
        sum.memory_bytes += child->guest->family.below.memory_bytes;
    }
    return sum;
}

static void uncount_below(struct guest *parent, struct family_sum sum)
{
    for (struct guest *above = parent; above != NULL; above = above->family.parent) {
        CHECK(above->family.below.children >= sum.children && above->family.below.memory_bytes >= sum.memory_bytes);
        above->family.below.children -= sum.children;
        above->family.below.memory_bytes -= sum.memory_bytes;
    }
}

/* Who leaves the slot empty does not want to be told. */
static void tell(struct guest *parent)
{
    if (parent->state.idt[HV_SLOT_CHILD].eip == 0)
        return;
    virq_raise_child(&parent->state.virq);
    guest_stir(parent);
}

/* What its launch was told and it has a copy of. */
static void free_told(struct child *child)
{
    if (child->image != NULL)
        vmap_free(child->image);
    if (child->command_line != NULL)
        vmap_free(child->command_line);
    child->image = NULL;
    child->command_line = NULL;
}

static void free_record(struct child *child)
{
    free_told(child);
    vmap_free(child);
}

/* Not among the children of its parent any more, and not counted. Bound: those, HV_CHILDREN_MAX at most. */
static void cut_off(struct child *child)
{
    struct child **link = &child->parent->family.children;

    while (*link != child)
        link = &(*link)->next;
    *link = child->next;
    uncount_below(child->parent, sum_of(child));
    child->parent = NULL;
    child->start.payer = child->clone.payer = NULL;
    if (child->guest != NULL) {
        child->guest->family.parent = NULL;
        child->guest->family.record = NULL;
    }
}

/* The operator looks at this guest's own console: what it lent comes back. */
static void take_back_view(void *owner)
{
    struct guest *guest = owner;

    if (guest->family.lent_to == NULL)
        return;
    guest->family.lent_to = NULL;
    tell(guest);
}

void family_lend(struct guest *parent, struct child *child)
{
    struct guest *before = guest_holder(parent);

    parent->console.viewed = take_back_view;
    parent->family.lent_to = child;
    if (console_in_view() == &before->console)
        request_view(&guest_holder(parent)->console);
}

/*
 * A guest has just ended: its parent is told, and all below it ends. Bound: HV_CHILDREN_MAX, each the first of the
 * list, some 1,500 instructions to give its record back; what is below them ends in later looks.
 */
static void end_family(struct guest *guest)
{
    struct guest *parent = guest->family.parent;

    if (parent != NULL) {
        if (parent->family.lent_to == guest->family.record)
            family_lend(parent, NULL);
        tell(parent);
    }
    while (guest->family.children != NULL)
        family_forget(guest->family.children);
}

/* Nobody waits for it any more. A copy may be there all the same: it had begun. */
static void let_go(struct child *child, struct guest *guest)
{
    free_record(child);
    if (guest == NULL)
        return;
    request_end(guest, false);
    request_release(guest);
}

/* The parent asked for a copy of itself: both come back from the call now, if the copy is there. */
static void return_from_clone(struct guest *parent, struct guest *copy)
{
    parent->life.paused &= (uint8_t)~GUEST_PAUSED_BY_ITSELF;
    guest_stir(parent);
    if (copy != NULL)
        copy->state.frame.eax = 0;
}

/* The answer to its request. */
static void child_came(struct request *request, uint64_t now_ns)
{
    struct child *child = (struct child *)((char *)request - offsetof(struct child, request));
    struct guest *parent = child->parent;
    struct guest *guest = request->kind == REQUEST_CLONE ? child->clone.copy : request->guest;

    (void)now_ns;
    if (parent == NULL) {
        let_go(child, guest);
        return;
    }
    if (request->kind == REQUEST_CLONE && request->guest == parent)
        return_from_clone(parent, guest);
    if (child->image != NULL && guest != NULL)
        guest->image = (struct image_bytes){ .bytes = NULL };   /* its reports do without names */
    free_told(child);
    child->guest = guest;
    child->is_refused = guest == NULL;
    if (guest == NULL) {
        tell(parent);
        return;
    }
    guest->family.parent = parent;
    guest->family.record = child;
    guest->family.ended = end_family;
    guest->family.rights = child->rights;
    guest->family.depth = parent->family.depth + 1;
    guest->state.clock.run = parent->state.clock.run;
    if (child->wants_view)
        family_lend(parent, child);
    if (child->wants_end)
        request_end(guest, false);
}

/* No right is more than the parent's; none that is not asked for. */
static struct family_rights narrow_rights(const struct family_rights *wish, const struct family_rights *of_parent)
{
    struct family_rights rights = { .control = wish->control, .most = of_parent->most };

    if (wish->most.children != 0 && wish->most.children < rights.most.children)
        rights.most.children = wish->most.children;
    if (wish->most.memory_bytes != 0 && wish->most.memory_bytes < rights.most.memory_bytes)
        rights.most.memory_bytes = wish->most.memory_bytes;
    return rights;
}

/* One of its own that is asked for. NULL: no memory. */
static struct child *new_child(struct guest *parent, const char *name, const struct family_rights *rights,
                               uint32_t memory_bytes)
{
    struct child *child = vmap_alloc(sizeof(*child));

    if (child == NULL)
        return NULL;
    child->id = guest_new_id();
    child->parent = parent;
    child->rights = narrow_rights(rights, &parent->family.rights);
    child->sum = (struct family_sum){ 1, memory_bytes };
    (void)text_copy(child->name, sizeof(child->name), name);
    return child;
}

/* Its request is posted: from now on it is known, and counts. Bound, here and below: HV_CHILDREN_MAX. */
static int32_t add_child(struct guest *parent, struct child *child)
{
    struct child **link = &parent->family.children;

    while (*link != NULL)
        link = &(*link)->next;
    *link = child;
    count_below(parent, child->sum);
    parent->family.ended = end_family;
    return (int32_t)child->id;
}

int32_t family_start(struct guest *parent, const struct family_wish *wish)
{
    struct child *child = new_child(parent, wish->name, &wish->rights, wish->memory_bytes);

    if (child == NULL)
        return HV_ERROR_NO_ROOM;
    child->wants_view = wish->wants_view;
    child->image = wish->copy;
    child->command_line = wish->command_line;
    child->equipment = wish->equipment;
    child->equipment.command_line = wish->command_line;
    child->start = (struct request_start){
        .id = child->id, .name = child->name, .image = wish->image, .image_bytes = wish->image_bytes,
        .memory_bytes = wish->memory_bytes, .reason = child->reason, .payer = parent, .kind = wish->kind,
        .equipment = wish->kind != NULL ? &child->equipment : NULL, .image_goes = wish->copy != NULL,
    };
    child->request = (struct request){ .kind = REQUEST_START, .start = &child->start, .answer = child_came };
    request_post(&child->request);
    return add_child(parent, child);
}

int32_t family_clone(struct guest *parent, struct guest *source, uint8_t paused)
{
    struct child *child = new_child(parent, source->life.name, &source->family.rights, source->ram.bytes);

    if (child == NULL)
        return HV_ERROR_NO_ROOM;
    child->clone = (struct clone){ .id = child->id, .name = child->name, .paused = paused, .reason = child->reason,
                                   .payer = parent };
    child->request.answer = child_came;
    if (!request_clone(&child->request, source, &child->clone)) {
        free_record(child);
        return HV_ERROR_STATE;
    }
    if (source == parent)
        parent->life.paused |= GUEST_PAUSED_BY_ITSELF;
    return add_child(parent, child);
}

bool family_has_copy(const struct guest *parent)
{
    const struct child *child = parent->family.children;

    while (child != NULL && child->image == NULL)
        child = child->next;
    return child != NULL;
}

struct child *family_find(const struct guest *parent, uint32_t id)
{
    struct child *child = parent->family.children;

    while (child != NULL && child->id != id)
        child = child->next;
    return child;
}

void family_end(struct child *child)
{
    child->wants_end = true;
    if (child->guest != NULL)
        request_end(child->guest, false);
}

void family_forget(struct child *child)
{
    struct guest *guest = child->guest;

    if (child->parent->family.lent_to == child)
        family_lend(child->parent, NULL);
    cut_off(child);
    if (child->request.is_queued) {
        child->start.is_withdrawn = child->clone.is_withdrawn = true;   /* the record goes with the answer */
        return;
    }
    let_go(child, guest);
}

void family_adopt(struct guest *guest)
{
    struct child *child = guest->family.record;
    struct guest *parent = guest->family.parent;

    if (parent->family.lent_to == child)
        parent->family.lent_to = NULL;          /* the operator sees what he takes over */
    if (guest->life.paused & GUEST_PAUSED_BY_PARENT)    /* who can let it go on is now the operator, by resume */
        guest->life.paused = (guest->life.paused & (uint8_t)~GUEST_PAUSED_BY_PARENT) | GUEST_PAUSED_BY_OPERATOR;
    cut_off(child);
    free_record(child);
    tell(parent);
}
