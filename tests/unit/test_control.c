/*
 * test_control.c - the control calls as a guest makes them: who may, what each stores and returns, and what is an error
 * for the guest to see, what its end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "control_calls.h"
#include "hypercall/calls.h"
#include "hypercall/dispatch.h"

/* Without the right they are calls that there are not, whatever ESP is, and nothing is left of them. */
static void test_who_may_not(void **state)
{
    for (uint32_t number = HV_CALL_START; number <= HV_CALL_CLONE; number++) {
        char reason[100];
        fake_guest_setup(state);
        guest->family.rights.most = family_no_rights().most;
        guest->state.frame.eax = number;
        guest->state.frame.eip = AFTER_INT;
        guest->state.frame.esp = 0xFFFFFFFF;
        hypercall_dispatch(guest);
        assert_int_equal(events_count(&guest->events), 0);
        snprintf(reason, sizeof(reason), "hypercall 0x%x (EAX): there is no such call", number);
        expect_crash(reason);
    }
    CALL(HV_CALL_COUNTERS, BUFFER, 1000);
    struct hv_counters counters;
    memcpy(&counters, fake_ram + BUFFER, sizeof(counters));
    assert_int_equal(counters.rights, 0);
    control_setup(state);
    CALL(HV_CALL_COUNTERS, BUFFER, 1000);
    memcpy(&counters, fake_ram + BUFFER, sizeof(counters));
    assert_int_equal(counters.rights, HV_RIGHT_CONTROL);
}

static void test_start(void **state)
{
    (void)state;
    guest->state.clock.run = true;
    int32_t id = control_start((struct hv_start){ .flags = HV_START_CONTROL, .children = 3, .children_kib = 100 });
    expect_return((uint32_t)id);
    assert_int_equal(guest->life.activity, GUEST_BLOCKED);      /* it gives way, so that it is done soon */
    assert_int_equal(control_child_state((uint32_t)id).state, HV_CHILD_STARTING);
    assert_string_equal(control_child_state((uint32_t)id).name, FAKE_IMAGE);
    assert_true(request_serve(9, 100, 5));
    struct hv_child child = control_child_state((uint32_t)id);
    assert_int_equal(child.id, id);
    assert_int_equal(child.state, HV_CHILD_RUNNING);
    assert_int_equal(child.end, HV_END_NONE);
    assert_int_equal(child.flags, HV_CHILD_HAS_CONTROL);
    assert_int_equal(child.memory_kib, 24 * 1024);
    assert_int_equal(child.children_max, 3);
    assert_int_equal(child.children_kib_max, 100);
    assert_int_equal(child.depth, 1);
    assert_string_equal(child.name, FAKE_IMAGE);
    assert_true(fake_newest->state.clock.run);
    struct hv_child own = control_child_state(0);
    assert_int_equal(own.children, 1);
    assert_int_equal(own.children_kib, 24 * 1024);
    assert_int_equal(own.depth, 0);
}

/* Fewer bytes of the struct: the rest is 0. More than there are of it: the same. */
static void test_start_of_another_size(void **state)
{
    struct hv_start start = { .name = NAME, .flags = 0xFFFFFFFF };

    (void)state;
    assert_true(control_start_bytes(&start, offsetof(struct hv_start, flags)) > 0);
    start.flags = 0;
    assert_true(control_start_bytes(&start, 0x7FFFFFFF) > 0);
}

