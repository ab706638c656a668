/*
 * call_start.c - hv_start: a child is asked for, a guest kernel or a virtual PC (docs/abi.md "Control calls").
 *
 * Errors and requests are as in call_control.c.
 */
#include "cpu/opcodes.h"
#include "guest/family.h"
#include "guest/gmem.h"
#include "guest/gmem_find.h"
#include "guest/guest.h"
#include "guest/image_name.h"
#include "guest/images.h"
#include "guest/kind.h"
#include "hypercall/calls.h"
#include "pagetable/vmap.h"

#define KIB 1024u
#define PC_FLAGS (HV_START_SERIAL | HV_START_COUNTED)

/*
 * A text with a NUL. False: the guest crashed. *fits: it is no longer than bytes. What lies behind the NUL in its page
 * is read, too, and nothing of the next page. Bound: bytes, at most a piece for each page of them and one more.
 */
static bool copy_text_in(struct guest *guest, const char *what, uint32_t from, char *text, uint32_t bytes, bool *fits)
{
    uint32_t length = 0;
    gva_t bad;

    *fits = false;
    while (!*fits && length < bytes) {
        uint32_t at = from + length, to_end = PAGE_SIZE - (at & PAGE_MASK), left = bytes - length;
        uint32_t piece = to_end < left ? to_end : left;
        if (!gmem_read(guest, GVA(at), &text[length], piece, &bad)) {
            call_crash(guest, "hv_start: the %s at 0x%08x cannot be read at 0x%08x", what, from, bad.v);
            return false;
        }
        for (uint32_t end = length + piece; !*fits && length < end; length++)
            *fits = text[length] == '\0';
    }
    return true;
}

/* A name. False: the guest crashed. is_name: it is fit for a guest. */
static bool read_name(struct guest *guest, uint32_t from, char name[HV_NAME_BYTES], bool *is_name)
{
    char text[HV_NAME_BYTES];

    if (!copy_text_in(guest, "name", from, text, sizeof(text), is_name))
        return false;
    *is_name = *is_name && image_name_parse(text, name) == NULL;
    return true;
}

static uint32_t asked_memory(const struct hv_start *start)
{
    uint32_t by_default = start->engine != HV_ENGINE_NONE ? GUEST_PC_MEMORY_DEFAULT : GUEST_MEMORY_DEFAULT;

    return start->memory_kib != 0 ? start->memory_kib * KIB : by_default;
}

/* A virtual PC makes no calls, and nobody else has its parts. */
static bool is_engine_right(const struct hv_start *start)
{
    if (start->engine != HV_ENGINE_NONE)
        return start->engine < HV_ENGINES && (start->flags & HV_START_CONTROL) == 0;
    return (start->flags & PC_FLAGS) == 0 && start->command_line == 0 && start->initrd == 0 && start->disks[0] == 0 &&
           start->disks[1] == 0;
}

/* What is wrong with the numbers of a start, or 0. */
static int32_t check_start(const struct guest *guest, const struct hv_start *start)
{
    uint64_t memory_bytes = (uint64_t)start->memory_kib * KIB;
    bool is_bad_image = start->image != 0 && (start->image_bytes == 0 || start->image_bytes > HV_START_IMAGE_MAX);

    if ((start->flags & ~HV_START_FLAGS) != 0 || is_bad_image || memory_bytes % PAGE_SIZE != 0 ||
        memory_bytes > (uint64_t)HV_MAX_GVA + 1 || !is_engine_right(start))
        return HV_ERROR_ARGUMENT;
    if (start->image != 0 && family_has_copy(guest))
        return HV_ERROR_BUSY;
    return family_check(guest, asked_memory(start));
}

/*
 * An image that nobody has asked for yet is looked for among all the machine's files, of which there may be thousands:
 * some at a time, between which the guest stays at its INT, so that others run.
 */
#define IMAGES_AT_ONCE 64u
#define CALL_AGAIN INT32_MIN        /* beside the numbers of errors */

static int32_t find_image(const char *name, struct image_file *file)
{
    switch (images_search(name, IMAGES_AT_ONCE, file)) {
    case IMAGES_FOUND:
        return 0;
    case IMAGES_MORE:
        return CALL_AGAIN;
    default:
        return HV_ERROR_NO_IMAGE;
    }
}

/* One of the machine's files for a virtual PC, by its name at from; 0: none. False: the guest crashed. */
static bool take_pc_file(struct guest *guest, uint32_t from, struct guest_file *found, int32_t *error)
{
    struct image_file file;
    char name[HV_NAME_BYTES];
    bool is_name;

    if (from == 0 || *error != 0)
        return true;
    if (!read_name(guest, from, name, &is_name))
        return false;
    *error = is_name ? find_image(name, &file) : HV_ERROR_ARGUMENT;
    if (*error == 0)
        *found = (struct guest_file){ file.image, file.image_bytes };
    return true;
}

