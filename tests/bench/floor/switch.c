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
#include "guest/guest.h"
#include "handler.h"
#include "hypercall/calls.h"
#include "irq/inject.h"
#include "irq/irq.h"
#include "irq/timer.h"
#include "switch.h"

#define GATE_OF_KERNEL 0xAE     /* present, DPL 1, interrupt gate */
#define GATE_OPEN_TO_ALL 0xEE   /* DPL 3 */
#define TICK_NS 10000000ull

_Static_assert(SEL_GUEST_KERNEL_CS == FLOOR_KERNEL_CS && SEL_GUEST_KERNEL_SS == FLOOR_KERNEL_SS, "handler.h");
_Static_assert(SEL_GUEST_USER_CS == FLOOR_USER_CS && SEL_GUEST_DATA == FLOOR_USER_SS, "handler.h");
_Static_assert(GUEST_LINEAR_BASE == FLOOR_BASE && HV_MAX_GVA == FLOOR_GVA_MAX, "handler.h");
_Static_assert(HV_MODE_KERNEL == FLOOR_MODE_KERNEL && HV_MODE_USER == FLOOR_MODE_USER, "handler.h");
_Static_assert(INJECT_EFLAGS_SHOWN == FLOOR_FLAGS_SHOWN && INJECT_EFLAGS_FORCED == FLOOR_FLAGS_FORCED, "handler.h");

extern const char floor_magic[], floor_cursor[], floor_iret[], floor_resume[], floor_int[];
extern const char floor_tick[], floor_reflect[];
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
    open_gate(BENCH_FLOOR_INT, floor_int, GATE_OPEN_TO_ALL);
}

void floor_take_gate(unsigned vector, const char *code, uint64_t *shipped)
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
    floor_take_gate(IRQ_VECTOR_TIMER, floor_tick, &floor_shipped_tick);
    return true;
}

static bool take_faults_beyond_ram(const struct guest *guest)
{
    if (guest->space.paging)
        return false;
    floor_ram_bytes = guest->space.memory_bytes;
    floor_if = 0;
    floor_take_gate(EXC_PF, floor_reflect, &floor_shipped_fault);
    return true;
}

/* What the call returns. */
static uint32_t operate(struct guest *guest, uint32_t operation, uint32_t argument)
{
    bool done = true;

    switch (operation) {
    case BENCH_FLOOR_PROBE:
        open_gates();
        break;
    case BENCH_FLOOR_ENTRY:
        floor_entry = argument;
        done = argument - 1 < HV_MAX_GVA;
        break;
    case BENCH_FLOOR_OFF:
        give_gate_back(IRQ_VECTOR_TIMER, &floor_shipped_tick);
        give_gate_back(EXC_PF, &floor_shipped_fault);
        break;
    case BENCH_FLOOR_TICK:
        done = take_ticks(argument);
        break;
    case BENCH_FLOOR_TICKS:
        return floor_ticks;
    case BENCH_FLOOR_REFLECT:
        done = take_faults_beyond_ram(guest);
        break;
    default:
        done = false;
    }
    return done ? BENCH_FLOOR_BYTES : 0;
}

void __wrap_call_counters(struct guest *guest, const uint32_t *arguments)
{
    if ((arguments[1] & ~0xFFu) == BENCH_FLOOR_BYTES)
        guest->frame.eax = operate(guest, arguments[1] & 0xFF, arguments[0]);
    else
        __real_call_counters(guest, arguments);
}
