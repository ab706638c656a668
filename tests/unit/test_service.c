/*
 * test_service.c - what a look does for a guest is paid for by that guest, and by no other: the launches and copies
 * that it asked for, and the output that it printed.
 *
 * service.c is compiled in here; requests, scheduler and who is stirred are the real ones. All else only takes time:
 * the clock stands still but for what the test says that a piece of work takes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "service.c"

#include "guest/clone.h"
#include "guest/launch.h"

#define GUESTS 4u
#define TICK_NS (10 * NS_PER_MS)
#define US 1000ull

static uint64_t clock_ns;
static struct sched sched;
static struct guest *guests[GUESTS];
/* What pieces of a look take: a step of a launch or copy, rows drawn and sent, and each of what nobody asked for. */
static uint64_t step_ns, draw_ns, send_ns, other_ns;

uint64_t timer_now_ns(void)
{
    return clock_ns;
}

uint64_t tsc_watch_next_ns;

void tsc_watch_look(bool has_rested)
{
    (void)has_rested;
    clock_ns += other_ns;
    tsc_watch_next_ns = clock_ns + 5 * NS_PER_MS;
}

void input_pump(uint64_t now_ns)
{
    (void)now_ns;
    clock_ns += other_ns;
}

uint64_t input_next_ns(void)
{
    return UINT64_MAX;
}

void monitor_pump(uint64_t now_ns)
{
    (void)now_ns;
    clock_ns += other_ns;
}

uint64_t monitor_next_ns(uint64_t now_ns)
{
    (void)now_ns;
    return UINT64_MAX;
}

bool console_output_pump(uint64_t now_ns)
{
    (void)now_ns;
    clock_ns += draw_ns;
    return false;
}

uint64_t console_next_ns(void)
{
    return UINT64_MAX;
}

void console_view(struct console *console)
{
    (void)console;
    fail();
}

size_t serial_tx_space(void)
{
    return 100;
}

bool serial_pump(void)
{
    clock_ns += send_ns;
    return false;
}

bool rowlog_waits(const struct rowlog *log)
{
    return log->head != log->tail;
}

void balloon_look(uint64_t now_ns)
{
    (void)now_ns;
    clock_ns += other_ns;
}

bool balloon_launch_waits(uint64_t now_ns)
{
    (void)now_ns;
    return false;
}

uint64_t give_way(const struct sched *all, uint64_t now_ns)
{
    (void)all, (void)now_ns;
    clock_ns += other_ns;
    return UINT64_MAX;
}

bool reclaim_step(uint32_t steps)
{
    (void)steps;
    clock_ns += other_ns;
    return false;
}

/* Work of so many steps, of which a look does no more than it has. */
static uint32_t steps_to_do;

static bool work(uint32_t *steps)
{
    uint32_t taken = steps_to_do < *steps ? steps_to_do : *steps;

    clock_ns += taken * step_ns;
    steps_to_do -= taken;
    *steps -= taken;
    return steps_to_do == 0;
}

/* How many it takes stands where a launch has its image. No guest comes of it: that is not what is tested. */
bool launch_step(const struct request_start *start, struct guest **guest, uint32_t *steps)
{
    if (steps_to_do == 0)
        steps_to_do = (uint32_t)start->image_bytes;
    *guest = NULL;
    return work(steps);
}

void launch_withdraw(void)
{
    fail();
}

bool clone_step(struct guest *source, struct clone *clone, uint32_t *steps)
{
    (void)source, (void)clone;
    if (steps_to_do == 0)
        steps_to_do = 10;
    return work(steps);
}

void guest_kill(struct guest *guest)
{
    guest->life.activity = GUEST_ENDED;
}

void guest_end_timeout(struct guest *guest)
{
    (void)guest;
    fail();
}

/* From here on ASan sees whoever touches it. */
void guest_release(struct guest *guest)
{
    for (unsigned i = 0; i < GUESTS; i++)
        if (guests[i] == guest)
            guests[i] = NULL;
    guest_calm(guest);
    queue_take(&guest->turns.place);
    free(guest);
}

static void look(void)
{
    service_look(&sched, clock_ns);
}

