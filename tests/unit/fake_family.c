/*
 * fake_family.c - stands in for the parts of guest.c that make and end guests, and for vmap.c, images.c and console.c:
 * guests are memory of their own, so that the sanitizer sees who touches one that is gone.
 */
#include "fake_family.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guest/balloon.h"
#include "guest/clone.h"
#include "guest/images.h"
#include "guest/launch.h"
#include "pagetable/vmap.h"

uint64_t fake_piece_ns, fake_passed_ns;
unsigned fake_guest_count, fake_block_count, fake_no_room, fake_no_copy, fake_unknown_images;
struct guest *fake_newest;
const struct request_start *fake_launch;
struct console *console_shown;
static uint32_t last_id = 100;

/* Not looked at: launch_step is here. */
static const struct guest_kind interpreted = { .check = NULL }, executed = { .check = NULL };
const struct guest_kind *const guest_engines[HV_ENGINES] = { NULL, &interpreted, &executed };

bool balloon_launch_waits(uint64_t now_ns)
{
    (void)now_ns;
    return false;
}

void *vmap_alloc(size_t bytes)
{
    if (fake_no_room > 0) {
        fake_no_room--;
        return NULL;
    }
    fake_block_count++;
    return calloc(1, bytes);
}

void vmap_free(void *memory)
{
    fake_block_count--;
    free(memory);
}

uint32_t guest_new_id(void)
{
    return ++last_id;
}

/* A launch has two pieces; with one step left it stops after the first. */
bool launch_step(const struct request_start *start, struct guest **guest, uint32_t *steps)
{
    *guest = NULL;
    assert_non_null(start->image);
    assert_true(start->image_bytes > 0);
    assert_true(fake_launch == NULL || fake_launch == start);
    if (start->memory_bytes == FAKE_REFUSED_SIZE) {
        strcpy(start->reason, "too small for it");
        return true;
    }
    fake_passed_ns += fake_piece_ns;
    --*steps;
    if (fake_launch == NULL && *steps == 0) {
        fake_launch = start;
        return false;
    }
    fake_launch = NULL;
    struct guest *made = *guest = calloc(1, sizeof(*made));
    fake_guest_count++;
    made->life.id = start->id;
    strcpy(made->life.name, start->name);
    made->life.report = "";
    made->ram.bytes = start->memory_bytes;
    made->console.owner = made;
    fake_newest = made;
    return true;
}

/* A copy has two pieces, too; between them its source is held. */
bool clone_step(struct guest *source, struct clone *clone, uint32_t *steps)
{
    fake_passed_ns += fake_piece_ns;
    if (clone->copy == NULL) {
        if (clone->is_withdrawn || source->life.activity == GUEST_ENDED || fake_no_copy > 0) {
            fake_no_copy -= fake_no_copy > 0;
            strcpy(clone->reason, "no copy of it");
            return true;
        }
        clone->copy = calloc(1, sizeof(*clone->copy));
        source->life.paused |= GUEST_PAUSED_BY_HOLD;
        fake_guest_count++;
        --*steps;
    }
    if (*steps == 0)
        return false;
    --*steps;
    source->life.paused &= (uint8_t)~GUEST_PAUSED_BY_HOLD;
    struct guest *made = clone->copy;
    made->state = source->state;
    made->life.id = clone->id;
    strcpy(made->life.name, clone->name);
    made->life.report = "";
    made->life.paused = clone->paused;
    made->ram.bytes = source->ram.bytes;
    made->console.owner = made;
    made->family.rights = source->family.rights;
    fake_newest = made;
    return true;
}

void launch_withdraw(void)
{
    fake_launch = NULL;
}

static void end(struct guest *who, enum guest_end how, int32_t status)
{
    if (who->life.activity == GUEST_ENDED)
        return;
    who->life.activity = GUEST_ENDED;
    who->life.end = how;
    who->life.status = status;
    if (who->family.ended != NULL)
        who->family.ended(who);
}

void fake_exit(struct guest *who, int32_t status)
{
    end(who, GUEST_END_EXIT, status);
}

void guest_kill(struct guest *who)
{
    end(who, GUEST_END_KILL, 0);
}

void guest_end_timeout(struct guest *who)
{
    end(who, GUEST_END_TIMEOUT, 0);
}

void guest_release(struct guest *who)
{
    assert_int_equal(who->life.activity, GUEST_ENDED);
    assert_null(who->family.record);
    assert_null(who->family.children);
    if (console_shown == &who->console)
        console_shown = NULL;
    fake_guest_count--;
    guest_calm(who);        /* as guest_bury */
    free(who);
}

void console_view(struct console *console)
{
    console_shown = console;
    if (console->viewed != NULL)
        console->viewed(console->owner);
}

bool images_next(struct images_position *position, struct image_file *file)
{
    static const struct image_file files[] = {
        { .name = FAKE_OTHER, .runnable = true, .image = "other", .image_bytes = 5 },
        { .name = "of-a-test", .runnable = true, .for_tests = true, .image = "test", .image_bytes = 4 },
        { .name = "not to be run?", .image = "none", .image_bytes = 4 },
        { .name = FAKE_IMAGE, .runnable = true, .image = "the elf", .image_bytes = FAKE_IMAGE_BYTES },
    };

    while (position->file < sizeof(files) / sizeof(files[0])) {
        *file = files[position->file++];
        if (!position->without_tests || !file->for_tests)
            return true;
    }
    return false;
}

enum images_search images_search(const char *name, unsigned count, struct image_file *file)
{
    struct images_position position = { 0 };

    fake_unknown_images -= count < fake_unknown_images ? count : fake_unknown_images;
    if (fake_unknown_images > 0)
        return IMAGES_MORE;
    while (images_next(&position, file))
        if (file->runnable && strcmp(file->name, name) == 0)
            return IMAGES_FOUND;
    return IMAGES_NONE;
}

void vcon_read_row(const struct vcon *console, unsigned row, uint16_t cells[VCON_COLS])
{
    (void)console;
    for (unsigned column = 0; column < VCON_COLS; column++)
        cells[column] = (uint16_t)(100 * row + column);
}
