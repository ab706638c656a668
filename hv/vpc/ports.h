/*
 * ports.h - the I/O ports of a PC: which device answers, and how a wide access is cut (PURE).
 */
#ifndef VPC_PORTS_H
#define VPC_PORTS_H

#include <stdint.h>

struct vpc;

/* bytes is 1, 2 or 4. A port that nobody has reads all ones. */
uint32_t ports_read(struct vpc *vpc, uint16_t port, unsigned bytes);
void ports_write(struct vpc *vpc, uint16_t port, unsigned bytes, uint32_t value);

#endif
