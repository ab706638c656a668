/*
 * test_commands_list.c - lists of guests and images are written whole and in their order, in pieces of which none is
 * long, whatever guests come, go and are adopted between two of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guest/guest.h"
#include "guest/images.h"
#include "monitor/commands_list.h"
#include "monitor/jobs_tell.h"
#include "monitor/shell_output.h"

#define GUESTS 400u
#define IMAGES 600u
#define ROWS_MOST 64u

static struct guest *guests[GUESTS + 1];        /* by ID; NULL: it went */
static struct child children[GUESTS + 1];
static char out[64 * 1024];
static unsigned rows, looked;

static void link_all(void)
{
    struct guest *next = NULL;

    for (uint32_t id = GUESTS; id > 0; id--)
        if (guests[id] != NULL) {
            guests[id]->next = next;
            next = guests[id];
        }
}

struct guest *guest_first(void)
{
    uint32_t id = 1;

    while (id <= GUESTS && guests[id] == NULL)
        id++;
    return id <= GUESTS ? guests[id] : NULL;
}

struct guest *guest_find(uint32_t id)
{
    return id <= GUESTS ? guests[id] : NULL;
}

struct guest_counts guest_counts(const struct guest *guest)
{
    (void)guest;
    looked++;
    return (struct guest_counts){ .calls = 1 };
}

void jobs_describe(const struct guest *guest, char text[32])
{
    (void)guest;
    strcpy(text, "running");
}

/* Every third is a test's. */
bool images_next(struct images_position *position, struct image_file *file)
{
    if (position->ramdisk == IMAGES)
        return false;
    looked++;
    *file = (struct image_file){ .runnable = true, .for_tests = position->ramdisk % 3 == 0, .image_bytes = 1024 };
    sprintf(file->name, "image_%u", (unsigned)position->ramdisk++);
    return true;
}

void shell_print(const char *format, ...)
{
    va_list arguments;
    size_t at = strlen(out);

    va_start(arguments, format);
    vsnprintf(out + at, sizeof(out) - at - 1, format, arguments);
    va_end(arguments);
    strcat(out, "\n");
    rows++;
}

static int set_up(void **state)
{
    (void)state;
    memset(children, 0, sizeof(children));
    for (uint32_t id = 1; id <= GUESTS; id++) {
        guests[id] = calloc(1, sizeof(*guests[id]));
        guests[id]->life = (struct guest_life){ .id = id, .activity = GUEST_READY };
        sprintf(guests[id]->life.name, "guest_%u", id);
    }
    link_all();
    out[0] = '\0';
    rows = looked = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (uint32_t id = 1; id <= GUESTS; id++) {
        free(guests[id]);
        guests[id] = NULL;
    }
    return 0;
}

/* The last of its children. */
static void make_child(uint32_t parent, uint32_t id)
{
    struct child **link = &guests[parent]->family.children;

    while (*link != NULL)
        link = &(*link)->next;
    *link = &children[id];
    children[id].guest = guests[id];
    guests[id]->family.parent = guests[parent];
    guests[id]->family.record = &children[id];
    guests[id]->family.depth = guests[parent]->family.depth + 1;
}

static void begin(void (*command)(const struct words *words, uint64_t now_ns), const char *pattern)
{
    static struct words words;

    words = (struct words){ .count = pattern != NULL ? 2 : 1, .word = { "", pattern } };
    command(&words, 0);
}

/* So many pieces are left; none writes more than it may. */
static unsigned go_on(void)
{
    unsigned pieces = 0;

    for (; commands_list_goes_on(); pieces++) {
        unsigned before = rows, looked_before = looked;
        commands_list_more();
        assert_in_range(rows - before, 0, ROWS_MOST);
        assert_in_range(looked - looked_before, 0, 256);
    }
    return pieces;
}

static void expect_row(const char *start, bool is_there)
{
    char row[80];

    snprintf(row, sizeof(row), "\n%s ", start);
    assert_int_equal(strstr(out, row) != NULL, is_there);
}

