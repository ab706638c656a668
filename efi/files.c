/*
 * files.c - cobble.cfg and the files in \guests\ of the volume that Cobble was started from.
 *
 * All files are read now, since no driver of a file system outlives the firmware. One that cannot be read is left out
 * with a note, which hv logs: a machine that boots without a guest tells more than one that does not boot.
 */
#include "efi_app.h"
#include "utf16.h"

#define DIRECTORY_ENTRY_BYTES 1024
#define FILE_BYTES_MAX 0x10000000ull    /* 256 MiB: no guest image is larger */

static EFI_GUID loaded_image_guid = EFI_LOADED_IMAGE_PROTOCOL_GUID;
static EFI_GUID file_system_guid = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
static EFI_GUID file_info_guid = EFI_FILE_INFO_ID;

static EFI_FILE_PROTOCOL *open_volume(EFI_HANDLE image)
{
    EFI_LOADED_IMAGE_PROTOCOL *loaded;
    EFI_SIMPLE_FILE_SYSTEM_PROTOCOL *volume;
    EFI_FILE_PROTOCOL *root;

    if (efi_boot->HandleProtocol(image, &loaded_image_guid, (void **)&loaded) || !loaded->DeviceHandle)
        return NULL;
    if (efi_boot->HandleProtocol(loaded->DeviceHandle, &file_system_guid, (void **)&volume))
        return NULL;
    return volume->OpenVolume(volume, &root) ? NULL : root;
}

static EFI_FILE_PROTOCOL *open_path(EFI_FILE_PROTOCOL *root, CHAR16 *path)
{
    EFI_FILE_PROTOCOL *file;
    return root->Open(root, &file, path, EFI_FILE_MODE_READ, 0) ? NULL : file;
}

/* Read a whole file into memory of ours. Returns its address (an empty file has one too), or 0 with a note. */
static uint64_t read_whole(EFI_FILE_PROTOCOL *file, uint64_t size, uint64_t *bytes, const char *name)
{
    *bytes = 0;
    if (size > FILE_BYTES_MAX) {
        note("file larger than 256 MiB left out: ", name);
        return 0;
    }
    uint64_t address = size ? memory_alloc_to_fill(size) : memory_alloc(1, 0);
    if (!address) {
        note("no memory for file ", name);
        return 0;
    }
    while (*bytes < size) {
        UINTN chunk = size - *bytes;
        if (file->Read(file, &chunk, (void *)(address + *bytes)) || chunk == 0) {
            note("file cannot be read: ", name);
            return 0;
        }
        *bytes += chunk;
    }
    return address;
}

static int info_of(EFI_FILE_PROTOCOL *file, EFI_FILE_INFO *room)
{
    UINTN bytes = DIRECTORY_ENTRY_BYTES;
    return file->GetInfo(file, &file_info_guid, &bytes, room) == EFI_SUCCESS;
}

/* A volume's name, foreign characters as '?'. Returns 0 when it is empty or does not fit; then it is cut. */
static int copy_name(char to[64], const CHAR16 *from)
{
    for (unsigned i = 0; i < 64; i++) {
        to[i] = (char)(from[i] == 0 || (from[i] >= ' ' && from[i] <= '~') ? from[i] : '?');
        if (!from[i])
            return i > 0;
    }
    to[63] = 0;
    return 0;
}

/* The hypervisor reads UTF-8; some editors write UTF-16. */
static void recode_config(struct boot_info *info)
{
    enum text_encoding encoding = text_encoding_of((const uint8_t *)info->config, info->config_size);
    struct utf16 text = { (const uint8_t *)info->config, info->config_size / 2, encoding == TEXT_UTF16_BIG };

    if (encoding == TEXT_BYTES)
        return;
    info->config = encoding == TEXT_UTF32 ? 0 : memory_alloc(3 * text.units, 0);
    if (encoding == TEXT_UTF32)
        note("cobble.cfg is UTF-32 and not read: save it as UTF-8", NULL);
    else if (!info->config)
        note("no memory for cobble.cfg, which is UTF-16", NULL);
    info->config_size = info->config ? utf16_to_utf8(&text, (char *)info->config, 3 * text.units) : 0;
}

static void load_config(EFI_FILE_PROTOCOL *root, EFI_FILE_INFO *room, struct boot_info *info)
{
    EFI_FILE_PROTOCOL *file = open_path(root, u"\\cobble.cfg");
    if (!file)
        return;
    if (info_of(file, room))
        info->config = read_whole(file, room->FileSize, &info->config_size, "cobble.cfg");
    if (info->config)
        recode_config(info);
    file->Close(file);
}

/*
 * The file stays open: no firmware is there to mind after the hand-off, and for each that is closed EDK II's driver
 * executes 20,000 to 40,000 instructions.
 */
static void load_guest(EFI_FILE_PROTOCOL *directory, EFI_FILE_INFO *entry, struct boot_info *info)
{
    struct boot_file *file = (struct boot_file *)info->files + info->file_count;

    if (!copy_name(file->name, entry->FileName)) {
        note("file name longer than 63 characters left out: ", file->name);
        return;
    }
    EFI_FILE_PROTOCOL *opened = open_path(directory, entry->FileName);
    if (!opened) {
        note("file cannot be opened: ", file->name);
        return;
    }
    file->address = read_whole(opened, entry->FileSize, &file->size, file->name);
    if (file->address)
        info->file_count++;
}

/* The next file of a directory, no subdirectory. Returns 0 at the end, also one that cannot be read. */
static int next_file(EFI_FILE_PROTOCOL *directory, EFI_FILE_INFO *entry)
{
    for (;;) {
        UINTN bytes = DIRECTORY_ENTRY_BYTES;
        if (directory->Read(directory, &bytes, entry)) {
            note("the directory guests cannot be read to its end", NULL);
            return 0;
        }
        if (bytes == 0)
            return 0;
        if (!(entry->Attribute & EFI_FILE_DIRECTORY))
            return 1;
    }
}

/* Once to count the files and their pages, and once to load them. */
static void load_guests(EFI_FILE_PROTOCOL *root, EFI_FILE_INFO *room, struct boot_info *info)
{
    EFI_FILE_PROTOCOL *directory = open_path(root, u"\\guests");
    uint64_t count = 0, pages = 0;

    if (!directory)
        return;
    for (; next_file(directory, room); count++)
        if (room->FileSize <= FILE_BYTES_MAX)
            pages += (room->FileSize + 4095) / 4096;
    directory->SetPosition(directory, 0);
    memory_reserve(pages);
    if (count)
        info->files = memory_alloc(count * sizeof(struct boot_file), 0);
    if (count && !info->files)
        note("no memory for the list of files", NULL);
    while (info->files && count-- && next_file(directory, room))
        load_guest(directory, room, info);
    directory->Close(directory);
}

void files_load(EFI_HANDLE image, struct boot_info *info)
{
    static uint8_t room[DIRECTORY_ENTRY_BYTES] __attribute__((aligned(8)));
    EFI_FILE_PROTOCOL *root = open_volume(image);

    if (!root) {
        note("the boot volume cannot be read: embedded guests only", NULL);
        return;
    }
    load_config(root, (EFI_FILE_INFO *)room, info);
    load_guests(root, (EFI_FILE_INFO *)room, info);
    root->Close(root);
}
