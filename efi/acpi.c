/*
 * acpi.c - the RSDP from the firmware's configuration table, ACPI 2.0's preferred.
 */
#include "efi_app.h"

static EFI_GUID acpi20_guid = ACPI_20_TABLE_GUID;
static EFI_GUID acpi10_guid = ACPI_TABLE_GUID;

static int same_guid(const EFI_GUID *a, const EFI_GUID *b)
{
    const uint8_t *left = (const uint8_t *)a, *right = (const uint8_t *)b;
    for (unsigned i = 0; i < sizeof(EFI_GUID); i++)
        if (left[i] != right[i])
            return 0;
    return 1;
}

void acpi_find(struct boot_info *info)
{
    for (UINTN i = 0; i < efi_system->NumberOfTableEntries; i++) {
        EFI_CONFIGURATION_TABLE *table = &efi_system->ConfigurationTable[i];
        if (same_guid(&table->VendorGuid, &acpi20_guid))
            info->rsdp = (uint64_t)table->VendorTable;
        else if (same_guid(&table->VendorGuid, &acpi10_guid) && !info->rsdp)
            info->rsdp = (uint64_t)table->VendorTable;
    }
    if (!info->rsdp)
        note("no ACPI tables", NULL);
}
