/*
 * autorun_snapshot.c - see autorun_snapshot.h.
 */
#include "monitor/autorun_snapshot.h"

#include <stddef.h>

#include "base/frames.h"
#include "base/log.h"
#include "base/text.h"
#include "guest/clone.h"
#include "guest/guest.h"
#include "guest/request.h"
#include "monitor/autorun_test.h"
#include "monitor/config.h"
#include "monitor/typist.h"

#define NS_PER_MS 1000000ull
#define STILL_NS (300 * NS_PER_MS)
#define LOOK_NS (20 * NS_PER_MS)

struct autorun_snapshot {
    struct request request;
    struct clone clone;
    char reason[GUEST_REASON_BYTES];
    bool is_done;                   /* clone.copy is there, or there will be none */
    unsigned index;                 /* of the test */
    uint64_t next_ns, still_since_ns;
    uint32_t revision;              /* of the console then */
};

_Static_assert(sizeof(struct autorun_snapshot) <= PAGE_SIZE, "a frame holds it");

bool autorun_snapshot_begin(struct autorun_test *test, const char *name, unsigned index, uint64_t now_ns)
{
    hpa_t frame = frames_alloc();

    if (frame.v == HPA_NONE.v)
        return false;
    test->snapshot = hpa_to_ptr(frame);
    *test->snapshot = (struct autorun_snapshot){ .index = index, .next_ns = now_ns, .still_since_ns = now_ns };
    test->snapshot->clone = (struct clone){ .name = name, .paused = GUEST_PAUSED_SNAPSHOT,
                                            .reason = test->snapshot->reason };
    return true;
}

static bool seems_to_wait(const struct guest *guest)
{
    return (guest->life.activity == GUEST_HALTED || guest->life.activity == GUEST_SPINNING) && !guest->life.paused &&
           (guest->machine != NULL || guest->state.idt[HV_SLOT_KEYBOARD].eip != 0) &&
           guest->state.virq.key_count == 0;
}

/* The answer. The guest goes on, and so does who types to it. */
static void snapshot_came(struct request *request, uint64_t now_ns)
{
    struct autorun_snapshot *snapshot =
        (struct autorun_snapshot *)((char *)request - offsetof(struct autorun_snapshot, request));

    snapshot->is_done = true;
    if (snapshot->clone.copy == NULL)
        log_warn("no snapshot %s: %s", snapshot->clone.name, snapshot->reason);
    typist_launched(request->guest, (int)snapshot->index, now_ns);
    typist_waits(request->guest);
}

void autorun_snapshot_look(struct autorun_test *test, uint64_t now_ns)
{
    struct autorun_snapshot *snapshot = test->snapshot;

    if (snapshot == NULL || snapshot->is_done || snapshot->request.is_queued || now_ns < snapshot->next_ns)
        return;
    snapshot->next_ns = now_ns + LOOK_NS;
    if (!seems_to_wait(test->guest) || snapshot->revision != test->guest->console.vcon.revision) {
        snapshot->revision = test->guest->console.vcon.revision;
        snapshot->still_since_ns = now_ns;
    } else if (now_ns - snapshot->still_since_ns >= STILL_NS) {
        snapshot->request.answer = snapshot_came;
        snapshot->is_done = !request_clone(&snapshot->request, test->guest, &snapshot->clone);
    }
}

uint64_t autorun_snapshot_next_ns(const struct autorun_test *test)
{
    const struct autorun_snapshot *snapshot = test->snapshot;

    return snapshot == NULL || snapshot->is_done || snapshot->request.is_queued ? UINT64_MAX : snapshot->next_ns;
}

bool autorun_snapshot_is_asked(const struct autorun_test *test)
{
    return test->snapshot != NULL && test->snapshot->request.is_queued;
}

bool autorun_snapshot_is_coming(const struct config *plan, const struct autorun_test *tests, unsigned index)
{
    for (unsigned i = 0; plan->has_snapshots && i < index; i++)
        if (text_equal_nocase(plan->autoruns[i].snapshot, config_autorun_image(&plan->autoruns[index])) &&
            tests[i].phase < PHASE_ENDED && (tests[i].snapshot == NULL || !tests[i].snapshot->is_done))
            return true;
    return false;
}

void autorun_snapshot_release(struct autorun_test *test)
{
    if (test->snapshot == NULL)
        return;
    if (test->snapshot->clone.copy != NULL) {
        request_end(test->snapshot->clone.copy, false);
        request_release(test->snapshot->clone.copy);
    }
    frames_free(ptr_to_hpa(test->snapshot));
    test->snapshot = NULL;
}
