/*
 * fake_plan.c - the layers of fake_plan.h, and what each guest does.
 */
#include "fake_plan.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/frames.h"
#include "base/log.h"
#include "guest/balloon.h"
#include "guest/request.h"
#include "io/input.h"
#include "io/power.h"
#include "io/serial.h"
#include "vpc/machine.h"
#include "monitor/console_dump.h"
#include "guest/images.h"
#include "guest/launch.h"
#include "monitor/typist.h"

/* What a guest with this name does. */
struct script {
    const char *name;
    unsigned rows;              /* printed at launch */
    uint64_t ends_after_ms;     /* 0: never */
    enum guest_end end;
    int32_t status;
};

static const struct script scripts[] = {
    { "hello", 1, 3, GUEST_END_EXIT, 0 },     { "seven", 2, 50, GUEST_END_EXIT, 7 },
    { "crash", 1, 20, GUEST_END_CRASH, (int32_t)HV_STATUS_CRASH }, { "spin", 0, 0, GUEST_END_NONE, 0 },
    { "chatty", 3000, 5, GUEST_END_EXIT, 0 }, { "bad", 0, 0, GUEST_END_NONE, 0 },
    { "mute", 3, 0, GUEST_END_NONE, 0 },
};

struct guest guests[GUESTS];
unsigned guest_count, released_count;
uint64_t now_ns;
char stream[1 << 20];
size_t stream_bytes, line_room;
bool uses_serial, uses_run_loop, logs_on_release;
bool is_strict[GUESTS], is_traced[GUESTS], keeps_rows[GUESTS];
struct console *console_shown;
unsigned dumps, judging_frames, judged;
int leak;
uint32_t exit_code;
jmp_buf machine_off;
static const struct script *guest_scripts[GUESTS];
static unsigned rows_left[GUESTS];
static bool prints_debug[GUESTS];

static bool find_console(const char *name, struct image_file *file)
{
    static const char wanted[] = "wanted\n";
    static char long_line[100];

    memset(long_line, 'x', sizeof(long_line));
    if (strcmp(name, "want.txt") != 0 && strcmp(name, "wide") != 0)
        return false;
    *file = strcmp(name, "wide") == 0 ? (struct image_file){ .image = long_line, .image_bytes = sizeof(long_line) }
                                     : (struct image_file){ .image = wanted, .image_bytes = strlen(wanted) };
    return true;
}

bool images_find(const char *name, struct image_file *file)
{
    if (find_console(name, file))
        return true;
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        if (strcmp(scripts[i].name, name) != 0)
            continue;
        *file = (struct image_file){ .runnable = true, .image = &scripts[i], .image_bytes = sizeof(scripts[i]) };
        strcpy(file->name, name);
        return true;
    }
    return false;
}

/* Aligned, as a frame is, and nothing but a test's. */
hpa_t frames_alloc(void)
{
    judging_frames++;
    judged++;
    return ptr_to_hpa(aligned_alloc(PAGE_SIZE, PAGE_SIZE));
}

void frames_free(hpa_t frame)
{
    judging_frames--;
    free(hpa_to_ptr(frame));
}

void clock_seed(struct guest *guest, uint32_t seed, uint64_t tick_ns)
{
    REQUIRE(tick_ns == 20 * NS_PER_MS);
    guest->state.clock.seed = seed;
}

bool trace_enable(struct guest *guest)
{
    is_traced[guest - guests] = true;
    return true;
}

bool trace_channel_waits(void)
{
    return false;
}

void trace_channel_send_all(void)
{
}

void strict_enable(struct guest *guest)
{
    is_strict[guest - guests] = true;
}

bool guest_log_rows(struct guest *guest)
{
    guest->console.vcon.log = &guest->row_log;
    return strcmp(guest->life.name, "mute") != 0;
}

void jobs_keep_rows(struct guest *guest)
{
    keeps_rows[guest - guests] = true;
}

void tick_use_run_loop(void)
{
    uses_run_loop = true;
}

const struct guest_kind machine_interp = { .check = NULL }, machine_svm = { .check = NULL };

/* The operator's guests cost nobody's time. */
uint64_t timer_now_ns(void)
{
    fail();
    return 0;
}

bool balloon_launch_waits(uint64_t at_ns)
{
    (void)at_ns;
    return false;
}

bool launch_step(const struct request_start *start, struct guest **made, uint32_t *steps)
{
    --*steps;
    *made = NULL;
    assert_int_equal(start->id, 0);
    if (strcmp(start->name, "bad") == 0) {
        strcpy(start->reason, "not an ELF file");
        return true;
    }
    REQUIRE(guest_count < GUESTS);
    struct guest *guest = *made = &guests[guest_count];
    guest_scripts[guest_count] = start->image;
    rows_left[guest_count] = guest_scripts[guest_count]->rows;
    prints_debug[guest_count] = start->debug_print;
    strcpy(guest->life.name, start->name);
    guest->life.report = "";
    guest->life.id = ++guest_count;
    guest->console.number = guest->life.id;
    guest->life.started_ns = guest->turns.ready_since_ns = now_ns;
    guest_stir(guest);
    return true;
}

