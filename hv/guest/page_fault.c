/*
 * page_fault.c - a page fault: hidden, and then filled; the guest's own; or the hypervisor's in a guest's memory.
 */
#include "guest/page_fault.h"

#include "cpu/entry_calls.h"
#include "cpu/insn.h"
#include "cpu/x86.h"
#include "guest/deliver.h"
#include "guest/gmem.h"
#include "guest/guest.h"
#include "guest/processor.h"
#include "pagetable/gwalk.h"

/*
 * Hardware stops an access beyond the segment limit with #GP; an emulator without limits wraps it to the low 16 MiB of
 * linear space, or lets it run past 4 GiB. Nothing is mapped there, so both mean the same: docs/abi.md, "Events".
 */
static bool is_beyond_segment(const struct guest *guest, uint64_t linear)
{
    return linear < guest->space.linear_base || linear > 0xFFFFFFFFull;
}

/*
 * #PF of a guest, where lean_fault.S is not built, or left it: the whole decision again, from CR2 on. True: the guest
 * may go on at once; nothing but the fault itself can have become due by it, so the run loop need not look.
 */
bool page_fault_from_guest(struct guest *guest)
{
    uint64_t linear = insn_read_cr2();

    if (is_beyond_segment(guest, linear))
        return deliver_exception(guest, EXC_GP, 0, 0);
    gva_t address = GVA(linear - guest->space.linear_base);
    uint32_t access = (uint32_t)guest->state.frame.error & (ACCESS_WRITE | ACCESS_USER);
    enum gfault fault = gspace_fault(&guest->space, address, access);
    if (fault == GFAULT_FILLED) {
        guest->hidden_fault_count++;
        return true;
    }
    guest->fault_address = address.v;
    if (fault < GFAULT_FILLED)
        return deliver_exception(guest, EXC_PF, fault, address.v);
    gmem_end(guest, address, fault);
    return false;
}

bool fault_fill_for_hv(uint64_t linear, uint32_t error_code)
{
    struct guest *guest = processor_this()->loaded;

    if (!guest)
        return false;
    /*
     * A fault of the hypervisor in a guest's memory (an argument, a buffer, an event frame). Filled with guest kernel's
     * rights, as if the guest had touched it. If it is not, why not is left in refused for whoever began the access:
     * gmem_refused decides there whether that ends the guest.
     */
    guest->refused_at = GVA(linear - guest->space.linear_base);
    guest->refused = is_beyond_segment(guest, linear)
                         ? GFAULT_OWN
                         : gspace_fault(&guest->space, guest->refused_at, error_code & ACCESS_WRITE);
    if (guest->refused != GFAULT_FILLED)
        return false;
    guest->hidden_fault_count++;
    gspace_filled_for_hv(&guest->space);
    return true;
}
