/*
 * vpc_boot.c - see vpc_boot.h (PURE). The state at the first instruction: Multiboot Specification "Machine state".
 */
#include "vpc/vpc_boot.h"

#include "base/format.h"
#include "base/string.h"
#include "cpu/x86.h"
#include "vpc/bios.h"
#include "vpc/firmware.h"

#define INFO_AT 0x9000u             /* a page for what a loader leaves; multiboot.c keeps kernels out of it */
#define MODULE_AT 0x9080u
#define MAP_AT 0x90A0u
#define NAME_AT 0x9140u
#define GDT_AT 0x91C0u
#define COMMAND_LINE_AT 0x9200u
#define LOADER_MAGIC 0x2BADB002u
#define INFO_MEMORY 0x001u
#define INFO_COMMAND_LINE 0x004u
#define INFO_MODULES 0x008u
#define INFO_MAP 0x040u
#define INFO_NAME 0x200u
#define LOADER_NAME "Cobble"
#define CODE_SELECTOR 0x08u         /* of a Multiboot kernel; for Linux all are one higher */
#define DATA_SELECTOR 0x10u
#define LINUX_ZERO_PAGE_AT 0x90000u
#define SECTOR_AT 0x7C00u
#define SECTOR_BYTES 512u
#define FIRST_DISK 0x80u            /* as INT 13h numbers it, in DL */

/* Multiboot Specification "Boot information format": the words that are used. */
struct multiboot_info {
    uint32_t flags, mem_lower, mem_upper, boot_device, command_line, modules_count, modules, symbols[4], map_bytes, map,
             drives_bytes, drives, config, loader_name;
};

static bool is_boot_sector(struct vpc_file file)
{
    return file.count >= SECTOR_BYTES && file.bytes[SECTOR_BYTES - 2] == 0x55 && file.bytes[SECTOR_BYTES - 1] == 0xAA;
}

static bool parse_file(struct vpc_boot *boot, uint32_t memory_bytes, char *reason, size_t reason_bytes)
{
    const struct vpc_file *file = &boot->file;

    if (bzimage_is_one(file->bytes, file->count)) {
        boot->kind = VPC_BOOT_LINUX;
        return bzimage_parse(file->bytes, file->count, memory_bytes, &boot->image, &boot->bzimage, reason,
                             reason_bytes);
    }
    if (multiboot_parse(file->bytes, file->count, memory_bytes, &boot->image, reason, reason_bytes))
        return true;
    if (!is_boot_sector(*file) || multiboot_has_header(file->bytes, file->count))
        return false;
    boot->kind = VPC_BOOT_SECTOR;
    boot->image = (struct multiboot_image){ .entry = SECTOR_AT, .end = 1u << 20, .part_count = 1 };
    boot->image.parts[0] = (struct boot_part){ SECTOR_AT, SECTOR_BYTES, file->bytes };
    return true;
}

/* Behind the kernel for a Multiboot kernel, at the end of memory for Linux. False: it does not fit. */
static bool place_initrd(struct vpc_boot *boot, uint32_t memory_bytes)
{
    uint64_t at = ((uint64_t)boot->image.end + PAGE_MASK) & ~(uint64_t)PAGE_MASK, bytes = boot->initrd.count;

    if (at + bytes > memory_bytes || boot->image.part_count == MULTIBOOT_PARTS)
        return false;
    if (boot->kind == VPC_BOOT_LINUX) {
        uint64_t top = boot->bzimage.initrd_max < memory_bytes ? (uint64_t)boot->bzimage.initrd_max + 1 : memory_bytes;
        if (bytes > top || ((top - bytes) & ~(uint64_t)PAGE_MASK) < at)
            return false;
        at = (top - bytes) & ~(uint64_t)PAGE_MASK;
    }
    boot->initrd_at = (uint32_t)at;
    boot->image.parts[boot->image.part_count++] = (struct boot_part){ boot->initrd_at, (uint32_t)bytes,
                                                                      boot->initrd.bytes };
    return true;
}

