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

struct text_page {
    uint8_t index;
    uint8_t registers[TEXT_PAGE_REGISTERS];
    bool is_used;                       /* the guest has put something there */
    struct vcon *console;               /* that shows it; NULL: none yet */
    uint32_t moved, moved_seen;         /* bytes of a scroll that is under way, now and when it was looked at last */
    uint64_t since;                     /* how many instructions were done when moved changed last */
    uint16_t cells[TEXT_PAGE_CELLS];    /* as the console has them */
};

void text_page_reset(struct text_page *page);

/* Ports 3C0 to 3DF. */
uint8_t text_page_read(struct text_page *page, uint16_t port, uint64_t now_ns);
void text_page_write(struct text_page *page, uint16_t port, uint8_t value);

/* The cell that is shown first. */
uint32_t text_page_start(const struct text_page *page);

/* A store to the first 4 KiB of the page, which begin at memory. */
void text_page_store(struct text_page *page, uint8_t *memory, uint32_t at, unsigned bytes, uint32_t value);

/* Bring cells, as they are in memory now, to the console. instructions: done by the processor so far. */
void text_page_show(struct text_page *page, const uint16_t cells[TEXT_PAGE_CELLS], uint64_t instructions);

#endif
