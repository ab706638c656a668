/*
 * test_svm_vmcb.c - a vcpu put into a control block and taken from it again is the same, and the other way round; what
 * is intercepted; why a processor will not do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"
#include "vpc/svm/detect.h"
#include "vpc/svm/vmcb.h"

#define ROUNDS 2000u
#define ONES HPA(0x123000)
#define ROOT HPA(0x456000)

static void fill(void *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ((uint8_t *)bytes)[i] = (uint8_t)random_u32();
}

static struct vcpu random_vcpu(void)
{
    struct vcpu cpu;

    fill(&cpu, sizeof(cpu));
    cpu.shadow = random_u32() % 2 ? SHADOW_SS : SHADOW_NONE;
    cpu.tr.attributes |= 2;             /* busy */
    cpu.is_in_nmi = random_u32() % 2;
    return cpu;
}

static void clear_padding(struct vcpu *cpu)
{
    struct table_register *tables[] = { &cpu->gdtr, &cpu->idtr };

    for (unsigned i = 0; i < 2; i++)
        memset(&tables[i]->limit + 1, 0, sizeof(*tables[i]) - offsetof(struct table_register, limit) - 2);
}

/* The block tells nothing else of a vcpu than this, and what it tells goes both ways without loss. */
static void test_get_of_put_is_the_same(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct vcpu cpu = random_vcpu(), other = random_vcpu(), wanted = other;
        static struct vmcb vmcb;

        vmcb_put(&vmcb, &cpu);
        vmcb_get(&vmcb, &other);
        memcpy(wanted.segments, cpu.segments, sizeof(wanted.segments));
        wanted.ldtr = cpu.ldtr;
        wanted.tr = cpu.tr;
        wanted.gdtr = cpu.gdtr;
        wanted.idtr = cpu.idtr;
        wanted.cpl = cpu.cpl;
        wanted.cr0 = cpu.cr0;
        wanted.cr2 = cpu.cr2;
        wanted.cr3 = cpu.cr3;
        wanted.dr[6] = cpu.dr[6];
        wanted.eflags = cpu.eflags;
        wanted.eip = cpu.eip;
        wanted.gpr[GPR_ESP] = cpu.gpr[GPR_ESP];
        wanted.gpr[GPR_EAX] = cpu.gpr[GPR_EAX];
        wanted.shadow = cpu.shadow;
        clear_padding(&other);
        clear_padding(&wanted);
        assert_memory_equal(&other, &wanted, sizeof(other));
    }
}

static void test_put_of_get_is_the_same(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++) {
        static struct vmcb first, second;
        struct vcpu cpu = random_vcpu(), copy;

        vmcb_init(&first, ONES, ROOT);
        vmcb_init(&second, ONES, ROOT);
        vmcb_put(&first, &cpu);
        copy = random_vcpu();
        copy.cr4 = cpu.cr4;
        copy.is_in_nmi = cpu.is_in_nmi;
        vmcb_get(&first, &copy);
        vmcb_put(&second, &copy);
        assert_memory_equal(&first, &second, sizeof(first));
    }
}

/* While an NMI is handled its IRET is wanted, and at no other time. */
static void test_iret_of_an_nmi(void **state)
{
    (void)state;
    static struct vmcb vmcb;
    struct vcpu cpu;

    vcpu_reset(&cpu);
    vmcb_init(&vmcb, ONES, ROOT);
    uint32_t before = vmcb.intercepts[0];
    assert_false(before & 1u << 20);
    for (unsigned i = 0; i < 4; i++) {
        cpu.is_in_nmi = i % 2;
        vmcb_put(&vmcb, &cpu);
        assert_int_equal(vmcb.intercepts[0], before | (cpu.is_in_nmi ? 1u << 20 : 0));
    }
}

/* What a vcpu cannot say, a block must not have: a machine check with MCE off would be the end of the machine. */
static void test_what_is_never_the_guests(void **state)
{
    (void)state;
    static struct vmcb vmcb;
    struct vcpu cpu;

    vcpu_reset(&cpu);
    vmcb_init(&vmcb, ONES, ROOT);
    vmcb_put(&vmcb, &cpu);
    assert_true(vmcb.cr4 & 1u << 6);
    assert_int_equal(vmcb.dr7, 0x400);
    assert_int_equal(vmcb.efer, 1u << 12);
    assert_int_equal(vmcb.nested_enable, 1);
    assert_int_equal(vmcb.nested_root, ROOT.v);
    assert_int_equal(vmcb.iopm, ONES.v);
    assert_int_equal(vmcb.msrpm, ONES.v);
}

