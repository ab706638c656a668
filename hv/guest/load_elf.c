/*
 * load_elf.c - what is PebPeb's of a launch: an ELF image is checked, copied and patched, in pieces.
 */
#include "base/log.h"
#include "base/zeroes.h"
#include "cpu/desc.h"
#include "guest/elf32.h"
#include "guest/guest.h"
#include "guest/launch.h"
#include "guest/report.h"
#include "guest/request.h"
#include "guest/same_image.h"

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

/* Bytes that lie in one page, to RAM that reads as zero so far: zeroes need no frame for that. */
static enum guest_fill place_piece(struct guest *guest, gpa_t address, const uint8_t *bytes, uint32_t count,
                                   struct guest_filling *filling, uint32_t *steps)
{
    if (zeroes_are_all(bytes, count))
        return GUEST_FILL_DONE;
    enum same_image_answer answer = same_image_take(&filling->source, guest, address, bytes, count, steps);
    if (answer == SAME_IMAGE_GOES_ON)
        return GUEST_FILL_GOES_ON;
    return answer == SAME_IMAGE_SHARED || ram_store(&guest->ram, address, bytes, count) ? GUEST_FILL_DONE
                                                                                        : GUEST_FILL_NO_MEMORY;
}

/* The next piece: what lies in one of the guest's pages. */
static enum guest_fill fill_piece(struct guest *guest, const uint8_t *image, const struct elf32_segment *segment,
                                  struct guest_filling *filling, uint32_t *steps)
{
    uint32_t left = segment->file_bytes - filling->copied, address = segment->address + filling->copied;
    uint32_t room = (uint32_t)PAGE_SIZE - (address & PAGE_MASK), bytes = left < room ? left : room;
    enum guest_fill fill = place_piece(guest, GPA(address), image + segment->file_offset + filling->copied, bytes,
                                       filling, steps);

    if (fill != GUEST_FILL_DONE)
        return fill;
    *steps -= *steps > 0 ? 1 : 0;
    filling->copied += bytes;
    if (bytes == left) {
        filling->segment++;
        filling->copied = 0;
    }
    return GUEST_FILL_DONE;
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

/* Bound: a page a step, of some 2,000 instructions at most, and the last piece of patching. */
static enum guest_fill fill_elf(struct guest *guest, const struct request_start *start,
                                const struct elf32_image *parsed, struct guest_filling *filling, uint32_t *steps)
{
    while (filling->segment < parsed->segment_count) {
        if (*steps == 0)
            return GUEST_FILL_GOES_ON;
        enum guest_fill fill = fill_piece(guest, start->image, &parsed->segments[filling->segment], filling, steps);
        if (fill != GUEST_FILL_DONE)
            return fill;
    }
    if (start->debug_print && !debug_print_patch(guest, start->image, parsed, &filling->patching, steps))
        return GUEST_FILL_GOES_ON;
    log_launch(guest, start, parsed, filling);
    return GUEST_FILL_DONE;
}

const struct guest_kind guest_pebpeb = {
    .check = check_elf, .load = load_elf, .fill = fill_elf, .describe = report_write,
};
