/*
 * test_deliver.c - events reach their handlers with the contract's frame, or the guest dies of the right reason.
 *
 * The frame's bytes are compared with numbers from docs/abi.md "Events". After a crash nothing of the guest's context
 * may look as if the handler had started.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/desc.h"
#include "cpu/x86.h"
#include "fake_guest.h"
#include "guest/deliver.h"
#include "host_panic.h"

#define CODE 0x1000u
#define HANDLER 0x2000u
#define STACK 0x8000u
#define USER_STACK 0x9004u

static struct guest *const guest = &fake_guest;

/* Kernel code at CODE that has set every flag it may, with virtual interrupts on. */
static int setup(void **state)
{
    fake_guest_setup(state);
    guest->state.frame.eip = CODE;
    guest->state.frame.esp = STACK;
    guest->state.frame.eflags = 0x10FD7 | 0x200;      /* arithmetic flags, TF, DF, RF */
    guest->state.frame.eax = 0xE0;
    guest->state.virq.enabled = true;
    return 0;
}

static void enter_user(void)
{
    guest->state.frame.cs = SEL_GUEST_USER_CS;
    guest->state.frame.ss = SEL_GUEST_DATA;
    guest->state.frame.esp = USER_STACK;
    guest->state.esp0 = STACK;
}

static void set_gate(unsigned slot, bool privileged)
{
    guest->state.idt[slot] = (struct guest_gate){ HANDLER + slot, privileged };
}

static void expect_handler(unsigned slot, uint32_t esp)
{
    assert_string_equal(guest->life.reason, "");
    assert_int_equal(guest->life.end, GUEST_END_NONE);
    assert_int_equal(guest->state.frame.eip, HANDLER + slot);
    assert_int_equal(guest->state.frame.esp, esp);
    assert_int_equal(guest->state.frame.cs, SEL_GUEST_KERNEL_CS);
    assert_int_equal(guest->state.frame.ss, SEL_GUEST_KERNEL_SS);
    assert_int_equal(guest->state.frame.eflags, 0xED7 & ~0x100);  /* TF and RF gone, IF on for the hypervisor */
    assert_int_equal(guest->state.frame.eax, 0xE0);
    assert_false(guest->state.virq.enabled);
    assert_int_equal(guest->event_count, 1);
}

/* word_count words at the new ESP, and not a byte changed around them. */
static void expect_words(uint32_t esp, unsigned word_count, const uint32_t *words)
{
    for (unsigned i = 0; i < word_count; i++)
        assert_int_equal(fake_word(esp + 4 * i), words[i]);
    assert_int_equal(fake_word(esp - 4), 0);
    assert_int_equal(fake_word(esp + 4 * word_count), 0);
}

static void expect_crash(const char *reason)
{
    assert_string_equal(guest->life.reason, reason);
    assert_int_equal(guest->life.end, GUEST_END_CRASH);
    assert_int_equal(guest->event_count, 0);
    assert_true(guest->state.virq.enabled);
}

static void test_exception_in_kernel(void **state)
{
    (void)state;
    set_gate(EXC_PF, true);
    deliver_exception(guest, EXC_PF, 2, 0xDEAD0);
    expect_handler(EXC_PF, STACK - 20);
    expect_words(STACK - 20, 5, (const uint32_t[]){ 0xDEAD0, 2, CODE, 0x1337, 0x10FD7 | 0x200 });
    assert_int_equal(guest->events.ring[0].kind, EXC_PF);
    assert_int_equal(guest->events.ring[0].eip, CODE);
    assert_int_equal(guest->events.ring[0].detail, 0xDEAD0);
}

static void test_exception_in_user(void **state)
{
    (void)state;
    enter_user();
    set_gate(EXC_UD, true);
    guest->state.virq.enabled = false;
    deliver_exception(guest, EXC_UD, 0, 0);
    expect_handler(EXC_UD, STACK - 24);
    expect_words(STACK - 24, 6, (const uint32_t[]){ 0, 0, CODE, 0x13370000, 0x10DD7, USER_STACK });
    assert_int_equal(guest->state.esp0, STACK);
}

