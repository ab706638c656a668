/*
 * main.c - the start of the hypervisor: bring things up in the one order that works, join what may not know each other,
 * and never come back.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/boot_phases.h"
#include "base/check.h"
#include "base/frames.h"
#include "base/log.h"
#include "base/panic.h"
#include "base/string.h"
#include "boot_info.h"
#include "cpu/cpu.h"
#include "cpu/entry_calls.h"
#include "cpu/insn.h"
#include "guest/processor.h"
#include "guest/reclaim.h"
#include "io/console.h"
#include "io/input.h"
#include "io/power.h"
#include "io/ps2.h"
#include "io/serial.h"
#include "irq/irq.h"
#include "monitor/monitor.h"
#include "pagetable/hvmap.h"
#include "pagetable/ram.h"
#include "pagetable/vmap.h"
#include "platform.h"
#include "run.h"

struct processor boot_processor;

static uint64_t whole_pages(uint64_t bytes)
{
    return (bytes + PAGE_MASK) & ~(uint64_t)PAGE_MASK;
}

/* Give back what is in the image already, and tell what stays of the loader's memory: it is the hypervisor's, too. */
static void give_back_file(const struct boot_info *info, const void *symbols)
{
    const struct boot_range *ranges = hpa_to_ptr(HPA(info->ranges));
    const struct boot_file *files = hpa_to_ptr(HPA(info->files));
    uint64_t given = (ptr_to_hpa(symbols).v - info->hv_elf) & ~(uint64_t)PAGE_MASK;
    uint64_t guests = whole_pages(info->ramdisk_size), ours = 0;

    frames_add(HPA(info->hv_elf), given);
    for (uint64_t i = 0; i < info->range_count; i++)
        ours += ranges[i].kind == BOOT_RANGE_OURS ? ranges[i].length : 0;
    for (uint64_t i = 0; i < info->file_count; i++)
        guests += whole_pages(files[i].size ? files[i].size : 1);
    log_figure("memory: %lu MiB free; from the loader stay %lu KiB for the hypervisor, %lu KiB of guests' files",
             frames_count_free() * PAGE_SIZE >> 20,
             (ours - whole_pages(info->hv_image_size) - given - guests) >> 10, guests >> 10);
}

/* The allocator's own memory comes out of the largest free range; the rest of all free ranges is handed to it. */
static void init_frames(const struct boot_info *info)
{
    const struct boot_range *ranges = hpa_to_ptr(HPA(info->ranges));
    const struct boot_range *largest = NULL;
    uint64_t top = 0;

    for (uint64_t i = 0; i < info->range_count; i++) {
        if (ranges[i].kind == BOOT_RANGE_ACPI || ranges[i].kind == BOOT_RANGE_RUNTIME)
            continue;
        top = ranges[i].base + ranges[i].length;
        if (ranges[i].kind != BOOT_RANGE_FREE)
            continue;   /* is given back below, all or part of it */
        if (!largest || ranges[i].length > largest->length)
            largest = &ranges[i];
    }
    uint64_t bytes = whole_pages(frames_bookkeeping_bytes(HPA(top)));
    if (!largest || largest->length < bytes)
        panic("no free memory in the firmware's memory map");
    void *bookkeeping = hpa_to_ptr(HPA(largest->base));
    memset(bookkeeping, 0, bytes);
    frames_init(bookkeeping, HPA(top));
    for (uint64_t i = 0; i < info->range_count; i++) {
        uint64_t used = &ranges[i] == largest ? bytes : 0;
        if (ranges[i].kind == BOOT_RANGE_FREE)
            frames_add(HPA(ranges[i].base + used), ranges[i].length - used);
    }
}

/* With its own page tables and stack the hypervisor needs nothing more of the hand-off. */
static void give_back_hand_off(const struct boot_info *info)
{
    const struct boot_range *ranges = hpa_to_ptr(HPA(info->ranges));

    for (uint64_t i = 0; i < info->range_count; i++) {
        if (ranges[i].kind == BOOT_RANGE_LOADER)
            frames_add(HPA(ranges[i].base), ranges[i].length);
    }
}

static void *map_framebuffer(const struct boot_info *info)
{
    if (!info->framebuffer.width)
        return NULL;
    void *framebuffer = hvmap_device(info->framebuffer.address, info->framebuffer.size, HVMAP_WRITE_COMBINING);
    if (!framebuffer)
        log_warn("no memory to map the framebuffer: serial only");
    return framebuffer;
}

static void lap(enum boot_phase phase)
{
    boot_phases_lap(phase, insn_rdtsc());
}

/*
 * Entered from entry.S on hv's own stack, interrupts off, with the loader's page tables.
 *
 * The order is what each step needs: a panic must be able to speak before anything can fail; devices must be silent
 * before memory that the firmware gave them is written to; frames come before page tables, these before anything that
 * maps a device, and clocks before whatever waits for a device. Interrupts of keyboard and serial line are opened last,
 * when there is somebody to hear them; if they cannot be, the run loop polls.
 */
void hv_main(const struct boot_info *info)
{
    panic_set_writer(console_panic_write);
    const void *symbols = panic_set_symbols(hpa_to_ptr(HPA(info->hv_elf)), info->hv_elf_size);
    CHECK(info->magic == BOOT_INFO_MAGIC && info->size == sizeof(*info));
    boot_phases_begin(info->tsc_entry, info->tsc_handoff);
    cpu_init(&boot_processor.cpu);
    serial_init();
    lap(BOOT_PHASE_CPU);
    platform_silence(info);     /* from here on free memory is written to, and must be nobody else's */
    lap(BOOT_PHASE_DEVICES);
    init_frames(info);
    give_back_file(info, symbols);
    lap(BOOT_PHASE_FRAMES);
    hvmap_init(info, boot_processor.cpu.stack_guard);
    give_back_hand_off(info);
    vmap_init();
    ram_init();
    reclaim_init();
    lap(BOOT_PHASE_TABLES);
    console_init(&info->framebuffer, map_framebuffer(info));
    input_init();
    lap(BOOT_PHASE_CONSOLES);
    platform_init(info);
    lap(BOOT_PHASE_IRQ);
    platform_find_serial();
    bool keyboard = ps2_init();
    platform_init_usb(keyboard);
    lap(BOOT_PHASE_DEVICES);
    monitor_init(info);     /* moves the serial line to where the operator has it */
    bool keyboard_interrupts = keyboard && irq_route_isa(1, VECTOR_KEYBOARD);
    bool serial_interrupts = serial_present() &&
                             serial_enable_interrupts(irq_route_isa(serial_isa_irq(), VECTOR_SERIAL));
    run_forever(&boot_processor, (keyboard && !keyboard_interrupts) || (serial_present() && !serial_interrupts));
}
