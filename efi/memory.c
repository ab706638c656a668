/*
 * memory.c - LoaderData that survives the hand-off, or serves it, and the list of it.
 */
#include "efi_app.h"
#include "ram_ranges.h"

#define OURS_FIRST_ROOM 64

static struct boot_range *ours;     /* in the firmware's pool: last read when the final ranges are written */
static uint64_t ours_count, ours_room;
static uint64_t reserve, reserve_pages;     /* for memory_alloc_to_fill */

static int make_room(void)
{
    uint64_t room = ours_room ? 2 * ours_room : OURS_FIRST_ROOM;
    void *larger;

    if (ours_count < ours_room)
        return 1;
    if (efi_boot->AllocatePool(EfiLoaderData, room * sizeof(*ours), &larger))
        return 0;
    if (ours) {
        efi_boot->CopyMem(larger, ours, ours_count * sizeof(*ours));
        efi_boot->FreePool(ours);
    }
    ours = larger;
    ours_room = room;
    return 1;
}

/* Firmware gives memory from the top down: most blocks lie right below the one before, and are one range with it. */
static void remember(uint64_t address, uint64_t bytes, uint32_t kind)
{
    struct boot_range *last = ours_count ? &ours[ours_count - 1] : NULL;

    if (last && last->kind == kind && address + bytes == last->base)
        *last = (struct boot_range){ address, bytes + last->length, kind, 0 };
    else
        ours[ours_count++] = (struct boot_range){ address, bytes, kind, 0 };
}

/* By hand: SetMem of EDK II stores byte by byte, and by far most of the loader's time went there. */
static void zero(uint64_t address, uint64_t bytes)
{
    uint64_t words = bytes / 8;

    __asm__ volatile("rep stosq" : "+D"(address), "+c"(words) : "a"(0ull) : "memory");
}

/* Pages below limit of the firmware, which takes thousands of instructions for each block. 0 when there are none. */
static uint64_t take_pages(uint64_t pages, uint64_t limit)
{
    EFI_PHYSICAL_ADDRESS address = limit - 1;
    return efi_boot->AllocatePages(AllocateMaxAddress, EfiLoaderData, pages, &address) ? 0 : address;
}

void memory_reserve(uint64_t pages)
{
    reserve = pages ? take_pages(pages, RAM_LIMIT) : 0;
    reserve_pages = reserve ? pages : 0;
}

/* From the top down, so that remember() makes one range of all; what nobody takes is free after the hand-off. */
static uint64_t take_reserved(uint64_t pages)
{
    if (pages > reserve_pages)
        return 0;
    reserve_pages -= pages;
    return reserve + reserve_pages * 4096;
}

/* Zeroed from the page on in which the first byte lies that the caller will not write. */
static uint64_t alloc(uint64_t bytes, uint64_t limit, uint32_t kind, uint64_t filled_bytes)
{
    uint64_t pages = (bytes + 4095) / 4096;

    if (pages == 0 || !make_room())
        return 0;
    uint64_t address = filled_bytes ? take_reserved(pages) : 0;
    if (!address)
        address = take_pages(pages, limit ? limit : RAM_LIMIT);
    if (!address)
        return 0;
    uint64_t filled = filled_bytes & ~4095ull;
    zero(address + filled, pages * 4096 - filled);
    remember(address, pages * 4096, kind);
    return address;
}

uint64_t memory_alloc(uint64_t bytes, uint64_t limit)
{
    return alloc(bytes, limit, BOOT_RANGE_OURS, 0);
}

uint64_t memory_alloc_to_fill(uint64_t bytes)
{
    return alloc(bytes, 0, BOOT_RANGE_OURS, bytes);
}

uint64_t memory_alloc_for_hand_off(uint64_t bytes, uint64_t limit)
{
    return alloc(bytes, limit, BOOT_RANGE_LOADER, 0);
}

uint64_t memory_ours_count(void)
{
    return ours_count;
}

struct boot_range memory_ours(uint64_t index)
{
    return ours[index];
}
