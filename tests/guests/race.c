/*
 * race.c - three mistakes that show only when a tick comes at the wrong moment, and the three kernels without them.
 *
 * Ticks that come on time find each of these kernels asleep or spinning, far from the instructions in which it is
 * wrong: all six end with 0. Under seed= ticks come at other moments: with some seeds the first three end with 1, the
 * others never do (grading_tests.py has both, on a machine that counts instructions).
 *
 *   lost_update    main and the handler both add to a number, and main's is not one step
 *   missed_wakeup  the event comes between the look whether it has come and the HLT that waits for it
 *   reentered      the handler lets the next tick in, and both use one buffer
 */
#include "sdk.h"

#define ROUNDS 12
/* Turns of a loop, 24 ns each where instructions are counted; a tick comes each 10 ms. */
#define FAR_FROM_TICKS 200000
#define WORK 25000
#define HANDLER_WORK 150000

static volatile uint32_t ticks;
static uint32_t shared, rounds, in_handler, scratch;
static volatile uint32_t pending;
static volatile bool is_asleep, is_wrong;

static void work(uint32_t turns)
{
    for (uint32_t i = 0; i < turns; i++)
        __asm__ volatile("" ::: "memory");
}

static void wait_for_tick(void)
{
    for (uint32_t before = ticks; ticks == before;)
        pause();
}

static int result(void)
{
    printf("%s after %u ticks\n", is_wrong ? "wrong" : "right", ticks);
    return is_wrong ? 1 : 0;
}

static void add(struct event *event)
{
    (void)event;
    ticks++;
    shared++;
}

/* What is shared is read, something else is done, and the sum is written. */
static int update(bool masked)
{
    event_handle(HV_SLOT_TIMER, add, true);
    hv_enable_interrupts();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        wait_for_tick();
        work(FAR_FROM_TICKS);
        if (masked)
            hv_disable_interrupts();
        uint32_t sum = *(volatile uint32_t *)&shared + 1;
        work(WORK);
        *(volatile uint32_t *)&shared = sum;
        hv_enable_interrupts();
    }
    hv_disable_interrupts();
    is_wrong = shared != ticks + ROUNDS;
    return result();
}

static void post(struct event *event)
{
    (void)event;
    ticks++;
    is_wrong |= is_asleep && pending != 0;      /* it sleeps although there was something to do */
    pending++;
}

/* HLT ends with the next interrupt: the one that came before it was not waited for. */
static int consume(bool sleeps)
{
    event_handle(HV_SLOT_TIMER, post, true);
    hv_enable_interrupts();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        work(FAR_FROM_TICKS);
        while (pending == 0) {
            work(WORK);
            if (!sleeps)
                continue;
            is_asleep = true;
            hlt();
            is_asleep = false;
        }
        pending = 0;
    }
    hv_disable_interrupts();
    return result();
}

static void use_scratch(bool lets_in)
{
    ticks++;
    if (lets_in)
        hv_enable_interrupts();
    uint32_t mine = ++in_handler;
    *(volatile uint32_t *)&scratch = mine;
    work(HANDLER_WORK);
    is_wrong |= *(volatile uint32_t *)&scratch != mine;
    rounds++;
}

static void handle_open(struct event *event)
{
    (void)event;
    use_scratch(true);
}

static void handle_masked(struct event *event)
{
    (void)event;
    use_scratch(false);
}

static int interrupt(event_handler *handler)
{
    event_handle(HV_SLOT_TIMER, handler, true);
    hv_enable_interrupts();
    while (rounds < ROUNDS)
        hlt();
    hv_disable_interrupts();
    return result();
}

static int status;

#define RACE(name, call) void case_##name(void); void case_##name(void) { status = (call); }
RACE(lost_update, update(false))
RACE(masked_update, update(true))
RACE(missed_wakeup, consume(true))
RACE(polled_wakeup, consume(false))
RACE(reentered, interrupt(handle_open))
RACE(masked_handler, interrupt(handle_masked))

void test_case(void);

int main(void)
{
    test_case();
    return status;
}