static void test_unaligned_stacks(void **state)
{
    for (uint32_t offset = 1; offset < 4; offset++) {
        setup(state);
        set_gate(EXC_DE, true);
        guest->state.frame.esp = STACK + offset;
        deliver_exception(guest, EXC_DE, 0, 0);
        expect_handler(EXC_DE, STACK + offset - 20);
        assert_int_equal(fake_word(STACK + offset - 12), CODE);
    }
}

/* "Guests nest 40 deliveries in one 4 KiB stack": 40 frames of 20 bytes leave 3296 bytes to their handlers. */
static void test_nested_deliveries(void **state)
{
    (void)state;
    set_gate(EXC_UD, true);
    for (unsigned i = 1; i <= 40; i++) {
        deliver_exception(guest, EXC_UD, 0, 0);
        assert_int_equal(guest->state.frame.esp, STACK - 20 * i);
    }
    assert_int_equal(guest->event_count, 40);
    assert_int_equal(fake_word(STACK - 800 + 8), HANDLER + EXC_UD);
}

static void test_empty_slots(void **state)
{
    static const struct {
        uint8_t vector;
        uint32_t error;
        const char *reason;
    } cases[] = {
        { EXC_DE, 0, "#DE (divide error) at 0x00001000 in guest kernel: no handler, vIDT slot 0x00 is empty" },
        { EXC_UD, 0, "#UD (invalid opcode) at 0x00001000 in guest kernel: no handler, vIDT slot 0x06 is empty" },
        { EXC_PF, 2, "#PF (page fault) at 0x00001000 in guest kernel, write of 0x12345678, error code 0x2: "
                     "no handler, vIDT slot 0x0e is empty" },
        { EXC_PF, 5, "#PF (page fault) at 0x00001000 in guest kernel, read or fetch of 0x12345678, error code 0x5: "
                     "no handler, vIDT slot 0x0e is empty" },
        { EXC_GP, 0, "#GP (general protection) at 0x00001000 in guest kernel, cli is privileged: "
                     "no handler, vIDT slot 0x0d is empty" },
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        setup(state);
        fake_ram[CODE] = 0xFA;
        deliver_exception(guest, cases[i].vector, cases[i].error, cases[i].vector == EXC_PF ? 0x12345678 : 0);
        expect_crash(cases[i].reason);
        assert_int_equal(guest->state.frame.eip, CODE);
        assert_int_equal(guest->state.frame.vector, cases[i].vector);
        assert_int_equal(guest->state.frame.error, cases[i].error);
    }
}

static void test_protection_causes(void **state)
{
    enter_user();
    fake_ram[CODE] = 0xF4;
    deliver_exception(guest, EXC_GP, 0, 0);
    expect_crash("#GP (general protection) at 0x00001000 in guest user, hlt is privileged: "
                 "no handler, vIDT slot 0x0d is empty");
    setup(state);
    deliver_exception(guest, EXC_GP, 0x1238, 0);
    expect_crash("#GP (general protection) at 0x00001000 in guest kernel, error code 0x1238: "
                 "no handler, vIDT slot 0x0d is empty");
    setup(state);
    guest->state.frame.eip = 0x7FFFFFFF;
    deliver_exception(guest, EXC_GP, 0, 0);
    expect_crash("#GP (general protection) at 0x7fffffff in guest kernel, error code 0x0: "
                 "no handler, vIDT slot 0x0d is empty");
}

static void test_bad_stacks(void **state)
{
    (void)state;
    set_gate(EXC_DE, true);
    guest->state.frame.esp = 0xFFF00014;
    deliver_exception(guest, EXC_DE, 0, 0);
    expect_crash("#DE at 0x00001000: the guest's stack 0xfff00000 cannot be written");
    assert_int_equal(guest->state.frame.eip, CODE);
    assert_int_equal(guest->state.frame.esp, 0xFFF00014);
}

/* The frame must fit whole: any byte that cannot be written kills, wherever in the frame it is. */
static void test_each_bad_byte_of_the_stack(void **state)
{
    for (unsigned is_user = 0; is_user < 2; is_user++)
        for (uint32_t bytes = is_user ? 24 : 20, i = 0; i < bytes + 2; i++) {
            uint32_t bad = STACK - bytes - 1 + i;
            bool is_inside = i > 0 && i <= bytes;
            setup(state);
            if (is_user)
                enter_user();
            set_gate(EXC_DE, true);
            fake_forbid(bad, bad + 1, true);
            deliver_exception(guest, EXC_DE, 0, 0);
            assert_int_equal(guest->life.end, is_inside ? GUEST_END_CRASH : GUEST_END_NONE);
        }
}

