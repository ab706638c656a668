/*
 * images.h - the guest images there are: \guests\ on the boot volume, then the embedded ramdisk.
 */
#ifndef GUEST_IMAGES_H
#define GUEST_IMAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "boot_info.h"

struct image_file {
    char name[64];          /* fit to be shown; runnable says whether it is a guest's name too */
    bool runnable;
    bool on_volume;         /* else in the ramdisk */
    bool for_tests;         /* one of the guests of Cobble's own tests, which a person seldom looks for */
    const void *image;
    uint64_t image_bytes;
};

/* Where a walk over all images stands; begin with zeros. */
struct images_position {
    uint64_t file, ramdisk;
    bool without_tests;     /* set by who walks: what is for_tests is passed over, at some 400 instructions each */
};

/* get_page: a zeroed page that stays, for a table of contents; NULL: there is none left. */
void images_init(const struct boot_info *info, void *(*get_page)(void));

/* The next image; a name on the boot volume hides the same name in the ramdisk. False: no more. */
bool images_next(struct images_position *position, struct image_file *file);

/* Find an image by name; case does not matter. */
bool images_find(const char *name, struct image_file *file);

/* The same, but walk over so many images at most that nobody has looked at yet, at some 2,000 instructions each. */
enum images_search { IMAGES_NONE, IMAGES_FOUND, IMAGES_MORE /* there are: ask again */ };
enum images_search images_search(const char *name, unsigned count, struct image_file *file);

#endif
