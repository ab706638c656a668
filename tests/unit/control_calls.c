/*
 * control_calls.c - see control_calls.h.
 */
#include "control_calls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct guest *control_child;

int control_setup(void **state)
{
    fake_guest_setup(state);
    guest->console.owner = guest;
    guest->family.rights = family_no_rights();
    guest->family.rights.control = true;
    guest->state.idt[HV_SLOT_CHILD].eip = SLOT_EIP;
    strcpy((char *)fake_ram + NAME, FAKE_IMAGE);
    console_shown = NULL;
    return 0;
}

int control_end_all(void **state)
{
    (void)state;
    fake_exit(guest, 0);
    while (request_waits())
        (void)request_serve(100, 100, 5);
    assert_int_equal(fake_guest_count, 0);
    assert_int_equal(fake_block_count, 0);
    return 0;
}

int32_t control_start_bytes(const struct hv_start *start, uint32_t bytes)
{
    memcpy(fake_ram + TEXT, start, sizeof(*start));
    CALL(HV_CALL_START, TEXT, bytes);
    return (int32_t)(uint32_t)guest->state.frame.eax;
}

int32_t control_start(struct hv_start start)
{
    start.name = start.name != 0 ? start.name : NAME;
    return control_start_bytes(&start, sizeof(start));
}

uint32_t control_start_one(void)
{
    int32_t id = control_start((struct hv_start){ .memory_kib = 64 });

    assert_true(id > 0);
    assert_true(request_serve(9, 100, 5));
    control_child = fake_newest;
    assert_int_equal(control_child->life.id, id);
    guest->life.activity = GUEST_READY;
    return (uint32_t)id;
}

int32_t control_call(uint32_t number, uint32_t first, uint32_t second, uint32_t third, uint32_t fourth)
{
    CALL(number, first, second, third, fourth);
    expect_return((uint32_t)guest->state.frame.eax);
    return (int32_t)(uint32_t)guest->state.frame.eax;
}

struct hv_child control_child_state(uint32_t id)
{
    struct hv_child child;

    assert_int_equal(control_call(HV_CALL_STATE, id, HV_STATE_CHILD, BUFFER, 1000), sizeof(child));
    memcpy(&child, fake_ram + BUFFER, sizeof(child));
    return child;
}
