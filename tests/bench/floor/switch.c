/*
 * switch.c - put the floor handlers behind vectors of their own, or in place of the shipped ones for a while, when the
 * benchmark guest asks for it.
 *
 * Linked only into the benchmark's own image, by the linker's --wrap=call_counters: all other code in it is that of the
 * shipped image, byte by byte, so that both can be measured in one boot.
 */
#include "cpu/desc.h"
#include "cpu/x86.h"
#include "floor.h"
#include "guest/gmem.h"
#include "guest/guest.h"
#include "handler.h"
#include "hypercall/calls.h"
#include "guest/inject.h"
#include "irq/irq.h"
#include "irq/timer.h"
#include "region.h"

#define GATE_OF_KERNEL 0xAE     /* present, DPL 1, interrupt gate */
#define GATE_OPEN_TO_ALL 0xEE   /* DPL 3 */
#define TICK_NS 10000000ull

_Static_assert(SEL_GUEST_KERNEL_CS == FLOOR_KERNEL_CS && SEL_GUEST_KERNEL_SS == FLOOR_KERNEL_SS, "handler.h");
_Static_assert(SEL_GUEST_USER_CS == FLOOR_USER_CS && SEL_GUEST_DATA == FLOOR_USER_SS, "handler.h");
_Static_assert(GUEST_LINEAR_BASE == FLOOR_BASE && HV_MAX_GVA == FLOOR_GVA_MAX, "handler.h");
_Static_assert(HV_MODE_KERNEL == FLOOR_MODE_KERNEL && HV_MODE_USER == FLOOR_MODE_USER, "handler.h");
_Static_assert(INJECT_EFLAGS_SHOWN == FLOOR_FLAGS_SHOWN && INJECT_EFLAGS_FORCED == FLOOR_FLAGS_FORCED, "handler.h");

extern const char floor_magic[], floor_cursor[], floor_iret[], floor_resume[], floor_int[];
extern const char floor_setpd[], floor_setpd_changed[], floor_adjustpg[], floor_print[], floor_drain[];
extern const char floor_tick[], floor_reflect[], floor_hidden[], floor_flip[], floor_buffer[];
extern uint32_t floor_entry, floor_if, floor_ticks, floor_period, floor_ram_bytes;
extern uint64_t floor_shipped_tick, floor_shipped_fault;
extern volatile uint32_t *floor_apic;
void __real_call_counters(struct guest *guest, const uint32_t *arguments);
void __wrap_call_counters(struct guest *guest, const uint32_t *arguments);

static struct idt_gate *idt_gate(unsigned vector)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) idtr;

    __asm__ volatile("sidt %0" : "=m"(idtr));
    return (struct idt_gate *)(uintptr_t)idtr.base + vector;
}

static uint64_t gate_offset(const struct idt_gate *gate)
{
    return gate->offset_low | (uint64_t)gate->offset_middle << 16 | (uint64_t)gate->offset_high << 32;
}

static void set_gate_offset(struct idt_gate *gate, uint64_t offset)
{
    gate->offset_low = (uint16_t)offset;
    gate->offset_middle = (uint16_t)(offset >> 16);
    gate->offset_high = (uint32_t)(offset >> 32);
}

static void open_gate(unsigned vector, const char *code, uint8_t type)
{
    set_gate_offset(idt_gate(vector), (uint64_t)(uintptr_t)code);
    idt_gate(vector)->type = type;
}

static void open_gates(void)
{
    open_gate(BENCH_FLOOR_MAGIC, floor_magic, GATE_OF_KERNEL);
    open_gate(BENCH_FLOOR_CURSOR, floor_cursor, GATE_OF_KERNEL);
    open_gate(BENCH_FLOOR_IRET, floor_iret, GATE_OF_KERNEL);
    open_gate(BENCH_FLOOR_RESUME, floor_resume, GATE_OF_KERNEL);
    open_gate(BENCH_FLOOR_SETPD, floor_setpd, GATE_OF_KERNEL);
    open_gate(BENCH_FLOOR_CHANGED, floor_setpd_changed, GATE_OF_KERNEL);
    open_gate(BENCH_FLOOR_ADJUSTPG, floor_adjustpg, GATE_OF_KERNEL);
    open_gate(BENCH_FLOOR_PRINT, floor_print, GATE_OF_KERNEL);
    open_gate(BENCH_FLOOR_DRAIN, floor_drain, GATE_OF_KERNEL);
    open_gate(BENCH_FLOOR_INT, floor_int, GATE_OPEN_TO_ALL);
}

