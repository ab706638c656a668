/*
 * images.c - the guest images there are: files of the boot volume, then the ramdisk's.
 *
 * A file of the volume hides one of the same name in the ramdisk, so that an author can try a new version without
 * building Cobble. Names are compared as on FAT, where upper and lower case are the same.
 */
#include "guest/images.h"

#include "base/addr.h"
#include "base/cpio.h"
#include "base/string.h"
#include "base/text.h"
#include "guest/image_name.h"

#define MODE_TYPE 0170000
#define MODE_REGULAR 0100000
#define TESTS_FOLDER "tests/"           /* of the ramdisk: guestfs/mkramdisk */

static const struct boot_info *loader_info;

void images_init(const struct boot_info *info)
{
    loader_info = info;
}

static bool take_volume_file(uint64_t index, struct image_file *file)
{
    if (loader_info->files == 0 || index >= loader_info->file_count)
        return false;
    const struct boot_file *entry = (const struct boot_file *)hpa_to_ptr(HPA(loader_info->files)) + index;
    file->runnable = image_name_parse(entry->name, file->name) == NULL;
    file->on_volume = true;
    file->for_tests = false;
    file->image = hpa_to_ptr(HPA(entry->address));
    file->image_bytes = entry->size;
    return true;
}

static bool is_on_volume(const char *name)
{
    struct image_file file;

    for (uint64_t i = 0; take_volume_file(i, &file); i++) {
        if (text_equal_nocase(file.name, name))
            return true;
    }
    return false;
}

static bool take_ramdisk_file(uint64_t *position, struct image_file *file)
{
    struct cpio_entry entry;

    while (loader_info->ramdisk != 0 &&
           cpio_next(hpa_to_ptr(HPA(loader_info->ramdisk)), loader_info->ramdisk_size, position, &entry)) {
        const char *name = entry.name;
        for (const char *slash; (slash = strchr(name, '/')) != NULL;)
            name = slash + 1;
        if ((entry.mode & MODE_TYPE) != MODE_REGULAR)
            continue;
        file->runnable = image_name_parse(name, file->name) == NULL;
        file->on_volume = false;
        file->for_tests = strncmp(entry.name, TESTS_FOLDER, sizeof(TESTS_FOLDER) - 1) == 0;
        file->image = entry.data;
        file->image_bytes = entry.size;
        return true;
    }
    return false;
}

bool images_next(struct images_position *position, struct image_file *file)
{
    if (take_volume_file(position->file, file)) {
        position->file++;
        return true;
    }
    while (take_ramdisk_file(&position->ramdisk, file)) {
        if (!is_on_volume(file->name))
            return true;
    }
    return false;
}

bool images_find(const char *name, struct image_file *file)
{
    struct images_position position = { 0, 0 };

    while (images_next(&position, file)) {
        if (file->runnable && text_equal_nocase(file->name, name))
            return true;
    }
    return false;
}
