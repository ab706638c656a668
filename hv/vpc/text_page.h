/*
 * text_page.h - the screen of a PC in text mode: cells in memory, and from crtc.h where they and the cursor are (PURE).
 *
 * Memory is RAM to the guest, but each store to its first 4 KiB is seen; what changed is found by comparing, when
 * somebody may look. Rows that scroll, by stores or as the page's start moves, scroll on the console, so that its row
 * log knows them again.
 */
#ifndef VPC_TEXT_PAGE_H
#define VPC_TEXT_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "io/vcon.h"
#include "vpc/crtc.h"

#define TEXT_PAGE_BASE 0xB8000u
#define TEXT_PAGE_BYTES 0x8000u         /* behind which it begins again */
#define TEXT_PAGE_CELLS (VCON_ROWS * VCON_COLS)
#define TEXT_PAGE_BLANK 0x0720u         /* what firmware leaves in all cells */

struct text_page {
    struct crtc crtc;
    bool is_used;                       /* the guest has put something there */
    struct vcon *console;               /* that shows it; NULL: none yet */
    uint32_t moved;                     /* bytes of a scroll that is under way */
    struct next_step step;              /* of it */
    uint16_t start;                     /* the cell in memory that cells[0] is */
    uint16_t cells[TEXT_PAGE_CELLS];    /* as the console has them */
};

void text_page_reset(struct text_page *page);

/* Ports 3C0 to 3DF that are not the CRT controller's: most are not there, and read 0. */
uint8_t text_page_read(uint16_t port, uint64_t now_ns);

/* For text_page_store: one that a scroll may begin with, or that comes while one is under way. */
void text_page_follow(struct text_page *page, uint8_t *memory, uint32_t at, unsigned bytes, uint32_t value);

/* A store of 1 to 4 bytes to the first 4 KiB of the page, which begin at memory. */
static inline void text_page_store(struct text_page *page, uint8_t *memory, uint32_t at, unsigned bytes, uint32_t value)
{
    typedef uint16_t __attribute__((aligned(1), may_alias)) cell_t;

    if (at == 0 || page->moved != 0 || bytes != sizeof(cell_t))
        text_page_follow(page, memory, at, bytes, value);
    else
        *(cell_t *)(memory + at) = (uint16_t)value;
}

/*
 * The start in crtc is another than the console knows. First: cells as they are at the old one are all that was shown
 * there, scrolls that were under way included. Then: cells at the new one; what of the old ones is there has scrolled.
 */
void text_page_leave_start(struct text_page *page, const uint16_t cells[TEXT_PAGE_CELLS]);
void text_page_take_start(struct text_page *page, const uint16_t cells[TEXT_PAGE_CELLS]);

/*
 * Bring cells, as they are in memory now, to the console. instructions: what the processor has done so far, or
 * NEXT_STEP_IDLE.
 */
void text_page_show(struct text_page *page, const uint16_t cells[TEXT_PAGE_CELLS], uint64_t instructions);

#endif
