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
};

/* Hand over what waits, as far as the device has room. */
void keys_feed(struct keys *keys, struct virq *virq, struct vpc *vpc);

/* Is there something to hand over, and room for it? */
bool keys_wait(const struct keys *keys, const struct virq *virq, const struct vpc *vpc);

#endif
