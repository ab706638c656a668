/*
 * harsh.c - a UEFI application that makes the firmware as harsh as some are, and then starts \cobble.efi from its own
 * volume. \harsh.txt says how, one letter each:
 *   M  no memory below 4 GiB is left but scraps, so that images are loaded above (the machine needs more than 4 GiB)
 *   5  5-level paging
 *   C  SMEP, SMAP, UMIP, FSGSBASE, TSD and DE are on in CR4, as far as the processor has them
 *   X  ExitBootServices never succeeds
 *   O  the load options are a GUID, as some boot managers leave one for themselves
 *   D  drivers leave their devices running: bus mastering and message-signalled interrupts are on in every PCI function
 *   F  free memory is in 200 pieces more, so that the memory map has more than 400 entries
 *   R  ResetSystem returns without having done anything
 *   T  the memory map says that there are 2 TiB of RAM at 1 TiB
 *   S  ACPI's MCFG table says segment 1 of the window of PCI registers that is segment 0's
 */
#include <efi.h>
#include <stdint.h>

#define PAGE 4096u
#define COBBLE_BYTES (64u << 20)
#define SCRAP_PAGES 32u
#define LOW_BYTES 0x100000u
#define PIECES 200u
#define OPCODE_RET 0xC3
#define TIB 0x10000000000ull
#define LAST_BELOW_4GIB 0xFFFFFFFFu
#define CR4_LA57 0x1000u
#define CR4_STRICT 0x31080Cu    /* SMAP SMEP FSGSBASE UMIP DE TSD: SDM vol. 3 "Control Registers" */
#define PRESENT_WRITABLE 3u

/* PCI Local Bus Specification 3.0, 3.2.2.3.2 and chapter 6. */
#define PCI_ADDRESS 0xCF8
#define PCI_DATA 0xCFC
#define PCI_ENABLE 0x80000000u
#define PCI_BUSES 256u
#define PCI_NOBODY 0xFFFFFFFFu
#define PCI_COMMAND 0x04
#define PCI_BUS_MASTER 0x4u
#define PCI_HAS_CAPABILITIES 0x100000u
#define PCI_CAPABILITIES 0x34
#define PCI_MSI 0x05
#define PCI_MSI_ENABLE 0x10000u
#define PCI_MSI_X 0x11
#define PCI_MSI_X_ENABLE 0x80000000u

/* five_levels.S. root: a PML5 below 4 GiB, where this image and its stack must be, too. */
void five_levels(uint64_t root);
EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

static EFI_GUID loaded_image_guid = EFI_LOADED_IMAGE_PROTOCOL_GUID;
static EFI_GUID file_system_guid = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
static EFI_GUID acpi_guid = ACPI_20_TABLE_GUID;
static EFI_GUID binary_options = { 0x8108AC4E, 0x9F11, 0x4D59, { 0x85, 0x0E, 0x1A, 0xE2, 0x2C, 0x52, 0x59, 0xB2 } };
static EFI_SYSTEM_TABLE *efi;
static EFI_BOOT_SERVICES *boot;
static EFI_EXIT_BOOT_SERVICES real_exit;
static EFI_GET_MEMORY_MAP real_map;

static void say(CHAR16 *text)
{
    efi->ConOut->OutputString(efi->ConOut, u"harsh: ");
    efi->ConOut->OutputString(efi->ConOut, text);
    efi->ConOut->OutputString(efi->ConOut, u"\r\n");
}

static uint64_t allocate(UINTN pages)
{
    EFI_PHYSICAL_ADDRESS at = LAST_BELOW_4GIB;
    return boot->AllocatePages(AllocateMaxAddress, EfiBootServicesData, pages, &at) ? 0 : at;
}

/* Large pieces first; what lies below 1 MiB stays, as on any PC. */
static void eat_memory(void)
{
    for (UINTN pages = 65536; pages >= SCRAP_PAGES; pages /= 2) {
        uint64_t at = LAST_BELOW_4GIB;
        while (at >= LOW_BYTES)
            at = allocate(pages);
        if (at)
            boot->FreePages(at, pages);
    }
}

/* Every second page goes back; what is between is nobody's to use, also later. */
static void tear_memory(void)
{
    EFI_PHYSICAL_ADDRESS at = LAST_BELOW_4GIB;

    if (boot->AllocatePages(AllocateMaxAddress, EfiReservedMemoryType, 2 * PIECES, &at))
        return;
    for (UINTN i = 0; i < PIECES; i++)
        boot->FreePages(at + 2 * i * PAGE, 1);
    say(u"memory is in pieces");
}

