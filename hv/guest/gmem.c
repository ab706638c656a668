/*
 * gmem.c - what follows when guest memory cannot be read or written: whether that ends the guest, and what is shown.
 */
#include "guest/gmem.h"

#include "cpu/opcodes.h"
#include "cpu/vectors.h"
#include "guest/gmem_copy.h"
#include "guest/guest.h"

bool gmem_refused(struct guest *guest)
{
    if (guest->refused > GFAULT_FILLED)
        gmem_end(guest, guest->refused_at, guest->refused);
    return false;
}

bool gmem_read(struct guest *guest, gva_t from, void *to, size_t bytes, gva_t *bad)
{
    return gmem_copy_from(guest, from, to, bytes, bad) || gmem_refused(guest);
}

bool gmem_write(struct guest *guest, gva_t to, const void *from, size_t bytes, gva_t *bad)
{
    return gmem_copy_to(guest, to, from, bytes, bad) || gmem_refused(guest);
}

bool gmem_write_u32(struct guest *guest, gva_t to, uint32_t value)
{
    return gmem_write(guest, to, &value, sizeof(value), NULL);
}

/*
 * An interrupt that a call unmasked, or a #GP for an INT, is pushed while the frame still tells of the call or the INT:
 * let it tell of the event, which was recorded before its push. A record that stems from an earlier delivery has
 * another EIP, or that delivery masked interrupts and no later call turned them on: calls are recorded, too.
 */
static bool show_delivery(struct guest *guest)
{
    const struct guest_event *newest = events_newest(&guest->events);
    bool is_masked = newest->kind >= EXC_COUNT && !guest->state.virq.enabled;

    if (newest->kind >= GUEST_EVENT_CALL || newest->eip != (uint32_t)guest->state.frame.eip || is_masked)
        return false;
    guest->state.frame.vector = newest->kind;
    guest->state.frame.error = newest->detail;
    return true;
}

void gmem_end(struct guest *guest, gva_t address, enum gfault fault)
{
    char explanation[GUEST_REASON_BYTES];

    struct trap_frame *frame = &guest->state.frame;

    guest->fault_address = address.v;
    if (frame->vector >= EXC_COUNT && !show_delivery(guest) && frame->vector < VECTOR_TIMER)
        frame->eip = (uint32_t)(frame->eip - INT_BYTES);    /* show the call, not what follows it */
    if (fault == GFAULT_BAD_ENTRY) {
        gspace_explain(&guest->space, address, explanation, sizeof(explanation));
        guest_crash(guest, "access to 0x%08x: %s", address.v, explanation);
    } else {
        guest->life.lacks_memory = true;
        guest_crash(guest, "no memory left to back 0x%08x: all guests together use more than the machine has",
                    address.v);
    }
}
