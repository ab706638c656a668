/*
 * deliver.h - a trap becomes a virtual event: its frame goes onto the guest's stack, and the handler starts.
 *
 * The guest's registers are saved in its state.frame and its address space is loaded. A guest that cannot take the
 * event (empty slot, handler or stack out of reach) crashes with the reason. Source: docs/abi.md "Events";
 * docs/events.md tells the way.
 */
#ifndef GUEST_DELIVER_H
#define GUEST_DELIVER_H

#include <stdbool.h>
#include <stdint.h>

struct guest;

/*
 * An exception of the instruction at frame.eip, whatever virtual IF says. fault_address: gva for #PF, else 0. True: the
 * handler is next, with virtual IF off.
 */
bool deliver_exception(struct guest *guest, uint8_t vector, uint32_t error_code, uint32_t fault_address);

/*
 * INT n, INT3 or INTO at int_eip, with frame.eip already after it. From guest user a privileged slot, and the hypercall
 * vector always, gives #GP at int_eip. The hypercall from guest kernel does not come here.
 */
void deliver_soft_interrupt(struct guest *guest, uint8_t n, uint32_t int_eip);

/* The next pending virtual interrupt; only when virq_is_deliverable. Exactly one: its gate masks the rest. */
void deliver_pending(struct guest *guest);

#endif
