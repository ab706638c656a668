/*
 * paint.h - a picture of the console in memory: paint freely, then show what has changed.
 *
 * A hypercall costs far more than a store, and every cell printed is sent down the serial line, too.
 */
#ifndef TUMBLE_PAINT_H
#define TUMBLE_PAINT_H

#include <stdint.h>

/* One cell. Rows 0 to 24, columns 0 to 79; what lies outside is not painted. Nor is the last cell of all: printing it
 * would scroll the console. */
void paint_cell(unsigned row, unsigned column, uint8_t attribute, char character);

void paint_text(unsigned row, unsigned column, uint8_t attribute, const char *text);

/* A double frame around height x width cells, edges included, with blanks inside and a title, in white, on the
 * upper edge. */
void paint_box(unsigned row, unsigned column, unsigned height, unsigned width, uint8_t attribute, const char *title);

/* Blanks in attribute 7 everywhere. */
void paint_clear(void);

/* Bring the console up to date. The first call prints every cell. */
void paint_show(void);

#endif
