/*
 * fake_calls.c - makes hypercalls as a guest would; stands in for gspace.c, timer.c and frames.c.
 */
#include "fake_calls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/frames.h"
#include "cpu/desc.h"
#include "fake_family.h"
#include "hypercall/dispatch.h"
#include "irq/irq.h"
#include "irq/timer.h"

struct fake_paging fake_paging;

void put_words(unsigned count, const uint32_t *words)
{
    for (unsigned i = 0; i < count; i++)
        fake_put_word(BLOCK + 4 * i, words[i]);
}

void dispatch(uint32_t number)
{
    guest->state.frame.eax = number;
    guest->state.frame.ebx = 0xB0;
    guest->state.frame.ecx = 0xC0;
    guest->state.frame.edx = 0xD0;
    guest->state.frame.eip = AFTER_INT;
    guest->state.frame.esp = BLOCK;
    guest->state.frame.vector = HV_INT_VECTOR;
    hypercall_dispatch(guest);
}

void expect_return(uint32_t eax)
{
    assert_string_equal(guest->life.reason, "");
    assert_int_equal(guest->life.end, GUEST_END_NONE);
    assert_int_equal(guest->state.frame.eax, eax);
    assert_int_equal(guest->state.frame.ebx, 0xB0);
    assert_int_equal(guest->state.frame.ecx, 0xC0);
    assert_int_equal(guest->state.frame.edx, 0xD0);
    assert_int_equal(guest->state.frame.eip, AFTER_INT);
    assert_int_equal(guest->state.frame.esp, BLOCK);
    assert_int_equal(guest->state.frame.eflags, HV_LAUNCH_EFLAGS);
    assert_int_equal(guest->state.frame.cs, SEL_GUEST_KERNEL_CS);
}

void expect_crash(const char *reason)
{
    assert_string_equal(guest->life.reason, reason);
    assert_int_equal(guest->life.end, GUEST_END_CRASH);
    assert_int_equal(guest->state.frame.eip, AFTER_INT - 2);
    assert_int_equal(fake_console.call_count, 0);
    fake_guest_setup(NULL);
}

bool gspace_setpd(struct gspace *space, gpa_t directory, uint32_t wp)
{
    (void)space;
    fake_paging.directory = directory;
    fake_paging.wp = wp;
    return !fake_paging.lacks_memory;
}

bool gspace_adjustpg(struct gspace *space, gva_t address)
{
    (void)space;
    fake_paging.adjusted = address;
    return true;
}

bool gspace_give_back(struct gspace *space, uint32_t *first, uint32_t *left, uint32_t *steps)
{
    uint32_t count = *left < fake_paging.give_most ? *left : fake_paging.give_most;

    (void)space, (void)steps;
    if (fake_paging.given_count == 0)
        fake_paging.given_first = *first;
    fake_paging.given_count += count;
    *first += count;
    *left -= count;
    return *left == 0;
}

unsigned fake_acknowledged;

bool irq_acknowledge(uint8_t vector)
{
    assert_int_equal(vector, HV_INT_VECTOR);
    fake_acknowledged++;
    return false;
}

uint64_t timer_now_ns(void)
{
    return FAKE_NOW_NS + fake_passed_ns;
}

uint64_t frames_count_total(void)
{
    return FAKE_FRAMES_TOTAL;
}

uint64_t frames_count_free(void)
{
    return FAKE_FRAMES_FREE;
}
