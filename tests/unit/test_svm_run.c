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

/*
 * A processor that keeps all of a block that it may, by the clean bits: nobody has changed such a part since it left
 * the guest.
 */
static struct vmcb kept;

#define KEEPS(part, field) if (vmcb->clean & (part)) assert_memory_equal(&vmcb->field, &kept.field, sizeof(kept.field))

static void believe(const struct vmcb *vmcb)
{
    KEEPS(VMCB_CLEAN_INTERCEPTS, intercepts);
    KEEPS(VMCB_CLEAN_INTERCEPTS, intercept_exceptions);
    KEEPS(VMCB_CLEAN_INTERCEPTS, intercept_cr_writes);
    KEEPS(VMCB_CLEAN_INTERCEPTS, tsc_offset);
    KEEPS(VMCB_CLEAN_ASID, asid);
    KEEPS(VMCB_CLEAN_VIRTUAL, interrupt_control);
    KEEPS(VMCB_CLEAN_ALL, iopm);
    KEEPS(VMCB_CLEAN_ALL, msrpm);
    KEEPS(VMCB_CLEAN_ALL, nested_enable);
    KEEPS(VMCB_CLEAN_ALL, nested_root);
    KEEPS(VMCB_CLEAN_CONTROL, cr0);
    KEEPS(VMCB_CLEAN_CONTROL, cr3);
    KEEPS(VMCB_CLEAN_CONTROL, cr4);
    KEEPS(VMCB_CLEAN_CONTROL, efer);
    KEEPS(VMCB_CLEAN_DEBUG, dr6);
    KEEPS(VMCB_CLEAN_DEBUG, dr7);
    KEEPS(VMCB_CLEAN_TABLES, gdtr);
    KEEPS(VMCB_CLEAN_TABLES, idtr);
    KEEPS(VMCB_CLEAN_SEGMENTS, segments);
    KEEPS(VMCB_CLEAN_SEGMENTS, cpl);
    KEEPS(VMCB_CLEAN_CR2, cr2);
}

