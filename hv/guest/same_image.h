/*
 * same_image.h - a guest that is launched shares the pages of its image with one of the same image that lives, as far
 * as that one has not written them: copy-on-write, as between copies (ram_share.h).
 *
 * The first guest of an image is loaded as if there were no others. A later one compares each page of the file with
 * what the older one has there, which costs what copying the page would, and takes the frame where nothing differs. All
 * leaves of the older one go before it shares a frame, and it stands still from the first look to the last. So it is
 * one that whoever asks might have paused as well: the operator's for the operator, a child of the same parent for that
 * parent. What a stranger's guest has and does, a launch neither slows down nor tells of (hv_state: shared_kib).
 */
#ifndef GUEST_SAME_IMAGE_H
#define GUEST_SAME_IMAGE_H

#include <stdint.h>

#include "base/addr.h"
#include "guest/hold.h"

struct guest;
struct request_start;

/*
 * For a new guest, which nobody knows yet, the oldest one of its kind and image that is start->payer's child, or with
 * none the operator's; it is held until hold_end. Nobody: there is none. Images that come from a guest's memory are not
 * looked for: they go away, and none is another's. Bound: all guests, five instructions each.
 */
void same_image_find(struct hold *source, const struct guest *guest, const struct request_start *start);

enum same_image_answer {
    SAME_IMAGE_SHARED,      /* the guest has the frame, and with it these bytes */
    SAME_IMAGE_UNLIKE,      /* it has not, and is to be given a copy */
    SAME_IMAGE_GOES_ON,     /* *steps are used up: ask again for the same with more */
};
/*
 * Give the guest the frame in which these bytes of its image lie, one page of them at most, if the source has them
 * there, and zeroes around them. *steps, as in launch.h, are used for leaves of the source, and for counts of owners if
 * there are none yet: once, as a rule.
 */
enum same_image_answer same_image_take(struct hold *source, struct guest *guest, gpa_t address, const uint8_t *bytes,
                                       uint32_t count, uint32_t *steps);

#endif