static int set_up(void **state)
{
    (void)state;
    clock_ns = 1000 * NS_PER_MS;
    tsc_watch_next_ns = UINT64_MAX;
    step_ns = draw_ns = send_ns = other_ns = 0;
    sched = (struct sched){ .tick_ns = TICK_NS };
    service_init(false);
    for (unsigned i = 0; i < GUESTS; i++) {
        guests[i] = calloc(1, sizeof(*guests[i]));
        guest_stir(guests[i]);
    }
    look();
    look();
    step_ns = 5 * US;
    draw_ns = 300 * US;
    send_ns = 60 * US;
    other_ns = 77 * US;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (unsigned i = 0; i < GUESTS; i++)
        if (guests[i] != NULL)
            guest_release(guests[i]);
    assert_null(guest_first_stirred());
    assert_false(request_waits());
    return 0;
}

/* What the scheduler holds against it; while the floor is 0 nobody is levelled, so that it is all it ever had. */
static uint64_t paid_ns(unsigned number)
{
    assert_int_equal(sched.floor_ns, 0);
    return guests[number]->turns.virtual_ns + (uint64_t)guests[number]->turns.used_ns;
}

static void expect_paid(uint64_t first_ns, uint64_t second_ns, uint64_t third_ns, uint64_t fourth_ns)
{
    assert_int_equal(paid_ns(0), first_ns);
    assert_int_equal(paid_ns(1), second_ns);
    assert_int_equal(paid_ns(2), third_ns);
    assert_int_equal(paid_ns(3), fourth_ns);
}

struct asked {
    struct request request;
    struct request_start start;
    struct clone clone;
    char reason[GUEST_REASON_BYTES];
};

static void ask_start(struct asked *asked, struct guest *payer, uint32_t steps)
{
    asked->start = (struct request_start){ .image_bytes = steps, .reason = asked->reason, .payer = payer };
    asked->request = (struct request){ .kind = REQUEST_START, .start = &asked->start };
    request_post(&asked->request);
}

static void ask_clone(struct asked *asked, struct guest *payer, struct guest *source)
{
    asked->clone = (struct clone){ .payer = payer };
    asked->request = (struct request){ .answer = NULL };
    assert_true(request_clone(&asked->request, source, &asked->clone));
}

static void print(unsigned number)
{
    guests[number]->turns.owes_look = true;     /* as run.c does at the end of its turn */
    guest_stir(guests[number]);
}

/* All others want the processor meanwhile. In pieces, of which each look makes some. */
static void test_a_launch(void **state)
{
    (void)state;
    struct asked asked;
    ask_start(&asked, guests[1], 2 * START_STEPS + 10);
    look();
    expect_paid(0, START_STEPS * step_ns, 0, 0);
    assert_ptr_equal(sched.ready.last->guest, guests[1]);
    look();
    expect_paid(0, 2 * START_STEPS * step_ns, 0, 0);
    assert_true(request_waits());
    look();
    expect_paid(0, (2 * START_STEPS + 10) * step_ns, 0, 0);
    assert_int_equal(guests[1]->turns.run_ns, (2 * START_STEPS + 10) * step_ns);
    look();
    assert_int_equal(guests[1]->turns.run_ns, (2 * START_STEPS + 10) * step_ns);
}

/* Nobody's turn is there to be charged, and who pays is behind the others when they wake. */
static void test_a_launch_while_all_sleep(void **state)
{
    (void)state;
    struct asked asked;
    for (unsigned i = 0; i < GUESTS; i++) {
        guests[i]->life.activity = GUEST_HALTED;
        guest_stir(guests[i]);
    }
    look();
    assert_null(sched_pick(&sched));
    ask_start(&asked, guests[0], START_STEPS);
    look();
    expect_paid(START_STEPS * step_ns, 0, 0, 0);
    assert_null(sched_pick(&sched));
    sched_wake_due(&sched, clock_ns + TICK_NS);
    assert_int_equal(sched.ready.count, GUESTS);
    assert_ptr_equal(sched.ready.last->guest, guests[0]);
}

