/*
 * test_jobs.c - the guests that the operator started: what a virtual PC was given is his as long as a copy of it needs
 * it, though the PC ends and is forgotten meanwhile. Frames come from the host's heap, so that ASan sees who reads one
 * that was given back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/frames.h"
#include "base/log.h"
#include "guest/clone.h"
#include "guest/images.h"
#include "guest/strict.h"
#include "guest/trace.h"
#include "monitor/jobs.h"
#include "monitor/jobs_tell.h"
#include "monitor/shell_output.h"
#include "monitor/tap.h"
#include "monitor/typist.h"

#define GUESTS 12u
#define KEPT 8u             /* ended ones, before the oldest goes */

static struct guest guests[GUESTS];
static struct request *posted;
static struct clone *copying;
static uint32_t released;
static unsigned frames;

struct console *console_shown;

hpa_t frames_alloc(void)
{
    frames++;
    return ptr_to_hpa(aligned_alloc(PAGE_SIZE, PAGE_SIZE));
}

void frames_free(hpa_t frame)
{
    frames--;
    free(hpa_to_ptr(frame));
}

uint64_t frames_count_free(void)
{
    return 0;                       /* none for rows */
}

uint64_t frames_count_total(void)
{
    return 1;
}

struct guest *guest_find(uint32_t id)
{
    return id >= 1 && id <= GUESTS && id != released ? &guests[id - 1] : NULL;
}

bool guest_log_rows(struct guest *guest)
{
    (void)guest;
    return true;
}

struct guest *clone_find_snapshot(const char *name)
{
    (void)name;
    return NULL;
}

bool equip_find(const struct equip *equip, struct request_start *start, struct guest_equipment *equipment,
                char *reason)
{
    (void)equip, (void)start, (void)equipment, (void)reason;
    return true;
}

void family_adopt(struct guest *guest)
{
    (void)guest;
}

bool images_find(const char *name, struct image_file *file)
{
    *file = (struct image_file){ .runnable = true };
    strcpy(file->name, name);
    return true;
}

bool images_next(struct images_position *position, struct image_file *file)
{
    (void)position, (void)file;
    return false;
}

void jobs_tell_debug(struct guest *guest)
{
    (void)guest;
}

void jobs_tell_end(const struct guest *guest, bool is_watched)
{
    (void)guest, (void)is_watched;
}

void log_write(enum log_level level, const char *format, ...)
{
    (void)level, (void)format;
}

void request_post(struct request *request)
{
    posted = request;
}

bool request_clone(struct request *request, struct guest *source, struct clone *clone)
{
    request->kind = REQUEST_CLONE;
    request->guest = source;
    copying = clone;
    posted = request;
    return true;
}

void request_end(struct guest *guest, bool is_timeout)
{
    (void)is_timeout;
    guest->life.activity = GUEST_ENDED;
}

void request_release(struct guest *guest)
{
    released = guest->life.id;
}

void request_view(struct console *console)
{
    (void)console;
}

void scrollback_init(struct scrollback *history, void *(*get_page)(size_t bytes))
{
    (void)history, (void)get_page;
}

struct console *shell_console(void)
{
    return NULL;
}

void shell_hold(bool hold)
{
    (void)hold;
}

bool shell_is_held(void)
{
    return false;
}

void shell_print(const char *format, ...)
{
    (void)format;
}

bool shell_shows_picture(void)
{
    return false;
}

void strict_enable(struct guest *guest)
{
    (void)guest;
}

bool tap_is_open(void)
{
    return false;
}

bool trace_enable(struct guest *guest)
{
    (void)guest;
    return true;
}

void typist_launched(const struct guest *guest, int autorun, uint64_t now_ns)
{
    (void)guest, (void)autorun, (void)now_ns;
}

static void run(uint32_t id, const struct jobs_options *options)
{
    jobs_start("kernel", NULL, options);
    guests[id - 1].life = (struct guest_life){ .id = id, .activity = GUEST_READY };
    posted->guest = &guests[id - 1];
    posted->answer(posted, 1);
}

static void what_a_copy_was_given_outlives_its_source(void **state)
{
    (void)state;
    char typed[] = "console=ttyS0 quiet";
    struct jobs_options options = jobs_defaults();

    options.equip = (struct equip){ .is_machine = true, .texts = { [EQUIP_CMDLINE] = typed } };
    run(1, &options);
    assert_int_equal(frames, 1);
    memset(typed, '?', sizeof(typed));              /* the line that it stood on has gone */
    for (uint32_t id = 2; id <= KEPT + 1; id++)
        run(id, &(struct jobs_options){ .memory_bytes = PAGE_SIZE });
    jobs_clone(&guests[0], NULL, false);
    for (uint32_t id = 1; id <= KEPT + 1; id++)
        guests[id - 1].life.activity = GUEST_ENDED;
    jobs_pump();                                    /* all are told of, and the oldest is forgotten */
    assert_int_equal(released, 1);
    assert_int_equal(frames, 0);
    copying->copy = &guests[KEPT + 1];
    copying->copy->life = (struct guest_life){ .id = KEPT + 2, .activity = GUEST_READY };
    posted->answer(posted, 2);
    assert_string_equal(jobs_options(KEPT + 2).equip.texts[EQUIP_CMDLINE], "console=ttyS0 quiet");
    assert_int_equal(frames, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_copy_was_given_outlives_its_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
