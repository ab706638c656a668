/*
 * test_svm_lockstep.c - lock-step finds whatever a processor does otherwise than the interpreter, and nothing else.
 * The processor is a second interpreter, which sees RAM through the nested tables; one thing of what it did is then
 * changed.
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
#include "host_panic.h"
#include "pagetable/host_table.h"
#include "vpc/svm/lockstep.h"

#define RAM_FRAMES 64u
#define CODE 0x8000u
#define STACK 0x9000u
#define DATA 0xA000u
#define ELSEWHERE 0xB000u
#define HANDLER 0x8800u
#define FLAT_CODE 0xC9Bu
#define FLAT_DATA 0xC93u
#define GDT 0x1000u
#define IDT 0x2000u

enum sabotage { NOTHING, A_REGISTER, A_FLAG, AN_UNDEFINED_FLAG, A_BASE, A_LIMIT, A_SELECTOR, CR2, CR3, CPL, DR6_BITS,
                UNIT, UNIT_POINTER, WRITTEN, ELSEWHERE_WRITTEN, SHADOW, SABOTAGES };

static struct vpc vpc;
static struct svm svm;
static struct ram ram;
static struct asid_pool pool;
static struct interp processor;
static struct bus sight;
static struct { bool is_set, is_write; uint32_t address; } fault;
static uint32_t breakpoint, elsewhere;
static enum sabotage sabotage;
static bool is_interrupted, is_interrupted_behind;
static unsigned faults, right_steps;        /* so many steps are not changed */

static uint64_t get_now(void *owner)
{
    (void)owner;
    return 0;
}

/* The nested tables' leaf of an address; 0: there is none. */
static uint64_t leaf_of(uint32_t address)
{
    const uint64_t *table = hpa_to_ptr(svm.nested.root);

    for (unsigned level = 4; level > 1; level--) {
        uint64_t entry = table[table_index(address, level)];
        if (!(entry & PTE_P))
            return 0;
        table = table_of(entry);
    }
    return table[table_index(address, 1)];
}

static uint8_t *see_page(void *context, gpa_t address, bool is_write)
{
    uint64_t leaf = leaf_of(address.v);

    (void)context;
    if (leaf & PTE_P && (leaf & PTE_W || !is_write))
        return hpa_to_ptr(HPA(leaf & PTE_ADDRESS));
    if (!fault.is_set)
        fault.address = address.v, fault.is_write = is_write;
    fault.is_set = true;
    return NULL;
}

static uint32_t see_nothing(void *context, gpa_t address, unsigned bytes)
{
    (void)context, (void)address, (void)bytes;
    fault.is_set = true;
    return 0;
}

static void write_nothing(void *context, gpa_t address, unsigned bytes, uint32_t value)
{
    (void)context, (void)address, (void)bytes, (void)value;
    fault.is_set = true;
}

static void leave_by_fault(struct vmcb *vmcb, uint32_t address, bool is_write)
{
    vmcb->exit_code = SVM_EXIT_NPF;
    vmcb->exit_info1 = is_write ? PF_WRITE : 0;
    vmcb->exit_info2 = address;
    faults++;
}

static void change(struct vcpu *cpu, struct vmcb *vmcb)
{
    switch (sabotage) {
    case A_REGISTER: cpu->gpr[GPR_EDI] ^= 0x100; break;
    case A_FLAG: cpu->eflags ^= EFLAGS_CF; break;
    case AN_UNDEFINED_FLAG: cpu->eflags ^= EFLAGS_AF; break;
    case A_BASE: cpu->segments[SEG_FS].base ^= 1; break;
    case A_LIMIT: cpu->segments[SEG_GS].limit ^= 1; break;
    case A_SELECTOR: cpu->segments[SEG_DS].selector ^= 8; break;
    case CR2: cpu->cr2 ^= 1; break;
    case CR3: cpu->cr3 ^= 0x1000; break;
    case CPL: cpu->cpl ^= 3; break;
    case SHADOW: vmcb->shadow ^= 1; break;
    default: break;
    }
}

