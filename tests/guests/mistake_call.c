/*
 * mistake_call.c - mistakes with hypercalls, as authors make them. Each must end in a report that names the cause, the
 * place (the caller, not the SDK's function around the INT) and the cure: the manifest has the words.
 */
#include "lib/paging.h"

static const char text[] = "hello";
static uint32_t words[5];

/* A hypercall by a kernel without the SDK: number, and where the words are. */
static void call(uint32_t number, const void *at)
{
    __asm__ volatile("movl %%esp, %%esi; movl %1, %%esp; int $0xDE; movl %%esi, %%esp"
                     : "+a"(number) : "r"(at) : "esi", "memory");
}

static void page(void)
{
    hv_setpd(pd_make(), 0);
}

CASE(no_such_call)
{
    call(0x1234, words);
}

CASE(stack_unmapped)
{
    call(HV_CALL_PRINT, (const void *)0x70000000);
}

CASE(print_swapped)
{
    hv_print((int32_t)(uintptr_t)text, (const char *)5);
}

CASE(print_negative)
{
    hv_print(-1, text);
}

CASE(print_long)
{
    hv_print(5000, text);
}

CASE(print_beyond)
{
    hv_print(16, (const char *)sdk_memory_bytes() - 4);
}

CASE(print_unmapped)
{
    page();
    hv_print(5, (const char *)0x70000000);
}

CASE(print_at_swapped)
{
    hv_print_at(5, text, 79, 3, 7);
}

CASE(print_at_color)
{
    hv_print_at(5, text, 3, 7, 0x1F0);
}

CASE(cursor_swapped)
{
    hv_cons_set_cursor_pos(70, 10);
}

CASE(cursor_outside)
{
    hv_cons_set_cursor_pos(25, 0);
}

CASE(cursor_to_nowhere)
{
    hv_cons_get_cursor_pos((uint32_t *)0x70000000, (uint32_t *)0x70000004);
}

CASE(color)
{
    hv_cons_set_term_color(300);
}

CASE(slot)
{
    hv_setidt(256, 0x100000, 1);
}

CASE(setpd_unaligned)
{
    hv_setpd(pd_make() | 3, 0);
}

CASE(setpd_virtual)
{
    hv_setpd(0xC0100000, 0);
}

CASE(adjustpg_early)
{
    hv_adjustpg(0x100000);
}

CASE(adjustpg_unaligned)
{
    page();
    hv_adjustpg(0x100010);
}

CASE(adjustpg_above)
{
    page();
    hv_adjustpg(0xFFFFF000);
}

CASE(iret_iopl)
{
    hv_iret(0x100000, 0x3202, 0x200000, 0, 0);
}

CASE(iret_swapped)
{
    hv_iret(0x202, 0x100000, 0x200000, 0, 0);
}

CASE(iret_above)
{
    hv_iret(0xFF001000, 0x202, 0x200000, 0, 0);
}

CASE(iret_early)
{
    hv_iret(0x100000, 0x202, 0x200000, 0x300000, 0);
}

int main(void)
{
    test_case();
    test_survived();
}
