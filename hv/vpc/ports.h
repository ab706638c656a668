/*
 * ports.h - the I/O ports of a PC: which device answers, and how a wide access is cut (PURE).
 */
#ifndef VPC_PORTS_H
#define VPC_PORTS_H

#include <stdint.h>

struct vpc;

/* Of the board's own tests; nobody is there, and kernels write to it for the time that a write takes. */
#define PORT_PAUSE 0x80u

/* bytes is 1, 2 or 4. A port that nobody has reads all ones. */
uint32_t ports_read(struct vpc *vpc, uint16_t port, unsigned bytes);
void ports_write(struct vpc *vpc, uint16_t port, unsigned bytes, uint32_t value);

/* As many elements as a device has, or takes, at once: x86/bus.h. They are one exit. */
uint32_t ports_read_string(struct vpc *vpc, uint16_t port, unsigned bytes, void *to, uint32_t count);
uint32_t ports_write_string(struct vpc *vpc, uint16_t port, unsigned bytes, const void *from, uint32_t count);

#endif