/* So far as nested tables allow, and to the breakpoint. */
static void run_guest(struct vmcb *vmcb)
{
    struct vcpu *cpu = &processor.cpu;
    enum sabotage chosen = sabotage;

    vmcb->exit_event = 0;
    if (is_interrupted) {
        vmcb->exit_code = SVM_EXIT_INTR;
        return;
    }
    *cpu = vpc.interp.cpu;
    vmcb_get(vmcb, cpu);
    cpu->has_interrupt = false;
    interp_flush(&processor);
    fault.is_set = false;
    if (vmcb->event & VMCB_EVENT_VALID)
        (void)interp_deliver(&processor, (uint8_t)vmcb->event, false, NULL);
    else
        (void)interp_run(&processor, 1);
    if (fault.is_set) {
        vmcb->exit_event = vmcb->event;
        leave_by_fault(vmcb, fault.address, fault.is_write);
        return;
    }
    if (right_steps > 0) {
        right_steps--;
        sabotage = NOTHING;
    }
    if (sabotage == ELSEWHERE_WRITTEN && !(leaf_of(elsewhere) & PTE_W)) {
        leave_by_fault(vmcb, elsewhere, true);
        return;
    }
    if (sabotage == ELSEWHERE_WRITTEN || sabotage == WRITTEN)
        ((uint8_t *)hpa_to_ptr(HPA(leaf_of(sabotage == WRITTEN ? DATA : elsewhere) & PTE_ADDRESS)))[5] ^= 0x10;
    vmcb_put(vmcb, cpu);
    change(cpu, vmcb);
    uint64_t shadow = vmcb->shadow;
    vmcb_put(vmcb, cpu);
    vmcb->shadow = shadow;
    memcpy(vpc.interp.cpu.gpr, cpu->gpr, sizeof(cpu->gpr));
    assert_int_equal(cpu->eip, breakpoint);
    vmcb->exit_code = is_interrupted_behind ? SVM_EXIT_INTR : SVM_EXIT_DB;
    vmcb->dr6 |= sabotage == DR6_BITS ? 3 : 1;
    sabotage = chosen;
}

static enum svm_next enter(struct vpc *entered, hpa_t block)
{
    return enter_until_looked_at(entered, hpa_to_ptr(block), run_guest);
}

static void break_at(uint32_t linear)
{
    breakpoint = linear;
}

static void save_unit(void *image)
{
    if (sabotage == UNIT)
        ((uint8_t *)image)[160] ^= 1;
    if (sabotage == UNIT_POINTER)
        ((uint8_t *)image)[8] ^= 1;         /* of the last instruction: the interpreter's own */
}

static void put(uint32_t address, const void *bytes, size_t count)
{
    assert_true(ram_store(&ram, GPA(address), bytes, (uint32_t)count));
}

/* Before AND [DATA], EAX, which leaves AF undefined, and a NOP. */
static void set_up(void)
{
    static const uint64_t gdt[] = { 0, 0x00CF9B000000FFFFull, 0x00CF93000000FFFFull };
    uint64_t gate = 0x00008E0000080000ull | HANDLER;
    struct vcpu *cpu = &vpc.interp.cpu;

    put(GDT, gdt, sizeof(gdt));
    put(IDT, &gate, sizeof(gate));
    put(CODE, "\x21\x05\x00\xA0\x00\x00\x90", 7);
    vcpu_reset(cpu);
    cpu->cr0 |= CR0_PE;
    cpu->gdtr = (struct table_register){ GDT, 23 };
    cpu->idtr = (struct table_register){ IDT, 7 };
    for (unsigned i = 0; i < SEG_COUNT; i++)
        cpu->segments[i] = (struct segment){ .limit = UINT32_MAX, .selector = i == SEG_CS ? 8 : 16,
                                             .attributes = i == SEG_CS ? FLAT_CODE : FLAT_DATA };
    cpu->eip = CODE;
    cpu->gpr[GPR_ESP] = STACK + 0x800;
    cpu->gpr[GPR_EAX] = 0x12345678;
    interp_flush(&vpc.interp);
    vmcb_put(svm.vmcb, cpu);
    svm.is_interrupted = is_interrupted = is_interrupted_behind = false;
    svm.compared = faults = 0;
    sabotage = NOTHING;
    right_steps = 0;
    elsewhere = ELSEWHERE;
}

