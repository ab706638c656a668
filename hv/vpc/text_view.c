/*
 * text_view.c - see text_view.h (PURE).
 */
#include "vpc/text_view.h"

#include <stddef.h>

#include "base/string.h"
#include "pagetable/ram.h"

/* A page may lie across the end of the 32 KiB, where it begins again. */
static void read_cells(const struct vpc *vpc, uint32_t start, uint16_t cells[TEXT_PAGE_CELLS])
{
    uint32_t at = start * 2 % TEXT_PAGE_BYTES, left = TEXT_PAGE_CELLS * 2;
    uint8_t *to = (uint8_t *)cells;

    while (left > 0) {
        uint32_t room = PAGE_SIZE - (at & PAGE_MASK), bytes = left < room ? left : room;
        const uint8_t *frame = ram_peek(vpc->ram, (TEXT_PAGE_BASE + at) >> PAGE_SHIFT);
        if (frame != NULL)
            memcpy(to, frame + (at & PAGE_MASK), bytes);
        else
            memset(to, 0, bytes);
        to += bytes;
        left -= bytes;
        at = (at + bytes) % TEXT_PAGE_BYTES;
    }
}

void text_view_read(const struct vpc *vpc, uint16_t cells[TEXT_PAGE_CELLS])
{
    read_cells(vpc, vpc->text.start, cells);
}

void text_view_follow(struct vpc *vpc)
{
    struct text_page *page = &vpc->text;
    uint16_t cells[TEXT_PAGE_CELLS];

    if (page->start == page->crtc.start.shown)
        return;
    if (page->console == NULL) {
        page->start = page->crtc.start.shown;
        return;
    }
    read_cells(vpc, page->start, cells);
    text_page_leave_start(page, cells);
    interp_stop(&vpc->interp);
    read_cells(vpc, page->crtc.start.shown, cells);
    text_page_take_start(page, cells);
}

void text_view_write(struct vpc *vpc, uint16_t port, uint8_t value)
{
    crtc_write(&vpc->text.crtc, port, value);
    text_view_follow(vpc);
}
