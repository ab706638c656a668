/*
 * crtc.h - the CRT controller of a PC in text mode: which cell is shown first, and where the cursor is (PURE).
 *
 * Source: IBM VGA Technical Reference "CRT Controller Registers".
 */
#ifndef VPC_CRTC_H
#define VPC_CRTC_H

#include <stdbool.h>
#include <stdint.h>

#include "vpc/next_step.h"

#define CRTC_PORT 0x3D4u                /* the number of a register, and behind it the register */
#define CRTC_REGISTERS 25u

enum crtc_register {
    CRTC_SCAN_LINES = 0x09, CRTC_START_HIGH = 0x0C, CRTC_START_LOW, CRTC_CURSOR_HIGH, CRTC_CURSOR_LOW,
};

/*
 * A cell's number in two registers. A guest that has written one of them is about to write the other: until then, or
 * until it has done other things for long, what counts is the number of before.
 */
struct crtc_pair {
    uint16_t shown;                     /* the number that was whole last */
    uint8_t written;                    /* a bit for each register that was written since */
    struct next_step step;
};

struct crtc {
    uint8_t index;
    uint8_t registers[CRTC_REGISTERS];
    struct crtc_pair start, cursor;
};

void crtc_reset(struct crtc *crtc);

/* Other ports than the two are nobody's. */
static inline uint8_t crtc_read(const struct crtc *crtc, uint16_t port)
{
    if (port == CRTC_PORT)
        return crtc->index;
    return port == CRTC_PORT + 1 && crtc->index < CRTC_REGISTERS ? crtc->registers[crtc->index] : 0;
}

/* To the register that was chosen. Most writes are to the cursor's two. */
void crtc_write_register(struct crtc *crtc, uint8_t value);
void crtc_write_cursor(struct crtc *crtc, uint8_t value);

static inline bool crtc_is_at_cursor(const struct crtc *crtc)
{
    return (unsigned)crtc->index - CRTC_CURSOR_HIGH < 2;
}

static inline void crtc_write(struct crtc *crtc, uint16_t port, uint8_t value)
{
    if (port == CRTC_PORT)
        crtc->index = value;
    else if (port == CRTC_PORT + 1)
        crtc_write_register(crtc, value);
}

/* The cell of the cursor as its registers have it, and both written at once. */
uint32_t crtc_cursor(const struct crtc *crtc);
void crtc_place_cursor(struct crtc *crtc, uint32_t cell);

/* A look, when the processor has done so many instructions (or NEXT_STEP_IDLE): what is half written may be whole. */
void crtc_settle(struct crtc *crtc, uint64_t instructions);

#endif