static bool take_command_line(struct guest *guest, uint32_t from, struct family_wish *wish, int32_t *error)
{
    bool fits;

    if (from == 0 || *error != 0)
        return true;
    wish->command_line = vmap_alloc(HV_COMMAND_LINE_BYTES);
    if (wish->command_line == NULL) {
        *error = HV_ERROR_NO_ROOM;
        return true;
    }
    if (!copy_text_in(guest, "command line", from, wish->command_line, HV_COMMAND_LINE_BYTES, &fits))
        return false;
    *error = fits ? 0 : HV_ERROR_ARGUMENT;
    return true;
}

/* What a virtual PC has. False: the guest crashed. */
static bool take_equipment(struct guest *guest, const struct hv_start *start, struct family_wish *wish, int32_t *error)
{
    struct guest_equipment *equipment = &wish->equipment;

    wish->kind = guest_engines[start->engine];
    equipment->takes_serial_input = (start->flags & HV_START_SERIAL) != 0;
    equipment->counts_time = (start->flags & HV_START_COUNTED) != 0;
    return take_pc_file(guest, start->initrd, &equipment->initrd, error) &&
           take_pc_file(guest, start->disks[0], &equipment->disks[0], error) &&
           take_pc_file(guest, start->disks[1], &equipment->disks[1], error) &&
           take_command_line(guest, start->command_line, wish, error);
}

/*
 * False: the guest crashed. Its own tables say where the pages are: to fill leaves for 257, which may be an eviction
 * each when memory is out, would stop all others for several ms. What they do not lead to is read as ever, since an
 * entry that ends guests has words of its own; one that was taken away without a word may be seen as gone.
 */
static bool copy_image_in(struct guest *guest, uint32_t from, uint8_t *to, uint32_t bytes)
{
    gva_t bad;

    if (gmem_find_copy(guest, GVA(from), to, bytes, &bad))
        return true;
    bool is_there_still = gmem_read(guest, bad, to, 1, NULL);
    (void)is_there_still;
    call_crash(guest, "hv_start: the image of %u bytes at 0x%08x cannot be read at 0x%08x", bytes, from, bad.v);
    return false;
}

/* The image that is meant; the caller's own is copied, so that it may change it. False: the guest crashed. */
static bool take_image(struct guest *guest, const struct hv_start *start, struct family_wish *wish, int32_t *error)
{
    struct image_file file;

    if (start->image == 0) {
        *error = find_image(wish->name, &file);
        wish->image = *error == 0 ? file.image : NULL;
        wish->image_bytes = *error == 0 ? file.image_bytes : 0;
        return true;
    }
    wish->image = wish->copy = vmap_alloc(start->image_bytes);
    wish->image_bytes = start->image_bytes;
    *error = wish->copy != NULL ? 0 : HV_ERROR_NO_ROOM;
    return wish->copy == NULL || copy_image_in(guest, start->image, wish->copy, start->image_bytes);
}

/* It came to nothing: what the child would have owned goes. */
static void drop_wish(const struct family_wish *wish)
{
    if (wish->copy != NULL)
        vmap_free(wish->copy);
    if (wish->command_line != NULL)
        vmap_free(wish->command_line);
}

/* With all that it has. False: the guest crashed. */
static bool take_start(struct guest *guest, const struct hv_start *start, struct family_wish *wish, int32_t *error)
{
    wish->memory_bytes = asked_memory(start);
    wish->wants_view = (start->flags & HV_START_VIEW) != 0;
    wish->rights.control = (start->flags & HV_START_CONTROL) != 0;
    wish->rights.most = (struct family_sum){ start->children, (uint64_t)start->children_kib * KIB };
    return take_image(guest, start, wish, error) && take_equipment(guest, start, wish, error);
}

void call_start(struct guest *guest, const uint32_t *arguments)
{
    struct hv_start start = { .name = 0 };
    size_t bytes = arguments[1] < sizeof(start) ? arguments[1] : sizeof(start);
    struct family_wish wish = { .copy = NULL };
    char name[HV_NAME_BYTES];
    bool is_name;
    gva_t bad;

    if (!gmem_read(guest, GVA(arguments[0]), &start, bytes, &bad)) {
        call_crash(guest, "hv_start(0x%08x, %u): 0x%08x cannot be read", arguments[0], arguments[1], bad.v);
        return;
    }
    if (!read_name(guest, start.name, name, &is_name))
        return;
    int32_t id = is_name ? check_start(guest, &start) : HV_ERROR_ARGUMENT;
    wish.name = name;
    if (id == 0 && !take_start(guest, &start, &wish, &id)) {
        drop_wish(&wish);
        return;
    }
    if (id == CALL_AGAIN) {
        drop_wish(&wish);
        guest->state.frame.eip = (uint32_t)(guest->state.frame.eip - INT_BYTES);
        return;
    }
    if (id == 0)
        id = family_start(guest, &wish);
    call_answer(guest, id);
    if (id > 0)
        call_stand_back(guest);
    else
        drop_wish(&wish);
}
