/*
 * call_bad.c - every bad argument of the console calls, and argument blocks that cannot be read.
 *
 * A guest bug must not become a hypervisor bug: lengths are signed 32-bit numbers of the guest's choosing, pointers may
 * lead out of RAM, out of the segment, or around the end of the address space. Each must crash the guest; going on is
 * the failure, and so is a hypervisor that is gone afterwards.
 */
#include "test.h"

#define OUTSIDE_RAM ((char *)(uintptr_t)0x40000000)
#define END_OF_RAM ((char *)(uintptr_t)sdk_memory_bytes())
#define ABOVE_SEGMENT ((char *)(uintptr_t)(HV_MAX_GVA + 1))

static char text[8192];

CASE(print_negative)
{
    hv_print(-1, text);
}

CASE(print_most_negative)
{
    hv_print(INT32_MIN, text);
}

CASE(print_4097)
{
    hv_print(4097, text);
}

CASE(print_longest)
{
    hv_print(INT32_MAX, text);
}

CASE(print_outside_ram)
{
    hv_print(1, OUTSIDE_RAM);
}

CASE(print_across_end)
{
    hv_print(10, END_OF_RAM - 9);
}

CASE(print_above_segment)
{
    hv_print(1, ABOVE_SEGMENT);
}

CASE(print_around)
{
    hv_print(4096, (char *)(uintptr_t)0xFFFFFFFF);
}

CASE(print_at_negative)
{
    hv_print_at(-1, text, 0, 0, 7);
}

CASE(print_at_4097)
{
    hv_print_at(4097, text, 0, 0, 7);
}

CASE(print_at_outside_ram)
{
    hv_print_at(1, OUTSIDE_RAM, 0, 0, 7);
}

CASE(print_at_row_25)
{
    hv_print_at(1, text, 25, 0, 7);
}

CASE(print_at_row_negative)
{
    hv_print_at(1, text, (uint32_t)-1, 0, 7);
}

CASE(print_at_column_80)
{
    hv_print_at(1, text, 0, 80, 7);
}

CASE(print_at_column_negative)
{
    hv_print_at(1, text, 0, (uint32_t)-1, 7);
}

CASE(print_at_colour_256)
{
    hv_print_at(1, text, 0, 0, 256);
}

CASE(print_at_colour_negative)
{
    hv_print_at(1, text, 0, 0, (uint32_t)-1);
}

/* Nothing to print does not excuse the place. */
CASE(print_at_nothing_row_25)
{
    hv_print_at(0, text, 25, 0, 7);
}

CASE(colour_256)
{
    hv_cons_set_term_color(256);
}

CASE(colour_negative)
{
    hv_cons_set_term_color((uint32_t)-1);
}

CASE(cursor_row_25)
{
    hv_cons_set_cursor_pos(25, 0);
}

CASE(cursor_row_negative)
{
    hv_cons_set_cursor_pos((uint32_t)-1, 0);
}

CASE(cursor_column_80)
{
    hv_cons_set_cursor_pos(0, 80);
}

CASE(cursor_column_negative)
{
    hv_cons_set_cursor_pos(0, (uint32_t)-1);
}

CASE(get_row_outside)
{
    hv_cons_get_cursor_pos((uint32_t *)OUTSIDE_RAM, (uint32_t *)text);
}

CASE(get_column_outside)
{
    hv_cons_get_cursor_pos((uint32_t *)text, (uint32_t *)OUTSIDE_RAM);
}

CASE(get_across_end)
{
    hv_cons_get_cursor_pos((uint32_t *)text, (uint32_t *)(END_OF_RAM - 2));
}

CASE(get_above_segment)
{
    hv_cons_get_cursor_pos((uint32_t *)ABOVE_SEGMENT, (uint32_t *)text);
}

/* Call number with ESP as given: the argument block lies there. */
static void call_with_esp(uint32_t number, uint32_t esp)
{
    __asm__ volatile("movl %%esp, %%esi; movl %1, %%esp; int $0xDE; movl %%esi, %%esp"
                     : "+a"(number) : "r"(esp) : "esi", "memory");
}

CASE(block_outside_ram)
{
    call_with_esp(HV_CALL_CONS_SET_TERM_COLOR, 0x40000000);
}

/* The second of two words lies outside. */
CASE(block_across_end)
{
    call_with_esp(HV_CALL_CONS_SET_CURSOR_POS, sdk_memory_bytes() - 4);
}

/* What the hypervisor keeps elsewhere while it reads and tries is in the report as it was at the call. */
static void cursor_with_registers(uint32_t esp)
{
    uint32_t number = HV_CALL_CONS_SET_CURSOR_POS;

    __asm__ volatile("movl %0, %%esp; int $0xDE"
                     : : "r"(esp), "a"(number), "c"(0xC0C0), "d"(0xD0D0), "S"(0x5151), "D"(0xD1D1) : "memory");
}

CASE(registers_unreadable)
{
    cursor_with_registers(sdk_memory_bytes() - 4);
}

CASE(registers_refused)
{
    static const uint32_t block[] = { 25, 0 };

    cursor_with_registers((uint32_t)(uintptr_t)block);
}

CASE(block_word_across_end)
{
    call_with_esp(HV_CALL_CONS_SET_TERM_COLOR, sdk_memory_bytes() - 2);
}

CASE(block_last_byte)
{
    call_with_esp(HV_CALL_CONS_SET_TERM_COLOR, HV_MAX_GVA);
}

CASE(block_above_segment)
{
    call_with_esp(HV_CALL_CONS_SET_TERM_COLOR, HV_MAX_GVA + 1);
}

CASE(block_around)
{
    call_with_esp(HV_CALL_PRINT_AT, 0xFFFFFFFC);
}

CASE(exit_block_outside)
{
    call_with_esp(HV_CALL_EXIT, 0x40000000);
}

int main(void)
{
    test_case();
    test_survived();
}
