/*
 * test_desc.c - the GDT and IDT hold what the contract and the architecture's invariants ask for, bit by bit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cpu/desc.h"
#include "pebpeb.h"

static uint64_t base_of(uint64_t descriptor)
{
    return (descriptor >> 16 & 0xFFFFFF) | (descriptor >> 56) << 24;
}

/* The last byte of a granular segment. */
static uint64_t limit_of(uint64_t descriptor)
{
    uint64_t pages = (descriptor & 0xFFFF) | (descriptor >> 32 & 0xF0000);
    return pages << 12 | 0xFFF;
}

static unsigned dpl_of(uint64_t descriptor)
{
    return descriptor >> 45 & 3;
}

static void guest_segments_end_at_4_gib(void **state)
{
    (void)state;
    uint64_t gdt[GDT_ENTRIES];
    const uint16_t selectors[] = { SEL_GUEST_KERNEL_CS, SEL_GUEST_KERNEL_SS, SEL_GUEST_USER_CS, SEL_GUEST_DATA };

    desc_build_gdt(gdt, 0xFFFFFFFF80123400ull);
    for (unsigned i = 0; i < 4; i++) {
        uint64_t descriptor = gdt[selectors[i] >> 3];
        assert_int_equal(base_of(descriptor), GUEST_LINEAR_BASE);
        assert_int_equal(limit_of(descriptor), HV_MAX_GVA);
        assert_int_equal(base_of(descriptor) + limit_of(descriptor), 0xFFFFFFFF);
        assert_int_equal(dpl_of(descriptor), selectors[i] & 3);
        assert_true(descriptor >> 54 & 1);      /* D/B: 32-bit */
        assert_true(descriptor >> 55 & 1);      /* granular */
    }
}

/* No way up: nothing below ring 0 is 64-bit code, a call gate or an LDT. */
static void no_descriptor_lets_a_guest_out(void **state)
{
    (void)state;
    uint64_t gdt[GDT_ENTRIES];

    desc_build_gdt(gdt, 0xFFFFFFFF80123400ull);
    assert_int_equal(gdt[0], 0);
    for (unsigned i = 1; i < GDT_ENTRIES - 2; i++) {
        bool code = gdt[i] >> 43 & 1;
        assert_true(gdt[i] >> 44 & 1);          /* code or data: no system descriptor */
        assert_true(gdt[i] >> 47 & 1);
        assert_true(gdt[i] >> 40 & 1);          /* accessed already: the processor never writes the GDT */
        if (dpl_of(gdt[i]) != 0)
            assert_false(code && (gdt[i] >> 53 & 1));
        if (code)
            assert_false(gdt[i] >> 42 & 1);     /* not conforming */
    }
    assert_int_equal(gdt[SEL_TSS >> 3] >> 40 & 0x1F, 9);
    assert_int_equal(base_of(gdt[SEL_TSS >> 3]) | gdt[(SEL_TSS >> 3) + 1] << 32, 0xFFFFFFFF80123400ull);
    assert_int_equal(gdt[SEL_TSS >> 3] & 0xFFFF, sizeof(struct tss) - 1);
}

static void gates_open_to_the_right_ring(void **state)
{
    (void)state;
    struct idt_gate idt[256];

    desc_build_idt(idt, 0xFFFFFFFF80001000ull, 16);
    for (unsigned n = 0; n < 256; n++) {
        unsigned expected = n == 0xDE ? 1 : n == 3 || n == 4 ? 3 : n < 32 || n >= 0xF0 ? 0 : 3;
        assert_int_equal(idt[n].type, 0x8E | expected << 5);
        assert_int_equal(idt[n].selector, SEL_HV_CS);
        uint64_t offset = idt[n].offset_low | (uint64_t)idt[n].offset_middle << 16 | (uint64_t)idt[n].offset_high << 32;
        assert_int_equal(offset, 0xFFFFFFFF80001000ull + n * 16);
        assert_int_equal(idt[n].ist, n == 2 ? 2 : n == 8 ? 1 : n == 18 ? 3 : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guest_segments_end_at_4_gib),
        cmocka_unit_test(no_descriptor_lets_a_guest_out),
        cmocka_unit_test(gates_open_to_the_right_ring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
