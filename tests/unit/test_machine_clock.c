/*
 * test_machine_clock.c - a virtual PC's time stamp counter over turns, waits, moves between the engines, copies and its
 * own WRMSR: the processor's is the interpreter's, it never goes back, and it shows what the PC's time does.
 *
 * machine_clock.c is compiled in here with a counter on paper: time passes only by pass(). The processor of the SVM
 * engine executes one instruction an entry: at RDTSC the block's offset is added, if the block says that it does not
 * leave. It keeps what the clean bits let it keep.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/insn.h"
#define insn_rdtsc paper_rdtsc
static uint64_t insn_rdtsc(void);
#include "vpc/machine_clock.c"

#include "base/frames.h"
#include "cpu/x86.h"
#include "fake_mmu.h"
#include "fake_svm_host.h"
#include "random.h"

#define RAM_FRAMES 16u
#define CODE 0x8000u
#define WRITE 0x8002u
#define AGAIN 0x8004u
#define PCS 4u                  /* the first, and its copies */
#define TURNS 3000u
#define NS_PER_S 1000000000ull
#define MSR_TSC 0x10u
#define SVM_EXIT_MSR 0x7Cu

/* A PC, what its guest was told last, and what it has added to its counter itself. */
static struct guest guests[PCS];
static struct machine machines[PCS];
static struct ram rams[PCS];
static hpa_t blocks[PCS];
static uint64_t told[PCS], written[PCS];
static struct processor processor;
static struct asid_pool pool;

static uint64_t tsc;
static unsigned by_processor, left;
static bool is_steady, writes;
struct timer_clock timer_clock;

static uint64_t insn_rdtsc(void)
{
    return tsc;
}

uint64_t timer_now_ns(void)
{
    return timer_ns_at(tsc);
}

bool tsc_is_steady(void)
{
    return is_steady;
}

void timer_set_alarm_in(uint64_t span_tsc)
{
    (void)span_tsc;
}

static void set_rate(uint64_t hertz)
{
    timer_clock = (struct timer_clock){ .ns_per_tsc_32 = (NS_PER_S << 32) / hertz,
                                        .tsc_per_ns_32 = (hertz / NS_PER_S << 32) +
                                                         ((hertz % NS_PER_S) << 32) / NS_PER_S };
}

static void pass(uint64_t ticks)
{
    tsc += ticks;
}

/* What it has kept of one block. */
static struct {
    const struct vmcb *vmcb;
    uint64_t offset;
    bool is_intercepted;
} kept;

static void load(const struct vmcb *vmcb)
{
    if (kept.vmcb == vmcb && vmcb->clean & VMCB_CLEAN_INTERCEPTS)
        return;
    kept.vmcb = vmcb;
    kept.offset = vmcb->tsc_offset;
    kept.is_intercepted = vmcb->intercepts[0] & VMCB_INTERCEPT0_RDTSC;
}

/* It has the sum in EDX:EAX and goes on behind. */
static void execute_rdtsc(struct vpc *vpc, struct vmcb *vmcb)
{
    uint64_t shown = tsc + kept.offset;

    by_processor++;
    vmcb->rax = (uint32_t)shown;
    vpc->interp.cpu.gpr[GPR_EDX] = (uint32_t)(shown >> 32);
    vmcb->rip += 2;
}

/* At CODE and AGAIN there is RDTSC, at WRITE WRMSR, which leaves always, or is not come to. */
static enum svm_next enter(struct vpc *vpc, hpa_t block)
{
    struct vmcb *vmcb = hpa_to_ptr(block);
    bool is_rdtsc = vmcb->rip == CODE || vmcb->rip == AGAIN;

    vmcb->exit_event = 0;
    vmcb->exit_info1 = vmcb->exit_info2 = 0;
    pass(1);
    load(vmcb);
    vmcb->exit_code = SVM_EXIT_INTR;
    if (vmcb->rip == WRITE && writes)
        vmcb->exit_code = SVM_EXIT_MSR;
    else if (is_rdtsc && kept.is_intercepted)
        vmcb->exit_code = SVM_EXIT_RDTSC;
    else if (is_rdtsc)
        execute_rdtsc(vpc, vmcb);
    left += (uint32_t)vmcb->exit_code == SVM_EXIT_RDTSC;
    return after_exit(vpc, vmcb);
}

static const struct svm_host host = { .begin = do_nothing, .end = do_nothing, .enter = enter,
                                      .load_fpu = ignore_image, .save_fpu = keep_image, .set_alarm = no_alarm,
                                      .asids = &pool };

static void attach(unsigned pc)
{
    blocks[pc] = frames_alloc();
    memset(hpa_to_ptr(blocks[pc]), 0, PAGE_SIZE);
    assert_true(svm_attach(&machines[pc].vpc, &machines[pc].svm, &host, blocks[pc], HPA(0), HPA(0)));
}

