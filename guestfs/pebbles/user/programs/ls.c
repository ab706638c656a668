/*
 * ls.c - lists the programs, four to a row, and the images of the machine that can be run as guest kernels, if they are
 * not too many for the screen; with any word behind it, only these.
 */
#include "pebbles.h"

#define COLUMNS 4
#define NAMES_BYTES 0x8000
#define IMAGES_SHOWN 32

static char names[NAMES_BYTES];

/* How many there are; < 0: it cannot be read. */
static int list(const char *file, bool is_shown)
{
    int bytes = readfile(file, names, sizeof(names) - 1, 0), count = 0;

    if (bytes < 0)
        return bytes;
    names[bytes] = '\0';
    for (const char *name = names; *name != '\0'; name += strlen(name) + 1) {
        count++;
        if (is_shown)
            printf(count % COLUMNS != 0 ? "%-18s" : "%s\n", name);
    }
    if (is_shown && count % COLUMNS != 0)
        print_string("\n");
    return count;
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc == 1 && list(PEBBLES_FILE_LIST, true) < 0)
        return 1;
    int images = list(PEBBLES_IMAGE_LIST, argc > 1);
    if (argc == 1 && images > IMAGES_SHOWN) {
        printf("and %d images, which are guest kernels: ls images\n", images);
    } else if (argc == 1 && images > 0) {
        print_string("images, which are guest kernels:\n");
        list(PEBBLES_IMAGE_LIST, true);
    }
    return images < 0;
}