/* In memory that stays: it is called when this application is long gone. */
static void only_return_from_reset(void)
{
    EFI_PHYSICAL_ADDRESS at = LAST_BELOW_4GIB;

    if (boot->AllocatePages(AllocateMaxAddress, EfiRuntimeServicesCode, 1, &at))
        return;
    *(uint8_t *)at = OPCODE_RET;
    efi->RuntimeServices->ResetSystem = (EFI_RESET_SYSTEM)at;
    say(u"ResetSystem returns");
}

static EFI_STATUS EFIAPI map_with_more(UINTN *bytes, EFI_MEMORY_DESCRIPTOR *map, UINTN *key, UINTN *descriptor_bytes,
                                       UINT32 *version)
{
    UINTN room = *bytes;
    EFI_STATUS status = real_map(bytes, map, key, descriptor_bytes, version);
    UINTN own = *bytes;

    *bytes += *descriptor_bytes;
    if (!status && *bytes > room)
        return EFI_BUFFER_TOO_SMALL;
    if (!status) {
        EFI_MEMORY_DESCRIPTOR *more = (void *)((uint8_t *)map + own);
        boot->SetMem(more, *descriptor_bytes, 0);
        more->Type = EfiConventionalMemory;
        more->PhysicalStart = TIB;
        more->NumberOfPages = 2 * TIB / PAGE;
    }
    return status;
}

static void enter_5_levels(void)
{
    uint64_t old_root, cr4;
    uint64_t *root = (uint64_t *)allocate(1);

    boot->SetMem(root, PAGE, 0);
    __asm__ volatile("mov %%cr3, %0" : "=r"(old_root));
    root[0] = (old_root & ~(uint64_t)(PAGE - 1)) | PRESENT_WRITABLE;
    five_levels((uint64_t)root);
    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    say(cr4 & CR4_LA57 ? u"5-level paging is on" : u"5-level paging is off");
}

static void set_control_registers(void)
{
    uint64_t before, after;

    __asm__ volatile("mov %%cr4, %0; mov %0, %1; or %2, %1; mov %1, %%cr4; mov %%cr4, %1"
                     : "=&r"(before), "=&r"(after) : "i"(CR4_STRICT));
    say((after & CR4_STRICT) == CR4_STRICT ? u"SMEP and SMAP are on" : u"SMEP or SMAP is off");
}

static EFI_STATUS EFIAPI never_exit(EFI_HANDLE image, UINTN key)
{
    (void)image;
    (void)key;
    return EFI_INVALID_PARAMETER;
}

