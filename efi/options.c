/*
 * options.c - the UEFI load options as text: QEMU's -append, or what a boot entry says. Boot managers also leave binary
 * data there, which is told by its characters and ignored.
 */
#include "efi_app.h"

static EFI_GUID loaded_image_guid = EFI_LOADED_IMAGE_PROTOCOL_GUID;

static int is_text(CHAR16 c)
{
    return (c >= 0x20 && c < 0x7F) || c == '\n' || c == '\t' || c == '\r';
}

void options_load(EFI_HANDLE image, struct boot_info *info)
{
    EFI_LOADED_IMAGE_PROTOCOL *loaded;

    if (efi_boot->HandleProtocol(image, &loaded_image_guid, (void **)&loaded) || !loaded->LoadOptions)
        return;
    const CHAR16 *options = loaded->LoadOptions;
    uint64_t count = 0, most = loaded->LoadOptionsSize / sizeof(CHAR16);
    while (count < most && options[count]) {
        if (!is_text(options[count]))
            return;
        count++;
    }
    if (!count)
        return;
    info->options = memory_alloc(count, 0);
    if (!info->options)
        return;
    for (uint64_t i = 0; i < count; i++)
        ((char *)info->options)[i] = (char)options[i];
    info->options_size = count;
}
