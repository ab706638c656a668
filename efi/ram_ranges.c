/*
 * ram_ranges.c - sort, cut and merge memory ranges (PURE).
 *
 * Walk from boundary to boundary and ask for each piece which range covers it most strongly. To look at all ranges for
 * each was a sixth of the loader's work where 200 open files had cut the firmware's map to pieces; so they are sorted,
 * and only those are looked at which have begun and not ended: of a firmware's map one, and one of ours.
 */
#include "ram_ranges.h"

#define PAGE 4096ull

uint32_t ram_ranges_kind(uint32_t efi_memory_type)
{
    switch (efi_memory_type) {
    case 1: /* LoaderCode */
    case 2: /* LoaderData */
    case 3: /* BootServicesCode */
    case 4: /* BootServicesData */
    case 7: /* Conventional */
        return BOOT_RANGE_FREE;
    case 5: /* RuntimeServicesCode */
    case 6: /* RuntimeServicesData */
        return BOOT_RANGE_RUNTIME;
    case 9: /* ACPIReclaim */
    case 10: /* ACPINVS */
        return BOOT_RANGE_ACPI;
    default:
        return 0;
    }
}

uint64_t ram_ranges_cut(struct boot_range *range)
{
    uint64_t room = range->base < RAM_LIMIT ? RAM_LIMIT - range->base : 0;
    uint64_t beyond = range->length > room ? range->length - room : 0;

    range->length -= beyond;
    return beyond;
}

static unsigned rank(uint32_t kind)
{
    switch (kind) {
    case BOOT_RANGE_FREE:
        return 0;
    case BOOT_RANGE_ACPI:
        return 1;
    case BOOT_RANGE_RUNTIME:
        return 2;
    case BOOT_RANGE_LOADER:
        return 3;
    case BOOT_RANGE_OURS:
        return 4;
    default:
        return 5;
    }
}

/* Whole pages only: free memory shrinks to them, everything else grows. Returns 0 when nothing is left. */
static int align(struct boot_range *range)
{
    uint64_t end = range->base + range->length;
    if (range->length == 0)
        return 0;
    if (end < range->base)
        end = UINT64_MAX & ~(PAGE - 1);
    if (range->kind == BOOT_RANGE_FREE) {
        range->base = (range->base + PAGE - 1) & ~(PAGE - 1);
        end &= ~(PAGE - 1);
    } else {
        range->base &= ~(PAGE - 1);
        end = end > UINT64_MAX - PAGE ? UINT64_MAX & ~(PAGE - 1) : (end + PAGE - 1) & ~(PAGE - 1);
    }
    if (end <= range->base)
        return 0;
    range->length = end - range->base;
    range->reserved = 0;
    return 1;
}

/* Those that are whole pages, sorted by where they begin. By insertion: pieces of a map come mostly in order. */
static uint64_t align_and_sort(struct boot_range *ranges, uint64_t count)
{
    uint64_t kept = 0;

    for (uint64_t i = 0; i < count; i++) {
        struct boot_range range = ranges[i];
        if (!align(&range))
            continue;
        uint64_t at = kept++;
        for (; at > 0 && ranges[at - 1].base > range.base; at--)
            ranges[at] = ranges[at - 1];
        ranges[at] = range;
    }
    return kept;
}

/*
 * Of those that have begun: drop what ends here. The strongest kind of the others (left alone where there is none);
 * *next becomes the first of their ends, if that is before it.
 */
static uint32_t kind_at(struct boot_range *begun, uint64_t *count, uint64_t address, uint64_t *next)
{
    uint64_t covering = 0;
    uint32_t kind = 0;

    for (uint64_t i = 0; i < *count; i++) {
        struct boot_range range = begun[i];
        uint64_t end = range.base + range.length;
        if (end <= address)
            continue;
        if (covering == 0 || rank(range.kind) > rank(kind))
            kind = range.kind;
        if (end < *next)
            *next = end;
        begun[covering++] = range;
    }
    *count = covering;
    return kind;
}

uint64_t ram_ranges_normalise(struct boot_range *ranges, uint64_t count, struct boot_range *sorted, uint64_t capacity)
{
    /* Those that have begun take the places of those that have been looked at. */
    uint64_t merged = 0, begun = 0, at = 0, next;

    count = align_and_sort(ranges, count);
    for (uint64_t address = 0; address != UINT64_MAX; address = next) {
        while (at < count && ranges[at].base == address)
            ranges[begun++] = ranges[at++];
        next = at < count ? ranges[at].base : UINT64_MAX;
        uint32_t kind = kind_at(ranges, &begun, address, &next);
        struct boot_range *last = merged ? &sorted[merged - 1] : 0;
        if (kind == 0 || next == UINT64_MAX)
            continue;
        if (last && last->kind == kind && last->base + last->length == address)
            last->length += next - address;
        else if (merged < capacity)
            sorted[merged++] = (struct boot_range){ address, next - address, kind, 0 };
    }
    return merged;
}