static void test_what_is_the_same(void **state)
{
    (void)state;
    set_up();
    assert_int_equal(lockstep_run(&vpc, 2), EXIT_BUDGET);
    assert_int_equal(svm.compared, 2);
    assert_int_equal(vpc.interp.cpu.eip, CODE + 7);
    assert_in_range(faults, 2, 4);              /* code, and data */
    for (sabotage = NOTHING + 1; sabotage < SABOTAGES; sabotage++) {
        enum sabotage harmless = sabotage;
        if (harmless != AN_UNDEFINED_FLAG && harmless != UNIT_POINTER && harmless != DR6_BITS)
            continue;
        set_up();
        sabotage = harmless;
        assert_int_equal(lockstep_run(&vpc, 1), EXIT_BUDGET);
        assert_int_equal(svm.compared, 1);
    }
}

static void test_what_differs(void **state)
{
    (void)state;
    for (enum sabotage kind = NOTHING + 1; kind < SABOTAGES; kind++) {
        if (kind == AN_UNDEFINED_FLAG || kind == UNIT_POINTER || kind == DR6_BITS)
            continue;
        set_up();
        sabotage = kind;
        expect_panic(lockstep_run(&vpc, 1));
        assert_int_equal(svm.compared, 0);
    }
    set_up();
    (void)lockstep_run(&vpc, 1);                /* gives back what was kept */
}

/* A write that only the processor does is seen where a step before has read, written or executed the page, too. */
static void test_a_page_that_was_known(void **state)
{
    static const struct { const char *bytes; uint32_t where; } cases[] = {
        { "\xA0\x00\xB0\x00\x00", ELSEWHERE }, { "\xA2\x00\xB0\x00\x00", ELSEWHERE },
        { "\x66\x66\x66\x66\x90", CODE },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        set_up();
        elsewhere = cases[i].where;
        put(CODE, cases[i].bytes, 5);
        put(CODE + 5, "\x90", 1);
        right_steps = 1;
        sabotage = ELSEWHERE_WRITTEN;
        expect_panic(lockstep_run(&vpc, 2));
        assert_int_equal(svm.compared, 1);
    }
    set_up();
    (void)lockstep_run(&vpc, 1);
}

/* Another engine has had the guest before, and shown it the page for writing: that is forgotten. */
static void test_a_page_that_was_shown_before(void **state)
{
    (void)state;
    set_up();
    put(ELSEWHERE, "", 1);
    assert_true(nested_show(&svm.nested, ELSEWHERE >> PAGE_SHIFT, true));
    assert_true(leaf_of(ELSEWHERE) & PTE_W);
    sabotage = ELSEWHERE_WRITTEN;
    expect_panic(lockstep_run(&vpc, 1));
    assert_int_equal(svm.compared, 0);
    set_up();
    (void)lockstep_run(&vpc, 1);
}

/* An event is compared as it begins: its frame, its gate, where it leads. */
static void test_an_event(void **state)
{
    (void)state;
    set_up();
    svm.event = VMCB_EVENT_VALID | VMCB_EVENT_EXCEPTION;
    assert_int_equal(lockstep_run(&vpc, 1), EXIT_BUDGET);
    assert_int_equal(svm.compared, 1);
    assert_int_equal(svm.event, 0);
    assert_int_equal(vpc.interp.cpu.eip, HANDLER);
    assert_int_equal(vpc.interp.cpu.gpr[GPR_ESP], STACK + 0x800 - 12);
}

