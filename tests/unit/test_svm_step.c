/*
 * test_svm_step.c - what the interpreter does for a guest that has left, before it is entered again: instructions that
 * change what the processor keeps, that end the run, that need the unit, and interrupts at such a place. In real mode
 * at CODE: what stands there is executed, as the guest leaves there.
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
#include "vpc/svm/svm.h"

#define RAM_FRAMES 64u
#define CODE 0x8000u
#define IMAGE 0x6000u

static struct vpc vpc;
static struct svm svm;
static struct ram ram;
static struct asid_pool pool;
static struct vmcb *fresh;
static unsigned enters, enters_left;
static uint32_t exits_allowed;              /* of the run, from the first entry on; 0: the usual */
static uint32_t asid_before, event_given;
static uint8_t unit_fill;

static uint64_t get_now(void *owner)
{
    (void)owner;
    return 0;
}

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
    return after_exit(entered, vmcb);
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
    static const struct svm_host host = { .begin = do_nothing, .end = do_nothing, .enter = enter_once,
                                          .load_fpu = ignore_image, .save_fpu = save_fill, .set_alarm = no_alarm,
                                          .asids = &pool };
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
        { "\xE6\x43", 2, 5 },                   /* OUT to the timer, after which another time is due than was */
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
        vpc.end = VPC_END_NONE;
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

/* Whatever it is left for, and though no interrupt of the host's ends it. */
static void test_a_run_ends(void **state)
{
    static uint8_t code[PAGE_SIZE];

    (void)state;
    for (unsigned i = 0; i < sizeof(code); i += 2)
        memcpy(code + i, "\x0F\xA2", 2);        /* CPUID */
    assert_true(ram_store(&ram, GPA(CODE), code, sizeof(code)));
    vpc.interp.cpu.eip = CODE;
    enters = 0;
    enters_left = 2000;
    assert_int_equal(vpc.engine(&vpc, 0), EXIT_BUDGET);
    assert_int_equal(enters, 1024);
}

/* Memory was out as its instruction was looked at: it is not executed, though that would ask for no stop of its own. */
static void test_who_has_ended_does_nothing_more(void **state)
{
    (void)state;
    leave_at("\x90\x40", 1);                    /* NOP; INC AX comes next */
    vpc.interp.cpu.gpr[GPR_EAX] = 7;
    vmcb_put(svm.vmcb, &vpc.interp.cpu);
    vpc_lack_memory(&vpc);
    assert_int_equal(svm_step(&vpc, 1), EXIT_STOP);
    assert_int_equal(svm.vmcb->rip, CODE + 1);
    assert_int_equal(svm.vmcb->rax, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_run_ends, start_leaving, stop_leaving),
        cmocka_unit_test_setup_teardown(test_who_has_ended_does_nothing_more, start_leaving, stop_leaving),
        cmocka_unit_test_setup_teardown(test_translations_that_a_step_forgets, start_leaving, stop_leaving),
        cmocka_unit_test_setup_teardown(test_unit_is_stored_before_a_step, start_leaving, stop_leaving),
        cmocka_unit_test_setup_teardown(test_an_interrupt_between_sti_and_hlt, start_leaving, stop_leaving),
        cmocka_unit_test_setup_teardown(test_a_run_that_ends_in_a_shadow, start_leaving, stop_leaving),
        cmocka_unit_test_setup_teardown(test_nobody_reaches_xcr0, start_leaving, stop_leaving),
        cmocka_unit_test_setup_teardown(test_an_nmi_and_a_stop, start_leaving, stop_leaving),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
