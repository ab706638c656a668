/*
 * sys_file.c - the system call readfile, and finding files.
 */
#include "files.h"
#include "guest.h"
#include "string.h"
#include "syscalls.h"
#include "user.h"

const struct file *file_find(const char *name)
{
    for (uint32_t i = 0; i < files_count; i++) {
        if (strcmp(files[i].name, name) == 0)
            return &files[i];
    }
    return NULL;
}

/* One stretch of a virtual file: what of it lies in the window [offset, offset + count) goes to the buffer. */
struct window {
    uint32_t buffer, count, offset;
    uint32_t at;                /* place in the file of the next stretch */
    uint32_t copied;
    bool failed;
};

static void window_put(struct window *window, const void *data, uint32_t bytes)
{
    uint32_t start = window->at;
    uint32_t skip = window->offset > start ? window->offset - start : 0;

    window->at += bytes;
    if (skip >= bytes || window->copied == window->count)
        return;
    uint32_t piece = bytes - skip;
    if (piece > window->count - window->copied)
        piece = window->count - window->copied;
    if (!user_write(window->buffer + window->copied, (const uint8_t *)data + skip, piece))
        window->failed = true;
    window->copied += piece;
}

static void list_put(struct window *window)
{
    for (uint32_t i = 0; i < files_count; i++)
        window_put(window, files[i].name, strlen(files[i].name) + 1);
    window_put(window, "", 1);
}

static void image_list_put(struct window *window)
{
    static struct hv_listed_image images[HV_LIST_MOST];
    uint32_t from = 0, count;

    while ((count = guest_list_images(from, images)) > 0) {
        for (uint32_t i = 0; i < count; i++)
            window_put(window, images[i].name, strlen(images[i].name) + 1);
        from = images[count - 1].index + 1;
    }
    window_put(window, "", 1);
}

/* readfile(name, buffer, count, offset): the bytes copied, which are fewer at the end of the file. */
int32_t sys_readfile(struct event *event, const uint32_t *arguments)
{
    struct window window = { .buffer = arguments[1], .count = arguments[2], .offset = arguments[3] };
    char name[PEBBLES_NAME_BYTES_MAX];
    int32_t length = user_read_string(name, arguments[0], sizeof(name));

    (void)event;
    if (length < 0)
        return length;
    if ((int32_t)window.count < 0 || (int32_t)window.offset < 0)
        return PEBBLES_ERROR_ARGUMENT;
    if (!user_can_write(window.buffer, window.count))
        return PEBBLES_ERROR_POINTER;
    const struct file *file = file_find(name);
    if (strcmp(name, PEBBLES_FILE_LIST) == 0)
        list_put(&window);
    else if (strcmp(name, PEBBLES_IMAGE_LIST) == 0)
        image_list_put(&window);
    else if (file != NULL)
        window_put(&window, file->data, file->bytes);
    else
        return PEBBLES_ERROR_NONE;
    if (window.offset > window.at)
        return PEBBLES_ERROR_ARGUMENT;
    return window.failed ? PEBBLES_ERROR_POINTER : (int32_t)window.copied;
}
