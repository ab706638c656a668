/*
 * ram_ranges.h - the firmware's memory map as sorted ranges that never overlap (PURE).
 */
#ifndef EFI_RAM_RANGES_H
#define EFI_RAM_RANGES_H

#include <stdint.h>

#include "boot_info.h"

/*
 * What a memory type of the UEFI specification ("Memory Allocation", memory types after ExitBootServices) is to us:
 * enum boot_range_kind, or 0 for what must be left alone.
 */
uint32_t ram_ranges_kind(uint32_t efi_memory_type);

/*
 * Make ranges[0..count) a sorted, non-overlapping, merged, page-aligned list, in place. Input may be unsorted, empty,
 * overlapping; where ranges of different kinds overlap, the more restrictive kind wins: left alone (kind 0), then ours,
 * runtime, ACPI, free. capacity is the room in ranges; 2 * count + 1 is always enough. Ranges of kind 0 are dropped at the end.
 * Returns the new count.
 */
uint64_t ram_ranges_normalise(struct boot_range *ranges, uint64_t count, uint64_t capacity);

#endif