bool vpc_boot_choose(struct vpc_boot *boot, struct vpc_file image, struct vpc_file initrd, const char *command_line,
                     uint32_t memory_bytes, char *reason, size_t reason_bytes)
{
    *boot = (struct vpc_boot){ .file = image, .initrd = initrd, .command_line = command_line };
    if (memory_bytes > VPC_MEMORY_MAX || memory_bytes < 2u << 20) {
        format_string(reason, reason_bytes, "a virtual PC has 2M to %uM of memory", VPC_MEMORY_MAX >> 20);
        return false;
    }
    if (strlen(command_line) >= VPC_COMMAND_LINE_BYTES) {
        format_string(reason, reason_bytes, "cmdline= is longer than %u bytes", VPC_COMMAND_LINE_BYTES - 1);
        return false;
    }
    if (!parse_file(boot, memory_bytes, reason, reason_bytes))
        return false;
    if (initrd.bytes == NULL || place_initrd(boot, memory_bytes))
        return true;
    format_string(reason, reason_bytes, "initrd= of %llu KiB does not fit behind the kernel, which ends at 0x%08x",
                  (unsigned long long)initrd.count >> 10, boot->image.end);
    return false;
}

static bool put(struct vpc *vpc, uint32_t address, const void *from, size_t bytes)
{
    return ram_store(vpc->ram, GPA(address), from, bytes);
}

static bool put_info(struct vpc_boot *boot, struct vpc *vpc)
{
    struct firmware_range map[FIRMWARE_RANGES];
    unsigned count = firmware_memory_map(vpc->ram->bytes, map);
    struct multiboot_info info = {
        .flags = INFO_MEMORY | INFO_COMMAND_LINE | INFO_MAP | INFO_NAME, .mem_lower = FIRMWARE_LOW_KIB,
        .mem_upper = (vpc->ram->bytes >> 10) - 1024, .command_line = COMMAND_LINE_AT, .map_bytes = count * 24,
        .map = MAP_AT, .loader_name = NAME_AT,
    };
    uint32_t module[4] = { boot->initrd_at, boot->initrd_at + (uint32_t)boot->initrd.count, NAME_AT, 0 };

    if (boot->initrd.bytes != NULL) {
        info.flags |= INFO_MODULES;
        info.modules_count = 1;
        info.modules = MODULE_AT;
    }
    for (unsigned i = 0; i < count; i++) {
        uint32_t entry[6] = { 20, (uint32_t)map[i].base, (uint32_t)(map[i].base >> 32), (uint32_t)map[i].bytes,
                              (uint32_t)(map[i].bytes >> 32), map[i].type };
        if (!put(vpc, MAP_AT + 24 * i, entry, sizeof(entry)))
            return false;
    }
    return put(vpc, INFO_AT, &info, sizeof(info)) && put(vpc, MODULE_AT, module, sizeof(module)) &&
           put(vpc, NAME_AT, LOADER_NAME, sizeof(LOADER_NAME)) &&
           put(vpc, COMMAND_LINE_AT, boot->command_line, strlen(boot->command_line) + 1);
}

static struct segment flat(uint16_t selector, uint16_t type)
{
    return (struct segment){ .limit = UINT32_MAX, .selector = selector,
                             .attributes = (uint16_t)(ATTR_G | ATTR_DB | ATTR_P | ATTR_S | ATTR_ACCESSED | type) };
}

/* Flat segments, paging and interrupts off. A table for them is there, though nobody may rely on it. */
static bool enter_flat(struct vpc *vpc, uint32_t entry, uint16_t above)
{
    uint64_t gdt[4] = { 0 };
    struct vcpu *cpu = &vpc->interp.cpu;

    gdt[(CODE_SELECTOR + above) / 8] = 0x00CF9B000000FFFF;
    gdt[(DATA_SELECTOR + above) / 8] = 0x00CF93000000FFFF;
    for (unsigned i = 0; i < SEG_COUNT; i++)
        cpu->segments[i] = flat((uint16_t)(DATA_SELECTOR + above), ATTR_WRITABLE);
    cpu->segments[SEG_CS] = flat((uint16_t)(CODE_SELECTOR + above), ATTR_CODE | ATTR_READABLE);
    cpu->gdtr = (struct table_register){ .base = GDT_AT, .limit = sizeof(gdt) - 1 };
    cpu->cr0 = CR0_PE | CR0_ET;
    cpu->eip = entry;
    return put(vpc, GDT_AT, gdt, sizeof(gdt));
}

