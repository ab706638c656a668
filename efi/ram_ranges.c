/*
 * ram_ranges.c - sort, cut and merge memory ranges (PURE).
 *
 * One range at a time is inserted into a sorted list; where it overlaps one that is there, the overlap goes to the more
 * restrictive kind. Maps have some hundred entries, so the quadratic cost is nothing.
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

static unsigned rank(uint32_t kind)
{
    switch (kind) {
    case BOOT_RANGE_FREE:
        return 0;
    case BOOT_RANGE_ACPI:
        return 1;
    case BOOT_RANGE_RUNTIME:
        return 2;
    case BOOT_RANGE_OURS:
        return 3;
    default:
        return 4;
    }
}

/* Whole pages only: free memory shrinks to them, everything else grows. Returns 0 when nothing is left. */
static int align(struct boot_range *range)
{
    uint64_t end = range->base + range->length;
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

static void sort_by_base(struct boot_range *ranges, uint64_t count)
{
    for (uint64_t i = 1; i < count; i++) {
        struct boot_range moving = ranges[i];
        uint64_t j = i;
        for (; j > 0 && ranges[j - 1].base > moving.base; j--)
            ranges[j] = ranges[j - 1];
        ranges[j] = moving;
    }
}

static void insert_at(struct boot_range *ranges, uint64_t *count, uint64_t at, struct boot_range range)
{
    for (uint64_t j = *count; j > at; j--)
        ranges[j] = ranges[j - 1];
    ranges[at] = range;
    (*count)++;
}

/*
 * ranges[i] and ranges[i + 1] overlap: cut the weaker one back to what the stronger leaves of it. What sticks out behind
 * becomes a range of its own, put where the order wants it.
 */
static void cut_overlap(struct boot_range *ranges, uint64_t *count, uint64_t i)
{
    struct boot_range first = ranges[i], second = ranges[i + 1];
    uint64_t first_end = first.base + first.length, second_end = second.base + second.length;
    int first_wins = rank(first.kind) >= rank(second.kind);
    struct boot_range tail = first_wins ? second : first;
    uint64_t tail_base = first_wins ? first_end : second_end;
    uint64_t tail_end = first_wins ? second_end : first_end;

    for (uint64_t j = i + 1; first_wins && j + 1 < *count; j++)
        ranges[j] = ranges[j + 1];
    if (first_wins)
        (*count)--;
    else
        ranges[i].length = second.base - first.base;
    if (tail_end <= tail_base)
        return;
    tail.base = tail_base;
    tail.length = tail_end - tail_base;
    uint64_t at = i + 1;
    while (at < *count && ranges[at].base <= tail.base)
        at++;
    insert_at(ranges, count, at, tail);
}

uint64_t ram_ranges_normalise(struct boot_range *ranges, uint64_t count, uint64_t capacity)
{
    uint64_t kept = 0;
    for (uint64_t i = 0; i < count; i++) {
        struct boot_range range = ranges[i];
        if (align(&range))
            ranges[kept++] = range;
    }
    sort_by_base(ranges, kept);
    for (uint64_t i = 0; i + 1 < kept && kept < capacity;) {
        if (ranges[i].length != 0 && ranges[i].base + ranges[i].length > ranges[i + 1].base)
            cut_overlap(ranges, &kept, i);
        else
            i++;
    }
    uint64_t merged = 0;
    for (uint64_t i = 0; i < kept; i++) {
        struct boot_range *last = merged ? &ranges[merged - 1] : 0;
        if (ranges[i].kind == 0 || ranges[i].length == 0)
            continue;
        if (last && last->kind == ranges[i].kind && last->base + last->length == ranges[i].base)
            last->length += ranges[i].length;
        else
            ranges[merged++] = ranges[i];
    }
    return merged;
}
