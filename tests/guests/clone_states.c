/*
 * clone_states.c - a guest that waits for a key in one state or another, and is cloned meanwhile (clone_tests.py).
 *
 * It fills pages, its FPU and its tables with what it can check, says "waiting", and waits: halted, spinning in user
 * mode, in a handler, with a table that it changed and told nobody of, or in the middle of prints. With the key, which
 * is another one for each clone, it checks all that, fills the pages with the key, lets the others run for some ticks,
 * and checks them again: what another guest wrote must not be there. It ends with the key as its status, or with 1.
 * The "timed" ones give themselves a key after a while, for control_clone.c, which has no keyboard for them.
 */
#include "lib/paging.h"
#include "lib/pattern.h"

#define PAGES 64u
#define TICKS 8u
#define OWN_KEY 'k'
#define OWN_KEY_TICKS 40u
#define WINDOW FREE_GVA                 /* shows one frame, then another */
#define STOP USER_DATA                  /* user mode spins until this word is not 0 */

USER_PIECE(spin, "1: cmpl $0, (%edi)", "je 1b");

static struct pattern_page pages[PAGES];
static volatile uint32_t key, ticks;
static volatile uint32_t *stop;
static uint32_t pd, other_frame, own_key_at;   /* 0: there will be a key */
static bool is_nested;

static void go_on(uint32_t character)
{
    key = character;
    if (stop != NULL)
        *stop = 1;
}

static void take_key(struct event *event)
{
    if ((event->error & HV_KEY_MAKE) != 0 && (event->error & HV_KEY_HASDATA) != 0)
        go_on(event->error & HV_KEY_CHAR_MASK);
}

static void count_tick(struct event *event)
{
    (void)event;
    if (++ticks == own_key_at)
        go_on(OWN_KEY);
}

static void wait_halted(void)
{
    while (key == 0)
        hlt();
}

static void wait_spinning(void)
{
    while (key == 0)
        pause();
}

/* The first tick's handler waits, and lets the key in. */
static void wait_in_tick(struct event *event)
{
    count_tick(event);
    if (is_nested)
        return;
    is_nested = true;
    hv_enable_interrupts();
    wait_spinning();
    hv_disable_interrupts();
}

static void wait_in_handler(void)
{
    event_handle(HV_SLOT_TIMER, wait_in_tick, true);
    wait_halted();
    event_handle(HV_SLOT_TIMER, count_tick, true);
}

static void wait_in_prints(void)
{
    static char text[HV_PRINT_MAX_BYTES];

    memset(text, '.', sizeof(text));
    while (key == 0)
        hv_print(sizeof(text), text);
}

static void begin_paging(void)
{
    pd = pd_make();
    hv_setpd(pd, 1);
    traps_record(true);
    event_handle(HV_SLOT_TIMER, count_tick, true);
    event_handle(HV_SLOT_KEYBOARD, take_key, true);
}

static void wait_in_user(void)
{
    struct user_state state = { .edi = STOP, .eflags = EFLAGS_IF | EFLAGS_RESERVED_1 };

    stop = frame_words(*pt_entry(pd, USER_DATA) & ~(PAGE_BYTES - 1));
    user_run_code(spin, spin_end, &state);
}

/* The window shows the other frame from the next hv_setpd on; until then the hypervisor has not looked. */
static void wait_unsynced(void)
{
    uint32_t first = frame_take(), *window = (uint32_t *)WINDOW;

    other_frame = frame_take();
    *frame_words(first) = 0x11111111;
    *frame_words(other_frame) = 0x22222222;
    page_map(pd, WINDOW, first, ENTRY_KERNEL);
    hv_setpd(pd, 1);
    CHECK_EQUAL(*window, 0x11111111);
    page_map(pd, WINDOW, other_frame, ENTRY_KERNEL);
    wait_halted();
    hv_setpd(pd, 1);
    CHECK_EQUAL(*(volatile uint32_t *)window, 0x22222222);
}

static int run(void (*wait)(void), bool has_paging)
{
    static const double one_third = 1.0 / 3.0;
    double third;

    event_handle(HV_SLOT_TIMER, count_tick, true);
    event_handle(HV_SLOT_KEYBOARD, take_key, true);
    if (has_paging)
        begin_paging();
    pattern_fill(pages, PAGES, 7);
    printf("waiting\n");
    __asm__ volatile("fldl %0" : : "m"(one_third));
    hv_enable_interrupts();
    wait();
    __asm__ volatile("fstpl %0" : "=m"(third));
    CHECK(third == one_third);
    pattern_check(pages, PAGES, 7);
    pattern_fill(pages, PAGES, key);
    hv_enable_interrupts();             /* an event in user mode has turned them off */
    for (uint32_t begin = ticks; ticks - begin < TICKS;)
        hlt();
    pattern_check(pages, PAGES, key);
    hv_disable_interrupts();
    return test_result() == 0 ? (int)key : 1;
}

static int status;

static void run_timed(void (*wait)(void), bool has_paging)
{
    own_key_at = OWN_KEY_TICKS;
    status = run(wait, has_paging);
}

#define STATE(name, has_paging) \
    void case_##name(void); \
    void case_##name(void) { status = run(wait_##name, has_paging); } \
    void case_timed_##name(void); \
    void case_timed_##name(void) { run_timed(wait_##name, has_paging); }
STATE(halted, false)
STATE(spinning, false)
STATE(in_handler, false)
STATE(in_prints, false)
STATE(in_user, true)
STATE(unsynced, true)

void test_case(void);

int main(void)
{
    test_case();
    return status;
}
