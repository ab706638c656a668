/*
 * autorun_end.c - the end of a plan, one short step a call: the order of docs/operator.md "The end".
 */
#include "monitor/autorun_end.h"

#include "base/frames.h"
#include "guest/reclaim.h"
#include "guest/request.h"
#include "io/console.h"
#include "io/input.h"
#include "io/power.h"
#include "io/serial.h"
#include "io/usb/usb.h"
#include "monitor/console_dump.h"
#include "monitor/room.h"
#include "monitor/tap.h"
#include "monitor/trace_channel.h"

#define NS_PER_MS 1000000ull
#define DRAIN_MS 5000               /* 16 KiB at 115200 baud take 1.5 s */
#define DEBUG_EXIT_OK 0x10
#define DEBUG_EXIT_NOT_OK 0x11

enum step { STEP_DUMP, STEP_LINGER, STEP_RELEASE, STEP_LAST_LINES, STEP_SEND, STEP_AFTER };

static struct {
    const struct config *plan;
    const struct judge_tally *tally;
    const struct vcon *(*final_console)(unsigned index);
    bool (*release_guests)(void);
    enum step step;
    unsigned dumped;
    uint64_t wake_ns;
    bool ok;
} state;

/* The console that was in view, kept beyond its guest: a screenshot shows the last guest after its end, too. */
static struct console *picture;

void autorun_end_init(const struct config *plan, const struct judge_tally *tally,
                 const struct vcon *(*final_console)(unsigned index), bool (*release_guests)(void))
{
    state.plan = plan;
    state.tally = tally;
    state.final_console = final_console;
    state.release_guests = release_guests;
    console_flush(0);
}

static void ignore_key(void *owner, uint32_t key_word)
{
    (void)owner;
    (void)key_word;
}

static void keep_picture(void)
{
    struct console *in_view = console_in_view();

    if (in_view->number == 0 || (picture = room_take(sizeof(*picture))) == NULL)
        return;
    *picture = *in_view;
    picture->owner = NULL;
    picture->key = ignore_key;
    picture->room = NULL;
    picture->viewed = NULL;
    picture->next = NULL;
    picture->vcon.log = NULL;
    picture->vcon.history = NULL;
    console_attach(picture);
    console_view(picture);
}

static void dump_next(uint64_t now_ns)
{
    if (state.dumped < state.plan->autorun_count) {
        unsigned index = state.dumped++;
        dump_console(index + 1, state.plan->autoruns[index].name, state.final_console(index));
        return;
    }
    if (trace_channel_waits())
        return;
    state.wake_ns = now_ns + state.plan->linger_ms * NS_PER_MS;
    state.step = STEP_LINGER;
}

static void write_last_lines(uint64_t now_ns)
{
    const struct judge_tally *tally = state.tally;
    bool is_unsettled = request_waits() || reclaim_waits();
    struct tapfmt_buffer *buffer = is_unsettled ? NULL : tap_take_buffer(TAPFMT_LINE_BYTES);

    if (buffer == NULL)
        return;
    uint64_t accounted = frames_count_free() + usb_frames_held() + room_frames_held();
    int64_t leaked = (int64_t)(tally->free_frames_before - accounted);
    state.ok = tally->not_ok == 0 && leaked == 0;
    tapfmt_text(buffer, "# leaked frames: %lld\n", (long long)leaked);
    tapfmt_text(buffer, "# cobble: done ok=%u not_ok=%u crashed=%u time_ms=%llu\n", tally->ok, tally->not_ok,
                tally->crashed, (unsigned long long)((now_ns - tally->started_ns) / NS_PER_MS));
    state.step = STEP_SEND;
}

/* Does not come back unless the monitor comes next. */
static void power_off_or_go_on(void)
{
    serial_drain(DRAIN_MS);
    if (state.plan->after == CONFIG_AFTER_POWEROFF) {
        power_debug_exit(state.ok ? DEBUG_EXIT_OK : DEBUG_EXIT_NOT_OK);
        power_off();
    }
    if (state.plan->after == CONFIG_AFTER_REBOOT)
        power_reset();
    tap_close();
    input_use_serial(true);
    if (picture != NULL)
        console_detach(picture);
}

bool autorun_end_pump(uint64_t now_ns)
{
    state.wake_ns = state.step == STEP_LINGER ? state.wake_ns : 0;
    switch (state.step) {
    case STEP_DUMP:
        dump_next(now_ns);
        break;
    case STEP_LINGER:
        if (now_ns < state.wake_ns)
            break;
        keep_picture();
        state.step = STEP_RELEASE;
        break;
    case STEP_RELEASE:
        if (state.release_guests())
            state.step = STEP_LAST_LINES;
        break;
    case STEP_LAST_LINES:
        write_last_lines(now_ns);
        break;
    case STEP_SEND:
        if (!tap_pump())
            state.step = STEP_AFTER;
        break;
    case STEP_AFTER:
        power_off_or_go_on();
        return false;
    }
    return true;
}

unsigned autorun_end_dumped(void)
{
    return state.dumped;
}

bool autorun_end_is_sealed(void)
{
    return state.step > STEP_LAST_LINES;
}

uint64_t autorun_end_next_ns(void)
{
    return state.wake_ns;
}
