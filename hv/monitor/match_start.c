/*
 * match_start.c - the memory of a judged autorun, and the file with the console that it must leave.
 */
#include "monitor/match_start.h"

#include "base/format.h"
#include "base/frames.h"
#include "guest/guest.h"
#include "guest/images.h"

_Static_assert(sizeof(struct match) <= PAGE_SIZE, "a frame holds it");

bool match_start(struct match **match, const struct config *config, const struct config_autorun *autorun,
                 char *reason)
{
    struct image_file file;

    if (!match_is_wanted(autorun))
        return true;
    hpa_t frame = frames_alloc();
    if (frame.v == HPA_NONE.v) {
        format_string(reason, GUEST_REASON_BYTES, "no memory to judge its rows");
        return false;
    }
    *match = hpa_to_ptr(frame);
    match_begin(*match, config, autorun);
    if (autorun->console[0] == '\0')
        return true;
    const char *wrong = "no file of this name, in \\guests\\ on the boot volume";
    if (images_find(autorun->console, &file))
        wrong = match_set_console(*match, file.image, file.image_bytes);
    if (wrong != NULL)
        format_string(reason, GUEST_REASON_BYTES, "console=%s: %s", autorun->console, wrong);
    return wrong == NULL;
}

void match_release(struct match **match)
{
    if (*match != NULL)
        frames_free(ptr_to_hpa(*match));
    *match = NULL;
}
