/*
 * trap.c - sort traps: the guest's faults are the guest's, host interrupts are the run loop's, the rest is our own bug.
 */
#include "trap.h"

#include "base/check.h"
#include "base/panic.h"
#include "cpu/cpu.h"
#include "cpu/entry_calls.h"
#include "cpu/insn.h"
#include "cpu/mca.h"
#include "cpu/opcodes.h"
#include "cpu/x86.h"
#include "guest/debug_print.h"
#include "guest/debug_stop.h"
#include "guest/decode.h"
#include "guest/deliver.h"
#include "guest/page_fault.h"
#include "guest/gmem.h"
#include "guest/guest.h"
#include "hypercall/dispatch.h"
#include "irq/irq.h"
#include "monitor/autorun.h"

/* HLT in guest kernel with virtual IF on: sleep until something is pending. Any other HLT is a #GP. */
static bool handle_hlt(struct guest *guest, unsigned length)
{
    if (guest_is_user(guest) || !guest->state.virq.enabled)
        return false;
    guest->state.frame.eip += length;
    if (!virq_is_pending(&guest->state.virq))
        guest->life.activity = GUEST_HALTED;
    return true;
}

/*
 * #GP is also how INT n through a closed gate and HLT arrive: told apart by the instruction, never by the error code.
 */
static void handle_general_protection(struct guest *guest)
{
    uint8_t bytes[DECODE_MAX_BYTES];
    gva_t bad;
    uint32_t eip = (uint32_t)guest->state.frame.eip;
    unsigned count = sizeof(bytes);

    if (!gmem_peek(guest, GVA(eip), bytes, count, &bad))
        count = bad.v - eip;
    struct decoded decoded = decode_instruction(bytes, count);
    /* EIP goes behind the INT before delivery, as the processor would have it: the handler returns there. */
    if (decoded.kind == DECODE_INT) {
        guest->state.frame.eip = eip + decoded.length;
        if (!debug_print_call(guest, decoded.vector, eip))
            deliver_soft_interrupt(guest, decoded.vector, eip);
        return;
    }
    if (decoded.kind == DECODE_HLT && handle_hlt(guest, decoded.length))
        return;
    deliver_exception(guest, EXC_GP, (uint32_t)guest->state.frame.error, 0);
}

/*
 * Where the INT stands that led here, for reports and for a #GP: the processor has saved what follows it. INT3 and INTO
 * have one byte and gates of their own, but INT 3 and INT 4 of two bytes come through the same gates: the byte before
 * EIP tells which it was.
 */
static uint32_t soft_interrupt_start(struct guest *guest)
{
    uint32_t eip = (uint32_t)guest->state.frame.eip;
    uint8_t last = 0;
    uint8_t short_form = guest->state.frame.vector == EXC_BP ? OPCODE_INT3 : OPCODE_INTO;
    bool is_short = (guest->state.frame.vector == EXC_BP || guest->state.frame.vector == EXC_OF) &&
                    gmem_peek(guest, GVA(eip - 1), &last, 1, NULL) && last == short_form;
    return eip - (is_short ? INT_SHORT_BYTES : INT_BYTES);
}

/* True: the guest may go on; false: a host interrupt came, and the run loop must look around first. */
static bool handle_trap(struct guest *guest)
{
    uint8_t vector = (uint8_t)guest->state.frame.vector;

    if (vector == HV_INT_VECTOR) {
        hypercall_dispatch(guest);
    } else if (vector >= VECTOR_TIMER) {
        irq_acknowledge(vector);
        return false;
    } else if (guest == debug_stop.guest && debug_stop_trap(guest)) {
        return !guest->life.paused;
    } else if (vector == EXC_GP) {
        handle_general_protection(guest);
    } else if (vector >= EXC_COUNT || vector == EXC_BP || vector == EXC_OF) {
        deliver_soft_interrupt(guest, vector, soft_interrupt_start(guest));
    } else {
        deliver_exception(guest, vector, (uint32_t)guest->state.frame.error, 0);
    }
    return true;
}

/*
 * EIP is beyond the segment: an INT was the last instruction in it (SDM vol. 2 "IRET"), or the guest is of a kind that
 * the processor does not run by itself. Then this was its turn.
 */
static bool run_or_fault(struct guest *guest)
{
    if (guest->kind->turn == NULL)
        return deliver_exception(guest, EXC_GP, 0, 0);
    guest->kind->turn(guest);
    return false;
}

bool trap_may_enter(struct guest *guest)
{
    if (hypercall_is_unfinished(guest)) {
        hypercall_go_on(guest);
        if (hypercall_is_unfinished(guest) || guest->life.activity != GUEST_READY)
            return false;
    }
    if (virq_is_deliverable(&guest->state.virq))
        deliver_pending(guest);
    else if (guest->state.frame.eip > HV_MAX_GVA && !run_or_fault(guest))
        return false;
    return guest->life.activity == GUEST_READY && !rowlog_is_full(&guest->row_log);
}

