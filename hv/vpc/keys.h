/*
 * keys.h - key words become what a PC's keyboard or serial line brings (PURE).
 */
#ifndef VPC_KEYS_H
#define VPC_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/virq.h"
#include "vpc/vpc.h"

#define KEYS_BYTES 8u

struct keys {
    bool takes_serial_input;
    uint8_t bytes[KEYS_BYTES];      /* of the last key word, for whom there was no room yet */
    uint8_t first, count;
    uint64_t serial_from_ns;        /* who takes interrupts and never raises RTS is typed to from then on; 0: not yet */
};

/* Hand over what waits, as far as the device has room, and on a serial line only when the guest is there to take it. */
void keys_feed(struct keys *keys, struct virq *virq, struct vpc *vpc);

/* Is there something to hand over, and room for it? */
bool keys_wait(const struct keys *keys, const struct virq *virq, struct vpc *vpc);

#endif