static void test_start_errors(void **state)
{
    (void)state;
    assert_int_equal(control_start((struct hv_start){ .flags = 4 }), HV_ERROR_ARGUMENT);
    assert_int_equal(control_start((struct hv_start){ .memory_kib = 3 }), HV_ERROR_ARGUMENT);
    assert_int_equal(control_start((struct hv_start){ .memory_kib = 4080 * 1024 + 4 }), HV_ERROR_ARGUMENT);
    assert_int_equal(control_start((struct hv_start){ .memory_kib = 0xFFFFFFFC }), HV_ERROR_ARGUMENT);
    assert_int_equal(control_start((struct hv_start){ .image = IMAGE }), HV_ERROR_ARGUMENT);
    assert_int_equal(control_start((struct hv_start){ .image = IMAGE, .image_bytes = HV_START_IMAGE_MAX + 1 }),
                     HV_ERROR_ARGUMENT);
    assert_int_equal(control_start((struct hv_start){ .memory_kib = 400 * 1024 }), HV_ERROR_MEMORY);
    strcpy((char *)fake_ram + NAME, "nobody");
    assert_int_equal(control_start((struct hv_start){ .flags = 0 }), HV_ERROR_NO_IMAGE);
    strcpy((char *)fake_ram + NAME, "no name");
    assert_int_equal(control_start((struct hv_start){ .flags = 0 }), HV_ERROR_ARGUMENT);
    fake_ram[NAME] = 0;
    assert_int_equal(control_start((struct hv_start){ .flags = 0 }), HV_ERROR_ARGUMENT);
    memset(fake_ram + NAME, 'a', 64);
    assert_int_equal(control_start((struct hv_start){ .flags = 0 }), HV_ERROR_ARGUMENT);
    strcpy((char *)fake_ram + NAME, FAKE_IMAGE);
    fake_no_room = 1;
    assert_int_equal(control_start((struct hv_start){ .flags = 0 }), HV_ERROR_NO_ROOM);
    fake_no_room = 1;
    assert_int_equal(control_start((struct hv_start){ .image = IMAGE, .image_bytes = 9 }), HV_ERROR_NO_ROOM);
    guest->family.depth = HV_DEPTH_MAX;
    assert_int_equal(control_start((struct hv_start){ .flags = 0 }), HV_ERROR_DEPTH);
    guest->family.depth = 0;
    assert_int_equal(guest->life.activity, GUEST_READY);
    assert_int_equal(guest->family.below.children, 0);
    assert_false(request_waits());
    for (unsigned i = 0; i < FAMILY_CHILDREN_DEFAULT; i++)
        assert_true(control_start((struct hv_start){ .memory_kib = 4 }) > 0);
    assert_int_equal(control_start((struct hv_start){ .memory_kib = 4 }), HV_ERROR_CHILDREN);
}

/* A virtual PC has its parts when its launch looks for them; none is left when it is there, or was refused. */
static void test_start_pc(void **state)
{
    const uint32_t line = BUFFER, file = BUFFER + 0x200;

    (void)state;
    strcpy((char *)fake_ram + line, "quiet");
    strcpy((char *)fake_ram + file, FAKE_OTHER);
    struct hv_start start = { .engine = HV_ENGINE_SVM, .flags = HV_START_SERIAL, .command_line = line,
                              .disks = { 0, file } };
    int32_t id = control_start(start);
    assert_true(id > 0);
    assert_int_equal(fake_block_count, 2);
    fake_ram[line] = 0;
    assert_true(request_serve(9, 1, 5));
    assert_non_null(fake_launch);
    assert_ptr_equal(fake_launch->kind, guest_engines[HV_ENGINE_SVM]);
    assert_int_equal(fake_launch->memory_bytes, GUEST_PC_MEMORY_DEFAULT);
    assert_false(fake_launch->image_goes);
    assert_string_equal(fake_launch->equipment->command_line, "quiet");
    assert_true(fake_launch->equipment->takes_serial_input);
    assert_false(fake_launch->equipment->counts_time);
    assert_null(fake_launch->equipment->disks[0].bytes);
    assert_string_equal(fake_launch->equipment->disks[1].bytes, "other");
    assert_true(request_serve(9, 100, 5));
    assert_int_equal(fake_block_count, 1);
    start.image = IMAGE;
    start.image_bytes = 100;
    start.memory_kib = FAKE_REFUSED_SIZE / 1024;
    assert_true(control_start(start) > 0);
    assert_int_equal(fake_block_count, 4);
    assert_true(request_serve(9, 100, 5));
    assert_int_equal(fake_block_count, 2);
}

