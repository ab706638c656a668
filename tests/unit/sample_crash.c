/*
 * sample_crash.c - a division by zero, as the machine would have found it.
 */
#include "cpu/x86.h"
#include "pebpeb.h"
#include "sample_crash.h"

struct trap_frame frame;
struct guest_events events;
struct report_facts facts;

int sample_crash(void **state)
{
    (void)state;
    frame = (struct trap_frame){ .eax = 0x11, .ebx = 0x17FF, .ecx = HV_MAX_GVA, .ebp = 0x104FF0, .esp = 0x104FE0,
                                 .eip = 0x100010, .cs = 0x19, .eflags = 0x202, .vector = EXC_DE };
    events = (struct guest_events){ .next_bytes = 0 };
    facts = (struct report_facts){
        .reason = "#DE at 0x00100010: no handler",
        .frame = &frame,
        .events = &events,
        .place = { .address = 0x100010, .name = "kernel_main+", .name_bytes = 11, .offset = 0x10, .file = "main.c",
                   .file_bytes = 6, .line = 42 },
        .memory_bytes = 24u << 20,
        .code_count = 4,
        .code = { 0xF7, 0xF1, 0x90, 0xC3 },
        .stack_count = 6,
        .stack = { 1, 2, 3, 4, 5, 0xFFFFFFFF },
        .explanation = "PTE 0x00000000 not present",
        .explained = 0x100010,
        .entry = { .found = GSPACE_NO_PAGE },
        .backtrace_count = 2,
        .backtrace = { { .address = 0x100444, .name = "start", .name_bytes = 5, .offset = 4 },
                       { .address = 0x100999 } },
    };
    return 0;
}