static void all_guests_in_pieces(void **state)
{
    (void)state;
    make_child(3, 5);
    make_child(5, 390);
    begin(commands_list_guests, NULL);
    assert_in_range(rows, 1, ROWS_MOST);
    assert_true(go_on() > 3);
    assert_int_equal(rows, GUESTS + 1);
    assert_non_null(strstr(out, "   3 guest_3"));
    assert_non_null(strstr(out, "\n   5   guest_5 "));
    assert_true(strstr(out, "\n 390     guest_390 ") < strstr(out, "\n   4 guest_4 "));
}

/* The one with which it would go on, and the top above that; and one that is the operator's now. */
static void guests_go_meanwhile(void **state)
{
    (void)state;
    for (uint32_t id = 10; id < 110; id++)
        make_child(9, id);
    make_child(109, 300);
    begin(commands_list_guests, NULL);
    assert_non_null(strstr(out, " 20   guest_20 "));
    assert_null(strstr(out, "guest_100 "));
    for (uint32_t id = 10; id < 110; id++) {        /* all that are below 9 are adopted, and it goes */
        guests[id]->family.parent = NULL;
        guests[id]->family.record = NULL;
    }
    for (uint32_t id = 60; id < 100; id++) {
        free(guests[id]);
        guests[id] = NULL;
    }
    free(guests[9]);
    guests[9] = NULL;
    link_all();
    (void)go_on();
    expect_row(" 100 guest_100", true);
    expect_row(" 300   guest_300", true);
    expect_row(" 400 guest_400", true);
    assert_null(strstr(out, "guest_99 "));
    for (uint32_t id = 53; id < 60; id++) {         /* whoever would have been the next comes once, as a top */
        char name[16];
        sprintf(name, "guest_%u ", id);
        assert_non_null(strstr(out, name));
        assert_null(strstr(strstr(out, name) + 1, name));
    }
}

/* Only the one with which it would go on: the others that are below the same are not left out. */
static void the_next_one_goes_meanwhile(void **state)
{
    (void)state;
    for (uint32_t id = 10; id < 110; id++)
        make_child(9, id);
    begin(commands_list_guests, NULL);
    uint32_t next = rows;                           /* the heading is a row */
    char name[16];
    sprintf(name, "guest_%u ", next);
    assert_null(strstr(out, name));
    children[next - 1].next = &children[next + 1];
    free(guests[next]);
    guests[next] = NULL;
    link_all();
    (void)go_on();
    for (uint32_t id = 1; id <= GUESTS; id++) {
        sprintf(name, "guest_%u ", id);
        assert_int_equal(strstr(out, name) != NULL, id != next);
    }
    assert_int_equal(rows, GUESTS);
}

static void all_images_in_pieces(void **state)
{
    (void)state;
    begin(commands_list_images, "*");
    (void)go_on();
    assert_int_equal(rows, IMAGES + 1);
    out[0] = '\0';
    begin(commands_list_images, NULL);
    assert_true(go_on() > 3);
    assert_non_null(strstr(out, "image_1 "));
    assert_null(strstr(out, "image_3 "));
    assert_non_null(strstr(out, "\nand 200 guests of Cobble's own tests: ls * lists them, too\n"));
}

static void snapshots_come_first(void **state)
{
    (void)state;
    guests[7]->life.paused = guests[399]->life.paused = guests[8]->life.paused = GUEST_PAUSED_SNAPSHOT;
    guests[8]->life.activity = GUEST_ENDED;
    begin(commands_list_images, "guest_*9");
    (void)go_on();
    assert_int_equal(rows, 2);
    assert_non_null(strstr(out, "\nguest_399 "));
    begin(commands_list_images, "nobody");
    (void)go_on();
    assert_non_null(strstr(out, "\nno guest is called 'nobody'; "));
}

static void there_is_none(void **state)
{
    (void)state;
    (void)tear_down(NULL);
    begin(commands_list_guests, NULL);
    assert_false(commands_list_goes_on());
    assert_string_equal(out, "there is no guest; ls lists what can be run\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_guests_in_pieces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(guests_go_meanwhile, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_next_one_goes_meanwhile, set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_images_in_pieces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(snapshots_come_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(there_is_none, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