/* QEMU ends by itself when a guest changes stacks with a busy one: "invalid tss type". */
static void test_task_register_is_not_busy_in_the_block(void **state)
{
    (void)state;
    static struct vmcb vmcb;
    struct vcpu cpu;

    vcpu_reset(&cpu);
    vmcb_put(&vmcb, &cpu);
    assert_int_equal(vmcb.tr.attributes & 0xF, 1);
    cpu.tr.attributes = 0x8B;
    vmcb_put(&vmcb, &cpu);
    assert_int_equal(vmcb.tr.attributes, 0x89);
    vmcb_get(&vmcb, &cpu);
    assert_int_equal(cpu.tr.attributes, 0x8B);
}

/* APM vol. 2 "Layout of VMCB": by number, as a second reading of the table. */
static void test_intercepts(void **state)
{
    (void)state;
    static struct vmcb vmcb;
    /* INTR NMI INIT, selective CR0, LTR, RDTSC RDPMC, CPUID RSM, INVD, HLT, INVLPGA IOIO MSR TASK, SHUTDOWN */
    const uint8_t wanted[] = { 0, 1, 3, 5, 13, 14, 15, 18, 19, 22, 24, 26, 27, 28, 29, 31 };
    uint32_t word = 0;

    for (unsigned i = 0; i < sizeof(wanted); i++)
        word |= 1u << wanted[i];
    vmcb_init(&vmcb, ONES, ROOT);
    assert_int_equal(vmcb.intercepts[0], word);
    /* VMRUN VMMCALL VMLOAD VMSAVE STGI CLGI SKINIT RDTSCP ICEBP WBINVD MONITOR MWAIT (both) XSETBV RDPRU */
    assert_int_equal(vmcb.intercepts[1], 0x7FFF);
    assert_int_equal(vmcb.intercept_exceptions, 1u << 1 | 1u << 17 | 1u << 18);
    assert_int_equal(vmcb.intercept_cr_writes, 0xFFF2);     /* CR4, CR8 and what there is not */
    assert_int_equal(vmcb.intercept_cr_reads, 0xFFF2);
    assert_int_equal(vmcb.intercept_dr_reads, 0xFFFF);
    assert_int_equal(vmcb.intercept_dr_writes, 0xFFFF);
}

static struct {
    uint32_t max_leaf, vmx, svm, asids, nested;
    uint64_t vm_cr;
    unsigned msr_reads;
} processor;

static void fake_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    (void)subleaf;
    memset(out, 0xFF, 4 * sizeof(out[0]));      /* what nobody asked for is no answer */
    if (leaf == 0x80000000)
        out[0] = processor.max_leaf;
    else if (leaf == 1)
        out[2] = processor.vmx << 5;
    else if (leaf == 0x80000001)
        out[2] = processor.svm << 2;
    else if (leaf == 0x8000000A) {
        out[1] = processor.asids;
        out[3] = processor.nested;
    }
}

static uint64_t fake_msr(uint32_t number)
{
    assert_int_equal(number, 0xC0010114);
    processor.msr_reads++;
    return processor.vm_cr;
}

static const char *obstacle(void)
{
    const struct svm_probe probe = { fake_cpuid, fake_msr };
    uint32_t asids = 0;
    const char *text = svm_find_obstacle(&probe, &asids);

    assert_int_equal(asids, text == NULL ? processor.asids : 0);
    return text != NULL ? text : "";
}

static void test_detection(void **state)
{
    (void)state;
    processor.max_leaf = 0x8000001F;
    processor.asids = 16;
    processor.nested = processor.svm = 1;
    assert_string_equal(obstacle(), "");
    processor.vm_cr = 1u << 4;
    assert_non_null(strstr(obstacle(), "firmware"));
    processor.vm_cr = 0;
    processor.nested = 0;
    assert_non_null(strstr(obstacle(), "nested paging"));
    processor.nested = 1;
    processor.asids = 1;                        /* the host's only */
    assert_non_null(strstr(obstacle(), "nested paging"));
    processor.asids = 16;
    processor.max_leaf = 0x80000008;
    assert_non_null(strstr(obstacle(), "nested paging"));
    processor.msr_reads = 0;
    processor.svm = 0;
    assert_string_equal(obstacle(), "this processor has no SVM");
    processor.vmx = 1;
    assert_non_null(strstr(obstacle(), "VT-x"));
    processor.max_leaf = 0;
    assert_non_null(strstr(obstacle(), "VT-x"));
    assert_int_equal(processor.msr_reads, 0);   /* where there is no SVM there is no such register */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_get_of_put_is_the_same),
        cmocka_unit_test(test_put_of_get_is_the_same),
        cmocka_unit_test(test_iret_of_an_nmi),
        cmocka_unit_test(test_what_is_never_the_guests),
        cmocka_unit_test(test_task_register_is_not_busy_in_the_block),
        cmocka_unit_test(test_intercepts),
        cmocka_unit_test(test_detection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