static bool start_multiboot(struct vpc_boot *boot, struct vpc *vpc)
{
    struct vcpu *cpu = &vpc->interp.cpu;

    cpu->gpr[GPR_EAX] = LOADER_MAGIC;
    cpu->gpr[GPR_EBX] = INFO_AT;
    return put_info(boot, vpc) && enter_flat(vpc, boot->image.entry, 0);
}

static bool start_linux(struct vpc_boot *boot, struct vpc *vpc)
{
    uint8_t page[BZIMAGE_ZERO_PAGE_BYTES];

    bzimage_zero_page(boot->file.bytes, COMMAND_LINE_AT, boot->initrd_at, (uint32_t)boot->initrd.count,
                      vpc->ram->bytes, page);
    bzimage_give_screen(page, boot->command_line);
    vpc->interp.cpu.gpr[GPR_ESI] = LINUX_ZERO_PAGE_AT;
    return put(vpc, LINUX_ZERO_PAGE_AT, page, sizeof(page)) &&
           put(vpc, COMMAND_LINE_AT, boot->command_line, strlen(boot->command_line) + 1) &&
           enter_flat(vpc, boot->image.entry, 8);
}

/* Real mode, as a BIOS leaves it: interrupts are on, and the masks those of SeaBIOS. */
static bool start_sector(struct vpc *vpc)
{
    struct vcpu *cpu = &vpc->interp.cpu;

    for (unsigned i = 0; i < SEG_COUNT; i++) {
        cpu->segments[i].selector = 0;
        cpu->segments[i].base = 0;
    }
    cpu->eip = SECTOR_AT;
    cpu->gpr[GPR_ESP] = SECTOR_AT;
    cpu->gpr[GPR_EDX] = FIRST_DISK;
    cpu->eflags |= EFLAGS_IF;
    vpc->pic.first.base = BIOS_FIRST_LINES;
    vpc->pic.first.imr = 0xB8;          /* timer, keyboard, the second 8259, diskettes */
    vpc->pic.second.base = BIOS_SECOND_LINES;
    vpc->pic.second.imr = 0x8E;         /* clock, mouse, FPU, disks */
    vpc_settle_lines(vpc);
    return bios_put(vpc->ram);
}

static bool start_kernel(struct vpc_boot *boot, struct vpc *vpc)
{
    bool is_started = firmware_put(vpc->ram);

    if (boot->kind == VPC_BOOT_MULTIBOOT)
        is_started = is_started && start_multiboot(boot, vpc);
    else if (boot->kind == VPC_BOOT_LINUX)
        is_started = is_started && start_linux(boot, vpc);
    else
        is_started = is_started && start_sector(vpc);
    interp_flush(&vpc->interp);
    return is_started;
}

/* The next piece of a part, up to the end of a page. */
static bool copy_page(struct vpc_boot *boot, struct vpc *vpc)
{
    const struct boot_part *part = &boot->image.parts[boot->part];
    uint32_t left = part->bytes - boot->part_done, to = part->address + boot->part_done;
    uint32_t room = PAGE_SIZE - (to & PAGE_MASK), bytes = left < room ? left : room;

    if (!put(vpc, to, part->from + boot->part_done, bytes))
        return false;
    boot->part_done += bytes;
    if (boot->part_done == part->bytes) {
        boot->part++;
        boot->part_done = 0;
    }
    return true;
}

enum vpc_boot_state vpc_boot_step(struct vpc_boot *boot, struct vpc *vpc, unsigned pages)
{
    for (; boot->part < boot->image.part_count && pages > 0; pages--)
        if (!copy_page(boot, vpc))
            return VPC_BOOT_NO_MEMORY;
    if (boot->part < boot->image.part_count)
        return VPC_BOOT_COPIES;
    return start_kernel(boot, vpc) ? VPC_BOOT_DONE : VPC_BOOT_NO_MEMORY;
}
