/*
 * memory.c - LoaderData that survives the hand-off.
 */
#include "efi_app.h"

#define OURS_MAX 256

static struct boot_range ours[OURS_MAX];
static uint64_t ours_count;

uint64_t memory_alloc(uint64_t bytes, uint64_t limit)
{
    EFI_PHYSICAL_ADDRESS address = limit ? limit - 1 : 0;
    uint64_t pages = (bytes + 4095) / 4096;

    if (pages == 0 || ours_count == OURS_MAX)
        return 0;
    if (efi_boot->AllocatePages(limit ? AllocateMaxAddress : AllocateAnyPages, EfiLoaderData, pages, &address))
        return 0;
    efi_boot->SetMem((void *)address, pages * 4096, 0);
    ours[ours_count++] = (struct boot_range){ address, pages * 4096, BOOT_RANGE_OURS, 0 };
    return address;
}

uint64_t memory_ours_count(void)
{
    return ours_count;
}

struct boot_range memory_ours(uint64_t index)
{
    return ours[index];
}
