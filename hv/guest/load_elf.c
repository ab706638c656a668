/*
 * load_elf.c - what is PebPeb's of a launch: an ELF image is checked, copied and patched, in pieces.
 */
#include "base/log.h"
#include "cpu/desc.h"
#include "guest/elf32.h"
#include "guest/guest.h"
#include "guest/launch.h"
#include "guest/report.h"
#include "guest/request.h"

/* docs/abi.md "Launch": the state at the first instruction. */
static void set_launch_state(struct guest *guest, uint32_t entry)
{
    guest->state.frame = (struct trap_frame){
        .eax = HV_LAUNCH_EAX,
        .ebx = guest->ram.frame_count - 1,
        .ecx = HV_MAX_GVA,
        .eip = entry,
        .cs = SEL_GUEST_KERNEL_CS,
        .eflags = HV_LAUNCH_EFLAGS,
        .ss = SEL_GUEST_KERNEL_SS,
    };
}

static bool check_elf(const struct request_start *start, struct elf32_image *parsed, char *reason)
{
    return elf32_parse(start->image, start->image_bytes, start->memory_bytes, parsed, reason, GUEST_REASON_BYTES);
}

static bool load_elf(struct guest *guest, const struct request_start *start, const struct elf32_image *parsed,
                     char *reason)
{
    (void)reason;
    set_launch_state(guest, parsed->entry);
    guest->image = (struct image_bytes){ start->image, start->image_bytes };
    return true;
}

/* A page of a segment, or what is left of it, to zeroed RAM. False: no memory. */
static bool copy_piece(struct guest *guest, const uint8_t *image, const struct elf32_segment *segment,
                      struct guest_filling *filling)
{
    uint32_t left = segment->file_bytes - filling->copied;
    uint32_t bytes = left < PAGE_SIZE ? left : PAGE_SIZE;

    if (!ram_store(&guest->ram, GPA(segment->address + filling->copied), image + segment->file_offset + filling->copied,
                   bytes))
        return false;
    filling->copied += bytes;
    if (bytes == left) {
        filling->segment++;
        filling->copied = 0;
    }
    return true;
}

static void log_launch(const struct guest *guest, const struct request_start *start, const struct elf32_image *parsed,
                       const struct guest_filling *filling)
{
    /* One guest may start thousands. */
    log_write(start->id ? LOG_DEBUG : LOG_INFO, "guest %u %s: %u KiB, entry 0x%08x", guest->life.id, start->name,
              start->memory_bytes / 1024, parsed->entry);
    if (start->debug_print)
        debug_print_log(guest, start->name, &filling->patching);
}

/* Bound: a page a step, which may lie in two of the guest's, and the last piece of patching. */
static enum guest_fill fill_elf(struct guest *guest, const struct request_start *start,
                                const struct elf32_image *parsed, struct guest_filling *filling, uint32_t *steps)
{
    for (; filling->segment < parsed->segment_count; --*steps) {
        if (*steps == 0)
            return GUEST_FILL_GOES_ON;
        if (!copy_piece(guest, start->image, &parsed->segments[filling->segment], filling))
            return GUEST_FILL_NO_MEMORY;
    }
    if (start->debug_print && !debug_print_patch(guest, start->image, parsed, &filling->patching, steps))
        return GUEST_FILL_GOES_ON;
    log_launch(guest, start, parsed, filling);
    return GUEST_FILL_DONE;
}

const struct guest_kind guest_pebpeb = {
    .check = check_elf, .load = load_elf, .fill = fill_elf, .describe = report_write,
};
