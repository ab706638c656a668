/*
 * test_control_clone.c - hv_clone as a guest calls it: copies of the caller and of its children, and ends meanwhile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control_calls.h"

/* The caller has no turn until the copy is there; that one is told 0, and what is its own is only its own. */
static void test_clone_of_the_caller(void **state)
{
    (void)state;
    guest->state.clock.run = true;
    guest->family.rights.most.children = 3;
    uint32_t child = control_start_one();
    int32_t id = control_call(HV_CALL_CLONE, 0, 0, 0, 0);
    assert_true(id > (int32_t)child);
    assert_int_equal(guest->life.paused, GUEST_PAUSED_BY_ITSELF);
    assert_int_equal(control_child_state((uint32_t)id).state, HV_CHILD_STARTING);
    assert_int_equal(control_child_state((uint32_t)id).flags, HV_CHILD_HAS_CONTROL);
    guest->state.frame.eax = (uint32_t)id;
    assert_true(request_serve(9, 100, 5));
    struct guest *copy = fake_newest;
    assert_int_equal(copy->life.id, id);
    assert_int_equal(copy->state.frame.eax, 0);
    assert_int_equal(copy->state.frame.eip, guest->state.frame.eip);
    assert_int_equal(guest->state.frame.eax, id);
    assert_int_equal(guest->life.paused | copy->life.paused, 0);
    assert_int_equal(copy->family.depth, 1);
    assert_int_equal(copy->family.below.children, 0);
    assert_int_equal(copy->family.rights.most.children, 3);
    assert_true(copy->family.rights.control && copy->state.clock.run);
    assert_ptr_equal(copy->family.parent, guest);
    assert_int_equal(guest->family.below.children, 2);
    assert_int_equal(guest->family.below.memory_bytes, 64 * 1024 + guest->ram.bytes);
}

static void test_clone_of_a_child(void **state)
{
    (void)state;
    uint32_t child = control_start_one();
    control_child->state.frame.eax = 99;
    int32_t id = control_call(HV_CALL_CLONE, child, HV_CLONE_PAUSED, 0, 0);
    assert_true(id > 0);
    assert_int_equal(guest->life.paused, 0);
    assert_int_equal(guest->life.activity, GUEST_BLOCKED);
    assert_true(request_serve(9, 100, 5));
    assert_int_equal(fake_newest->life.paused, GUEST_PAUSED_BY_PARENT);
    assert_int_equal(fake_newest->state.frame.eax, 99);
    struct hv_child state_of_copy = control_child_state((uint32_t)id);
    assert_string_equal(state_of_copy.name, FAKE_IMAGE);
    assert_int_equal(state_of_copy.flags, HV_CHILD_IS_PAUSED);
    assert_int_equal(state_of_copy.memory_kib, 64);
    assert_int_equal(control_call(HV_CALL_SIGNAL, (uint32_t)id, HV_SIGNAL_RESUME, 0, 0), 0);
    assert_int_equal(fake_newest->life.paused, 0);
    fake_exit(fake_newest, -9);
    assert_int_equal(control_child_state((uint32_t)id).status, -9);
    assert_int_equal(control_call(HV_CALL_CLONE, (uint32_t)id, 0, 0, 0), HV_ERROR_STATE);
    assert_int_equal(control_child_state(child).end, HV_END_NONE);
}

static void test_clone_errors(void **state)
{
    (void)state;
    uint32_t child = control_start_one(), starting = (uint32_t)control_start((struct hv_start){ .memory_kib = 64 });
    assert_int_equal(control_call(HV_CALL_CLONE, starting, 0, 0, 0), HV_ERROR_STATE);
    assert_int_equal(control_call(HV_CALL_CLONE, child + 77, 0, 0, 0), HV_ERROR_NO_CHILD);
    assert_int_equal(control_call(HV_CALL_CLONE, 0xFFFFFFFF, 0, 0, 0), HV_ERROR_NO_CHILD);
    assert_int_equal(control_call(HV_CALL_CLONE, child, 2, 0, 0), HV_ERROR_ARGUMENT);
    assert_int_equal(control_call(HV_CALL_CLONE, 0, 0xFFFFFFFE, 0, 0), HV_ERROR_ARGUMENT);
    fake_no_room = 1;
    assert_int_equal(control_call(HV_CALL_CLONE, 0, 0, 0, 0), HV_ERROR_NO_ROOM);
    guest->family.depth = HV_DEPTH_MAX;
    assert_int_equal(control_call(HV_CALL_CLONE, child, 0, 0, 0), HV_ERROR_DEPTH);
    guest->family.depth = 0;
    guest->family.rights.most.memory_bytes = 64 * 1024 * 3 - 1;
    assert_int_equal(control_call(HV_CALL_CLONE, child, 0, 0, 0), HV_ERROR_MEMORY);
    guest->family.rights.most = (struct family_sum){ 2, 1 << 30 };
    assert_int_equal(control_call(HV_CALL_CLONE, 0, 0, 0, 0), HV_ERROR_CHILDREN);
    guest->family.rights.most.children = 3;
    control_child->requests.release.is_queued = true;
    assert_int_equal(control_call(HV_CALL_CLONE, child, 0, 0, 0), HV_ERROR_STATE);
    assert_int_equal(guest->life.paused, 0);
    assert_int_equal(guest->family.below.children, 2);
    control_child->requests.release.is_queued = false;
}