/* An interrupt of the host's comes first: nothing has happened, to RAM neither, and it happens the next time. */
static void test_a_step_that_is_put_off(void **state)
{
    uint32_t before = 0xFFFFFFFF, after = 0;

    (void)state;
    set_up();
    put(DATA, &before, sizeof(before));
    is_interrupted = true;
    assert_int_equal(lockstep_run(&vpc, 5), EXIT_BUDGET);
    assert_int_equal(svm.compared, 0);
    assert_int_equal(svm.vmcb->rip, CODE);
    memcpy(&after, vpc.bus.page(&vpc, GPA(DATA), false), sizeof(after));
    assert_int_equal(after, before);
    svm.is_interrupted = is_interrupted = false;
    assert_int_equal(lockstep_run(&vpc, 1), EXIT_BUDGET);
    assert_int_equal(svm.compared, 1);
}

/* One that comes when the step is done, before the breakpoint is told: the step is compared all the same. */
static void test_an_interrupt_behind_a_step(void **state)
{
    (void)state;
    set_up();
    is_interrupted_behind = true;
    assert_int_equal(lockstep_run(&vpc, 1), EXIT_BUDGET);
    assert_true(svm.is_interrupted);
    assert_int_equal(svm.compared, 1);
    assert_int_equal(vpc.interp.cpu.eip, CODE + 6);
}

/* A port answers once: nobody is asked twice, and nothing is compared. */
static void test_a_port(void **state)
{
    (void)state;
    set_up();
    put(CODE, "\xE4\x21", 2);
    uint64_t asked = vpc.exits[VPC_EXIT_PORT_READ];
    assert_int_equal(lockstep_run(&vpc, 1), EXIT_BUDGET);
    assert_int_equal(vpc.exits[VPC_EXIT_PORT_READ], asked + 1);
    assert_int_equal(vpc.interp.cpu.eip, CODE + 2);
    assert_int_equal(svm.compared, 0);
}

static int start(void **state)
{
    static const struct svm_host host = { .begin = do_nothing, .end = do_nothing, .enter = enter,
                                          .load_fpu = ignore_image, .save_fpu = save_unit, .set_alarm = no_alarm,
                                          .asids = &pool, .break_at = break_at };
    const struct vpc_clock clock = { .now_ns = get_now };

    machine_start(state);
    assert_int_equal(ram_create(&ram, RAM_FRAMES << PAGE_SHIFT), STATUS_OK);
    vpc_init(&vpc, &ram, &clock, &vpc_bus, NULL);
    pool = (struct asid_pool){ .count = 4 };
    assert_true(svm_attach(&vpc, &svm, &host, table_alloc(), table_alloc(), HPA(0)));
    svm.alarm_ns = vpc.due_ns;
    sight = vpc.bus;
    sight.page = see_page;
    sight.read = see_nothing;
    sight.write = write_nothing;
    interp_init(&processor, &sight);
    return 0;
}

static int stop(void **state)
{
    uint32_t steps = UINT32_MAX;

    assert_true(nested_destroy(&svm.nested, &steps));
    frames_free(ptr_to_hpa(svm.vmcb));
    frames_free(ptr_to_hpa(svm.apic_page));
    machine_unmake_ram(&ram);
    return machine_stop(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_the_same, start, stop),
        cmocka_unit_test_setup_teardown(test_what_differs, start, stop),
        cmocka_unit_test_setup_teardown(test_a_page_that_was_known, start, stop),
        cmocka_unit_test_setup_teardown(test_a_page_that_was_shown_before, start, stop),
        cmocka_unit_test_setup_teardown(test_an_event, start, stop),
        cmocka_unit_test_setup_teardown(test_a_step_that_is_put_off, start, stop),
        cmocka_unit_test_setup_teardown(test_an_interrupt_behind_a_step, start, stop),
        cmocka_unit_test_setup_teardown(test_a_port, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