static void remember(const struct vmcb *vmcb)
{
    kept = *vmcb;
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

    assert_true(is_in_run);
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

static enum svm_next enter(struct vpc *entered, hpa_t block)
{
    enum svm_next next;

    do {
        believe(hpa_to_ptr(block));
        run_once(hpa_to_ptr(block));
        remember(hpa_to_ptr(block));
        next = svm_fast(entered, hpa_to_ptr(block));
    } while (next == SVM_AGAIN);
    return next;
}

static void begin(void)
{
    is_in_run = true;
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

/* In real mode at CODE: what stands there is executed by the interpreter, as the guest leaves there. */
#define CODE 0x8000u
#define IMAGE 0x6000u

static struct vmcb *fresh;
static unsigned enters, enters_left;
static uint32_t exits_allowed;              /* of the run, from the first entry on; 0: the usual */
static uint32_t asid_before, event_given;
static uint8_t unit_fill;

static enum svm_next enter_once(struct vpc *entered, hpa_t block)
{
    struct vmcb *vmcb = hpa_to_ptr(block);

    believe(vmcb);
    enters++;
    event_given = vmcb->event;
    if (exits_allowed > 0)
        entered->exits_left = exits_allowed;
    vmcb->exit_event = 0;
    vmcb->exit_info1 = vmcb->exit_info2 = 0;
    vmcb->exit_code = enters_left-- > 0 ? 0x72 : SVM_EXIT_INTR;         /* CPUID, as it might be */
    if (vmcb->exit_code != SVM_EXIT_INTR)
        asid_before = vmcb->asid;
    remember(vmcb);
    return svm_fast(entered, vmcb);
}

static void save_fill(void *image)
{
    memset(image, unit_fill, 512);
}

static void no_operation(struct vcpu *cpu, struct fpu_operation *operation)
{
    (void)cpu;
    (void)operation;
}

/* The guest leaves at these bytes, they are executed, and it is entered once more. */
static void leave_at(const char *bytes, size_t count)
{
    assert_true(ram_store(&ram, GPA(CODE), bytes, count));
    vpc.interp.cpu.eip = CODE;
    enters_left = 1;
    (void)vpc.engine(&vpc, 0);
    assert_int_equal(vpc.interp.cpu.eip, CODE + count);
}

static int start_leaving(void **state)
{
    static const struct svm_host host = { .begin = begin, .end = end, .enter = enter_once, .load_fpu = ignore_image,
                                          .save_fpu = save_fill, .set_alarm = no_alarm, .asids = &pool };
    const struct vpc_clock clock = { .now_ns = get_now };

    machine_start(state);
    assert_int_equal(ram_create(&ram, RAM_FRAMES << PAGE_SHIFT), STATUS_OK);
    memset(&vpc, 0, sizeof(vpc));
    vpc_init(&vpc, &ram, &clock, &vpc_bus, no_operation);
    hpa_t block = frames_alloc();
    fresh = hpa_to_ptr(block);
    memset(fresh, 0, PAGE_SIZE);
    pool = (struct asid_pool){ .count = 1000 };
    assert_true(svm_attach(&vpc, &svm, &host, block, HPA(0), HPA(0)));
    exits_allowed = 0;
    vpc.interp.cpu.segments[SEG_CS].base = 0;
    vpc.interp.cpu.segments[SEG_CS].selector = 0;
    vpc.interp.cpu.cr4 = CR4_OSFXSR;
    return 0;
}

static int stop_leaving(void **state)
{
    uint32_t steps = UINT32_MAX;

    assert_true(nested_destroy(&svm.nested, &steps));
    frames_free(ptr_to_hpa(fresh));
    machine_unmake_ram(&ram);
    return machine_stop(state);
}

/* A processor with tags forgets nothing by itself when somebody else executes MOV CR3 for the guest, or INVLPG. */
static void test_translations_that_a_step_forgets(void **state)
{
    static const struct { const char *bytes; size_t count; bool forgets; } cases[] = {
        { "\x0F\x22\xD8", 3, true },             /* MOV CR3, EAX */
        { "\x0F\x22\xE0", 3, true },             /* MOV CR4, EAX: EAX is CR4_OSFXSR | CR4_PSE */
        { "\x0F\x01\x3F", 3, true },             /* INVLPG [BX] */
        { "\x0F\xA2", 2, false }, { "\x90", 1, false },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        vpc.interp.cpu.gpr[GPR_EAX] = CR4_OSFXSR | CR4_PSE;
        leave_at(cases[i].bytes, cases[i].count);
        assert_int_equal(fresh->asid != asid_before || fresh->tlb_control != 0, cases[i].forgets);
    }
}

/* FXSAVE has what the unit has, not what the image had when the guest was entered. */
static void test_unit_is_stored_before_a_step(void **state)
{
    (void)state;
    for (unit_fill = 1; unit_fill < 4; unit_fill++) {
        leave_at("\x0F\xAE\x06\x00\x60", 5);
        const uint8_t *stored = vpc.bus.page(&vpc, GPA(IMAGE), false);
        assert_int_equal(stored[0], unit_fill);
    }
}

static uint8_t give_vector(void *context)
{
    (void)context;
    vpc.interp.cpu.has_interrupt = false;
    return 0x28;
}

/*
 * One that came between STI and HLT wakes the HLT and is delivered behind it. It was not: the guest was entered behind
 * its HLT, halted by its state, and slept at the next one for ever with the interrupt asked for.
 */
static void test_an_interrupt_between_sti_and_hlt(void **state)
{
    struct vcpu *cpu = &vpc.interp.cpu;

    (void)state;
    vpc.bus.acknowledge = give_vector;
    assert_true(ram_store(&ram, GPA(CODE), "\xF4\xFA", 2));
    cpu->eip = CODE;
    cpu->eflags |= EFLAGS_IF;
    cpu->shadow = SHADOW_SS;
    cpu->has_interrupt = true;
    enters_left = 0;
    assert_int_equal(vpc.engine(&vpc, 0), EXIT_BUDGET);
    assert_int_equal(event_given, VMCB_EVENT_VALID | VMCB_EVENT_INTERRUPT | 0x28);
    assert_int_equal(cpu->eip, CODE + 1);
    assert_false(cpu->is_halted);
    assert_false(cpu->has_interrupt);
}

/* The instruction in a shadow, executed as an interrupt waits, may be what ends the run: then nobody enters. */
static void test_a_run_that_ends_in_a_shadow(void **state)
{
    static const struct { const char *bytes; size_t count; uint32_t eax; } cases[] = {
        { "\xE6\xF4", 2, 5 },                   /* OUT to the debug exit */
        { "\xE6\x21", 2, 5 },                   /* OUT to a device, after which another time is due than was */
        { "\x0F\x23\xF8", 3, 0x401 },          /* MOV DR7, EAX: a breakpoint is on */
    };

    (void)state;
    vpc.interp.cpu.eflags |= EFLAGS_IF;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(ram_store(&ram, GPA(CODE), cases[i].bytes, cases[i].count));
        vpc.interp.cpu.eip = CODE;
        vpc.interp.cpu.gpr[GPR_EAX] = cases[i].eax;
        vpc.interp.cpu.shadow = SHADOW_SS;
        vpc.interp.cpu.has_interrupt = true;
        vpc.due_ns = 1;
        enters = enters_left = 0;
        assert_int_equal(vpc.engine(&vpc, 0), EXIT_STOP);
        assert_int_equal(enters, 0);
        assert_int_equal(vpc.interp.cpu.eip, CODE + cases[i].count);
    }
}

/*
 * XCR0 is nobody's but the host's, and is not switched: a guest cannot have CR4.OSXSAVE, without which XSETBV, XGETBV
 * and XSAVE are #UD (leaves.c), and CPUID shows none of them.
 */
static void test_nobody_reaches_xcr0(void **state)
{
    uint32_t handler = CODE + 0x100, *gpr = vpc.interp.cpu.gpr;

    (void)state;
    assert_true(ram_store(&ram, GPA(4 * EXC_GP), &handler, sizeof(handler)));
    assert_true(ram_store(&ram, GPA(CODE), "\x0F\x22\xE0", 3));         /* MOV CR4, EAX */
    for (unsigned bit = 0; bit < 32; bit++) {
        gpr[GPR_EAX] = CR4_OSFXSR | 1u << bit;
        gpr[GPR_ESP] = 0x7000;
        vpc.interp.cpu.eip = CODE;
        enters_left = 1;
        (void)vpc.engine(&vpc, 0);
        bool is_taken = vpc.interp.cpu.eip == CODE + 3;
        assert_true(is_taken || vpc.interp.cpu.eip == handler);
        assert_int_equal(fresh->cr4, vpc.interp.cpu.cr4 | CR4_MCE);
        assert_false(is_taken && bit >= 11);
        assert_false(fresh->cr4 >> 11);
    }
}

/* A store that sends an NMI and is the last that a run may make: the NMI begins, and the run ends. */
static void test_an_nmi_and_a_stop(void **state)
{
    struct vcpu *cpu = &vpc.interp.cpu;

    (void)state;
    assert_true(ram_store(&ram, GPA(CODE), "\x67\x66\x89\x03", 4));     /* MOV [EBX], EAX */
    cpu->eip = CODE;
    cpu->segments[SEG_DS].limit = UINT32_MAX;
    cpu->gpr[GPR_EBX] = LAPIC_BASE + 0x300;
    cpu->gpr[GPR_EAX] = 0x40400;                /* to itself */
    exits_allowed = 1;
    enters = 0;
    enters_left = 1;
    assert_int_equal(vpc.engine(&vpc, 0), EXIT_STOP);
    assert_int_equal(enters, 1);
    assert_true(cpu->is_in_nmi && !cpu->has_nmi);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_no_interrupt_is_lost, machine_start, machine_stop),
        cmocka_unit_test_setup_teardown(test_none_is_lost_by_moving, machine_start, machine_stop),
        cmocka_unit_test_setup_teardown(test_translations_that_a_step_forgets, start_leaving, stop_leaving),
        cmocka_unit_test_setup_teardown(test_unit_is_stored_before_a_step, start_leaving, stop_leaving),
        cmocka_unit_test_setup_teardown(test_an_interrupt_between_sti_and_hlt, start_leaving, stop_leaving),
        cmocka_unit_test_setup_teardown(test_a_run_that_ends_in_a_shadow, start_leaving, stop_leaving),
        cmocka_unit_test_setup_teardown(test_nobody_reaches_xcr0, start_leaving, stop_leaving),
        cmocka_unit_test_setup_teardown(test_an_nmi_and_a_stop, start_leaving, stop_leaving),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
