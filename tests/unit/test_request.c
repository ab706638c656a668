/*
 * test_request.c - requests about guests are carried out once each, in their order, and never in anybody's call: a
 * random walk of posts and servings against a list of what was asked.
 *
 * The guests are of paper. Each knows whether it lives, ended or is gone, and what is done to one that is gone fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guest/balloon.h"
#include "guest/guest.h"
#include "guest/launch.h"
#include "guest/request.h"
#include "random.h"

#define GUESTS 12u
#define STEPS 200000u

enum paper { PAPER_FREE, PAPER_STARTING, PAPER_LIVES, PAPER_ENDED };

/* A guest of the walk, as whoever asked for it sees it. */
static struct paper_guest {
    enum paper state;
    bool wants_end, wants_release, is_refused;
    uint32_t steps;                 /* that its launch still takes */
    struct guest *guest;
    struct request request;
    struct request_start start;
    char name[8], reason[GUEST_REASON_BYTES];
} papers[GUESTS];

static struct paper_guest *launched;    /* its launch has begun */
static uint32_t steps_left;             /* of a serving, for launches */
static struct request typing;
static const uint32_t typed[] = { 1, 2, 3 };
static unsigned key_count;
static unsigned alive, serving, chains;
static struct console *in_view, *wanted;
static const char *expected_reason;
static unsigned done;               /* requests in a serving whose effect is seen */
static unsigned reports, kills;     /* of these, guests whose time was up, and others that were ended */

static void take_key(void *owner, uint32_t key_word)
{
    assert_true(serving && key_word >= 1 && key_word <= 3);
    key_count += ((struct guest *)owner)->console.key == take_key;      /* it is not gone */
}

static bool memory_is_short;    /* no start begins, and none behind it gets before it */

bool balloon_launch_waits(uint64_t now_ns)
{
    (void)now_ns;
    return memory_is_short;
}

/* A launch takes a few steps, and no other begins before it is over. */
bool launch_step(const struct request_start *start, struct guest **guest, uint32_t *steps)
{
    struct paper_guest *paper = &papers[(const struct paper_guest *)start->image - papers];

    assert_true(serving);
    assert_true(launched == NULL || launched == paper);
    assert_true(launched == paper || !memory_is_short);     /* one that has begun goes on */
    assert_in_range(*steps, 1, steps_left);
    launched = paper;
    while (paper->steps > 0 && *steps > 0) {
        paper->steps--;
        --*steps;
    }
    steps_left = *steps;
    *guest = NULL;
    if (paper->steps > 0)
        return false;
    launched = NULL;
    done++;
    assert_int_equal(start->id, 0);
    assert_string_equal(start->name, paper->name);
    assert_int_equal(start->image_bytes, 77);
    assert_int_equal(start->memory_bytes, 4096);
    if (paper->is_refused) {
        strcpy(start->reason, expected_reason);
        return true;
    }
    *guest = calloc(1, sizeof(**guest));
    alive++;
    (*guest)->console.owner = *guest;
    (*guest)->console.key = take_key;
    return true;
}

void launch_withdraw(void)
{
    assert_true(serving);
    launched = NULL;
}

static void end(struct guest *guest, enum guest_end how)
{
    assert_true(serving);
    done++;
    if (guest->life.activity == GUEST_ENDED)
        return;
    guest->life.activity = GUEST_ENDED;
    guest->life.end = how;
}

void guest_kill(struct guest *guest)
{
    kills++;
    end(guest, GUEST_END_KILL);
}

void guest_end_timeout(struct guest *guest)
{
    reports += guest->life.activity != GUEST_ENDED;
    end(guest, GUEST_END_TIMEOUT);
}

void guest_release(struct guest *guest)
{
    assert_true(serving);
    done++;
    assert_int_equal(guest->life.activity, GUEST_ENDED);
    if (in_view == &guest->console)
        in_view = NULL;
    alive--;
    free(guest);        /* from here on ASan sees whoever touches it */
}

void console_view(struct console *console)
{
    assert_true(serving);
    done++;
    in_view = console;
}

/* Nobody here pays for his guests. */
uint64_t timer_now_ns(void)
{
    fail();
    return 0;
}

static struct paper_guest *any_in(enum paper state)
{
    unsigned at = random_below(GUESTS);

    for (unsigned i = 0; i < GUESTS; i++)
        if (papers[(at + i) % GUESTS].state == state)
            return &papers[(at + i) % GUESTS];
    return NULL;
}

static void ask_for(struct paper_guest *paper, bool is_refused);