/* The copy's source stands still for it, and pays nothing. */
static void test_a_copy(void **state)
{
    (void)state;
    struct asked asked;
    ask_clone(&asked, guests[2], guests[0]);
    look();
    assert_false(request_waits());
    expect_paid(0, 0, 10 * step_ns, 0);
    assert_int_equal(guests[2]->turns.run_ns, 10 * step_ns);
}

static void test_each_its_own_launch(void **state)
{
    (void)state;
    struct asked asked[4];
    ask_start(&asked[0], guests[3], 20);
    ask_start(&asked[1], guests[0], 30);
    ask_clone(&asked[2], guests[1], guests[0]);
    ask_start(&asked[3], guests[3], 1);
    look();
    assert_false(request_waits());
    expect_paid(30 * step_ns, 10 * step_ns, 0, 21 * step_ns);
}

/* The operator's launches are nobody's debt, as is all else that a look does for no guest. */
static void test_nobody_pays(void **state)
{
    (void)state;
    struct asked asked;
    tsc_watch_next_ns = 0;
    ask_start(&asked, NULL, 20);
    uint64_t began_ns = clock_ns;
    look();
    assert_int_equal(clock_ns - began_ns, 6 * other_ns + 20 * step_ns + draw_ns + send_ns);
    expect_paid(0, 0, 0, 0);
}

/* Those who printed share what it took to carry it, in equal parts, and once. Who waits for the line is one of them. */
static void test_output(void **state)
{
    (void)state;
    print(1);
    look();
    expect_paid(0, draw_ns + send_ns, 0, 0);
    print(0);
    print(1);
    guests[3]->life.activity = GUEST_BLOCKED;
    guest_stir(guests[3]);
    look();
    uint64_t part_ns = (draw_ns + send_ns) / 3;
    expect_paid(part_ns, 3 * part_ns + part_ns, 0, part_ns);
    look();
    expect_paid(part_ns, 3 * part_ns + part_ns, 0, part_ns);
    assert_int_equal(guests[3]->life.activity, GUEST_READY);
}

static void test_output_beside_a_launch(void **state)
{
    (void)state;
    struct asked asked;
    ask_start(&asked, guests[0], 20);
    print(2);
    look();
    expect_paid(20 * step_ns, 0, draw_ns + send_ns, 0);
}

/* It printed, ended and was let go: the last before the look charges for its output. The others pay all of it. */
static void test_who_is_gone(void **state)
{
    (void)state;
    print(0);
    print(2);
    request_end(guests[0], false);
    request_release(guests[0]);
    look();
    assert_null(guests[0]);
    assert_int_equal(paid_ns(1), 0);
    assert_int_equal(paid_ns(2), draw_ns + send_ns);
    assert_int_equal(paid_ns(3), 0);
}

/* One turn of whoever is next, of a guest that would compute for ever. */
static void turn(void)
{
    struct guest *guest = sched_next(&sched, clock_ns);

    clock_ns = sched_turn_end(&sched, guest, clock_ns);
    sched_turn_ends(&sched, guest, clock_ns);
}

/*
 * What it is all for: one has guests made without an end, another prints without an end, and the two that only compute
 * have a quarter each of what the four have had, by their turns or by what was done for them.
 */
static void test_others_lose_nothing(void **state)
{
    (void)state;
    struct asked asked = { .reason = "" };
    uint64_t for_output_ns = 0, all_ns = 0;
    other_ns = 0;
    send_ns = draw_ns = 200 * US;
    for (unsigned i = 0; i < 2000; i++) {
        if (!asked.request.is_queued)
            ask_start(&asked, guests[0], 50);
        print(1);
        look();
        for_output_ns += send_ns + draw_ns;
        turn();
    }
    while (request_waits())
        look();
    for (unsigned i = 0; i < GUESTS; i++)
        all_ns += guests[i]->turns.run_ns;
    assert_in_range(guests[2]->turns.run_ns, (all_ns + for_output_ns) / 4 - 10 * NS_PER_MS, UINT64_MAX);
    assert_in_range(guests[3]->turns.run_ns, (all_ns + for_output_ns) / 4 - 10 * NS_PER_MS, UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_launch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_launch_while_all_sleep, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_copy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_each_its_own_launch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nobody_pays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_output, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_output_beside_a_launch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_who_is_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_others_lose_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
