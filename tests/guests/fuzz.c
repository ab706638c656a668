/*
 * fuzz.c - a guest that does what chance tells it: whatever it does, it goes on or ends with a report; never does the
 * hypervisor, and never is its neighbour (fuzz_neighbour.c) touched.
 *
 * Nothing here is judged by the guest itself, so that no jump into its own code can bring a wrong verdict:
 * tests/system/soak.py looks at the machine and at the neighbours. Steps: hypercalls with random words and
 * blocks, contents of the vIDT, page tables (lib/fuzz_tables.c), random code in kernel and user mode
 * (lib/fuzz_code.c), hv_iret with random words, all of the FPU; ticks and keys come meanwhile. An event ends the step
 * that it came in, or the code goes on a few bytes further.
 *
 * The seed is the last word of fuzz_seed: tests/system/soak.py writes it into a copy of the image.
 */
#include "event_frame.h"
#include "lib/fuzz.h"

#define STEPS 6000u
#define STEPS_TOLD 200u                             /* how far it came shows in the stream */
#define STEP_TICKS 4u                               /* code that runs in circles is left then */
#define STATUS_MAIN_AGAIN 3

extern const uint8_t fuzz_entries[];
void user_enter(const struct user_state *state, uint32_t esp0);
_Noreturn void fuzz_again(void *stack);
void fuzz_event(struct event *event);
_Noreturn void fuzz_steps(void);

volatile uint32_t fuzz_seed[4] = { 0x62626F43, 0x6620656C, 0x207A7A75, 1 };     /* "Cobble fuzz " */
uint16_t fuzz_selector __attribute__((used));

static uint32_t steps, step_ticks, mains;
static uint8_t code_pages[2][PAGE_BYTES] __attribute__((aligned(4096)));
static uint8_t code_stack[PAGE_BYTES] __attribute__((aligned(4096)));
static uint8_t trap_stack[2 * PAGE_BYTES] __attribute__((aligned(4096)));
static uint8_t fpu_image[512] __attribute__((aligned(16)));

static void slot_fill(uint32_t slot)
{
    hv_setidt(slot, address_of(fuzz_entries) + slot * EVENT_ENTRY_BYTES, slot != FUZZ_SLOT_DONE && random_one_in(2));
}

/*
 * Whether interrupted code goes on. Behind an exception that is a few bytes further, inside of an instruction or not:
 * in kernel mode most such bytes spoil ESP sooner or later, and an event on a wild stack is the end.
 */
static bool goes_on(const struct event *event)
{
    if (event->slot == HV_SLOT_TIMER || event->slot == HV_SLOT_KEYBOARD)
        return ++step_ticks < STEP_TICKS;
    if (event->slot == FUZZ_SLOT_DONE || random_one_in(4) || ++step_ticks >= 4 * STEP_TICKS)
        return false;
    return event->slot >= HV_SLOT_TIMER || event->mode == HV_MODE_USER || random_is_bold();
}

/* Called by fuzz_entry.S. Returning goes back to the interrupted code. */
void fuzz_event(struct event *event)
{
    if (!goes_on(event))
        fuzz_again(sdk_stack_top);
    event->eip += event->slot < HV_SLOT_TIMER ? 1 + random_below(4) : 0;
    event->eflags &= ~EFLAGS_TF;
}

static void fpu_fill(bool is_first)
{
    for (uint32_t i = 0; i < sizeof(fpu_image); i++)
        fpu_image[i] = is_first ? 0xA5 : (uint8_t)random_word();
    memset(fpu_image + 26, 0, 2);                   /* MXCSR: bits above 15 are refused */
    __asm__ volatile("fxrstor %0" : : "m"(fpu_image));
}

static void slots_step(void)
{
    uint32_t slot = random_below(random_one_in(2) ? HV_SLOT_KEYBOARD + 1 : HV_IDT_SLOTS);

    if (random_is_bold())
        hv_setidt(random_value(), random_value(), random_word());
    else if (random_is_bold())
        hv_setidt(slot, random_value(), random_below(2));
    else
        slot_fill(slot);
}