/* Now and then whoever is answered asks for the next at once. */
static void answered(struct request *request, uint64_t now_ns)
{
    struct paper_guest *paper = &papers[(const struct paper_guest *)request->start->image - papers];
    struct paper_guest *next = random_below(4) == 0 ? any_in(PAPER_FREE) : NULL;

    assert_int_equal(now_ns, 5);
    assert_true(serving && paper->state == PAPER_STARTING && !request->is_queued);
    assert_int_equal(paper->is_refused, request->guest == NULL);
    assert_string_equal(paper->reason, paper->is_refused ? expected_reason : "");
    paper->guest = request->guest;
    paper->state = request->guest == NULL ? PAPER_FREE : PAPER_LIVES;
    if (next != NULL && next != paper) {
        chains++;
        ask_for(next, false);
    }
}

static void ask_for(struct paper_guest *paper, bool is_refused)
{
    *paper = (struct paper_guest){ .state = PAPER_STARTING, .is_refused = is_refused, .steps = random_below(9) };
    paper->name[0] = (char)('a' + (paper - papers));
    strcpy(paper->reason, "of the one before");
    paper->start = (struct request_start){ .name = paper->name, .image = paper, .image_bytes = 77,
                                           .memory_bytes = 4096, .reason = paper->reason };
    paper->request = (struct request){ .kind = REQUEST_START, .start = &paper->start, .answer = answered };
    request_post(&paper->request);
    request_post(&paper->request);      /* twice is once */
}

/* What is asked of a guest, by its owner or by a key. */
static void ask_of(struct paper_guest *paper)
{
    switch (random_below(4)) {
    case 3:
        if (!typing.is_queued)
            request_type(&typing, paper->guest, typed, random_below(4));
        break;
    case 0:
        request_end(paper->guest, random_below(2) == 0);
        paper->wants_end = true;
        break;
    case 1:
        request_view(&paper->guest->console);
        wanted = &paper->guest->console;
        break;
    default:
        if (paper->guest->life.activity != GUEST_ENDED && !paper->wants_end)
            paper->guest->console.kill(paper->guest);
        request_release(paper->guest);
        request_end(paper->guest, false);               /* too late, and harmless */
        if (!typing.is_queued)
            request_type(&typing, paper->guest, typed, 3);
        if (wanted == &paper->guest->console)
            wanted = NULL;
        paper->wants_release = true;
        break;
    }
}

static void serve(void)
{
    unsigned most = random_below(6);

    serving = 1;
    done = reports = kills = 0;
    memory_is_short = random_below(4) == 0;
    steps_left = random_below(random_below(2) ? 12 : 200);
    unsigned kills_most = 1 + steps_left / 30;
    bool before = request_waits(), any = request_serve(most, steps_left, 5);
    serving = 0;
    assert_in_range(reports, 0, 1);             /* each takes a third of what a look may take */
    assert_in_range(kills, 0, kills_most);
    assert_int_equal(any, before);
    assert_in_range(done, 0, most);
    for (struct paper_guest *paper = papers; paper < papers + GUESTS; paper++) {
        if (request_waits() || paper->state != PAPER_LIVES)
            continue;
        if (paper->wants_release)
            paper->state = PAPER_FREE;
        else if (paper->wants_end)
            assert_int_equal(paper->guest->life.activity, GUEST_ENDED);
    }
    if (!request_waits() && wanted != NULL)
        assert_ptr_equal(in_view, wanted);
}

static void a_random_walk(void **state)
{
    (void)state;
    expected_reason = "no memory left for another guest";
    for (unsigned step = 0; step < STEPS; step++) {
        unsigned choice = random_below(8);
        struct paper_guest *paper = any_in(choice < 3 ? PAPER_FREE : PAPER_LIVES);
        if (choice == 7)
            serve();
        else if (paper != NULL && choice < 3)
            ask_for(paper, random_below(5) == 0);
        else if (paper != NULL && !paper->wants_release)
            ask_of(paper);
    }
    while (request_waits())
        serve();
    unsigned living = 0;
    for (unsigned i = 0; i < GUESTS; i++) {
        living += papers[i].state == PAPER_LIVES;
        if (papers[i].state == PAPER_LIVES)
            request_release((request_end(papers[i].guest, false), papers[i].guest));
    }
    assert_int_equal(alive, living);
    serving = 1;
    (void)request_serve(4 * GUESTS, 100 * GUESTS, 5);
    assert_int_equal(alive, 0);
    assert_true(chains > 100 && key_count > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_random_walk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