/* Put code behind a vector of the processor's; *shipped, 0 at first, keeps what is there. */
static void take_gate(unsigned vector, const char *code, uint64_t *shipped)
{
    if (!*shipped)
        *shipped = gate_offset(idt_gate(vector));
    set_gate_offset(idt_gate(vector), (uint64_t)(uintptr_t)code);
}

static void give_gate_back(unsigned vector, const uint64_t *shipped)
{
    if (*shipped)
        set_gate_offset(idt_gate(vector), *shipped);
}

/* The alarm that is set already is the first of them. */
static bool take_ticks(uint32_t virtual_if)
{
    uint64_t count_per_tsc_32;

    if (!timer_alarm_by_hand(&floor_apic, &count_per_tsc_32))
        return false;
    floor_period = (uint32_t)(timer_span_tsc(TICK_NS) * count_per_tsc_32 >> 32);
    floor_if = virtual_if ? FLOOR_IF : 0;
    floor_ticks = 0;
    take_gate(VECTOR_TIMER, floor_tick, &floor_shipped_tick);
    return true;
}

static bool take_faults_beyond_ram(const struct guest *guest)
{
    if (guest->state.paging.is_on)
        return false;
    floor_ram_bytes = guest->ram.bytes;
    floor_if = 0;
    take_gate(EXC_PF, floor_reflect, &floor_shipped_fault);
    return true;
}

static bool take_faults(struct guest *guest, const char *handler, uint32_t gva, uint32_t wp)
{
    if (!guest->state.paging.is_on || (guest->state.paging.wp != 0) != wp || !floor_remember(guest, gva, 1))
        return false;
    take_gate(EXC_PF, handler, &floor_shipped_fault);
    return true;
}

static bool take_back(struct guest *guest)
{
    give_gate_back(VECTOR_TIMER, &floor_shipped_tick);
    give_gate_back(EXC_PF, &floor_shipped_fault);
    floor_forget(guest);
    return true;
}

/* Is it done? */
static bool operate(struct guest *guest, uint32_t operation, uint32_t argument)
{
    switch (operation) {
    case BENCH_FLOOR_PROBE:
        open_gates();
        return true;
    case BENCH_FLOOR_ENTRY:
        floor_entry = argument;
        return argument - 1 < HV_MAX_GVA;
    case BENCH_FLOOR_OFF:
        return take_back(guest);
    case BENCH_FLOOR_TICK:
        return take_ticks(argument);
    case BENCH_FLOOR_REFLECT:
        return take_faults_beyond_ram(guest);
    case BENCH_FLOOR_HIDDEN:
        return take_faults(guest, floor_hidden, argument, 1);
    case BENCH_FLOOR_FLIP:
        return take_faults(guest, floor_flip, argument, 0);
    case BENCH_FLOOR_TABLES:
        return floor_remember(guest, argument & ~PAGE_MASK, argument & PAGE_MASK);
    case BENCH_FLOOR_DIRECTORY:
        return floor_know_directory(guest, argument);
    case BENCH_FLOOR_BUFFER:
        return gmem_write(guest, GVA(argument), floor_buffer, BENCH_FLOOR_BUFFER_BYTES, NULL);
    default:
        return false;
    }
}

void __wrap_call_counters(struct guest *guest, const uint32_t *arguments)
{
    uint32_t operation = arguments[1] - BENCH_FLOOR_BYTES;

    if (operation == BENCH_FLOOR_TICKS)
        guest->state.frame.eax = floor_ticks;
    else if (operation <= BENCH_FLOOR_BUFFER)
        guest->state.frame.eax = operate(guest, operation, arguments[0]) ? BENCH_FLOOR_BYTES : 0;
    else
        __real_call_counters(guest, arguments);
}