static void test_stack_wraps_at_launch(void **state)
{
    (void)state;
    set_gate(EXC_PF, true);
    guest->state.frame.esp = 0;
    deliver_exception(guest, EXC_PF, 2, 0x5000);
    expect_crash("#PF at 0x00001000: the guest's stack 0xffffffec cannot be written");
    assert_int_equal(guest->fault_address, 0x5000);
}

static void test_bad_esp0(void **state)
{
    (void)state;
    enter_user();
    set_gate(EXC_DE, true);
    guest->state.esp0 = 8;
    deliver_exception(guest, EXC_DE, 0, 0);
    expect_crash("#DE at 0x00001000: the guest's stack 0xfffffff0 cannot be written (esp0 of its last hv_iret)");
}

static void test_far_handler(void **state)
{
    (void)state;
    guest->state.idt[EXC_DE].eip = HV_MAX_GVA + 1;
    deliver_exception(guest, EXC_DE, 0, 0);
    expect_crash("#DE (divide error) at 0x00001000: its handler 0xff000000 (vIDT slot 0x00) lies above 0xfeffffff");
    setup(state);
    guest->state.idt[EXC_DE].eip = HV_MAX_GVA;
    deliver_exception(guest, EXC_DE, 0, 0);
    assert_int_equal(guest->state.frame.eip, HV_MAX_GVA);
}

/* Every n from kernel: through the slot whatever its privilege, error code 0 also where the exception has one. */
static void test_int_from_kernel(void **state)
{
    for (unsigned n = 0; n < 256; n++) {
        setup(state);
        set_gate(n, n & 1);
        guest->state.frame.eip = CODE + 2;
        guest->state.frame.error = 0xBAD;
        deliver_soft_interrupt(guest, (uint8_t)n, CODE);
        expect_handler(n, STACK - 20);
        expect_words(STACK - 20, 5, (const uint32_t[]){ 0, 0, CODE + 2, 0x1337, 0x10FD7 | 0x200 });
    }
}

static void test_int_from_user(void **state)
{
    for (unsigned n = 0; n < 256; n++)
        for (unsigned is_privileged = 0; is_privileged < 2; is_privileged++) {
            bool is_refused = is_privileged || n == HV_INT_VECTOR;
            setup(state);
            enter_user();
            set_gate(EXC_GP, true);
            set_gate(n, is_privileged);
            guest->state.frame.eip = CODE + 2;
            deliver_soft_interrupt(guest, (uint8_t)n, CODE);
            expect_handler(is_refused ? EXC_GP : n, STACK - 24);
            expect_words(STACK - 24, 6, (const uint32_t[]){ 0, is_refused ? n * 8 + 2 : 0, is_refused ? CODE : CODE + 2,
                                                            0x13370000, 0x10FD7 | 0x200, USER_STACK });
        }
}

/* The hypercall from user mode is no matter of slot 0xDE, empty or not. */
static void test_hypercall_from_user(void **state)
{
    (void)state;
    enter_user();
    set_gate(EXC_GP, false);
    guest->state.frame.eip = CODE + 2;
    deliver_soft_interrupt(guest, HV_INT_VECTOR, CODE);
    expect_handler(EXC_GP, STACK - 24);
    assert_int_equal(fake_word(STACK - 20), 0xDE * 8 + 2);
    assert_int_equal(fake_word(STACK - 16), CODE);
}

/* Empty comes before privileged, from either mode. */
static void test_int_to_empty_slot(void **state)
{
    for (unsigned is_privileged = 0; is_privileged < 2; is_privileged++) {
        setup(state);
        guest->state.idt[0x80].privileged = is_privileged;
        guest->state.frame.eip = CODE + 2;
        deliver_soft_interrupt(guest, 0x80, CODE);
        expect_crash("INT 0x80 at 0x00001000 in guest kernel: no handler, vIDT slot 0x80 is empty");
        assert_int_equal(guest->state.frame.eip, CODE);
        setup(state);
        enter_user();
        set_gate(EXC_GP, true);
        guest->state.idt[0x80].privileged = is_privileged;
        guest->state.frame.eip = CODE + 2;
        deliver_soft_interrupt(guest, 0x80, CODE);
        expect_crash("INT 0x80 at 0x00001000 in guest user: no handler, vIDT slot 0x80 is empty");
    }
}

