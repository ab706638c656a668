/*
 * balloon.c - see balloon.h.
 *
 * RAM is backed when it is touched, so a launch takes little, and what runs short is seen in time: while there are
 * still frames for what goes on meanwhile.
 */
#include "guest/balloon.h"

#include "base/frames.h"
#include "guest/guest.h"

#define NS_PER_MS 1000000ull
#define ASK_NS (100 * NS_PER_MS)            /* between two times: who answers has had a turn by then */
#define LAUNCH_NS (300 * NS_PER_MS)         /* a launch waits no longer for an answer */
#define PLENTY_NS (1000 * NS_PER_MS)        /* and behind one that waited, for so long none waits again */
#define LAUNCH_FRAMES 1024u                 /* 4 MiB: more than an image and its tables take */
#define LOW_PART 32u                        /* of all frames: below that memory is short */

static uint64_t ask_again_ns;               /* when whoever is asked may be asked again */
static uint64_t launch_until_ns;            /* launches wait till then; 0: none had to, as memory is plenty */

static bool can_answer(const struct guest *guest)
{
    return guest->life.activity != GUEST_ENDED && !guest->life.paused && guest->family.rights.control &&
           guest->state.idt[HV_SLOT_MESSAGE].eip != 0;
}

/* False: there is nobody to ask. Bound: all guests, some 30 instructions each. */
static bool ask_all(uint64_t now_ns)
{
    bool any = false;

    ask_again_ns = now_ns + ASK_NS;
    for (struct guest *guest = guest_first(); guest; guest = guest->next) {
        if (!can_answer(guest))
            continue;
        virq_raise_message(&guest->state.virq);
        guest_stir(guest);
        any = true;
    }
    return any;
}

void balloon_look(uint64_t now_ns)
{
    if (frames_count_free() >= LAUNCH_FRAMES && now_ns >= launch_until_ns + PLENTY_NS)
        launch_until_ns = 0;
    if (frames_count_free() < frames_count_total() / LOW_PART && now_ns >= ask_again_ns)
        (void)ask_all(now_ns);
}

/*
 * Nobody answered the first launch in time: nobody is waited for again, only asked, until there is memory a second
 * later. Else who gives some back and takes it again would have ends and kills wait behind one launch after the other.
 */
bool balloon_launch_waits(uint64_t now_ns)
{
    if (frames_count_free() >= LAUNCH_FRAMES)
        return false;
    bool is_asked = launch_until_ns != 0 && now_ns < ask_again_ns;
    if (!is_asked && !ask_all(now_ns))
        return false;
    if (launch_until_ns == 0)
        launch_until_ns = now_ns + LAUNCH_NS;
    return now_ns < launch_until_ns;
}
