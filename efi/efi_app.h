/*
 * efi_app.h - what the loader's files share: the firmware's tables, and memory that survives the hand-off.
 */
#ifndef EFI_APP_H
#define EFI_APP_H

#include <efi.h>
#include <stdint.h>

#include "boot_info.h"

/* efi_app.c */
extern EFI_SYSTEM_TABLE *efi_system;
extern EFI_BOOT_SERVICES *efi_boot;

/*
 * memory.c: zeroed pages for bytes, for ever ours; below limit (exclusive), or below RAM_LIMIT when limit is 0. 0 when
 * there are none.
 * Every such block is remembered, and reported as BOOT_RANGE_OURS.
 */
uint64_t memory_alloc(uint64_t bytes, uint64_t limit);
/* The same for bytes that the caller writes, all of them; behind them the last page is zeroes. */
uint64_t memory_alloc_to_fill(uint64_t bytes);
/*
 * One block for all that memory_alloc_to_fill will be asked for, so many pages in all. Where there is none as large,
 * and for what is asked for beyond it, each gets a block of its own as without it.
 */
void memory_reserve(uint64_t pages);
/* The same as memory_alloc for what is of use until hv has its own page tables: reported as BOOT_RANGE_LOADER. */
uint64_t memory_alloc_for_hand_off(uint64_t bytes, uint64_t limit);
/* All blocks given out so far; the loader's own image is not among them: it is free after the hand-off. */
uint64_t memory_ours_count(void);
struct boot_range memory_ours(uint64_t index);

/* notes.c: add a line to boot_info.loader_notes, with an optional name behind it; cut when the room is used up. */
void note(const char *text, const char *name);
/* The same with a number and its unit behind it. */
void note_number(const char *text, uint64_t number, const char *unit);
void notes_copy(char *to, uint64_t bytes);

/* One file each; what is missing leaves fields 0 and a note. */
void gop_describe(struct boot_framebuffer *framebuffer);
void files_load(EFI_HANDLE image, struct boot_info *info);
void options_load(EFI_HANDLE image, struct boot_info *info);
void acpi_find(struct boot_info *info);
void firmware_describe(struct boot_info *info);

/* load.c: copy the ramdisk out of the image. An image without one is a note; returns 0 when memory is out. */
int load_ramdisk(EFI_HANDLE image, struct boot_info *info);

/* Copy hv's segments to one block and set hv_*; returns its entry point, or 0 when memory is out. */
uint64_t load_hv(struct boot_info *info);

/* What hv.elf asks for the page at this offset of its image: PF_X 1, PF_W 2, PF_R 4. */
uint32_t load_hv_rights(uint64_t offset);

/*
 * tables.c: the first page tables: identity and direct map below top, and up to where this application runs, hv.elf
 * with its rights. 0 when memory is out.
 */
uint64_t tables_build(const struct boot_info *info, uint64_t top);
/* The same tables as 5-level paging sees them: a page whose first entry is root. 0 when memory is out. */
uint64_t tables_build_5_level(uint64_t root);
/* 1 when the processor has no-execute pages. */
uint64_t tables_no_execute(void);

/*
 * memmap.c: one past the highest address of RAM now that is used, with a note of what is not; room for the final
 * ranges; then leave the firmware.
 */
uint64_t memmap_top(struct boot_info *info);
EFI_STATUS memmap_prepare(struct boot_info *info);
EFI_STATUS memmap_exit(EFI_HANDLE image, struct boot_info *info);

/* last_words.c: ExitBootServices failed for good: say so, wait for a reader, and reset the machine. */
_Noreturn void last_words(EFI_STATUS status);

/* handoff.S: never returns. All addresses physical but entry and stack, which are hv's own. */
struct handoff {
    uint64_t root;          /* +0: PML4 */
    uint64_t entry;         /* +8 */
    uint64_t stack;         /* +16 */
    uint64_t info;          /* +24: RDI at entry */
    uint64_t no_execute;    /* +32: not 0 when EFER.NXE may be set */
    uint64_t trampoline;    /* +40: a page below 4 GiB, for leaving 5-level paging */
    uint64_t root_5_level;  /* +48: a PML5 with root in its first entry, for the same */
};
void handoff_jump(const struct handoff *handoff);

#endif