static void make_guest(unsigned pc)
{
    guests[pc] = (struct guest){ .machine = &machines[pc], .processor = &processor };
    guests[pc].state.clock.run = true;
    machines[pc] = (struct machine){ .is_started = true };
    told[pc] = written[pc] = 0;
    assert_int_equal(ram_create(&rams[pc], RAM_FRAMES << PAGE_SHIFT), STATUS_OK);
    assert_true(ram_store(&rams[pc], GPA(CODE), "\x0F\x31\x0F\x30\x0F\x31", 6));
}

static void make_first(bool counts)
{
    const struct vpc_clock clock = { .now_ns = machine_now_ns, .owner = &guests[0], .is_counted = counts };

    make_guest(0);
    machine_start_clock(&guests[0], 0, 0);
    vpc_init(&machines[0].vpc, &rams[0], &clock, &vpc_bus, NULL);
    machines[0].vpc.interp.cpu.segments[SEG_CS].selector = 0;
    machines[0].vpc.interp.cpu.segments[SEG_CS].base = 0;
    attach(0);
}

/* As machine_copy does, of what concerns time. */
static void copy_to(unsigned pc)
{
    make_guest(pc);
    machines[pc].is_still = true;
    machines[pc].stands_at_ns = machine_now_ns(&guests[0]);
    machines[pc].stands_at_tsc = machine_now_tsc(&guests[0]);
    vpc_copy(&machines[pc].vpc, &machines[0].vpc, &rams[pc], &guests[pc]);
    attach(pc);
    told[pc] = told[0];
    written[pc] = written[0];
}

static void unmake(unsigned count)
{
    for (unsigned pc = 0; pc < count; pc++) {
        uint32_t steps = UINT32_MAX;
        assert_true(nested_destroy(&machines[pc].svm.nested, &steps));
        frames_free(blocks[pc]);
        machine_unmake_ram(&rams[pc]);
    }
}

static uint64_t edx_eax(const struct vcpu *cpu)
{
    return (uint64_t)cpu->gpr[GPR_EDX] << 32 | cpu->gpr[GPR_EAX];
}

/* One RDTSC by one engine or the other. */
static uint64_t read_tsc(unsigned pc, bool under_svm)
{
    struct vpc *vpc = &machines[pc].vpc;

    vpc->interp.cpu.eip = CODE;
    pass(1);
    if (under_svm)
        (void)vpc->engine(vpc, 0);
    else
        assert_int_equal(interp_run(&vpc->interp, 1), EXIT_BUDGET);
    assert_int_equal(vpc->interp.cpu.eip, CODE + 2);
    return edx_eax(&vpc->interp.cpu);
}

/* The guest sets its counter, and whoever executes it goes on from there, in the same run, too. */
static void write_tsc(unsigned pc, uint64_t value, bool under_svm)
{
    struct vpc *vpc = &machines[pc].vpc;
    uint64_t before = vpc->bus.time(vpc) + vpc->interp.cpu.tsc_offset + (under_svm ? 1 : 0);
    uint32_t *gpr = vpc->interp.cpu.gpr;

    gpr[GPR_EAX] = (uint32_t)value;
    gpr[GPR_EDX] = (uint32_t)(value >> 32);
    gpr[GPR_ECX] = MSR_TSC;
    vpc->interp.cpu.eip = WRITE;
    writes = true;
    if (under_svm)
        (void)vpc->engine(vpc, 0);
    else
        assert_int_equal(interp_run(&vpc->interp, 2), EXIT_BUDGET);
    writes = false;
    assert_int_equal(vpc->interp.cpu.eip, AGAIN + 2);
    assert_in_range(edx_eax(&vpc->interp.cpu) - value, 0, 3);
    written[pc] += value - before;
    told[pc] = edx_eax(&vpc->interp.cpu);
}

/* What the PC's time comes to, within what rounding may do. */
static void agrees_with_time(unsigned pc, uint64_t shown)
{
    uint64_t expected = timer_span_tsc(machine_now_ns(&guests[pc])) + written[pc];

    assert_true(shown - expected + 100 <= 200);
}

/* Some reads by each engine in turn, with a write of the counter now and then. */
static void take_turn(unsigned pc)
{
    struct machine *machine = &machines[pc];

    if (machine->is_still)
        machine_start_clock(&guests[pc], machine->stands_at_ns, machine->stands_at_tsc);
    machine_turn_begins(&guests[pc]);
    for (unsigned reads = random_u32() % 6; reads-- > 0;) {
        uint64_t shown = read_tsc(pc, random_u32() % 2);
        assert_true((int64_t)(shown - told[pc]) > 0);
        agrees_with_time(pc, shown);
        told[pc] = shown;
        if (random_u32() % 16 == 0)
            write_tsc(pc, (uint64_t)random_u32() << 20, random_u32() % 2);
        pass(random_u32() % 100000);
    }
    pass(1);
    machine_turn_ends(&guests[pc]);
}