static void test_refused_int_without_handler(void **state)
{
    (void)state;
    enter_user();
    set_gate(0x80, true);
    guest->state.frame.eip = CODE + 2;
    deliver_soft_interrupt(guest, 0x80, CODE);
    expect_crash("#GP (general protection) at 0x00001000 in guest user, INT 0x80 from guest user is not allowed: "
                 "no handler, vIDT slot 0x0d is empty");
    assert_int_equal(guest->state.frame.error, 0x80 * 8 + 2);
}

static void test_pending(void **state)
{
    (void)state;
    set_gate(HV_SLOT_TIMER, true);
    set_gate(HV_SLOT_KEYBOARD, true);
    virq_raise_key(&guest->state.virq, 0x000D6161);
    virq_raise_tick(&guest->state.virq);
    deliver_pending(guest);
    expect_handler(HV_SLOT_TIMER, STACK - 20);
    expect_words(STACK - 20, 5, (const uint32_t[]){ 0, 0, CODE, 0x1337, 0x10FD7 | 0x200 });
    expect_panic(deliver_pending(guest));       /* the first one masked the second */

    setup(state);
    set_gate(HV_SLOT_KEYBOARD, true);
    virq_raise_key(&guest->state.virq, 0x000D6161);
    enter_user();
    deliver_pending(guest);
    expect_handler(HV_SLOT_KEYBOARD, STACK - 24);
    assert_int_equal(fake_word(STACK - 20), 0x000D6161);
    assert_int_equal(guest->events.ring[0].detail, 0x000D6161);
    assert_false(virq_is_pending(&guest->state.virq));
}

static void test_pending_without_handler(void **state)
{
    (void)state;
    virq_raise_tick(&guest->state.virq);
    deliver_pending(guest);
    expect_crash("timer interrupt at 0x00001000 in guest kernel: no handler, vIDT slot 0x20 is empty");
    setup(state);
    virq_raise_key(&guest->state.virq, 5);
    deliver_pending(guest);
    expect_crash("keyboard interrupt at 0x00001000 in guest kernel: no handler, vIDT slot 0x21 is empty");
    assert_int_equal(guest->state.frame.vector, HV_SLOT_KEYBOARD);
    assert_int_equal(guest->state.frame.error, 5);
    setup(state);
    set_gate(HV_SLOT_TIMER, true);
    guest->state.frame.esp = 0x40000000;
    virq_raise_tick(&guest->state.virq);
    deliver_pending(guest);
    expect_crash("timer interrupt at 0x00001000: the guest's stack 0x3fffffec cannot be written");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_exception_in_kernel, setup),
        cmocka_unit_test_setup(test_exception_in_user, setup),
        cmocka_unit_test_setup(test_unaligned_stacks, setup),
        cmocka_unit_test_setup(test_nested_deliveries, setup),
        cmocka_unit_test_setup(test_empty_slots, setup),
        cmocka_unit_test_setup(test_protection_causes, setup),
        cmocka_unit_test_setup(test_bad_stacks, setup),
        cmocka_unit_test_setup(test_each_bad_byte_of_the_stack, setup),
        cmocka_unit_test_setup(test_stack_wraps_at_launch, setup),
        cmocka_unit_test_setup(test_bad_esp0, setup),
        cmocka_unit_test_setup(test_far_handler, setup),
        cmocka_unit_test_setup(test_int_from_kernel, setup),
        cmocka_unit_test_setup(test_int_from_user, setup),
        cmocka_unit_test_setup(test_hypercall_from_user, setup),
        cmocka_unit_test_setup(test_int_to_empty_slot, setup),
        cmocka_unit_test_setup(test_refused_int_without_handler, setup),
        cmocka_unit_test_setup(test_pending, setup),
        cmocka_unit_test_setup(test_pending_without_handler, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