void launch_withdraw(void)
{
    fail();
}

static void end_guest(struct guest *guest, enum guest_end end, int32_t status)
{
    if (guest->life.activity == GUEST_ENDED)
        return;
    guest->life.activity = GUEST_ENDED;
    guest->life.end = end;
    guest->life.status = status;
    guest->life.ended_ns = now_ns;
    if (end == GUEST_END_CRASH) {
        strcpy(guest->life.reason, "#DE at 0x00100ec3");
        strcpy(guest->life.registers, "eax=0");
        guest->life.report = "what happened\n\nok 1 - what to look at\0";     /* and no more behind it */
    }
    guest_stir(guest);
}

void guest_end_timeout(struct guest *guest)
{
    end_guest(guest, GUEST_END_TIMEOUT, 0);
}

void guest_kill(struct guest *guest)
{
    end_guest(guest, GUEST_END_KILL, 0);
}

void guest_release(struct guest *guest)
{
    REQUIRE(guest->life.activity == GUEST_ENDED);
    released_count++;
    if (logs_on_release)
        log_info("released");
}

/* The memory of the last of them comes back a little later: it is no leak. */
bool reclaim_waits(void)
{
    static unsigned passes;

    return passes++ % 8 != 7;
}

int rowlog_take(struct rowlog *log, const uint8_t **text)
{
    static char row[VCON_COLS];

    for (unsigned i = 0; i < guest_count; i++) {
        if (&guests[i].row_log == log && prints_debug[i]) {
            prints_debug[i] = false;
            *text = (const uint8_t *)"\x0Bok 1 - \nshy";
            return VCON_COLS + 1;
        }
        if (&guests[i].row_log != log || rows_left[i] == 0)
            continue;
        *text = (const uint8_t *)row;
        return snprintf(row, VCON_COLS, "row %u of %s", guest_scripts[i]->rows - rows_left[i]--,
                        guests[i].life.name);
    }
    return -1;
}

bool rowlog_waits(const struct rowlog *log)
{
    for (unsigned i = 0; i < guest_count; i++)
        if (&guests[i].row_log == log)
            return prints_debug[i] || rows_left[i] != 0;
    return false;
}

void rowlog_still(struct vcon *console, uint64_t at_ns, bool all)
{
    (void)console, (void)at_ns, (void)all;
}

void vcon_render_pending(struct vcon *console)
{
    console->pending_bytes = 0;
}

bool vcon_settle_at_once(struct vcon *console)
{
    (void)console;
    return true;
}

void *room_take(size_t bytes)
{
    return calloc(1, bytes);
}

/* The monitor's rows and its refusals get memory during the plan: no leak. */
uint64_t room_frames_held(void)
{
    return released_count < 2 ? 1 : 4;
}

/* A USB device is pulled out during the plan, another time two come: no leak. */
uint64_t usb_frames_held(void)
{
    return released_count == 0 ? 3 : guest_count % 2 ? 2 : 5;
}

uint64_t frames_count_free(void)
{
    return 1000 - room_frames_held() - usb_frames_held() -
           (uint64_t)(released_count == guest_count && guest_count > 0 ? leak : 0);
}

size_t serial_tx(const char *bytes, size_t length)
{
    size_t taken = length < line_room ? length : line_room;
    REQUIRE(stream_bytes + taken < sizeof(stream));
    memcpy(stream + stream_bytes, bytes, taken);
    stream_bytes += taken;
    line_room -= taken;
    return taken;
}

void serial_drain(unsigned limit_ms)
{
    (void)limit_ms;
}

void input_use_serial(bool use)
{
    uses_serial = use;
}

void console_view(struct console *console)
{
    console_shown = console;
}

void console_attach(struct console *console)
{
    REQUIRE(console->key != NULL);
}

void console_detach(struct console *console)
{
    (void)console;
}

void console_flush(unsigned limit_ms)
{
    (void)limit_ms;
}

void dump_console(unsigned number, const char *name, const struct vcon *console)
{
    (void)name, (void)console;
    REQUIRE(number == ++dumps);
}

void typist_waits(const struct guest *guest)
{
    (void)guest;
}

void typist_launched(const struct guest *guest, int autorun, uint64_t at_ns)
{
    (void)guest, (void)autorun, (void)at_ns;
}

void power_debug_exit(uint32_t code)
{
    exit_code = code;
}

void power_off(void)
{
    longjmp(machine_off, 1);
}

void power_reset(void)
{
    longjmp(machine_off, 2);
}

/* A look ends, as in service.c, and guests have their turns. */
void step_guests(void)
{
    for (unsigned i = 0; i < guest_count; i++) {
        const struct script *script = guest_scripts[i];
        if (prints_debug[i] || rows_left[i] != 0)
            guest_stir(&guests[i]);
        else
            guest_calm_if_seen(&guests[i]);
        if (script->ends_after_ms != 0 && now_ns >= guests[i].life.started_ns + script->ends_after_ms * NS_PER_MS)
            end_guest(&guests[i], script->end, script->status);
    }
}