static void test_start_pc_errors(void **state)
{
    const uint32_t name = BUFFER + 0x200;

    (void)state;
    strcpy((char *)fake_ram + name, "nobody");
    assert_int_equal(control_start((struct hv_start){ .engine = HV_ENGINES }), HV_ERROR_ARGUMENT);
    assert_int_equal(control_start((struct hv_start){ .engine = 1, .flags = HV_START_CONTROL }), HV_ERROR_ARGUMENT);
    assert_int_equal(control_start((struct hv_start){ .flags = HV_START_COUNTED }), HV_ERROR_ARGUMENT);
    assert_int_equal(control_start((struct hv_start){ .command_line = name }), HV_ERROR_ARGUMENT);
    assert_int_equal(control_start((struct hv_start){ .disks = { 0, name } }), HV_ERROR_ARGUMENT);
    assert_int_equal(control_start((struct hv_start){ .engine = 1, .initrd = name }), HV_ERROR_NO_IMAGE);
    struct hv_start mine = { .engine = 1, .image = IMAGE, .image_bytes = 9, .command_line = name };
    fake_no_room = 1;
    assert_int_equal(control_start(mine), HV_ERROR_NO_ROOM);
    mine.disks[0] = name;
    assert_int_equal(control_start(mine), HV_ERROR_NO_IMAGE);
    mine.disks[0] = 0;
    memset(fake_ram + name, 'x', HV_COMMAND_LINE_BYTES);
    assert_int_equal(control_start(mine), HV_ERROR_ARGUMENT);
    assert_int_equal(fake_block_count, 0);
}

/* Whoever debugs it looks at why it stopped, and not at what came of that. */
static void test_no_second_reason(void **state)
{
    (void)state;
    guest->life.activity = GUEST_PAUSED;
    guest->state.frame.eip = AFTER_INT - 2;
    strcpy(guest->life.reason, "the first");
    call_crash(guest, "the second");
    assert_string_equal(guest->life.reason, "the first");
    assert_int_equal(guest->state.frame.eip, AFTER_INT - 2);
    assert_int_equal(guest->life.activity, GUEST_PAUSED);
    guest->life.activity = GUEST_READY;
}

static void test_refused(void **state)
{
    (void)state;
    uint32_t id = (uint32_t)control_start((struct hv_start){ .memory_kib = FAKE_REFUSED_SIZE / 1024 });
    assert_true(request_serve(9, 100, 5));
    struct hv_child child = control_child_state(id);
    assert_int_equal(child.state, HV_CHILD_ENDED);
    assert_int_equal(child.end, HV_END_REFUSED);
    assert_string_equal(child.reason, "too small for it");
    assert_true(virq_has(&guest->state.virq, VIRQ_CHILD));
    assert_int_equal(control_call(HV_CALL_STATE, id, HV_STATE_REPORT, BUFFER, 10), 1);
    assert_int_equal(control_call(HV_CALL_STATE, id, HV_STATE_CONSOLE, BUFFER, 10), HV_ERROR_STATE);
    assert_int_equal(control_call(HV_CALL_VIEW, id, 0, 0, 0), HV_ERROR_STATE);
    assert_int_equal(control_call(HV_CALL_SIGNAL, id, HV_SIGNAL_PAUSE, 0, 0), HV_ERROR_STATE);
    assert_int_equal(control_call(HV_CALL_SIGNAL, id, HV_SIGNAL_END, 0, 0), 0);
    assert_int_equal(control_call(HV_CALL_SIGNAL, id, HV_SIGNAL_FORGET, 0, 0), 0);
    assert_int_equal(control_call(HV_CALL_SIGNAL, id, HV_SIGNAL_FORGET, 0, 0), HV_ERROR_NO_CHILD);
    assert_int_equal(guest->family.below.children, 0);
}

