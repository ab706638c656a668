/*
 * test_typist.c - texts for the monitor arrive whole, however long, and in order; a guest's keep their pace.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "monitor/typist.h"
#include "pebpeb.h"

#define NS_PER_MS 1000000ull
#define QUEUE 256
#define LONG 5000

static char texts_kept[CONFIG_TEXT_BYTES];
static struct config_typing typings[CONFIG_TYPINGS_MAX];
static struct config config = { .typings = typings, .text = texts_kept };
static struct guest guest;
static uint32_t queue[QUEUE];
static unsigned queued;
static char typed[3 * LONG];
static unsigned typed_count;

struct guest *guest_find(uint32_t id)
{
    return id == guest.life.id ? &guest : NULL;
}

/* In place of request.c: at once. */
void request_type(struct request *request, struct guest *to, const uint32_t *words, unsigned count)
{
    (void)request;
    for (unsigned i = 0; i < count; i++)
        to->console.key(to->console.owner, words[i]);
}

static void take_key(void *owner, uint32_t key_word)
{
    (void)owner;
    assert_true(queued < QUEUE);        /* else it would be lost */
    queue[queued++] = key_word;
}

static unsigned key_room(const void *owner)
{
    (void)owner;
    return QUEUE - queued;
}

static void drain(void)
{
    for (unsigned i = 0; i < queued; i++)
        if (queue[i] & HV_KEY_MAKE && queue[i] & HV_KEY_HASDATA)
            typed[typed_count++] = (char)(queue[i] & HV_KEY_CHAR_MASK);
    queued = 0;
}

static void add_text(const char *name, const char *text, uint32_t length)
{
    struct config_typing *typing = &config.typings[config.typing_count++];

    *typing = (struct config_typing){ .autorun = -1, .text = config.text_used, .length = length };
    strcpy(typing->name, name);
    memcpy(config.text + config.text_used, text, length);
    config.text_used += length;
}

/* What was a bug: all was typed at once, and what did not fit into the monitor's queue was lost. */
static void a_long_text_for_the_monitor_arrives_whole(void **state)
{
    (void)state;
    static char text[LONG + 1];
    struct console console = { .key = take_key, .room = key_room };

    for (unsigned i = 0; i < LONG; i++)
        text[i] = "run Hello &\n"[i % 12];
    add_text("monitor", text, LONG);
    add_text("other", "x", 1);
    add_text("MONITOR", "ls\x1b", 3);
    typist_init(&config);
    typist_type_to_monitor(&console);
    assert_true(typist_next_ns() == 0);
    for (uint64_t now_ns = 0; typist_next_ns() != UINT64_MAX; now_ns += NS_PER_MS) {
        assert_true(now_ns < LONG * NS_PER_MS && typist_next_ns() <= now_ns);
        typist_pump(now_ns);
        drain();
    }
    assert_int_equal(typed_count, LONG + 3);
    assert_memory_equal(typed, text, LONG);
    assert_memory_equal(typed + LONG, "ls\x1b", 3);
}

/* The guest of the name gets its own all the same, once its screen has been still. */
static void a_guest_gets_what_is_meant_for_it(void **state)
{
    (void)state;
    guest = (struct guest){ .life = { .id = 7, .name = "other", .activity = GUEST_READY } };
    guest.console.key = take_key;
    guest.console.owner = &guest;
    vcon_init(&guest.console.vcon);
    typed_count = 0;
    typist_launched(&guest, -1, 0);
    for (uint64_t now_ns = 0; now_ns < 3000 * NS_PER_MS; now_ns += 20 * NS_PER_MS) {
        typist_pump(now_ns);
        drain();
    }
    assert_int_equal(typed_count, 1);
    assert_int_equal(typed[0], 'x');
}

/* One that is known to wait for a key does not have to be quiet first. */
static void who_waits_is_typed_to_at_once(void **state)
{
    (void)state;
    add_text("other", "y", 1);
    typed_count = 0;
    typist_launched(&guest, -1, 5000 * NS_PER_MS);
    typist_waits(&guest);
    typist_pump(5000 * NS_PER_MS);
    drain();
    assert_int_equal(typed_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_text_for_the_monitor_arrives_whole),
        cmocka_unit_test(a_guest_gets_what_is_meant_for_it),
        cmocka_unit_test(who_waits_is_typed_to_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
