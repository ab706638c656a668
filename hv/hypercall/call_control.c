/*
 * call_control.c - hv_clone, hv_signal and hv_view, by which a guest has children (docs/abi.md "Control calls").
 *
 * What a program might pass on is an error for the guest to see; only memory that the guest itself could not use ends
 * it. Nothing is carried out here but what concerns records: the rest is requests, for which the caller gives way.
 */
#include "base/string.h"
#include "base/text.h"
#include "guest/family.h"
#include "guest/guest.h"
#include "hypercall/calls.h"

void call_answer(struct guest *guest, int32_t value)
{
    guest->state.frame.eax = (uint32_t)value;
}

/* A guest that waits for its output also gives way, and goes on behind the next look. */
void call_stand_back(struct guest *guest)
{
    if (guest->life.activity == GUEST_READY)
        guest->life.activity = GUEST_BLOCKED;
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
    call_answer(guest, value);
    if (value > 0)
        call_stand_back(guest);
}

/* 0, or an error. */
static int32_t pause_child(struct child *child, bool pauses)
{
    struct guest *guest = child->guest;

    if (guest == NULL || guest->life.activity == GUEST_ENDED)
        return HV_ERROR_STATE;
    guest->life.paused = (uint8_t)((guest->life.paused & ~GUEST_PAUSED_BY_PARENT) |
                                   (pauses ? GUEST_PAUSED_BY_PARENT : 0));
    guest_stir(guest);
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
    call_answer(guest, value);
    if (value == 0)
        call_stand_back(guest);
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
    call_answer(guest, value);
    if (value == 0)
        call_stand_back(guest);
}
