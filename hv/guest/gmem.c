/*
 * gmem.c - read and write guest memory through the guest's own mapping, with an exception table for what is not there.
 *
 * No bounds check is needed: gva and the base of the segment are below 8 GiB together, and nothing is mapped from 4 GiB
 * up in any lower half.
 */
#include "guest/gmem.h"

#include "cpu/cpu.h"
#include "cpu/opcodes.h"
#include "cpu/vectors.h"
#include "guest/guest.h"

static void *linear_ptr(const struct guest *guest, gva_t address)
{
    return (void *)gspace_linear(&guest->space, address);
}

/* Report the first address that failed. True when nothing was left over. */
static bool copied_all(struct guest *guest, gva_t address, size_t bytes, size_t left, gva_t *bad)
{
    if (!left)
        return true;
    guest->fault_address = (uint32_t)(address.v + (bytes - left));
    if (bad)
        *bad = GVA(guest->fault_address);
    return false;
}

bool gmem_refused(struct guest *guest)
{
    if (guest->refused > GFAULT_FILLED)
        gmem_end(guest, guest->refused_at, guest->refused);
    return false;
}

bool gmem_peek(struct guest *guest, gva_t from, void *to, size_t bytes, gva_t *bad)
{
    return copied_all(guest, from, bytes, copy_with_fixup(to, linear_ptr(guest, from), bytes), bad);
}

bool gmem_read(struct guest *guest, gva_t from, void *to, size_t bytes, gva_t *bad)
{
    return gmem_peek(guest, from, to, bytes, bad) || gmem_refused(guest);
}

bool gmem_write(struct guest *guest, gva_t to, const void *from, size_t bytes, gva_t *bad)
{
    return copied_all(guest, to, bytes, copy_with_fixup(linear_ptr(guest, to), from, bytes), bad) ||
           gmem_refused(guest);
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
