/*
 * options.c - the UEFI load options: QEMU's -append, what a boot entry says, or a command line of the UEFI Shell.
 */
#include "efi_app.h"
#include "option_text.h"

static EFI_GUID loaded_image_guid = EFI_LOADED_IMAGE_PROTOCOL_GUID;

/* The last file path in a device path: the application's own, without units if there is none. */
static struct utf16 own_path(const EFI_DEVICE_PATH_PROTOCOL *node)
{
    struct utf16 path = { (const uint8_t *)"", 0, 0 };

    while (node && DevicePathType(node) != END_DEVICE_PATH_TYPE) {
        const uint8_t *bytes = (const uint8_t *)node;
        uint64_t length = (uint64_t)DevicePathNodeLength(node);
        if (length < sizeof(*node))
            break;
        if (DevicePathType(node) == MEDIA_DEVICE_PATH && DevicePathSubType(node) == MEDIA_FILEPATH_DP)
            path = (struct utf16){ bytes + sizeof(*node), (length - sizeof(*node)) / 2, 0 };
        node = (const void *)(bytes + length);
    }
    while (path.units && !utf16_unit(&path, path.units - 1))
        path.units--;
    return path;
}

void options_load(EFI_HANDLE image, struct boot_info *info)
{
    EFI_LOADED_IMAGE_PROTOCOL *loaded;

    if (efi_boot->HandleProtocol(image, &loaded_image_guid, (void **)&loaded) || !loaded->LoadOptions ||
        !loaded->LoadOptionsSize)
        return;
    uint64_t size = loaded->LoadOptionsSize, room = 3 * (size / 2);
    struct utf16 options = { loaded->LoadOptions, size / 2, 0 }, own = own_path(loaded->FilePath);
    uint64_t text = memory_alloc(room ? room : 1, 0);
    if (!text) {
        note_number("load options dropped, no memory for them: ", size, " bytes");
        return;
    }
    uint64_t used = option_text_decode(&options, &own, (char *)text, room);
    if (used == OPTION_TEXT_BINARY || !options.units) {
        note_number("load options dropped, they are no text in UTF-16: ", size, " bytes");
        return;
    }
    info->options_size = used;
    info->options = used ? text : 0;
}
