/*
 * vpc_boot.h - what a virtual PC starts with: a kernel, or a disk, and what a loader would leave in memory (PURE).
 *
 * Files stay where they are: they are copied a piece at a time, for they may be large.
 */
#ifndef VPC_VPC_BOOT_H
#define VPC_VPC_BOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vpc/bzimage.h"
#include "vpc/multiboot.h"
#include "vpc/vpc.h"

#define VPC_COMMAND_LINE_BYTES 2048u        /* with its NUL */

struct vpc_file {
    const uint8_t *bytes;           /* NULL: there is none */
    uint64_t count;
};

enum vpc_boot_kind { VPC_BOOT_MULTIBOOT, VPC_BOOT_LINUX, VPC_BOOT_SECTOR };

struct vpc_boot {
    enum vpc_boot_kind kind;
    struct vpc_file file;
    struct bzimage bzimage;
    struct multiboot_image image;
    struct vpc_file initrd;
    uint32_t initrd_at;
    const char *command_line;       /* stays; never NULL */
    unsigned part;                  /* this one, from this byte on, is to be copied next */
    uint32_t part_done;
};

/*
 * Choose how to start from a file, on a machine of so much RAM: a Linux kernel, a Multiboot kernel, or the image of a
 * disk that begins with a boot sector. False: reason (reason_bytes) says what is wrong.
 * Nothing is copied yet; image, initrd and command_line stay where they are until vpc_boot_step says that it is done.
 */
bool vpc_boot_choose(struct vpc_boot *boot, struct vpc_file image, struct vpc_file initrd, const char *command_line,
                     uint32_t memory_bytes, char *reason, size_t reason_bytes);

enum vpc_boot_state { VPC_BOOT_COPIES, VPC_BOOT_DONE, VPC_BOOT_NO_MEMORY };

/* Copy some pages, and with the last set the processor to where it begins. */
enum vpc_boot_state vpc_boot_step(struct vpc_boot *boot, struct vpc *vpc, unsigned pages);

#endif
