/*
 * text_page.h - the screen of a PC in text mode: cells in memory, the registers that say where and the cursor (PURE).
 *
 * Memory is RAM to the guest, but each store to it is seen; what changed is found by comparing, when somebody may look.
 * Rows that scroll, scroll on the console, so that its row log knows them again.
 * Source: IBM VGA Technical Reference "CRT Controller Registers".
 */
#ifndef VPC_TEXT_PAGE_H
#define VPC_TEXT_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "io/vcon.h"

#define TEXT_PAGE_BASE 0xB8000u
#define TEXT_PAGE_BYTES 0x8000u
#define TEXT_PAGE_CELLS (VCON_ROWS * VCON_COLS)
#define TEXT_PAGE_BLANK 0x0720u         /* what firmware leaves in all cells */
#define TEXT_PAGE_REGISTERS 25u

/* Something that takes the guest several steps: how long the next one has been waited for. */
struct text_page_wait {
    bool is_seen;                       /* a look has met it as it is now, */
    uint64_t since;                     /* when so many instructions were done */
};

/*
 * A cell's number in two registers. A guest that has written one of them is about to write the other: until then, or
 * until it has done other things for long, what counts is the number of before.
 */
struct text_page_pair {
    uint16_t shown;                     /* the number that was whole last */
    uint8_t written;                    /* a bit for each register that was written since */
    struct text_page_wait wait;
};

struct text_page {
    uint8_t index;
    uint8_t registers[TEXT_PAGE_REGISTERS];
    struct text_page_pair start, cursor;
    bool is_used;                       /* the guest has put something there */
    struct vcon *console;               /* that shows it; NULL: none yet */
    uint32_t moved;                     /* bytes of a scroll that is under way */
    struct text_page_wait wait;         /* for its next ones */
    uint16_t cells[TEXT_PAGE_CELLS];    /* as the console has them */
};

void text_page_reset(struct text_page *page);

/* Ports 3C0 to 3DF. */
uint8_t text_page_read(struct text_page *page, uint16_t port, uint64_t now_ns);
void text_page_write(struct text_page *page, uint16_t port, uint8_t value);

/* The cell that is shown first. */
uint32_t text_page_start(const struct text_page *page);

/* The cell of the cursor as its registers have it, and both written at once. */
uint32_t text_page_cursor(const struct text_page *page);
void text_page_place_cursor(struct text_page *page, uint32_t cell);

/* A store to the first 4 KiB of the page, which begin at memory. */
void text_page_store(struct text_page *page, uint8_t *memory, uint32_t at, unsigned bytes, uint32_t value);

/* instructions: what the processor has done so far, or this: it halts, so what it has begun is all there is. */
#define TEXT_PAGE_IDLE UINT64_MAX

/* instructions: what the processor has done so far, or this: it halts, so that what it has begun is all there is. */
void text_page_settle(struct text_page *page, uint64_t instructions);

/* Bring cells, as they are in memory now, to the console. */
void text_page_show(struct text_page *page, const uint16_t cells[TEXT_PAGE_CELLS], uint64_t instructions);

#endif
