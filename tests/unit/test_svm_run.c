/*
 * test_svm_run.c - a processor that leaves its guest at any moment, in the middle of deliveries, too: every interrupt
 * whose vector was taken from the controller begins once, and in its order; none while the guest cannot have it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/frames.h"
#include "clean_bits.h"
#include "cpu/x86.h"
#include "fake_mmu.h"
#include "fake_svm_host.h"
#include "random.h"
#include "vpc/svm/svm.h"

#define RAM_FRAMES 64u
#define ENTRIES 20000u
#define HANDLERS 0x1000u        /* of vector n: HANDLERS + HANDLER_BYTES * n, in real mode */
#define HANDLER_BYTES 16u
#define DEVICE 0xFEE00080u

static struct vpc vpc;
static struct svm svm;
static struct ram ram;
static struct asid_pool pool;
static uint8_t next_vector;
static int begun;               /* its vector was taken, and its handler has not begun; -1: none */
static unsigned entries, deliveries, by_interpreter, closed, halts;
static bool is_in_run;
static bool must_end;           /* this run, so that the host's interrupts come in: an entry had no time for them */

static uint64_t get_now(void *owner)
{
    (void)owner;
    return 0;
}

static uint8_t acknowledge(void *context)
{
    (void)context;
    assert_int_equal(begun, -1);
    begun = next_vector = (uint8_t)(0x20 + (next_vector + 1) % 0x40);
    vpc.interp.cpu.has_interrupt = random_u32() % 3 == 0;
    return next_vector;
}

static void handler_begins(unsigned vector)
{
    assert_int_equal(vector, begun);
    begun = -1;
    deliveries++;
}

/* Did the interpreter begin one whose vector was taken? Then EIP is in its handler, by a few instructions. */
static void look_at_interpreter(uint32_t eip, uint32_t eflags)
{
    if (begun < 0)
        return;
    assert_in_range(eip, HANDLERS + HANDLER_BYTES * (unsigned)begun,
                    HANDLERS + HANDLER_BYTES * (unsigned)begun + (svm.moves ? 3 : 0));
    assert_false(eflags & EFLAGS_IF);
    by_interpreter++;
    handler_begins((unsigned)begun);
}

/* The guest goes on somewhere, with interrupts on or off, in a shadow or not. */
static void go_on(struct vmcb *vmcb)
{
    vmcb->rip = 0x8000 + random_u32() % 0x100;
    vmcb->rsp = 0x7000;
    vmcb->rflags = EFLAGS_FIXED | (random_u32() % 2 ? EFLAGS_IF : 0);
    vmcb->shadow = random_u32() % 5 == 0;
    vpc.interp.cpu.has_interrupt |= random_u32() % 3 == 0;
}

static void leave_guest(struct vmcb *vmcb)
{
    uint32_t dice = random_u32() % 5;

    vmcb->exit_info1 = 0;
    vmcb->exit_info2 = (uint64_t)(random_u32() % RAM_FRAMES) << PAGE_SHIFT;
    vmcb->exit_code = dice < 2 ? SVM_EXIT_NPF : SVM_EXIT_INTR;
    if (dice == 0)
        vmcb->exit_info2 = DEVICE;
}

static void run_once(struct vmcb *vmcb)
{
    uint32_t event = vmcb->event;
    bool is_open = vmcb->rflags & EFLAGS_IF && !(vmcb->shadow & 1);

    assert_true(is_in_run && !must_end);
    assert_false(vpc.interp.cpu.is_halted);
    entries++;
    if (!(event & VMCB_EVENT_VALID))
        look_at_interpreter((uint32_t)vmcb->rip, (uint32_t)vmcb->rflags);
    vmcb->event = 0;
    vmcb->exit_event = event & ~VMCB_EVENT_VALID;       /* what is stale stays there */
    if (event & VMCB_EVENT_VALID) {
        assert_int_equal(event & VMCB_EVENT_TYPE, VMCB_EVENT_INTERRUPT);
        assert_true(is_open);
        if (random_u32() % 3 == 0) {
            vmcb->exit_event = event;
            leave_guest(vmcb);
            must_end = vmcb->exit_code == SVM_EXIT_NPF;
            return;
        }
        handler_begins(event & VMCB_EVENT_VECTOR);
    } else if (vpc.interp.cpu.has_interrupt) {
        closed++;
        assert_false(is_open);
        assert_true(vmcb->interrupt_control & VMCB_V_IRQ && vmcb->intercepts[0] & VMCB_INTERCEPT0_VINTR);
    }
    go_on(vmcb);
    leave_guest(vmcb);
}

