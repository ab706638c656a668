/*
 * mistake_strict.c - mistakes that stay silent, for strict=on: there each must end the guest, with a report that names
 * the cause, the place and the cure. told and silent are right, or look so: they must reach their end.
 */
#include "lib/paging.h"

#define PAGE FREE_GVA
#define OTHER (FREE_GVA + 4 * PAGE_BYTES)           /* in the same table */

static uint32_t pd, frames[2];
static volatile uint32_t sink;

static void read(uint32_t address)
{
    sink = *(volatile uint32_t *)(uintptr_t)address;
}

/* PAGE and OTHER have been used. */
static void prepare(uint32_t wp)
{
    pd = pd_make();
    for (unsigned i = 0; i < 2; i++)
        frames[i] = frame_take();
    page_map(pd, PAGE, frames[0], ENTRY_KERNEL);
    page_map(pd, OTHER, frames[0], ENTRY_KERNEL);
    hv_setpd(pd, wp);
    *(volatile uint32_t *)PAGE = 1;
    read(OTHER);
}

CASE(remapped)
{
    prepare(0);
    *pt_entry(pd, PAGE) = frames[1] | ENTRY_KERNEL;
    read(PAGE);
}

CASE(unmapped)
{
    prepare(0);
    *pt_entry(pd, PAGE) = 0;
    read(PAGE);
}

CASE(made_read_only)
{
    prepare(1);
    *pt_entry(pd, PAGE) = frames[0] | ENTRY_P;
    *(volatile uint32_t *)PAGE = 2;
}

CASE(other_table)
{
    uint32_t table = frame_take();

    prepare(0);
    frame_words(table)[PAGE / PAGE_BYTES % TABLE_ENTRIES] = frames[1] | ENTRY_KERNEL;
    *pd_entry(pd, PAGE) = table | ENTRY_KERNEL;
    read(PAGE);
}

/* The second edit in a row is seen at the next trap, and then the use. */
CASE(second_edit)
{
    prepare(0);
    *pt_entry(pd, PAGE) = frames[1] | ENTRY_KERNEL;
    *pt_entry(pd, OTHER) = frames[1] | ENTRY_KERNEL;
    hv_adjustpg(PAGE);
    read(OTHER);
}

/* The hypervisor reads the buffer for the guest: a use, too. */
CASE(printed)
{
    prepare(0);
    *pt_entry(pd, PAGE) = frames[1] | ENTRY_KERNEL;
    hv_print(4, (const char *)PAGE);
}

static void __attribute__((noinline)) recurse(uint32_t depth)
{
    volatile uint8_t space[512];

    space[depth % sizeof(space)] = (uint8_t)depth;
    if (depth < 32)
        recurse(depth + 1);
    hv_magic();
    space[0] = space[depth % sizeof(space)];
}

/* Its translations are remembered by whoever is copied while it waits. */
static volatile bool has_key;

static void take_key(struct event *event)
{
    has_key |= (event->error & HV_KEY_MAKE) != 0;
}

static void ignore_tick(struct event *event)
{
    (void)event;
}

static void wait_for_key(void)
{
    event_handle(HV_SLOT_TIMER, ignore_tick, true);
    event_handle(HV_SLOT_KEYBOARD, take_key, true);
    hv_enable_interrupts();
    while (!has_key)
        hlt();
}

/* The entry is changed, then a key comes, then the page is used: here, and in a copy that was made meanwhile. */
CASE(key_between)
{
    prepare(0);
    *pt_entry(pd, PAGE) = frames[1] | ENTRY_KERNEL;
    wait_for_key();
    read(PAGE);
}

/* The whole mistake is behind the key. */
CASE(behind_key)
{
    prepare(1);
    wait_for_key();
    *(volatile uint32_t *)PAGE = 1;
    *pt_entry(pd, PAGE) = frames[0] | ENTRY_P;
    *(volatile uint32_t *)PAGE = 2;
}

CASE(stack_full_behind_key)
{
    wait_for_key();
    recurse(0);
}

/* What a careful kernel does, and what no processor minds. */
CASE(told)
{
    prepare(1);
    for (unsigned round = 0; round < 100; round++) {
        *pt_entry(pd, PAGE) = frames[round % 2] | ENTRY_KERNEL;
        hv_adjustpg(PAGE);
        *(volatile uint32_t *)PAGE = round;
        *pt_entry(pd, OTHER) = frames[round % 2] | ENTRY_KERNEL;
        hv_setpd(pd, 1);
        CHECK_EQUAL(*(volatile uint32_t *)OTHER, round);
        *pt_entry(pd, OTHER) = frames[round % 2] | ENTRY_P;
        hv_adjustpg(OTHER);
        read(OTHER);
        *pt_entry(pd, OTHER) = frames[round % 2] | ENTRY_USER;     /* more rights than before, and other bits */
        *(volatile uint32_t *)OTHER = round;
        *pt_entry(pd, PAGE + PAGE_BYTES) = frames[0] | ENTRY_KERNEL;        /* was not present */
        read(PAGE + PAGE_BYTES);
        *pt_entry(pd, PAGE + PAGE_BYTES) = 0;
        hv_adjustpg(PAGE + PAGE_BYTES);
    }
    hv_exit(test_result());
}

static void prepare_user(void)
{
    prepare(0);
    memcpy((void *)(uintptr_t)(*pt_entry(pd, USER_CODE) & ~(PAGE_BYTES - 1)), "\xEB\xFE", 2);
}

CASE(esp0_zero)
{
    prepare_user();
    hv_iret(USER_CODE, EFLAGS_RESERVED_1, USER_STACK, 0, 0);
}

CASE(esp_swapped)
{
    static uint8_t stack[PAGE_BYTES];

    prepare_user();
    hv_iret(USER_CODE, EFLAGS_RESERVED_1, address_of(stack + sizeof(stack)), USER_STACK, 0);
}

/* hv_exit(7) by a guest that has lost its stack: the status is whatever lies at 0. */
CASE(exit_without_stack)
{
    __asm__ volatile("xorl %esp, %esp; movl $1, %eax; int $0xDE");
}

CASE(silent)
{
    __asm__ volatile("xorl %esp, %esp; movl $1, %eax; int $0xDE");
}

CASE(stack_full)
{
    recurse(0);
}

int main(void)
{
    test_case();
    test_survived();
}
