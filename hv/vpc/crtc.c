/*
 * crtc.c - see crtc.h (PURE).
 */
#include "vpc/crtc.h"

#define BOTH 3u                         /* of a pair */

void crtc_reset(struct crtc *crtc)
{
    *crtc = (struct crtc){ .registers[CRTC_SCAN_LINES] = 0x4F };       /* a character has 16, less one */
}

static uint16_t number_at(const struct crtc *crtc, unsigned high)
{
    return (uint16_t)(crtc->registers[high] << 8 | crtc->registers[high + 1]);
}

/* The number in the registers from high on is whole. */
static void take_pair(const struct crtc *crtc, struct crtc_pair *pair, unsigned high)
{
    pair->shown = number_at(crtc, high);
    pair->written = 0;
}

/* Who writes the same register once more leaves the other as it is. */
static void write_pair(struct crtc *crtc, struct crtc_pair *pair, unsigned high, uint8_t value)
{
    uint8_t bit = (uint8_t)(1u << (crtc->index - high));

    if (pair->written & bit)
        take_pair(crtc, pair, high);
    crtc->registers[crtc->index] = value;
    pair->written |= bit;
    pair->step.is_awaited = false;
    if (pair->written == BOTH)
        take_pair(crtc, pair, high);
}

void crtc_write_cursor(struct crtc *crtc, uint8_t value)
{
    write_pair(crtc, &crtc->cursor, CRTC_CURSOR_HIGH, value);
}

void crtc_write_register(struct crtc *crtc, uint8_t value)
{
    unsigned index = crtc->index;

    if (crtc_is_at_cursor(crtc))
        crtc_write_cursor(crtc, value);
    else if (index - CRTC_START_HIGH < 2)
        write_pair(crtc, &crtc->start, CRTC_START_HIGH, value);
    else if (index < CRTC_REGISTERS)
        crtc->registers[index] = value;
}

uint32_t crtc_cursor(const struct crtc *crtc)
{
    return number_at(crtc, CRTC_CURSOR_HIGH);
}

void crtc_place_cursor(struct crtc *crtc, uint32_t cell)
{
    crtc->registers[CRTC_CURSOR_HIGH] = (uint8_t)(cell >> 8);
    crtc->registers[CRTC_CURSOR_LOW] = (uint8_t)cell;
    take_pair(crtc, &crtc->cursor, CRTC_CURSOR_HIGH);
}

static void settle_pair(struct crtc *crtc, struct crtc_pair *pair, unsigned high, uint64_t instructions)
{
    if (pair->written != 0 && next_step_is_overdue(&pair->step, instructions))
        take_pair(crtc, pair, high);
}

void crtc_settle(struct crtc *crtc, uint64_t instructions)
{
    settle_pair(crtc, &crtc->start, CRTC_START_HIGH, instructions);
    settle_pair(crtc, &crtc->cursor, CRTC_CURSOR_HIGH, instructions);
}