static void run_believing(struct vmcb *vmcb)
{
    believe(vmcb);
    run_once(vmcb);
    remember(vmcb);
}

static enum svm_next enter(struct vpc *entered, hpa_t block)
{
    return enter_until_looked_at(entered, hpa_to_ptr(block), run_believing);
}

static void begin(void)
{
    is_in_run = true;
    must_end = false;
}

static void end(void)
{
    is_in_run = false;
}

/* Where the interpreter may come stand NOPs, and a HLT here and there. */
static void put_code(void)
{
    static uint8_t code[PAGE_SIZE];

    for (uint32_t at = 0; at < PAGE_SIZE; at++)
        code[at] = at % 5 == 2 ? 0xF4 : 0x90;
    for (uint32_t at = 0; at < 0x10000; at += PAGE_SIZE)
        if (at != 0 && at != 0x6000)
            assert_true(ram_store(&ram, GPA(at), code, sizeof(code)));
}

/* One run. It may end halted only if nothing wakes it; then something does. */
static void run_and_wake(void)
{
    struct vcpu *cpu = &vpc.interp.cpu;

    if (vpc.engine(&vpc, 0) != EXIT_HLT)
        return;
    halts++;
    look_at_interpreter(cpu->eip, cpu->eflags);
    assert_true(cpu->is_halted);
    assert_false(cpu->has_interrupt && cpu->eflags & EFLAGS_IF);
    cpu->has_interrupt = true;
    cpu->eflags |= EFLAGS_IF;
}

static void lose_no_interrupt(bool moves)
{
    const struct vpc_clock clock = { .now_ns = get_now };
    const struct svm_host host = { .begin = begin, .end = end, .enter = enter, .load_fpu = ignore_image,
                                   .save_fpu = keep_image, .set_alarm = no_alarm, .asids = &pool };
    uint32_t steps = UINT32_MAX;

    entries = deliveries = by_interpreter = closed = halts = 0;
    assert_int_equal(ram_create(&ram, RAM_FRAMES << PAGE_SHIFT), STATUS_OK);
    vpc_init(&vpc, &ram, &clock, &vpc_bus, NULL);
    vpc.bus.acknowledge = acknowledge;
    hpa_t block = frames_alloc();
    memset(hpa_to_ptr(block), 0, PAGE_SIZE);
    pool.count = 4;
    begun = -1;
    assert_true(svm_attach(&vpc, &svm, &host, block, frames_alloc(), HPA(0)));
    for (uint32_t vector = 0; vector < 256; vector++) {
        uint32_t entry = HANDLERS + HANDLER_BYTES * vector;
        assert_true(ram_store(&ram, GPA(vector * 4), &entry, sizeof(entry)));
    }
    put_code();
    svm.moves = moves;
    memset(&vpc.interp.cpu.segments[SEG_CS].base, 0, sizeof(uint32_t));
    vpc.interp.cpu.segments[SEG_CS].selector = 0;
    vpc.interp.cpu.eip = 0x8000;
    vpc.interp.cpu.gpr[GPR_ESP] = 0x7000;
    while (entries < ENTRIES)
        run_and_wake();
    assert_true(deliveries > ENTRIES / 20 && by_interpreter > 100 && closed > 100 && halts > 100);
    assert_true(nested_destroy(&svm.nested, &steps));
    frames_free(block);
    machine_unmake_ram(&ram);
}

static void test_no_interrupt_is_lost(void **state)
{
    (void)state;
    lose_no_interrupt(false);
}

/* The interpreter executes one instruction after each exit, too, and may end on a HLT. */
static void test_none_is_lost_by_moving(void **state)
{
    (void)state;
    lose_no_interrupt(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_no_interrupt_is_lost, machine_start, machine_stop),
        cmocka_unit_test_setup_teardown(test_none_is_lost_by_moving, machine_start, machine_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
