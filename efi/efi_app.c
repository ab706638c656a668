/*
 * efi_app.c - the firmware's tables, which main.c gets first of all.
 */
#include "efi_app.h"

EFI_SYSTEM_TABLE *efi_system;
EFI_BOOT_SERVICES *efi_boot;
