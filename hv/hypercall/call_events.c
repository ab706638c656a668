/*
 * call_events.c - the virtual interrupt flag, the vIDT, and hv_iret: docs/abi.md "Events" and "hv_iret".
 *
 * None of them delivers anything: the run loop does, before it enters the guest again. So an interrupt that hv_iret
 * unmasks finds the new context in the frame, and never the argument block that ESP pointed at.
 */
#include "cpu/desc.h"
#include "cpu/x86.h"
#include "guest/guest.h"
#include "hypercall/calls.h"
#include "guest/inject.h"

void call_setidt(struct guest *guest, const uint32_t *arguments)
{
    uint32_t slot = arguments[0];

    if (slot >= HV_IDT_SLOTS) {
        call_crash(guest, "hv_setidt(%d, 0x%08x, %u): slot %d is outside 0..255", (int32_t)slot, arguments[1],
                   arguments[2], (int32_t)slot);
        return;
    }
    guest->state.idt[slot].eip = arguments[1];
    guest->state.idt[slot].privileged = arguments[2] != 0;
}

void call_disable_interrupts(struct guest *guest, const uint32_t *arguments)
{
    (void)arguments;
    guest->state.virq.enabled = false;
}

void call_enable_interrupts(struct guest *guest, const uint32_t *arguments)
{
    (void)arguments;
    guest->state.virq.enabled = true;
}

static const char *forbidden_name(uint32_t forbidden)
{
    static const struct {
        uint32_t bits;
        const char *name;
    } names[] = {
        { EFLAGS_IOPL, "IOPL" }, { EFLAGS_NT, "NT" },   { EFLAGS_VM, "VM" }, { EFLAGS_AC, "AC" },
        { EFLAGS_VIF, "VIF" },   { EFLAGS_VIP, "VIP" }, { EFLAGS_ID, "ID" },
    };

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (forbidden & names[i].bits)
            return names[i].name;
    return NULL;
}

static void crash_forbidden(struct guest *guest, uint32_t eflags)
{
    uint32_t forbidden = eflags & ~INJECT_EFLAGS_ACCEPTED;
    const char *name = forbidden_name(forbidden);

    if (name != NULL)
        call_crash(guest, "hv_iret: eflags 0x%08x has %s set, which a guest cannot have", eflags, name);
    else
        call_crash(guest, "hv_iret: eflags 0x%08x has the undefined bit %d set", eflags, __builtin_ctz(forbidden));
}

void call_iret(struct guest *guest, const uint32_t *arguments)
{
    uint32_t eip = arguments[0], eflags = arguments[1], esp = arguments[2], esp0 = arguments[3], eax = arguments[4];
    struct trap_frame *frame = &guest->state.frame;

    if (eflags & ~INJECT_EFLAGS_ACCEPTED) {
        crash_forbidden(guest, eflags);
        return;
    }
    if (eip > HV_MAX_GVA) {
        call_crash(guest, "hv_iret: eip 0x%08x lies above 0x%08x", eip, HV_MAX_GVA);
        return;
    }
    if (esp0 != 0 && !guest->state.paging.is_on) {
        call_crash(guest, "hv_iret: esp0 0x%08x asks for guest user mode, which needs paging, and paging is off", esp0);
        return;
    }

    frame->eip = eip;
    frame->esp = esp;
    frame->eax = eax;
    frame->eflags = (eflags & INJECT_EFLAGS_SHOWN) | (frame->eflags & INJECT_EFLAGS_KEPT) | INJECT_EFLAGS_FORCED;
    guest->state.virq.enabled = (eflags & EFLAGS_IF) != 0;
    if (esp0 == 0) {
        frame->cs = SEL_GUEST_KERNEL_CS;
        frame->ss = SEL_GUEST_KERNEL_SS;
        return;
    }
    guest->state.esp0 = esp0;
    frame->cs = SEL_GUEST_USER_CS;
    frame->ss = SEL_GUEST_DATA;
}
