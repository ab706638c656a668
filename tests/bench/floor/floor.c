/*
 * floor.c - put floor.S behind INT 0xD0 to 0xD3, for good, when the benchmark guest asks for it.
 *
 * Linked only into the benchmark's own image, by the linker's --wrap=call_counters: all other code in it is that of the
 * shipped image, byte by byte, so that both can be measured in one boot.
 */
#include "cpu/desc.h"
#include "floor.h"
#include "guest/guest.h"
#include "hypercall/calls.h"

#define GATE_OPEN_TO_ALL 0xEE   /* present, DPL 3, interrupt gate */

_Static_assert(SEL_GUEST_KERNEL_CS == 0x19 && SEL_GUEST_KERNEL_SS == 0x21, "floor.S");
_Static_assert(SEL_GUEST_USER_CS == 0x2B && SEL_GUEST_DATA == 0x33, "floor.S");

extern const char floor_magic[], floor_cursor[], floor_iret[], floor_int[];
extern uint32_t floor_entry;
void floor_read_idt(void *idtr);
void __real_call_counters(struct guest *guest, const uint32_t *arguments);
void __wrap_call_counters(struct guest *guest, const uint32_t *arguments);

static void open_gate(struct idt_gate *idt, unsigned vector, const char *code)
{
    uint64_t offset = (uint64_t)(uintptr_t)code;

    idt[vector].offset_low = (uint16_t)offset;
    idt[vector].offset_middle = (uint16_t)(offset >> 16);
    idt[vector].offset_high = (uint32_t)(offset >> 32);
    idt[vector].type = GATE_OPEN_TO_ALL;
}

void __wrap_call_counters(struct guest *guest, const uint32_t *arguments)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) idtr;

    if (arguments[1] != BENCH_FLOOR_BYTES) {
        __real_call_counters(guest, arguments);
        return;
    }
    floor_entry = arguments[0];
    floor_read_idt(&idtr);
    struct idt_gate *idt = (struct idt_gate *)(uintptr_t)idtr.base;
    open_gate(idt, BENCH_FLOOR_MAGIC, floor_magic);
    open_gate(idt, BENCH_FLOOR_CURSOR, floor_cursor);
    open_gate(idt, BENCH_FLOOR_IRET, floor_iret);
    open_gate(idt, BENCH_FLOOR_INT, floor_int);
    guest->frame.eax = BENCH_FLOOR_BYTES;
}
