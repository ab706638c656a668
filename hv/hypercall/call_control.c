/*
 * call_control.c - hv_start, hv_clone, hv_signal and hv_view, by which a guest has children (docs/abi.md "Control
 * calls").
 *
 * What a program might pass on is an error for the guest to see; only memory that the guest itself could not use ends
 * it. Nothing is carried out here but what concerns records: the rest is requests, for which the caller gives way.
 */
#include "base/string.h"
#include "base/text.h"
#include "guest/family.h"
#include "guest/gmem.h"
#include "guest/guest.h"
#include "guest/image_name.h"
#include "guest/images.h"
#include "hypercall/calls.h"
#include "pagetable/vmap.h"

#define KIB 1024u

static void answer(struct guest *guest, int32_t value)
{
    guest->state.frame.eax = (uint32_t)value;
}

/*
 * What was asked for is done between two turns, so this one ends here: a guest that waits for its output also gives
 * way, and goes on behind the next look. Then nothing has to look for requests while guests run.
 */
static void stand_back(struct guest *guest)
{
    if (guest->life.activity == GUEST_READY)
        guest->life.activity = GUEST_BLOCKED;
}

/* A NUL-terminated name. False: the guest crashed. is_name: it is fit for a guest. */
static bool read_name(struct guest *guest, uint32_t from, char name[HV_NAME_BYTES], bool *is_name)
{
    char text[HV_NAME_BYTES];
    unsigned length = 0;
    gva_t bad;

    do {
        if (!gmem_read(guest, GVA(from + length), &text[length], 1, &bad)) {
            call_crash(guest, "hv_start: the name at 0x%08x cannot be read at 0x%08x", from, bad.v);
            return false;
        }
    } while (text[length] != '\0' && ++length < sizeof(text));
    *is_name = length < sizeof(text) && image_name_parse(text, name) == NULL;
    return true;
}

static uint32_t asked_memory(const struct hv_start *start)
{
    return start->memory_kib != 0 ? start->memory_kib * KIB : GUEST_MEMORY_DEFAULT;
}

/* What is wrong with the numbers of a start, or 0. */
static int32_t check_start(const struct guest *guest, const struct hv_start *start)
{
    uint64_t memory_bytes = (uint64_t)start->memory_kib * KIB;
    bool is_bad_image = start->image != 0 && (start->image_bytes == 0 || start->image_bytes > HV_START_IMAGE_MAX);

    if ((start->flags & ~HV_START_FLAGS) != 0 || is_bad_image || memory_bytes % PAGE_SIZE != 0 ||
        memory_bytes > (uint64_t)HV_MAX_GVA + 1)
        return HV_ERROR_ARGUMENT;
    if (start->image != 0 && family_has_copy(guest))
        return HV_ERROR_BUSY;
    return family_check(guest, asked_memory(start));
}

/* The image that is meant; the caller's own is copied, so that it may change it. False: the guest crashed. */
static bool take_image(struct guest *guest, const struct hv_start *start, struct family_wish *wish, int32_t *error)
{
    struct image_file file;
    gva_t bad;

    if (start->image == 0) {
        *error = images_find(wish->name, &file) ? 0 : HV_ERROR_NO_IMAGE;
        wish->image = file.image;
        wish->image_bytes = file.image_bytes;
        return true;
    }
    wish->image = wish->copy = vmap_alloc(start->image_bytes);
    wish->image_bytes = start->image_bytes;
    *error = wish->copy != NULL ? 0 : HV_ERROR_NO_ROOM;
    if (wish->copy == NULL || gmem_read(guest, GVA(start->image), wish->copy, start->image_bytes, &bad))
        return true;
    vmap_free(wish->copy);
    call_crash(guest, "hv_start: the image of %u bytes at 0x%08x cannot be read at 0x%08x", start->image_bytes,
               start->image, bad.v);
    return false;
}

