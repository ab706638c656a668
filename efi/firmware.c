/*
 * firmware.c - whose firmware this is, for whoever reads a report from this machine.
 */
#include "efi_app.h"
#include "utf16.h"

#define UNITS_MAX 64

void firmware_describe(struct boot_info *info)
{
    const CHAR16 *vendor = efi_system->FirmwareVendor;
    struct utf16 text = { (const uint8_t *)vendor, 0, 0 };

    while (vendor && text.units < UNITS_MAX && vendor[text.units])
        text.units++;
    if (text.units)
        info->firmware[utf16_to_utf8(&text, info->firmware, sizeof(info->firmware) - 1)] = '\0';
    info->firmware_revision = efi_system->FirmwareRevision;
    info->uefi_revision = efi_system->Hdr.Revision;
}