/* It waits for the processor, which its clock does not count, or sleeps, which it does. */
static void be_away(unsigned pc)
{
    uint64_t before_ns = timer_now_ns();

    pass(random_u32() % 3 == 0 ? random_u32() % 4 : random_u32() % 10000000);
    if (random_u32() % 2)
        guests[pc].state.clock.waited_ns += timer_now_ns() - before_ns;
}

static void run_at(uint64_t hertz)
{
    unsigned count = 1;

    set_rate(hertz);
    tsc = 1ull << 40;
    kept.vmcb = NULL;
    timer_clock.tsc_start = tsc - 12345;
    by_processor = left = 0;
    make_first(false);
    for (unsigned turn = 0; turn < TURNS; turn++) {
        unsigned pc = random_u32() % count;
        take_turn(pc);
        be_away(pc);
        if (count < PCS && random_u32() % 200 == 0)
            copy_to(count++);
    }
    assert_int_equal(count, PCS);
    assert_true(by_processor > TURNS / 2);
    assert_int_equal(left, 0);
    unmake(count);
}

static void test_one_counter_of_both_engines(void **state)
{
    static const uint64_t rates[] = { 1000000000, 2000000000, 3392123456, 800000000, 5700000001 };

    (void)state;
    is_steady = true;
    for (unsigned i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
        run_at(rates[i]);
}

/* The guest's clock, whose wait was counted too long, goes back; the counter stands until that has caught up. */
static void test_a_wait_that_is_counted_too_long(void **state)
{
    (void)state;
    is_steady = true;
    set_rate(2000000000);
    make_first(false);
    pass(1000000);
    machine_turn_begins(&guests[0]);
    uint64_t before = read_tsc(0, true);
    machine_turn_ends(&guests[0]);
    guests[0].state.clock.waited_ns += 1000;            /* 2,000 ticks, of which none has passed */
    machine_turn_begins(&guests[0]);
    uint64_t after = read_tsc(0, true);
    assert_in_range(after - before, 1, 10);
    machine_turn_ends(&guests[0]);
    pass(5000);
    machine_turn_begins(&guests[0]);
    agrees_with_time(0, read_tsc(0, false));
    unmake(1);
}

/* Nanoseconds of the PC's time, asked for at each exit. */
static void test_a_counter_that_nobody_answers_for(void **state)
{
    (void)state;
    is_steady = false;
    set_rate(3000000000);
    left = by_processor = 0;
    make_first(false);
    pass(3000000);
    machine_turn_begins(&guests[0]);
    for (unsigned reads = 0; reads < 10; reads++) {
        pass(300);
        uint64_t shown = read_tsc(0, reads % 2);
        assert_in_range(machine_now_ns(&guests[0]) - shown, 0, 2);
    }
    assert_int_equal(by_processor, 0);
    assert_true(left >= 5);
    unmake(1);
}

/* Steady or not: 10 ns an instruction. */
static void test_a_clock_that_counts_instructions(void **state)
{
    (void)state;
    is_steady = true;
    set_rate(3000000000);
    make_first(true);
    machine_turn_begins(&guests[0]);
    uint64_t before = read_tsc(0, false);
    pass(1000000);
    assert_int_equal(read_tsc(0, false) - before, VPC_NS_PER_INSTRUCTION);
    unmake(1);
}

static enum exit_reason step_by_another(struct vpc *vpc, uint64_t instructions)
{
    return svm_step(vpc, instructions);
}

/* Lock-step, which compares, has it leave the guest. */
static void test_one_that_is_compared(void **state)
{
    (void)state;
    is_steady = true;
    set_rate(3000000000);
    by_processor = left = 0;
    make_first(false);
    machines[0].svm.steps_by = step_by_another;
    machine_turn_begins(&guests[0]);
    (void)read_tsc(0, true);
    assert_int_equal(by_processor, 0);
    assert_true(left > 0);
    unmake(1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_counter_of_both_engines, machine_start, machine_stop),
        cmocka_unit_test_setup_teardown(test_a_wait_that_is_counted_too_long, machine_start, machine_stop),
        cmocka_unit_test_setup_teardown(test_a_counter_that_nobody_answers_for, machine_start, machine_stop),
        cmocka_unit_test_setup_teardown(test_a_clock_that_counts_instructions, machine_start, machine_stop),
        cmocka_unit_test_setup_teardown(test_one_that_is_compared, machine_start, machine_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
