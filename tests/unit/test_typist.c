/*
 * test_typist.c - texts for the monitor arrive whole, however long, and in order; a guest's keep their pace; of many
 * consoles that change, eight are looked at in a look.
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
#define MANY 20u

static struct guest guest, many[MANY];
static unsigned served;             /* guests that the typist looked at */
static uint32_t queue[QUEUE];
static unsigned queued;
static char typed[3 * LONG];
static unsigned typed_count;

struct guest *guest_find(uint32_t id)
{
    served++;
    for (unsigned i = 0; i < MANY; i++)
        if (id == many[i].life.id)
            return &many[i];
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

/* Sixty-four consoles that all changed took 1.4 million instructions at a stretch. */
static void eight_changed_consoles_are_enough_for_a_look(void **state)
{
    (void)state;
    const uint64_t start_ns = 9000 * NS_PER_MS;

    guest.life.activity = GUEST_ENDED;          /* of the tests before */
    typist_pump(start_ns - NS_PER_MS);
    for (unsigned i = 0; i < MANY; i++) {
        many[i] = (struct guest){ .life = { .id = 100 + i, .name = "many", .activity = GUEST_READY } };
        vcon_init(&many[i].console.vcon);
        add_text("many", "z", 1);
        typist_launched(&many[i], -1, start_ns);
        many[i].console.vcon.revision++;
    }
    for (unsigned left = MANY; left > 0; left -= served) {
        served = 0;
        typist_pump(start_ns);
        assert_int_equal(served, left < 8 ? left : 8);
        assert_true(typist_next_ns() == start_ns + (left > served ? 0 : 20 * NS_PER_MS));
    }
    served = 0;
    typist_pump(start_ns + 20 * NS_PER_MS);     /* what is as it was is no work */
    assert_int_equal(served, MANY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_text_for_the_monitor_arrives_whole),
        cmocka_unit_test(a_guest_gets_what_is_meant_for_it),
        cmocka_unit_test(who_waits_is_typed_to_at_once),
        cmocka_unit_test(eight_changed_consoles_are_enough_for_a_look),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
