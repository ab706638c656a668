/*
 * memmap.c - the memory map, and the way out of the firmware with the retry the UEFI specification asks for.
 *
 * ExitBootServices fails when the map changed since it was read, which any timer of the firmware may cause; after the
 * first failure only GetMemoryMap may be called. So everything is allocated before, and the loop does nothing else.
 */
#include "efi_app.h"
#include "ram_ranges.h"

#define SPARE_DESCRIPTORS 64
#define ATTEMPTS_MAX 64

static uint8_t *map;
static UINTN map_room, map_bytes, map_key, descriptor_bytes;
static UINT32 descriptor_version;
static struct boot_range *raw_ranges;
static uint64_t raw_room;

static EFI_STATUS read_map(void)
{
    map_bytes = map_room;
    return efi_boot->GetMemoryMap(&map_bytes, (EFI_MEMORY_DESCRIPTOR *)map, &map_key, &descriptor_bytes,
                                  &descriptor_version);
}

static const EFI_MEMORY_DESCRIPTOR *descriptor(UINTN offset)
{
    return (const EFI_MEMORY_DESCRIPTOR *)(map + offset);
}

EFI_STATUS memmap_prepare(struct boot_info *info)
{
    map_room = 0;
    EFI_STATUS status = read_map();
    if (status != EFI_BUFFER_TOO_SMALL)
        return status ? status : EFI_LOAD_ERROR;
    /* Room to spare: this very allocation changes the map, and so do those that follow. */
    map_room = map_bytes + SPARE_DESCRIPTORS * descriptor_bytes;
    map = (uint8_t *)memory_alloc_for_hand_off(map_room, 0);
    /* The blocks of ours there will be: those by now, and the few that hv and the tables still take. */
    raw_room = map_room / descriptor_bytes + memory_ours_count() + SPARE_DESCRIPTORS;
    raw_ranges = (struct boot_range *)memory_alloc_for_hand_off(raw_room * sizeof(struct boot_range), 0);
    info->ranges = memory_alloc(2 * raw_room * sizeof(struct boot_range), 0);
    return map && info->ranges && raw_ranges ? EFI_SUCCESS : EFI_OUT_OF_RESOURCES;
}

static struct boot_range range_at(UINTN offset)
{
    const EFI_MEMORY_DESCRIPTOR *from = descriptor(offset);
    return (struct boot_range){ from->PhysicalStart, from->NumberOfPages * 4096, ram_ranges_kind(from->Type), 0 };
}

uint64_t memmap_top(struct boot_info *info)
{
    uint64_t top = 0x100000000ull, left_out = 0;
    if (read_map())
        return top;
    /* By descriptor_bytes, which is the firmware's: newer ones have longer descriptors than the structure we know. */
    for (UINTN at = 0; at + sizeof(EFI_MEMORY_DESCRIPTOR) <= map_bytes; at += descriptor_bytes) {
        struct boot_range range = range_at(at);
        uint64_t beyond = range.kind ? ram_ranges_cut(&range) : 0;
        left_out += beyond;
        if (beyond && range.kind == BOOT_RANGE_RUNTIME)
            info->reset_system = 0;     /* it would not find its own data */
        if (range.kind && range.length && range.base + range.length > top)
            top = range.base + range.length;
    }
    if (left_out)
        note_number("RAM beyond 1 TiB is not used: ", left_out >> 30, " GiB");
    return top;
}

static void write_ranges(struct boot_info *info)
{
    uint64_t count = 0;

    for (UINTN at = 0; at + sizeof(EFI_MEMORY_DESCRIPTOR) <= map_bytes; at += descriptor_bytes) {
        raw_ranges[count] = range_at(at);
        ram_ranges_cut(&raw_ranges[count++]);
    }
    info->map_entries = count;
    for (uint64_t i = 0; i < memory_ours_count(); i++)
        raw_ranges[count++] = memory_ours(i);
    info->range_count = ram_ranges_normalise(raw_ranges, count, (struct boot_range *)info->ranges, 2 * raw_room);
}

EFI_STATUS memmap_exit(EFI_HANDLE image, struct boot_info *info)
{
    EFI_STATUS status = EFI_LOAD_ERROR;
    for (unsigned attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        status = read_map();
        /*
         * The key says which map we know. Between the two calls nothing may happen that changes it, not even a message.
         */
        if (!status)
            status = efi_boot->ExitBootServices(image, map_key);
        if (!status) {
            write_ranges(info);
            return EFI_SUCCESS;
        }
    }
    return status;
}