static void test_end(void **state)
{
    (void)state;
    uint32_t id = control_start_one();
    assert_int_equal(control_call(HV_CALL_SIGNAL, id, HV_SIGNAL_END, 0, 0), 0);
    assert_int_equal(control_child_state(id).state, HV_CHILD_RUNNING);
    assert_false(virq_is_pending(&guest->state.virq));
    assert_true(request_serve(9, 100, 5));
    assert_int_equal(control_child_state(id).end, HV_END_KILL);
    assert_true(virq_has(&guest->state.virq, VIRQ_CHILD));
    id = control_start_one();
    guest->state.virq.pending = 0;
    fake_exit(control_child, -7);
    assert_true(virq_has(&guest->state.virq, VIRQ_CHILD));
    assert_int_equal(control_child_state(id).end, HV_END_EXIT);
    assert_int_equal(control_child_state(id).status, -7);
    assert_int_equal(control_child_state(id).memory_kib, 0);
    guest->state.virq.pending = 0;
    guest->state.idt[HV_SLOT_CHILD].eip = 0;            /* who leaves the slot empty is not told */
    (void)control_start_one();
    fake_exit(control_child, 1);
    assert_false(virq_is_pending(&guest->state.virq));
    int32_t starting = control_start((struct hv_start){ .memory_kib = 64 });
    assert_int_equal(control_call(HV_CALL_SIGNAL, (uint32_t)starting, HV_SIGNAL_END, 0, 0), 0);
    assert_true(request_serve(9, 100, 5));
    assert_int_equal(control_child_state((uint32_t)starting).end, HV_END_KILL);
}

/* What is made so far goes back, and the record with it. */
static void test_forgotten_while_it_is_made(void **state)
{
    (void)state;
    unsigned guests = fake_guest_count, blocks = fake_block_count;
    uint32_t id = (uint32_t)control_start((struct hv_start){ .memory_kib = 64 });
    assert_true(request_serve(9, 1, 5) && request_waits());
    assert_non_null(fake_launch);
    assert_int_equal(control_call(HV_CALL_SIGNAL, id, HV_SIGNAL_FORGET, 0, 0), 0);
    assert_true(request_serve(9, 1, 5) && !request_waits());
    assert_null(fake_launch);
    assert_int_equal(fake_guest_count, guests);
    assert_int_equal(fake_block_count, blocks);
    id = (uint32_t)control_start((struct hv_start){ .memory_kib = 64 });
    assert_true(request_serve(9, 1, 5) && request_serve(9, 1, 5) && !request_waits());
    assert_int_equal(control_child_state(id).state, HV_CHILD_RUNNING);
}

static void test_signal_errors(void **state)
{
    (void)state;
    uint32_t id = control_start_one();
    assert_int_equal(control_call(HV_CALL_SIGNAL, id, HV_SIGNAL_RESUME + 1, 0, 0), HV_ERROR_ARGUMENT);
    assert_int_equal(control_call(HV_CALL_SIGNAL, id + 1, HV_SIGNAL_END, 0, 0), HV_ERROR_NO_CHILD);
    assert_int_equal(control_call(HV_CALL_SIGNAL, 0, HV_SIGNAL_END, 0, 0), HV_ERROR_NO_CHILD);
    assert_int_equal(control_call(HV_CALL_VIEW, id + 1, 0, 0, 0), HV_ERROR_NO_CHILD);
    assert_int_equal(control_call(HV_CALL_STATE, id + 1, HV_STATE_CHILD, BUFFER, 4), HV_ERROR_NO_CHILD);
    assert_int_equal(control_call(HV_CALL_STATE, id, 3, BUFFER, 4), HV_ERROR_ARGUMENT);
    assert_int_equal(control_call(HV_CALL_STATE, 0, HV_STATE_CONSOLE, BUFFER, 4), HV_ERROR_ARGUMENT);
    assert_int_equal(control_call(HV_CALL_LIST, 2, 0, BUFFER, 4), HV_ERROR_ARGUMENT);
    assert_int_equal(control_call(HV_CALL_SIGNAL, id, HV_SIGNAL_PAUSE, 0, 0), 0);
    assert_int_equal(control_child->life.paused, GUEST_PAUSED_BY_PARENT);
    assert_true(control_child_state(id).flags & HV_CHILD_IS_PAUSED);
    control_child->life.paused |= GUEST_PAUSED_BY_OPERATOR;
    assert_int_equal(control_call(HV_CALL_SIGNAL, id, HV_SIGNAL_RESUME, 0, 0), 0);
    assert_int_equal(control_child->life.paused, GUEST_PAUSED_BY_OPERATOR);
}

