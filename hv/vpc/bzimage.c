/*
 * bzimage.c - see bzimage.h (PURE). Offsets are those of the header in the file, and of the zero page likewise.
 */
#include "vpc/bzimage.h"

#include "base/format.h"
#include "base/string.h"
#include "io/vcon.h"

enum { AT_VIDEO_MODE = 0x06, AT_VIDEO_COLUMNS, AT_VIDEO_EGA = 0x0A, AT_VIDEO_ROWS = 0x0E, AT_VIDEO_IS_VGA,
       AT_VIDEO_POINTS, AT_ALT_MEM = 0x1E0, AT_E820_COUNT = 0x1E8, AT_SETUP_SECTORS = 0x1F1, AT_HEADER = 0x202,
       AT_VERSION = 0x206, AT_LOADER = 0x210, AT_FLAGS = 0x211, AT_RAMDISK = 0x218, AT_RAMDISK_BYTES = 0x21C,
       AT_COMMAND_LINE = 0x228, AT_INITRD_MAX = 0x22C, AT_E820 = 0x2D0, AT_JUMP = 0x201 };
#define MAGIC 0x53726448u               /* HdrS */
#define VERSION_LEAST 0x0203u           /* has initrd_addr_max */
#define FLAG_LOADED_HIGH 0x01u
#define TEXT_MODE 3u                     /* 80x25, 16 colours, at B8000 */
#define CHARACTER_LINES 16u
#define EGA_256_KIB 3u                  /* BX after INT 10h, AH = 12h, BL = 10h: colours, and the adapter's memory */
#define LOADER_UNDEFINED 0xFFu
#define KERNEL_AT 0x100000u
#define SECTOR_BYTES 512u
#define HEADER_BYTES 0x264u

static uint32_t linux_word(const uint8_t *bytes, unsigned at)
{
    uint32_t value;

    memcpy(&value, bytes + at, sizeof(value));
    return value;
}

static void set_linux_word(uint8_t *bytes, unsigned at, uint32_t value)
{
    memcpy(bytes + at, &value, sizeof(value));
}

bool bzimage_is_one(const uint8_t *image, uint64_t image_bytes)
{
    return image_bytes >= HEADER_BYTES && linux_word(image, AT_HEADER) == MAGIC;
}

bool bzimage_parse(const uint8_t *image, uint64_t image_bytes, uint32_t memory_bytes, struct multiboot_image *parsed,
                   struct bzimage *bzimage, char *reason, size_t reason_bytes)
{
    unsigned sectors = image[AT_SETUP_SECTORS] != 0 ? image[AT_SETUP_SECTORS] : 4;
    uint64_t setup = (sectors + 1) * SECTOR_BYTES;

    if ((linux_word(image, AT_VERSION) & 0xFFFF) < VERSION_LEAST || !(image[AT_FLAGS] & FLAG_LOADED_HIGH)) {
        format_string(reason, reason_bytes, "a Linux kernel of boot protocol 0x%04x, which cannot be loaded at 1 MiB",
                      linux_word(image, AT_VERSION) & 0xFFFF);
        return false;
    }
    if (image_bytes <= setup || KERNEL_AT + (image_bytes - setup) > memory_bytes) {
        format_string(reason, reason_bytes, "a Linux kernel of %llu bytes, %llu of them before its code, for %u MiB",
                      (unsigned long long)image_bytes, (unsigned long long)setup, memory_bytes >> 20);
        return false;
    }
    *bzimage = (struct bzimage){ (uint32_t)setup, linux_word(image, AT_INITRD_MAX) };
    *parsed = (struct multiboot_image){ .entry = KERNEL_AT, .part_count = 1 };
    parsed->parts[0] = (struct boot_part){ KERNEL_AT, (uint32_t)(image_bytes - setup), image + setup };
    parsed->end = KERNEL_AT + parsed->parts[0].bytes;
    return true;
}

static void put_memory_map(uint8_t *page, uint32_t memory_bytes)
{
    struct firmware_range map[FIRMWARE_RANGES];
    unsigned count = firmware_memory_map(memory_bytes, map);

    page[AT_E820_COUNT] = (uint8_t)count;
    for (unsigned i = 0; i < count; i++) {
        uint32_t entry[5] = { (uint32_t)map[i].base, 0, (uint32_t)map[i].bytes, 0, map[i].type };
        memcpy(page + AT_E820 + i * sizeof(entry), entry, sizeof(entry));
    }
    set_linux_word(page, AT_ALT_MEM, (memory_bytes >> 10) - 1024);
}

void bzimage_zero_page(const uint8_t *image, uint32_t command_line_at, uint32_t initrd_at, uint32_t initrd_bytes,
                       uint32_t memory_bytes, uint8_t page[BZIMAGE_ZERO_PAGE_BYTES])
{
    unsigned end = AT_HEADER + image[AT_JUMP];          /* the jump over the header tells its length */

    memset(page, 0, BZIMAGE_ZERO_PAGE_BYTES);
    memcpy(page + AT_SETUP_SECTORS, image + AT_SETUP_SECTORS, (end < AT_E820 ? end : AT_E820) - AT_SETUP_SECTORS);
    page[AT_LOADER] = LOADER_UNDEFINED;
    set_linux_word(page, AT_COMMAND_LINE, command_line_at);
    set_linux_word(page, AT_RAMDISK, initrd_bytes != 0 ? initrd_at : 0);
    set_linux_word(page, AT_RAMDISK_BYTES, initrd_bytes);
    put_memory_map(page, memory_bytes);
}

/* Linux names COM1 either way. */
static bool is_serial_name(const char *name)
{
    return strncmp(name, "ttyS", 4) == 0 || strncmp(name, "uart", 4) == 0;
}

/* The line has consoles, and all are serial ones. */
static bool is_serial_only(const char *command_line)
{
    static const char console[] = "console=";
    bool is_serial = false;

    for (const char *word = command_line; *word != '\0'; word++) {
        if ((word != command_line && word[-1] != ' ') || strncmp(word, console, sizeof(console) - 1) != 0)
            continue;
        if (!is_serial_name(word + sizeof(console) - 1))
            return false;
        is_serial = true;
    }
    return is_serial;
}

void bzimage_give_screen(uint8_t page[BZIMAGE_ZERO_PAGE_BYTES], const char *command_line)
{
    if (is_serial_only(command_line))
        return;
    page[AT_VIDEO_MODE] = TEXT_MODE;
    page[AT_VIDEO_COLUMNS] = VCON_COLS;
    page[AT_VIDEO_EGA] = EGA_256_KIB;
    page[AT_VIDEO_ROWS] = VCON_ROWS;
    page[AT_VIDEO_IS_VGA] = 1;
    page[AT_VIDEO_POINTS] = CHARACTER_LINES;
}
