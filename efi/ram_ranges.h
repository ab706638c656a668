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

/* RAM from here on, 1 TiB, is not used: docs/boot.md, "Memory". */
#define RAM_LIMIT 0x10000000000ull

/* Take off what lies from RAM_LIMIT on; length may become 0. Returns the bytes that were taken off. */
uint64_t ram_ranges_cut(struct boot_range *range);

/*
 * Write ranges[0..count) as a sorted, non-overlapping, merged, page-aligned list to sorted. Input may be unsorted,
 * empty, overlapping; where ranges of different kinds overlap, the more restrictive wins: left alone (kind 0), then
 * ours, runtime, ACPI, free. Free ranges shrink to whole pages, others grow. Kind 0 is not written. What was in ranges
 * is lost.
 * capacity: room in sorted; 2 * count is always enough. Returns the new count.
 */
uint64_t ram_ranges_normalise(struct boot_range *ranges, uint64_t count, struct boot_range *sorted, uint64_t capacity);

#endif
