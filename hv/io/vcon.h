/*
 * vcon.h - an 80x25 cell console (PURE): VGA attributes, eager wrap and scroll, dirty rows.
 */
#ifndef IO_VCON_H
#define IO_VCON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pebpeb.h"

#define VCON_ROWS HV_CONSOLE_ROWS
#define VCON_COLS HV_CONSOLE_COLS
#define VCON_TALL_ROWS 82   /* 57 scrolls between two copies of the screen; each guest pays 162 bytes a row */
#define VCON_ATTRIBUTE_START 7
#define VCON_MIXED 0x100    /* no attribute */
#define VCON_PENDING_BYTES 1040 /* 13 rows; see rowlog.c before making it more */

struct rowlog;
struct scrollback;

struct vcon {
    /*
     * The screen is VCON_ROWS rows from top on: most scrolls move top, and no cell. Characters and attributes lie
     * apart, so that print moves eight cells at a time, and a row's text is in one piece. See vcon_text and vcon_cell.
     */
    uint8_t tall_text[VCON_TALL_ROWS][VCON_COLS];
    uint8_t tall_attributes[VCON_TALL_ROWS][VCON_COLS];     /* of rows that are VCON_MIXED */
    uint16_t tall_plain[VCON_TALL_ROWS];    /* the attribute of all cells of a row, as most have, or VCON_MIXED */
    uint8_t top;
    uint8_t row, column, attribute;
    uint32_t dirty_rows;                    /* bit r: row r changed since the drawer last cleared it */
    struct scrollback *history;             /* rows that scroll off go there; NULL after vcon_init: are forgotten */
    struct rowlog *log;                     /* is told what happens to rows; NULL after vcon_init: nobody is */
    uint64_t now_ns;                        /* when what is printed is printed: see vcon_set_time */
    uint32_t revision;                      /* another one: something was printed, or the cursor was moved */
    bool is_settling;                       /* pending bytes are on their way: see vcon_settle_at_once */
    uint32_t pending_bytes;                 /* printed, but not yet in the cells: vcon_settle brings them there */
    uint8_t pending[VCON_PENDING_BYTES];
};

/* The VCON_COLS characters of a row, CP437. Settled output only, as in the two below and in row and column. */
static inline const uint8_t *vcon_text(const struct vcon *console, unsigned row)
{
    return console->tall_text[console->top + row];
}

/* One cell: attribute << 8 | CP437 character; blank = attribute << 8 | 0x20. */
static inline uint16_t vcon_cell(const struct vcon *console, unsigned row, unsigned column)
{
    unsigned tall_row = console->top + row, plain = console->tall_plain[tall_row];
    unsigned attribute = plain == VCON_MIXED ? console->tall_attributes[tall_row][column] : plain;
    return (uint16_t)(attribute << 8 | console->tall_text[tall_row][column]);
}

/* All cells of a row. */
void vcon_read_row(const struct vcon *console, unsigned row, uint16_t cells[VCON_COLS]);

void vcon_init(struct vcon *console);
/* Cells, cursor and colour of another that is settled, to one that was just initialised. */
void vcon_copy(struct vcon *console, const struct vcon *from);
void vcon_write(struct vcon *console, const uint8_t *bytes, size_t length);
/* Arguments are already checked: row 0-24, column 0-79, any attribute byte. */
void vcon_set_attribute(struct vcon *console, uint8_t attribute);
void vcon_set_cursor(struct vcon *console, unsigned row, unsigned column);
/* The same for a console that is settled. */
static inline void vcon_place_cursor(struct vcon *console, unsigned row, unsigned column)
{
    console->row = (uint8_t)row;
    console->column = (uint8_t)column;
    console->revision++;
}
/* Move, colour, print, then put cursor and colour back (the saved cursor does not move with a scroll). */
void vcon_write_at(struct vcon *console, const uint8_t *bytes, size_t length, unsigned row, unsigned column,
                   uint8_t attribute);

/* For a screen that is kept as cells elsewhere. Scroll up by so many rows; put a whole row; output leaves a row. */
void vcon_scroll(struct vcon *console, unsigned rows);
void vcon_put_row(struct vcon *console, unsigned row, const uint16_t cells[VCON_COLS]);
void vcon_leave_row(struct vcon *console, unsigned row);

/*
 * Print in two steps, of which the second can wait: put length bytes to the place that vcon_room gives (NULL: they do
 * not fit, write them), then tell vcon_defer. All functions above settle first; who looks at the fields must do so.
 */
static inline uint8_t *vcon_room(struct vcon *console, size_t length)
{
    return length <= VCON_PENDING_BYTES - console->pending_bytes ? console->pending + console->pending_bytes : NULL;
}

static inline void vcon_defer(struct vcon *console, size_t length)
{
    console->pending_bytes += (uint32_t)length;
    console->revision++;
}

static inline bool vcon_is_settled(const struct vcon *console)
{
    return console->pending_bytes == 0;
}

void vcon_render_pending(struct vcon *console);

static inline void vcon_settle(struct vcon *console)
{
    if (!vcon_is_settled(console))
        vcon_render_pending(console);
}

/* What is printed from now on is stamped with this time. */
static inline void vcon_set_time(struct vcon *console, uint64_t now_ns)
{
    vcon_settle(console);
    console->now_ns = now_ns;
}

/*
 * The same from an NMI, which may come in the middle of anything, for who looks at the cells and then ends the
 * machine. Where it interrupts settling itself, bytes would come twice: there the cells stay as far as that got, and
 * this returns false.
 */
bool vcon_settle_at_once(struct vcon *console);

#endif