void call_start(struct guest *guest, const uint32_t *arguments)
{
    struct hv_start start = { .name = 0 };
    size_t bytes = arguments[1] < sizeof(start) ? arguments[1] : sizeof(start);
    struct family_wish wish = { .copy = NULL };
    char name[HV_NAME_BYTES];
    bool is_name;
    gva_t bad;

    if (!gmem_read(guest, GVA(arguments[0]), &start, bytes, &bad)) {
        call_crash(guest, "hv_start(0x%08x, %u): 0x%08x cannot be read", arguments[0], arguments[1], bad.v);
        return;
    }
    if (!read_name(guest, start.name, name, &is_name))
        return;
    int32_t error = is_name ? check_start(guest, &start) : HV_ERROR_ARGUMENT;
    wish.name = name;
    if (error == 0 && !take_image(guest, &start, &wish, &error))
        return;
    if (error != 0) {
        answer(guest, error);
        return;
    }
    wish.memory_bytes = asked_memory(&start);
    wish.wants_view = (start.flags & HV_START_VIEW) != 0;
    wish.rights.control = (start.flags & HV_START_CONTROL) != 0;
    wish.rights.most = (struct family_sum){ start.children, (uint64_t)start.children_kib * KIB };
    int32_t id = family_start(guest, &wish);
    answer(guest, id);
    if (id > 0)
        stand_back(guest);
    else if (wish.copy != NULL)
        vmap_free(wish.copy);
}

/* 0, or an error. */
static int32_t ask_for_copy(struct guest *guest, struct guest *source, bool is_paused)
{
    if (source == NULL || source->life.activity == GUEST_ENDED)
        return HV_ERROR_STATE;
    int32_t error = family_check(guest, source->ram.bytes);
    return error != 0 ? error : family_clone(guest, source, is_paused ? GUEST_PAUSED_BY_PARENT : 0);
}

void call_clone(struct guest *guest, const uint32_t *arguments)
{
    const struct child *child = arguments[0] != 0 ? family_find(guest, arguments[0]) : NULL;
    int32_t value;

    if ((arguments[1] & ~(uint32_t)HV_CLONE_FLAGS) != 0)
        value = HV_ERROR_ARGUMENT;
    else if (arguments[0] != 0 && child == NULL)
        value = HV_ERROR_NO_CHILD;
    else
        value = ask_for_copy(guest, child != NULL ? child->guest : guest, (arguments[1] & HV_CLONE_PAUSED) != 0);
    answer(guest, value);
    if (value > 0)
        stand_back(guest);
}

/* 0, or an error. */
static int32_t pause_child(struct child *child, bool pauses)
{
    struct guest *guest = child->guest;

    if (guest == NULL || guest->life.activity == GUEST_ENDED)
        return HV_ERROR_STATE;
    guest->life.paused = (uint8_t)((guest->life.paused & ~GUEST_PAUSED_BY_PARENT) |
                                   (pauses ? GUEST_PAUSED_BY_PARENT : 0));
    (void)text_copy(guest->console.state, sizeof(guest->console.state), guest->life.paused ? "paused" : "running");
    return 0;
}

void call_signal(struct guest *guest, const uint32_t *arguments)
{
    struct child *child = family_find(guest, arguments[0]);
    int32_t value = 0;

    if (child == NULL)
        value = HV_ERROR_NO_CHILD;
    else if (arguments[1] == HV_SIGNAL_END)
        family_end(child);
    else if (arguments[1] == HV_SIGNAL_FORGET)
        family_forget(child);
    else if (arguments[1] == HV_SIGNAL_PAUSE || arguments[1] == HV_SIGNAL_RESUME)
        value = pause_child(child, arguments[1] == HV_SIGNAL_PAUSE);
    else
        value = HV_ERROR_ARGUMENT;
    answer(guest, value);
    if (value == 0)
        stand_back(guest);
}

void call_view(struct guest *guest, const uint32_t *arguments)
{
    struct child *child = arguments[0] != 0 ? family_find(guest, arguments[0]) : NULL;
    int32_t value = 0;

    if (arguments[0] != 0 && child == NULL)
        value = HV_ERROR_NO_CHILD;
    else if (child != NULL && (child->guest == NULL || child->guest->life.activity == GUEST_ENDED))
        value = HV_ERROR_STATE;
    else
        family_lend(guest, child);
    answer(guest, value);
    if (value == 0)
        stand_back(guest);
}
