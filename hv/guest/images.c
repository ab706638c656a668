/*
 * images.c - the guest images there are: files of the boot volume, then the ramdisk's.
 *
 * A file of the volume hides one of the same name in the ramdisk, so that an author can try a new version without
 * building Cobble. Names are compared as on FAT, where upper and lower case are the same.
 *
 * An archive has no table of contents: what has been walked over once is remembered by a hash of its name, since a plan
 * starts hundreds of guests, and nobody runs while one is looked for. What has no room in the index is walked again.
 */
#include "guest/images.h"

#include <stddef.h>

#include "base/addr.h"
#include "base/cpio.h"
#include "base/string.h"
#include "base/text.h"
#include "guest/image_name.h"

#define MODE_TYPE 0170000
#define MODE_REGULAR 0100000
#define TESTS_FOLDER "tests/"           /* of the ramdisk: guestfs/mkramdisk */

#define INDEX_PAGE (PAGE_SIZE / sizeof(struct known))
#define INDEX_PAGES 16u         /* 8,192 images */

/* An image that was walked over: files of the volume first, all of them, then those of the ramdisk. */
struct known {
    uint32_t hash;              /* of its name */
    uint32_t where;             /* number of its file on the volume, or byte of the ramdisk */
};

static const struct boot_info *loader_info;
static struct {
    void *(*get_page)(void);
    struct known *pages[INDEX_PAGES];
    uint32_t count, volume_count;
    bool is_full;
    struct images_position walked;
} image_index;

void images_init(const struct boot_info *info, void *(*get_page)(void))
{
    loader_info = info;
    memset(&image_index, 0, sizeof(image_index));
    image_index.get_page = get_page;
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

static bool take_ramdisk_file(struct images_position *position, struct image_file *file)
{
    struct cpio_entry entry;

    while (loader_info->ramdisk != 0 &&
           cpio_next(hpa_to_ptr(HPA(loader_info->ramdisk)), loader_info->ramdisk_size, &position->ramdisk, &entry)) {
        const char *name = entry.name;
        file->for_tests = strncmp(name, TESTS_FOLDER, sizeof(TESTS_FOLDER) - 1) == 0;
        if ((entry.mode & MODE_TYPE) != MODE_REGULAR || (position->without_tests && file->for_tests))
            continue;
        for (const char *slash; (slash = strchr(name, '/')) != NULL;)
            name = slash + 1;
        file->runnable = image_name_parse(name, file->name) == NULL;
        file->on_volume = false;
        file->image = entry.data;
        file->image_bytes = entry.size;
        return true;
    }
    return false;
}

/* The next image, whether it is hidden or not. */
static bool take_file(struct images_position *position, struct image_file *file)
{
    if (take_volume_file(position->file, file)) {
        position->file++;
        return true;
    }
    return take_ramdisk_file(position, file);
}

/* FNV-1a, with upper and lower case as one: bit 5 is all that differs in letters, and a hash may be equal by chance. */
static uint32_t hash_of_name(const char *name)
{
    uint32_t hash = 2166136261u;

    for (; *name != '\0'; name++)
        hash = (hash ^ ((uint8_t)*name | 0x20u)) * 16777619u;
    return hash;
}

static struct known *known_at(uint32_t i)
{
    return &image_index.pages[i / INDEX_PAGE][i % INDEX_PAGE];
}

static void add_known(const struct image_file *file, const struct images_position *at)
{
    uint32_t page = image_index.count / INDEX_PAGE;

    if (page < INDEX_PAGES && image_index.pages[page] == NULL)
        image_index.pages[page] = image_index.get_page();
    image_index.is_full = page == INDEX_PAGES || image_index.pages[page] == NULL;
    if (image_index.is_full)
        return;
    image_index.volume_count += file->on_volume ? 1 : 0;
    *known_at(image_index.count++) = (struct known){ hash_of_name(file->name),
                                                     (uint32_t)(file->on_volume ? at->file : at->ramdisk) };
}

/* Walk on where the index ends, by one image, which is remembered. */
static bool walk_on(struct images_position *position, struct image_file *file)
{
    struct images_position at = *position;

    if (!take_file(position, file))
        return false;
    if (!image_index.is_full)
        add_known(file, &at);
    if (!image_index.is_full)
        image_index.walked = *position;
    return true;
}

static bool is_named(const struct image_file *file, const char *name)
{
    return text_equal_nocase(file->name, name);
}

/* The first image of a name among the first of the index. Bound: these, 8,192 at most, some four instructions each. */
static bool find_known(const char *name, uint32_t count, struct image_file *file)
{
    uint32_t hash = hash_of_name(name);

    for (uint32_t i = 0; i < count; i++) {
        if (known_at(i)->hash != hash)
            continue;
        struct images_position at = { .file = i < image_index.volume_count ? known_at(i)->where : UINT64_MAX,
                                      .ramdisk = known_at(i)->where };
        if (take_file(&at, file) && is_named(file, name))
            return true;
    }
    return false;
}

/* Find an image, runnable or not. Bound: the index, and what was not walked over so far, once in all. */
static bool find_file(const char *name, struct image_file *file)
{
    struct images_position position = image_index.walked;

    if (find_known(name, image_index.count, file))
        return true;
    while (walk_on(&position, file)) {
        if (is_named(file, name))
            return true;
    }
    return false;
}

/* Does a file of the volume hide this one of the ramdisk? Bound: what was not walked over so far, once; the volume. */
static bool is_hidden(const char *name)
{
    struct images_position position = image_index.walked;
    struct image_file file;

    while (!image_index.is_full && position.file < loader_info->file_count && walk_on(&position, &file))
        ;
    if (image_index.is_full)
        return find_file(name, &file) && file.on_volume;
    return find_known(name, image_index.volume_count, &file);
}

/*
 * Bound: the images that another hides; for one of the ramdisk, the names of the volume. Guests have no part in either:
 * they are the operator's files.
 */
bool images_next(struct images_position *position, struct image_file *file)
{
    while (take_file(position, file)) {
        if (file->on_volume || loader_info->file_count == 0 || !is_hidden(file->name))
            return true;
    }
    return false;
}

bool images_find(const char *name, struct image_file *file)
{
    return find_file(name, file) && file->runnable;
}

enum images_search images_search(const char *name, unsigned count, struct image_file *file)
{
    struct images_position position = image_index.walked;
    bool is_named_so = find_known(name, image_index.count, file);

    /* What has no room in the index is walked over each time, so all at once. */
    for (; !is_named_so && (count > 0 || image_index.is_full); count -= count > 0) {
        if (!walk_on(&position, file))
            return IMAGES_NONE;
        is_named_so = is_named(file, name);
    }
    if (!is_named_so)
        return IMAGES_MORE;
    return file->runnable ? IMAGES_FOUND : IMAGES_NONE;
}