/* The machine has no memory for it: that is its end, and the caller goes on. */
static void test_clone_comes_to_nothing(void **state)
{
    (void)state;
    fake_no_copy = 1;
    int32_t id = control_call(HV_CALL_CLONE, 0, 0, 0, 0);
    assert_true(request_serve(9, 100, 5));
    assert_int_equal(guest->life.paused, 0);
    struct hv_child child = control_child_state((uint32_t)id);
    assert_int_equal(child.end, HV_END_REFUSED);
    assert_string_equal(child.reason, "no copy of it");
    assert_true(virq_has(&guest->state.virq, VIRQ_CHILD));
}

/* A copy that had begun is finished, and goes with its record; one that had not does not begin. */
static void test_clone_forgotten_while_it_is_made(void **state)
{
    (void)state;
    uint32_t child = control_start_one();
    unsigned guests = fake_guest_count, blocks = fake_block_count;
    for (uint32_t begins = 0; begins <= 1; begins++) {
        uint32_t id = (uint32_t)control_call(HV_CALL_CLONE, child, 0, 0, 0);
        if (begins)
            assert_true(request_serve(9, 4, 5) && request_waits());
        assert_int_equal(fake_guest_count, guests + begins);
        assert_int_equal(control_call(HV_CALL_SIGNAL, id, HV_SIGNAL_FORGET, 0, 0), 0);
        assert_true(request_serve(9, 100, 5));
        assert_int_equal(fake_guest_count, guests);
        assert_int_equal(fake_block_count, blocks);
        assert_int_equal(guest->family.below.children, 1);
        assert_int_equal(control_child->life.paused, 0);
    }
}

/* The caller ends before its copy is there. */
static void test_clone_of_one_that_ends(void **state)
{
    (void)state;
    unsigned guests = fake_guest_count;
    assert_true(control_call(HV_CALL_CLONE, 0, 0, 0, 0) > 0);
    assert_true(request_serve(9, 4, 5) && request_waits());
    fake_exit(guest, 1);
    assert_null(guest->family.children);
    assert_true(request_serve(9, 100, 5));
    assert_int_equal(fake_guest_count, guests);
}

/*
 * Who asks for a guest pays for it, and nobody else; but once it has ended it is nobody's debtor, and is not touched:
 * its memory may be gone before the rest of the work is done.
 */
static void test_who_ended_pays_no_more(void **state)
{
    (void)state;
    (void)control_start_one();
    struct guest *source = control_child;
    fake_piece_ns = 1000;
    assert_true(control_call(HV_CALL_CLONE, source->life.id, 0, 0, 0) > 0);
    assert_true(request_serve(9, 4, 5) && request_waits());
    assert_int_equal(guest->turns.run_ns, 1000);
    assert_int_equal(guest->turns.used_ns, 1000);
    fake_exit(guest, 0);
    guest_calm(guest);
    uint64_t before_ns = fake_passed_ns;
    assert_true(request_serve(9, 100, 5));
    assert_true(fake_passed_ns > before_ns);
    fake_piece_ns = 0;
    assert_int_equal(guest->turns.run_ns, 1000);
    assert_int_equal(guest->turns.used_ns, 1000);
    assert_null(guest->stirring.link);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_clone_of_the_caller, control_setup, control_end_all),
        cmocka_unit_test_setup_teardown(test_clone_of_a_child, control_setup, control_end_all),
        cmocka_unit_test_setup_teardown(test_clone_errors, control_setup, control_end_all),
        cmocka_unit_test_setup_teardown(test_clone_comes_to_nothing, control_setup, control_end_all),
        cmocka_unit_test_setup_teardown(test_clone_forgotten_while_it_is_made, control_setup, control_end_all),
        cmocka_unit_test_setup_teardown(test_clone_of_one_that_ends, control_setup, control_end_all),
        cmocka_unit_test_setup_teardown(test_who_ended_pays_no_more, control_setup, control_end_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