static void test_view(void **state)
{
    (void)state;
    uint32_t id = control_start_one();
    console_shown = &guest->console;
    assert_int_equal(control_call(HV_CALL_VIEW, id, 0, 0, 0), 0);
    assert_true(request_serve(9, 100, 5));
    assert_ptr_equal(console_shown, &control_child->console);
    assert_ptr_equal(guest_holder(guest), control_child);
    assert_true(control_child_state(id).flags & HV_CHILD_HAS_VIEW);
    assert_int_equal(control_call(HV_CALL_VIEW, 0, 0, 0, 0), 0);
    assert_true(request_serve(9, 100, 5));
    assert_ptr_equal(console_shown, &guest->console);
    assert_false(virq_is_pending(&guest->state.virq));
    assert_int_equal(control_call(HV_CALL_VIEW, id, 0, 0, 0), 0);
    assert_true(request_serve(9, 100, 5));
    request_view(&guest->console);                      /* the operator came back */
    assert_true(request_serve(9, 100, 5));
    assert_true(virq_has(&guest->state.virq, VIRQ_CHILD));
    assert_ptr_equal(guest_holder(guest), guest);
    assert_int_equal(control_call(HV_CALL_VIEW, id, 0, 0, 0), 0);
    assert_true(request_serve(9, 100, 5));
    fake_exit(control_child, 0);
    assert_true(request_serve(9, 100, 5));
    assert_ptr_equal(console_shown, &guest->console);
    assert_ptr_equal(guest_holder(guest), guest);
    assert_int_equal(control_call(HV_CALL_VIEW, id, 0, 0, 0), HV_ERROR_STATE);
    console_shown = NULL;                               /* nobody looks here: nor at who has the view from the start */
    int32_t second = control_start((struct hv_start){ .memory_kib = 64, .flags = HV_START_VIEW });
    assert_true(request_serve(9, 100, 5) && !request_waits());
    assert_int_equal(guest_holder(guest)->life.id, second);
    assert_null(console_shown);
}

static void test_console_and_report(void **state)
{
    struct hv_console console;

    (void)state;
    uint32_t id = control_start_one();
    control_child->console.vcon.row = 3;
    control_child->console.vcon.column = 5;
    assert_int_equal(control_call(HV_CALL_STATE, id, HV_STATE_CONSOLE, BUFFER, sizeof(console) + 9), sizeof(console));
    memcpy(&console, fake_ram + BUFFER, sizeof(console));
    assert_int_equal(console.row, 3);
    assert_int_equal(console.column, 5);
    assert_int_equal(console.cells[24][79], 2479);
    memset(fake_ram + BUFFER, 0xEE, sizeof(console));
    assert_int_equal(control_call(HV_CALL_STATE, id, HV_STATE_CONSOLE, BUFFER, 8 + 161), sizeof(console));
    assert_int_equal(fake_ram[BUFFER + 8 + 160], 100);
    assert_int_equal(fake_ram[BUFFER + 8 + 161], 0xEE);
    control_child->life.report = "line one\nline two\n";
    assert_int_equal(control_call(HV_CALL_STATE, id, HV_STATE_REPORT, BUFFER, 5), 19);
    assert_memory_equal(fake_ram + BUFFER, "line ", 5);
    assert_int_equal(control_call(HV_CALL_STATE, id, HV_STATE_REPORT, 0xFFFFFFF0, 0), 19);   /* nowhere */
}

