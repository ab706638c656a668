/*
 * main.c - the loader's story: gather what only the firmware knows, load hv, leave the firmware, jump.
 */
#include "efi_app.h"

#define STACK_BYTES 16384
#define BELOW_4GIB 0x100000000ull
#define BELOW_1MIB 0x100000ull

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

static uint64_t read_tsc(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/* Back to the firmware with a word why: the operator sees the boot menu, or the next boot entry. */
static EFI_STATUS give_up(CHAR16 *why, EFI_STATUS status)
{
    efi_system->ConOut->OutputString(efi_system->ConOut, u"Cobble: ");
    efi_system->ConOut->OutputString(efi_system->ConOut, why);
    efi_system->ConOut->OutputString(efi_system->ConOut, u"\r\n");
    return status ? status : EFI_OUT_OF_RESOURCES;
}

static void gather(EFI_HANDLE image, struct boot_info *info)
{
    gop_describe(&info->framebuffer);
    acpi_find(info);
    firmware_describe(info);
    options_load(image, info);
    files_load(image, info);
    info->trampoline_page = memory_alloc(4096, BELOW_1MIB);
    if (!info->trampoline_page)
        note("no memory below 1 MiB: the first processor only", NULL);
    info->reset_system = (uint64_t)efi_system->RuntimeServices->ResetSystem;
}

/* hv and the ramdisk in memory, and all that the jump to it needs. Returns 0 when memory is out. */
static int load(EFI_HANDLE image, struct boot_info *info, struct handoff *handoff)
{
    uint64_t stack = memory_alloc_for_hand_off(STACK_BYTES, 0);
    handoff->entry = load_hv(info);
    handoff->stack = BOOT_DIRECT_MAP_BASE + stack + STACK_BYTES;
    handoff->info = BOOT_DIRECT_MAP_BASE + (uint64_t)info;
    handoff->no_execute = tables_no_execute();
    handoff->trampoline = memory_alloc_for_hand_off(4096, BELOW_4GIB);
    handoff->root = tables_build(info, memmap_top(info));
    handoff->root_5_level = tables_build_5_level(handoff->root);
    return load_ramdisk(image, info) && stack && handoff->entry && handoff->trampoline && handoff->root &&
           handoff->root_5_level;
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
    uint64_t tsc_entry = read_tsc();
    efi_system = system;
    efi_boot = system->BootServices;
    efi_boot->SetWatchdogTimer(0, 0, 0, NULL);

    struct boot_info *info = (struct boot_info *)memory_alloc(sizeof(*info), 0);
    if (!info)
        return give_up(u"no memory", EFI_OUT_OF_RESOURCES);
    info->magic = BOOT_INFO_MAGIC;
    info->size = sizeof(*info);
    info->tsc_entry = tsc_entry;
    gather(image, info);
    EFI_STATUS status = memmap_prepare(info);
    if (status)
        return give_up(u"the firmware's memory map cannot be read", status);
    struct handoff handoff;
    if (!load(image, info, &handoff))
        return give_up(u"not enough memory to load the hypervisor", EFI_OUT_OF_RESOURCES);
    notes_copy(info->loader_notes, sizeof(info->loader_notes));
    status = memmap_exit(image, info);
    if (status)
        last_words(status);
    info->tsc_handoff = read_tsc();
    handoff_jump(&handoff);
    return EFI_LOAD_ERROR;  /* not reached */
}
