/*
 * trace_known.c - a guest whose every event is known: trace_tests.py looks for them in what tracing tells.
 *
 * Guest user makes three system calls, by an INT whose handler is a symbol of its own and goes back by hv_iret with
 * EAX + 1; then the kernel sleeps for three ticks. That the guest ends well says that tracing changes nothing.
 */
#include "lib/paging.h"

#define SLOT_KNOWN 0x61
#define CALLS 3
#define FIRST_EAX 7
#define TICKS 3

void system_call_known(void);

/* The five words of hv_iret, last first, from the frame above them: docs/abi.md. */
__asm__(".pushsection .text\n"
        ".globl system_call_known\n"
        ".type system_call_known, @function\n"
        "system_call_known:\n"
        "    incl %eax\n"
        "    pushl %eax\n"
        "    leal 28(%esp), %eax\n"
        "    pushl %eax\n"
        "    pushl 28(%esp)\n"
        "    pushl 28(%esp)\n"
        "    pushl 24(%esp)\n"
        "    movl $2, %eax\n"
        "    int $0xDE\n"
        ".size system_call_known, . - system_call_known\n"
        ".popsection\n");

USER_PIECE(three_calls, "int $0x61; int $0x61", "int $0x61");

static volatile uint32_t ticks_seen;

static void count_tick(struct event *event)
{
    (void)event;
    ticks_seen++;
}

int main(void)
{
    struct user_state state = { .eax = FIRST_EAX, .eflags = EFLAGS_RESERVED_1 };

    traps_record(false);
    hv_setpd(pd_make(), 0);
    hv_setidt(SLOT_KNOWN, address_of(system_call_known), 0);
    user_run_code(three_calls, three_calls_end, &state);
    CHECK_EQUAL(seen.slot, SLOT_DONE);
    CHECK_EQUAL(seen.eax, FIRST_EAX + CALLS);
    event_handle(HV_SLOT_TIMER, count_tick, true);
    hv_enable_interrupts();
    while (ticks_seen < TICKS)
        __asm__ volatile("hlt");
    hv_disable_interrupts();
    return test_result();
}
