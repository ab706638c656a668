/*
 * call_give_back.c - hv_give_back: frames that the guest does not need go back to the machine. docs/abi.md "Beyond the
 * contract".
 *
 * The call may be long work: the tables of the whole guest are looked through. It is done in pieces, one a turn.
 */
#include "guest/guest.h"
#include "hypercall/calls.h"

#define PIECE_STEPS 3000u       /* 0.3 ms of the counting machine */

void call_give_back_on(struct guest *guest)
{
    struct guest_unfinished *rest = &guest->state.unfinished;
    uint32_t steps = PIECE_STEPS;

    (void)gspace_give_back(&guest->space, &rest->at, &rest->left, &steps);
}

void call_give_back(struct guest *guest, const uint32_t *arguments)
{
    uint32_t first = arguments[0], count = arguments[1], frames = guest->ram.frame_count;

    if (first > frames || count > frames - first) {
        guest->state.frame.eax = (uint32_t)HV_ERROR_ARGUMENT;
        return;
    }
    guest->state.frame.eax = 0;
    guest->state.unfinished = (struct guest_unfinished){ .at = first, .left = count, .call = GUEST_GIVE_BACK };
    if (count)
        call_give_back_on(guest);
}