/* Calls that a sound guest makes, with words at the edge of what is allowed. */
static void call_step(void)
{
    uint32_t *out = frame_words(tables_frame() + random_below(PAGE_BYTES / 4) * 4);

    switch (random_one_in(16) ? random_below(7) : 1 + random_below(5)) {
    case 0:                                         /* seldom: the serial line is slow */
        hv_print((int32_t)random_below(64), (const char *)out);
        return;
    case 1:
        hv_cons_set_cursor_pos(random_below(HV_CONSOLE_ROWS), random_below(HV_CONSOLE_COLS));
        return;
    case 2:
        hv_cons_get_cursor_pos(out, frame_words(tables_frame()));
        return;
    case 3:
        hv_cons_set_term_color(random_below(256));
        return;
    case 4:
        hv_counters((struct hv_counters *)out, random_below(128));
        return;
    case 5:
        hv_adjustpg(tables_gva() & ~(PAGE_BYTES - 1));
        return;
    default:
        hv_print_at((int32_t)random_below(20), (const char *)out, 24, random_below(HV_CONSOLE_COLS), random_below(256));
    }
}

/* Any number, any words, anywhere: the block is what EAX and ESP say. */
static void wild_call_step(void)
{
    uint32_t number = random_one_in(16) ? random_value() : random_below(HV_CALL_PRINT_AT + 2), before;
    uint32_t block[6], esp = address_of(block);

    if (!random_is_bold())
        return;
    for (uint32_t i = 0; i < 6; i++)
        block[i] = random_value();
    if (random_one_in(4))
        esp = random_value();
    __asm__ volatile("movl %%esp, %0; movl %2, %%esp; int %3; movl %0, %%esp"
                     : "=&S"(before), "+a"(number) : "D"(esp), "i"(HV_INT_VECTOR) : "memory");
}

/* Random code with random registers, by hv_iret. */
static void code_step(void)
{
    bool user = random_below(3) != 0;
    uint8_t *page = code_pages[user];
    uint32_t gva = address_of(page);
    struct user_state state = {
        .eax = random_value(), .ebx = random_value(), .ecx = random_below(2000), .edx = random_value(),
        .esi = random_value(), .edi = random_value(), .ebp = address_of(code_stack) + PAGE_BYTES / 2,
        .esp = address_of(code_stack) + PAGE_BYTES - 64, .eip = gva,
        .eflags = (random_word() & 0xCD5) | EFLAGS_IF, /* arithmetic flags, DF; without IF, circles are for ever */
    };

    code_make(page, gva, user);
    if (user || random_is_bold())
        state.ebp = random_value();                 /* LEAVE makes it ESP */
    if (random_is_bold())
        state.esp = random_value();
    if (random_is_bold())
        state.eip = random_value();
    if (random_is_bold())
        state.eflags = random_flags();
    if (random_is_bold())
        state.eflags &= ~EFLAGS_IF;
    if (random_one_in(8))
        state.eflags |= EFLAGS_TF;
    user_enter(&state, user ? address_of(trap_stack) + sizeof(trap_stack) - random_below(8) : 0);
}

/* Tables are edited while ticks come, and while nothing is waited for. */
static void tables_step(void)
{
    if (random_one_in(2))
        hv_enable_interrupts();
    for (uint32_t rounds = random_below(4); rounds > 0; rounds--)
        tables_edit();
    if (random_one_in(64)) {
        hv_enable_interrupts();
        hlt();
    }
    hv_disable_interrupts();
}

static void fpu_step(void)
{
    fpu_fill(false);
}

/* Until the steps are done, or the guest is. Called anew, on an empty stack, whenever an event ended a step. */
_Noreturn void fuzz_steps(void)
{
    static void (*const kinds[])(void) = { code_step, code_step, code_step, code_step, tables_step, slots_step,
                                           call_step, wild_call_step, fpu_step };

    hv_disable_interrupts();
    while (steps < STEPS) {
        if (steps++ % STEPS_TOLD == 0)
            printf("step %u\n", steps);
        step_ticks = 0;
        tables_mend();
        kinds[random_below(sizeof(kinds) / sizeof(kinds[0]))]();
    }
    hv_exit(0);
}

int main(void)
{
    if (mains++ != 0) {                             /* random code came here: this is no launch */
        print_string("in main again\n");
        return STATUS_MAIN_AGAIN;
    }
    fpu_fill(true);
    __asm__ volatile("movw %%ds, %0" : "=m"(fuzz_selector));
    random_seed(fuzz_seed[3]);
    for (uint32_t slot = 0; slot < HV_IDT_SLOTS; slot++)
        slot_fill(slot);
    tables_make();
    tables_open(code_pages[true]);
    tables_open(code_stack);
    fuzz_again(sdk_stack_top);
}