static void test_lists(void **state)
{
    struct hv_listed_image images[2];
    struct hv_listed_child children[4];
    int32_t ids[3];

    (void)state;
    assert_int_equal(control_call(HV_CALL_LIST, HV_LIST_IMAGES, 0, BUFFER, 100), 2);
    memcpy(images, fake_ram + BUFFER, sizeof(images));
    assert_string_equal(images[0].name, FAKE_OTHER);
    assert_int_equal(images[1].index, 1);
    assert_int_equal(images[1].bytes, FAKE_IMAGE_BYTES);
    assert_string_equal(images[1].name, FAKE_IMAGE);
    assert_int_equal(control_call(HV_CALL_LIST, HV_LIST_IMAGES, 1, BUFFER, 100), 1);
    assert_int_equal(control_call(HV_CALL_LIST, HV_LIST_IMAGES, 2, BUFFER, 100), 0);
    assert_int_equal(control_call(HV_CALL_LIST, HV_LIST_IMAGES, 0, BUFFER, 1), 1);
    assert_int_equal(control_call(HV_CALL_LIST, HV_LIST_CHILDREN, 0, BUFFER, 100), 0);
    for (unsigned i = 0; i < 3; i++)
        ids[i] = control_start((struct hv_start){ .memory_kib = 64 });
    assert_true(request_serve(2, 100, 5));
    assert_int_equal(control_call(HV_CALL_LIST, HV_LIST_CHILDREN, 0, BUFFER, 100), 3);
    memcpy(children, fake_ram + BUFFER, sizeof(children));
    assert_int_equal(children[0].id, ids[0]);
    assert_int_equal(children[1].state, HV_CHILD_RUNNING);
    assert_int_equal(children[2].state, HV_CHILD_STARTING);
    assert_int_equal(control_call(HV_CALL_LIST, HV_LIST_CHILDREN, (uint32_t)ids[1] + 1, BUFFER, 100), 1);
    memcpy(children, fake_ram + BUFFER, sizeof(children));
    assert_int_equal(children[0].id, ids[2]);
}

/* Memory that the caller does not have. */
static void test_bad_memory(void **state)
{
    (void)state;
    uint32_t id = control_start_one();
    CALL(HV_CALL_STATE, id, HV_STATE_CHILD, FAKE_RAM_BYTES - 8, 100);
    assert_string_equal(guest->life.reason, "hv_state: 0x00010000 cannot be written");
    assert_int_equal(guest->state.frame.eip, AFTER_INT - 2);
    guest->family.ended(guest);
    control_setup(NULL);
    CALL(HV_CALL_LIST, HV_LIST_IMAGES, 0, 0xFFFFFFF0, 1);
    expect_crash("hv_list: 0xfffffff0 cannot be written");
    control_setup(NULL);
    CALL(HV_CALL_START, FAKE_RAM_BYTES - 4, 8);
    expect_crash("hv_start(0x0000fffc, 8): 0x00010000 cannot be read");
    control_setup(NULL);
    memset(fake_ram + FAKE_RAM_BYTES - 2, 'a', 2);
    (void)control_start((struct hv_start){ .name = FAKE_RAM_BYTES - 2 });
    expect_crash("hv_start: the name at 0x0000fffe cannot be read at 0x00010000");
    control_setup(NULL);
    (void)control_start((struct hv_start){ .image = FAKE_RAM_BYTES - 4, .image_bytes = 5 });
    expect_crash("hv_start: the image of 5 bytes at 0x0000fffc cannot be read at 0x00010000");
    control_setup(NULL);
    (void)request_serve(9, 100, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_who_may_not, control_setup),
        cmocka_unit_test_setup_teardown(test_start, control_setup, control_end_all),
        cmocka_unit_test_setup_teardown(test_start_of_another_size, control_setup, control_end_all),
        cmocka_unit_test_setup_teardown(test_start_errors, control_setup, control_end_all),
        cmocka_unit_test_setup_teardown(test_start_pc, control_setup, control_end_all),
        cmocka_unit_test_setup_teardown(test_start_pc_errors, control_setup, control_end_all),
        cmocka_unit_test_setup(test_no_second_reason, control_setup),
        cmocka_unit_test_setup_teardown(test_refused, control_setup, control_end_all),
        cmocka_unit_test_setup_teardown(test_end, control_setup, control_end_all),
        cmocka_unit_test_setup_teardown(test_forgotten_while_it_is_made, control_setup, control_end_all),
        cmocka_unit_test_setup_teardown(test_signal_errors, control_setup, control_end_all),
        cmocka_unit_test_setup_teardown(test_view, control_setup, control_end_all),
        cmocka_unit_test_setup_teardown(test_console_and_report, control_setup, control_end_all),
        cmocka_unit_test_setup_teardown(test_lists, control_setup, control_end_all),
        cmocka_unit_test_setup_teardown(test_bad_memory, control_setup, control_end_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
