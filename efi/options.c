/*
 * options.c - the UEFI load options: QEMU's -append, or what a boot entry says.
 */
#include "efi_app.h"
#include "option_text.h"

static EFI_GUID loaded_image_guid = EFI_LOADED_IMAGE_PROTOCOL_GUID;

void options_load(EFI_HANDLE image, struct boot_info *info)
{
    EFI_LOADED_IMAGE_PROTOCOL *loaded;

    if (efi_boot->HandleProtocol(image, &loaded_image_guid, (void **)&loaded) || !loaded->LoadOptions)
        return;
    uint64_t count = loaded->LoadOptionsSize / sizeof(CHAR16), room = 3 * count;
    uint64_t text = memory_alloc(room, 0);
    if (count && !text)
        note("no memory for the load options", NULL);
    if (!text)
        return;
    info->options_size = option_text_decode(loaded->LoadOptions, count, (char *)text, room);
    info->options = info->options_size ? text : 0;
}
