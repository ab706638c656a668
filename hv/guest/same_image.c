/*
 * same_image.c - compare with an older guest of the same image, and share.
 */
#include "guest/same_image.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/frames.h"
#include "base/string.h"
#include "base/zeroes.h"
#include "guest/guest.h"
#include "guest/request.h"
#include "pagetable/guest_table.h"
#include "pagetable/owners.h"
#include "pagetable/ram_share.h"

#define BLOCKS_PER_STEP 100u            /* of an array of counts, when nobody shares so far */

/* It is held, so it has to be one that whoever asks may make stand still: payer is NULL where the operator does. */
static bool is_like(const struct guest *other, const struct guest *guest, const struct guest *payer)
{
    return other->image.bytes == guest->image.bytes && other->image.size == guest->image.size &&
           other->kind == guest->kind && other->life.activity != GUEST_ENDED && other->family.parent == payer;
}

/*
 * The oldest, of which most is known: what it has written by now, a guest of this image writes, and a copy that is made
 * at once is cheaper than one at the first write.
 */
void same_image_find(struct hold *source, const struct guest *guest, const struct request_start *start)
{
    struct guest *other = guest_first();

    if (start->image_goes)
        return;
    while (other != NULL && !is_like(other, guest, start->payer))
        other = other->next;
    if (other != NULL)
        hold_begin(source, other);
}

/* Is a page of the source as it was loaded? Bound: its bytes; some 600 instructions, 1,000 where zeroes fill it up. */
static bool is_as_loaded(const uint8_t *page, uint32_t at, const uint8_t *bytes, uint32_t count)
{
    uint32_t words = count / (uint32_t)sizeof(uint64_t), rest = count % sizeof(uint64_t);

    if (page == NULL || !guest_table_is_equal(page + at, bytes, words))
        return false;
    return memcmp(page + at + count - rest, bytes + count - rest, rest) == 0 && zeroes_are_all(page, at) &&
           zeroes_are_all(page + at + count, (uint32_t)PAGE_SIZE - at - count);
}

/* Nobody shares yet: addresses are found for counts of all that the machine has. */
static void pay_for_counts(uint32_t *steps)
{
    uint32_t count = frames_count_blocks() / BLOCKS_PER_STEP;

    *steps = *steps > count ? *steps - count : 0;
}

enum same_image_answer same_image_take(struct hold *source, struct guest *guest, gpa_t address, const uint8_t *bytes,
                                       uint32_t count, uint32_t *steps)
{
    uint32_t frame = address.v >> PAGE_SHIFT;

    if (source->guest == NULL)
        return SAME_IMAGE_UNLIKE;
    /* A source of less RAM has no such frame; one of the guest's, in which two segments lie, may have been begun. */
    struct ram *ram = &source->guest->ram;
    if (frame >= ram->frame_count || guest->ram.frames[frame].host != 0 ||
        !is_as_loaded(ram_peek(ram, frame), address.v & PAGE_MASK, bytes, count))
        return SAME_IMAGE_UNLIKE;
    if (!(ram->frames[frame].flags & GFRAME_SHARED) && !hold_drop_leaves(source, steps))
        return SAME_IMAGE_GOES_ON;
    if (owners_beyond == NULL)
        pay_for_counts(steps);
    return ram_share_frame(ram, &guest->ram, frame) ? SAME_IMAGE_SHARED : SAME_IMAGE_UNLIKE;
}
