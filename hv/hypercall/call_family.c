/*
 * call_family.c - hv_state and hv_list: what a guest may know of its children, of itself, and of the machine's images.
 */
#include "base/string.h"
#include "base/text.h"
#include "guest/family.h"
#include "guest/gmem.h"
#include "guest/guest.h"
#include "guest/images.h"
#include "hypercall/calls.h"

#define KIB 1024u
#define ROW_BYTES (2 * HV_CONSOLE_COLS)

_Static_assert(sizeof(struct hv_child) == 368 && sizeof(struct hv_listed_child) == 20, "the same for 32-bit guests");
_Static_assert(sizeof(struct hv_console) == 8 + HV_CONSOLE_ROWS * ROW_BYTES, "rows follow each other");

/* Where an answer goes: so much of it as the guest has room for. */
struct target {
    struct guest *guest;
    const char *call;
    uint32_t at, room;
};

/* The next bytes of an answer. False: the guest crashed. */
static bool put_answer(struct target *to, const void *from, size_t bytes)
{
    size_t fitting = bytes < to->room ? bytes : to->room;
    gva_t bad;

    if (!gmem_write(to->guest, GVA(to->at), from, fitting, &bad)) {
        call_crash(to->guest, "hv_%s: 0x%08x cannot be written", to->call, bad.v);
        return false;
    }
    to->at += (uint32_t)fitting;
    to->room -= (uint32_t)fitting;
    return true;
}

static uint32_t state_of(const struct child *child, const struct guest *guest)
{
    if (guest == NULL)
        return child->is_refused ? HV_CHILD_ENDED : HV_CHILD_STARTING;
    if (guest->life.activity == GUEST_ENDED)
        return HV_CHILD_ENDED;
    return guest->life.activity == GUEST_HALTED || guest->life.activity == GUEST_SPINNING ? HV_CHILD_IDLE
                                                                                          : HV_CHILD_RUNNING;
}

static uint32_t end_of(const struct child *child, const struct guest *guest)
{
    if (guest == NULL)
        return child->is_refused ? HV_END_REFUSED : HV_END_NONE;
    switch (guest->life.end) {
    case GUEST_END_NONE: return HV_END_NONE;
    case GUEST_END_EXIT: return HV_END_EXIT;
    case GUEST_END_CRASH: return HV_END_CRASH;
    default: return HV_END_KILL;
    }
}

/* child: NULL when a guest asks about itself. */
static struct hv_listed_child list_child(const struct child *child, const struct guest *guest)
{
    struct hv_listed_child listed = {
        .id = child != NULL ? child->id : guest->life.id,
        .state = state_of(child, guest),
        .end = end_of(child, guest),
    };

    if (child != NULL && child->parent->family.lent_to == child)
        listed.flags |= HV_CHILD_HAS_VIEW;
    if (guest != NULL ? guest->family.rights.control : child->rights.control)
        listed.flags |= HV_CHILD_HAS_CONTROL;
    if (guest != NULL) {
        listed.status = guest->life.status;
        listed.flags |= guest->life.paused ? HV_CHILD_IS_PAUSED : 0;
    }
    return listed;
}

static void describe_guest(struct hv_child *shown, const struct guest *guest)
{
    bool has_ended = guest->life.activity == GUEST_ENDED;
    const struct family *family = &guest->family;

    shown->memory_kib = has_ended ? 0 : guest->ram.bytes / KIB;
    shown->touched_kib = has_ended ? 0 : guest->ram.backed_count * (uint32_t)(PAGE_SIZE / KIB);
    shown->shared_kib = has_ended ? 0 : guest->ram.shared_count * (uint32_t)(PAGE_SIZE / KIB);
    shown->children = family->below.children;
    shown->children_max = family->rights.most.children;
    shown->children_kib = (uint32_t)(family->below.memory_bytes / KIB);
    shown->children_kib_max = (uint32_t)(family->rights.most.memory_bytes / KIB);
    shown->depth = family->depth;
    shown->started_ns = guest->life.started_ns;
    shown->ended_ns = guest->life.ended_ns;
    shown->run_ns = guest->turns.run_ns;
    shown->hypercalls = guest_hypercall_count(guest);
    shown->events = guest->event_count;
    shown->hidden_faults = guest->hidden_fault_count;
    (void)text_copy(shown->name, sizeof(shown->name), guest->life.name);
    (void)text_copy(shown->reason, sizeof(shown->reason), guest->life.reason);
}

