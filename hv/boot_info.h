/*
 * boot_info.h - everything the loader (efi/) tells the hypervisor (hv/), and the only contract between the two.
 *
 * Fixed-width fields only: the loader is compiled for the Windows ABI, where long has 32 bits. All addresses are
 * host-physical, all sizes bytes. Everything listed here, the structure itself included, lies in memory whose
 * range is marked BOOT_RANGE_OURS, and stays valid for ever; but hv gives back what it needs no more of hv_elf.
 * What only the hand-off needs is BOOT_RANGE_LOADER.
 */
#ifndef BOOT_INFO_H
#define BOOT_INFO_H

#include <stdint.h>

#define BOOT_INFO_MAGIC 0x454C42424F430002ull   /* low 16 bits: version; raise it with every change of layout */

/* Virtual layout at hand-off, built by the loader; hv replaces the tables but keeps these addresses. */
#ifndef BOOT_DIRECT_MAP_BASE                        /* host tests bring their own */
#define BOOT_DIRECT_MAP_BASE 0xFFFF800000000000ull  /* PML4[256..]: physical address p is visible at base + p */
#endif
#define BOOT_HV_BASE 0xFFFFFFFF80000000ull          /* PML4[511] PDPT[510]: hv.elf, linked there */

enum boot_range_kind {
    BOOT_RANGE_FREE = 1,    /* RAM, free for any use */
    BOOT_RANGE_OURS = 2,    /* RAM that holds hv, ramdisk, boot_info, files: never free */
    BOOT_RANGE_ACPI = 3,    /* ACPI tables (reclaim or NVS): map read-only */
    BOOT_RANGE_RUNTIME = 4, /* UEFI runtime services code and data: kept for ResetSystem */
    BOOT_RANGE_LOADER = 5,  /* RAM with the loader's page tables, stack, maps: free once hv has tables of its own */
};

/* Sorted by base, never overlapping, never empty, 4 KiB aligned at both ends. */
struct boot_range {
    uint64_t base;
    uint64_t length;
    uint32_t kind;          /* enum boot_range_kind */
    uint32_t reserved;
};

/* A file from \guests\ on the boot volume. */
struct boot_file {
    uint64_t address;
    uint64_t size;
    char name[64];          /* NUL-terminated, as it stands on the volume, unprintable or foreign characters as '?' */
};

/* What is true of the framebuffer, whatever GOP called its format. width = 0: there is none. */
struct boot_framebuffer {
    uint64_t address;
    uint64_t size;
    uint32_t width;         /* pixels */
    uint32_t height;        /* pixels */
    uint32_t pitch;         /* bytes from one line to the next */
    uint32_t bytes_per_pixel; /* 2, 3 or 4 */
    uint32_t red_mask;
    uint32_t green_mask;
    uint32_t blue_mask;
    uint32_t reserved;
};

struct boot_info {
    uint64_t magic;                     /* BOOT_INFO_MAGIC */
    uint64_t size;                      /* sizeof(struct boot_info) */
    struct boot_framebuffer framebuffer;
    uint64_t ranges;                    /* struct boot_range[range_count] */
    uint64_t range_count;
    uint64_t hv_elf;                    /* hv.elf as embedded, page-aligned: its symbol table serves panic traces */
    uint64_t hv_elf_size;
    uint64_t hv_image;                  /* where BOOT_HV_BASE was loaded: one contiguous block */
    uint64_t hv_image_size;
    uint64_t ramdisk;                   /* cpio newc archive of the embedded guests, or 0 when there is none */
    uint64_t ramdisk_size;
    uint64_t config;                    /* text of cobble.cfg, or 0 when there is no such file */
    uint64_t config_size;
    uint64_t options;                   /* UEFI load options as UTF-8 text, ';' and newline end a directive; 0: none */
    uint64_t options_size;
    uint64_t files;                     /* struct boot_file[file_count] */
    uint64_t file_count;
    uint64_t rsdp;                      /* ACPI RSDP (2.0 preferred), or 0 */
    uint64_t reset_system;              /* EFI_RUNTIME_SERVICES.ResetSystem: physical-mode entry point, or 0 */
    uint64_t trampoline_page;           /* a free 4 KiB page below 1 MiB for starting processors, or 0 */
    uint64_t tsc_entry;                 /* TSC at efi_main and just before the jump to hv: boot phases */
    uint64_t tsc_handoff;
    char firmware[40];                  /* its vendor, UTF-8, NUL-terminated; perhaps empty */
    uint32_t firmware_revision;         /* the vendor's own */
    uint32_t uefi_revision;             /* major in the upper half, minor times ten in the lower one */
    uint64_t map_entries;               /* of the firmware's memory map */
    /* What the loader could not do, as text lines ("no GOP: ..."), NUL-terminated */
    char loader_notes[512];
};

#endif
