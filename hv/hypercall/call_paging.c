/*
 * call_paging.c - hv_setpd and hv_adjustpg: the guest's CR3 and INVLPG, docs/abi.md "Paging".
 */
#include "guest/guest.h"
#include "hypercall/arguments.h"
#include "hypercall/calls.h"

void call_setpd(struct guest *guest, const uint32_t *arguments)
{
    uint32_t directory = arguments[0], wp = arguments[1];

    if (!is_page_aligned(directory)) {
        call_crash(guest, "hv_setpd(0x%08x, %u): the directory is not aligned to 4 KiB", directory, wp);
        return;
    }
    if (!is_directory(guest, directory)) {
        call_crash(guest, "hv_setpd(0x%08x, %u): the directory lies outside RAM, which ends at 0x%08x", directory, wp,
                   guest->ram.bytes - 1);
        return;
    }
    if (!gspace_setpd(&guest->space, GPA(directory), wp)) {
        guest->life.lacks_memory = true;
        call_crash(guest, "hv_setpd(0x%08x, %u): no memory left for its shadow: all guests together use more than "
                   "the machine has", directory, wp);
    }
}

void call_adjustpg(struct guest *guest, const uint32_t *arguments)
{
    uint32_t address = arguments[0];

    if (!guest->state.paging.is_on)
        call_crash(guest, "hv_adjustpg(0x%08x): paging is off, there is no hv_setpd before it", address);
    else if (!is_page_aligned(address))
        call_crash(guest, "hv_adjustpg(0x%08x): the address is not aligned to 4 KiB", address);
    else if (address > HV_MAX_GVA)
        call_crash(guest, "hv_adjustpg(0x%08x): the address lies above 0x%08x", address, HV_MAX_GVA);
    else
        (void)gspace_adjustpg(&guest->space, GVA(address));
}