static void tell_child(struct target *to, const struct child *child, const struct guest *guest)
{
    struct hv_child shown = { .id = 0 };
    struct hv_listed_child listed = list_child(child, guest);

    memcpy(&shown, &listed, sizeof(listed));
    if (guest != NULL) {
        describe_guest(&shown, guest);
    } else {
        (void)text_copy(shown.name, sizeof(shown.name), child->name);
        (void)text_copy(shown.reason, sizeof(shown.reason), child->reason);
    }
    if (put_answer(to, &shown, sizeof(shown)))
        to->guest->state.frame.eax = sizeof(shown);
}

static void tell_report(struct target *to, const struct guest *guest)
{
    const char *report = guest != NULL ? guest->life.report : "";
    size_t bytes = strlen(report) + 1;

    if (put_answer(to, report, bytes))
        to->guest->state.frame.eax = (uint32_t)bytes;
}

static void tell_console(struct target *to, struct guest *guest)
{
    struct vcon *vcon = &guest->console.vcon;
    uint16_t row[HV_CONSOLE_COLS];

    vcon_settle(vcon);
    uint32_t cursor[2] = { vcon->row, vcon->column };
    bool is_told = put_answer(to, cursor, sizeof(cursor));
    for (unsigned i = 0; is_told && i < HV_CONSOLE_ROWS; i++) {
        vcon_read_row(vcon, i, row);
        is_told = put_answer(to, row, sizeof(row));
    }
    if (is_told)
        to->guest->state.frame.eax = sizeof(struct hv_console);
}

static void refuse_call(struct guest *guest, int32_t error)
{
    guest->state.frame.eax = (uint32_t)error;
}

void call_state(struct guest *guest, const uint32_t *arguments)
{
    uint32_t id = arguments[0], what = arguments[1];
    struct target to = { guest, "state", arguments[2], arguments[3] };
    const struct child *child = id != 0 ? family_find(guest, id) : NULL;

    if (what > HV_STATE_CONSOLE || (id == 0 && what != HV_STATE_CHILD))
        refuse_call(guest, HV_ERROR_ARGUMENT);
    else if (id == 0)
        tell_child(&to, NULL, guest);
    else if (child == NULL)
        refuse_call(guest, HV_ERROR_NO_CHILD);
    else if (what == HV_STATE_CHILD)
        tell_child(&to, child, child->guest);
    else if (what == HV_STATE_REPORT)
        tell_report(&to, child->guest);
    else if (child->guest == NULL)
        refuse_call(guest, HV_ERROR_STATE);
    else
        tell_console(&to, child->guest);
}

/* How many were stored; -1: the guest crashed. Bound: all images (images_next), whatever from is. */
static int list_images(struct target *to, uint32_t from, uint32_t count)
{
    struct images_position position = { .without_tests = true };
    struct image_file file;
    uint32_t index = 0, stored = 0;

    while (stored < count && images_next(&position, &file)) {
        if (!file.runnable || index++ < from)
            continue;
        struct hv_listed_image listed = { .index = index - 1, .bytes = (uint32_t)file.image_bytes };
        (void)text_copy(listed.name, sizeof(listed.name), file.name);
        if (!put_answer(to, &listed, sizeof(listed)))
            return -1;
        stored++;
    }
    return (int)stored;
}

/* Bound: HV_CHILDREN_MAX. */
static int list_children(struct target *to, uint32_t from, uint32_t count)
{
    const struct child *child = to->guest->family.children;
    uint32_t stored = 0;

    for (; child != NULL && stored < count; child = child->next) {
        if (child->id < from)
            continue;
        struct hv_listed_child listed = list_child(child, child->guest);
        if (!put_answer(to, &listed, sizeof(listed)))
            return -1;
        stored++;
    }
    return (int)stored;
}

void call_list(struct guest *guest, const uint32_t *arguments)
{
    uint32_t what = arguments[0], count = arguments[3] < HV_LIST_MOST ? arguments[3] : HV_LIST_MOST;
    struct target to = { guest, "list", arguments[2], UINT32_MAX };

    if (what > HV_LIST_CHILDREN) {
        refuse_call(guest, HV_ERROR_ARGUMENT);
        return;
    }
    int stored = what == HV_LIST_IMAGES ? list_images(&to, arguments[1], count)
                                        : list_children(&to, arguments[1], count);
    if (stored >= 0)
        guest->state.frame.eax = (uint32_t)stored;
}
