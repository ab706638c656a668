/*
 * page_fault.h - page faults in a guest's memory; those of the guest itself come by cpu/entry_calls.h.
 */
#ifndef GUEST_PAGE_FAULT_H
#define GUEST_PAGE_FAULT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The hypervisor touched the memory of the guest that is loaded, at this linear address, and #PF brought this error
 * code: it gets the same hidden faults as the guest. False: there is nothing that it may touch; guest->refused has the
 * reason, and gmem.h says what follows.
 */
bool fault_fill_for_hv(uint64_t linear, uint32_t error_code);

#endif