bool trap_from_guest(struct guest *guest)
{
    return handle_trap(guest) && guest->life.activity == GUEST_READY && !hypercall_is_unfinished(guest) &&
           trap_may_enter(guest);
}

/*
 * A trap that showed VM or IOPL: trap_frame_is_guests says how a guest gets there. No handler could go on from it:
 * where it came from is lost.
 */
void strange_mode_from_guest(struct guest *guest)
{
    struct trap_frame *frame = &guest->state.frame;

    if (frame->vector >= VECTOR_TIMER)
        irq_acknowledge((uint8_t)frame->vector);
    if (frame->vector == EXC_PF)        /* for the report, which names the event */
        guest->fault_address = (uint32_t)insn_read_cr2() - guest->space.linear_base;
    guest_crash(guest, "virtual-8086 mode: an IRET loaded EFLAGS 0x%08x, CS 0x%04x and SS 0x%04x from its stack",
                (uint32_t)frame->eflags, (uint32_t)frame->cs, (uint32_t)frame->ss);
}

/*
 * IRETQ to a guest faulted. SDM vol. 2 "IRET/IRETD/IRETQ": EIP beyond the limit of CS; an INT was the last instruction
 * of the segment, and its call was answered before anybody looked. Any other frame that IRETQ refuses is our own fault.
 */
bool iretq_refused_from_guest(struct guest *guest)
{
    const struct trap_frame *frame = &guest->state.frame;

    if (frame->eip <= HV_MAX_GVA || !trap_frame_is_guests(frame))
        panic("IRETQ to guest %u refused eip 0x%lx cs 0x%lx eflags 0x%lx esp 0x%lx ss 0x%lx", guest->life.id,
              (unsigned long)frame->eip, (unsigned long)frame->cs, (unsigned long)frame->eflags,
              (unsigned long)frame->esp, (unsigned long)frame->ss);
    return deliver_exception(guest, EXC_GP, 0, 0);
}

static const char *fatal_name(uint64_t vector)
{
    switch (vector) {
    case EXC_NMI:
        return "NMI (failing hardware, or the NMI button)";
    case EXC_DF:
        return "#DF (double fault)";
    case EXC_MC:
        return "#MC (machine check)";
    case EXC_PF:
        return "#PF (page fault)";
    case EXC_GP:
        return "#GP (general protection)";
    default:
        return "an exception";
    }
}

/* Which bank tells of what, for a machine check: "" else. */
static const char *describe_machine_check(uint64_t vector)
{
    static char text[200];
    uint32_t features[4];

    if (vector != EXC_MC)
        return "";
    insn_cpuid(1, 0, features);
    mca_describe(text, sizeof(text), features[3], insn_rdmsr);
    return text;
}

static _Noreturn void panic_on_trap(const struct hv_trap_frame *frame)
{
    struct panic_registers registers = {
        .rax = frame->rax, .rbx = frame->rbx, .rcx = frame->rcx, .rdx = frame->rdx,
        .rsi = frame->rsi, .rdi = frame->rdi, .rbp = frame->rbp, .rsp = frame->rsp,
        .r8 = frame->r8, .r9 = frame->r9, .r10 = frame->r10, .r11 = frame->r11,
        .r12 = frame->r12, .r13 = frame->r13, .r14 = frame->r14, .r15 = frame->r15,
        .rip = frame->rip, .cs = frame->cs, .rflags = frame->rflags, .ss = frame->ss,
        .vector = frame->vector, .error = frame->error, .cr2 = insn_read_cr2(),
    };
    panic_with_registers(&registers, "%s at 0x%016lx in %s%s", fatal_name(frame->vector), (unsigned long)frame->rip,
                         frame->cs & 3 || frame->rflags & CONTEXT_EFLAGS_NEVER ? "a guest" : "the hypervisor",
                         describe_machine_check(frame->vector));
}

void trap_in_hv(struct hv_trap_frame *frame)
{
    if (frame->vector >= VECTOR_TIMER) {
        irq_acknowledge((uint8_t)frame->vector);    /* the run loop looks around after its HLT anyway */
        return;
    }
    if (frame->vector == EXC_PF || frame->vector == EXC_GP) {
        /*
         * The hypervisor touched a guest's memory. A page that is only not filled yet is filled, and the access runs
         * again; else the exception table says where whoever accessed it wants to go on. What has no entry there is our
         * own bug.
         */
        if (frame->vector == EXC_PF && fault_fill_for_hv(insn_read_cr2(), (uint32_t)frame->error))
            return;
        uint64_t fixup = cpu_find_fixup(frame->rip);
        if (fixup) {
            frame->rip = fixup;
            return;
        }
    }
    if (frame->vector == EXC_NMI)
        autorun_dump_now();     /* scripts/run asks so for the consoles when its time is up */
    panic_on_trap(frame);
}