static void out(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static uint32_t in(uint16_t port)
{
    uint32_t value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

/* ACPI specification "System Description Tables", PCI Firmware Specification 3.0 "MCFG Table". */
#define RSDP_XSDT 24
#define TABLE_LENGTH 4
#define TABLE_CHECKSUM 9
#define TABLE_HEADER 36
#define MCFG_SEGMENT 52

static uint8_t *find_rsdp(void)
{
    for (UINTN i = 0; i < efi->NumberOfTableEntries; i++) {
        EFI_GUID *guid = &efi->ConfigurationTable[i].VendorGuid;
        if (guid->Data1 == acpi_guid.Data1 && guid->Data2 == acpi_guid.Data2)
            return efi->ConfigurationTable[i].VendorTable;
    }
    return NULL;
}

static void move_to_segment_1(void)
{
    uint8_t *rsdp = find_rsdp();
    uint8_t *xsdt = rsdp ? *(uint8_t **)(rsdp + RSDP_XSDT) : NULL;
    uint32_t length = xsdt ? *(uint32_t *)(xsdt + TABLE_LENGTH) : 0;

    for (uint32_t at = TABLE_HEADER; at + 8 <= length; at += 8) {
        uint8_t *table = (uint8_t *)*(uint64_t *)(xsdt + at);
        if (*(uint32_t *)table != 'M' + ('C' << 8) + ('F' << 16) + ('G' << 24))
            continue;
        table[MCFG_SEGMENT]++;
        table[TABLE_CHECKSUM]--;
        say(u"the PCI registers are segment 1's");
    }
}

/* Of a function's double word: set these bits; 0 only reads. */
static uint32_t config(uint32_t at, uint32_t bits)
{
    out(PCI_ADDRESS, at);
    uint32_t value = in(PCI_DATA);
    if (bits)
        out(PCI_DATA, value | bits);
    return value;
}

static void leave_running(uint32_t function)
{
    if (config(function, 0) == PCI_NOBODY)
        return;
    uint32_t status = config(function | PCI_COMMAND, PCI_BUS_MASTER);
    uint32_t at = status & PCI_HAS_CAPABILITIES ? config(function | PCI_CAPABILITIES, 0) & 0xFC : 0;
    while (at) {
        uint32_t value = config(function | at, 0);
        if ((value & 0xFF) == PCI_MSI)
            config(function | at, PCI_MSI_ENABLE);
        if ((value & 0xFF) == PCI_MSI_X)
            config(function | at, PCI_MSI_X_ENABLE);
        at = value >> 8 & 0xFC;
    }
}

/* The firmware's drivers, some of which do stop their devices, have had their turn. */
static EFI_STATUS EFIAPI exit_with_devices_on(EFI_HANDLE image, UINTN key)
{
    EFI_STATUS status = real_exit(image, key);
    for (uint32_t function = 0; !status && function < PCI_BUSES << 8; function++)
        leave_running(PCI_ENABLE | function << 8);
    return status;
}

static void make_harsh(char letter)
{
    if (letter == 'M')
        eat_memory();
    if (letter == '5')
        enter_5_levels();
    if (letter == 'C')
        set_control_registers();
    if (letter == 'X')
        boot->ExitBootServices = never_exit;
    if (letter == 'F')
        tear_memory();
    if (letter == 'R')
        only_return_from_reset();
    if (letter == 'T') {
        real_map = boot->GetMemoryMap;
        boot->GetMemoryMap = map_with_more;
    }
    if (letter == 'S')
        move_to_segment_1();
    if (letter == 'D') {
        real_exit = boot->ExitBootServices;
        boot->ExitBootServices = exit_with_devices_on;
    }
}

static int has_letter(const char *letters, UINTN count, char letter)
{
    for (UINTN i = 0; i < count; i++)
        if (letters[i] == letter)
            return 1;
    return 0;
}

static UINTN read_file(EFI_FILE_PROTOCOL *volume, CHAR16 *name, void *to, UINTN room)
{
    EFI_FILE_PROTOCOL *file;
    if (volume->Open(volume, &file, name, EFI_FILE_MODE_READ, 0) || file->Read(file, &room, to))
        return 0;
    file->Close(file);
    return room;
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
    EFI_LOADED_IMAGE_PROTOCOL *own, *cobble;
    EFI_SIMPLE_FILE_SYSTEM_PROTOCOL *file_system;
    EFI_FILE_PROTOCOL *volume;
    EFI_HANDLE handle;
    char letters[8];

    efi = system;
    boot = system->BootServices;
    if (boot->HandleProtocol(image, &loaded_image_guid, (void **)&own) ||
        boot->HandleProtocol(own->DeviceHandle, &file_system_guid, (void **)&file_system) ||
        file_system->OpenVolume(file_system, &volume))
        return EFI_NOT_FOUND;
    void *bytes = (void *)allocate(COBBLE_BYTES / PAGE);
    UINTN size = bytes ? read_file(volume, u"\\cobble.efi", bytes, COBBLE_BYTES) : 0;
    UINTN count = read_file(volume, u"\\harsh.txt", letters, sizeof(letters));
    for (UINTN i = 0; i < count; i++)
        make_harsh(letters[i]);
    EFI_STATUS status = boot->LoadImage(FALSE, image, NULL, bytes, size, &handle);
    if (status)
        return status;
    boot->HandleProtocol(handle, &loaded_image_guid, (void **)&cobble);
    cobble->DeviceHandle = own->DeviceHandle;
    if (has_letter(letters, count, 'O')) {
        cobble->LoadOptions = &binary_options;
        cobble->LoadOptionsSize = sizeof(binary_options);
    }
    say((uint64_t)cobble->ImageBase > LAST_BELOW_4GIB ? u"the image is above 4 GiB" : u"the image is below 4 GiB");
    status = boot->StartImage(handle, NULL, NULL);
    say(u"the image came back");
    return status;
}
