/*
 * fake_guest.h - a guest without a processor: a block of memory with holes, a console that takes notes, an end.
 */
#ifndef FAKE_GUEST_H
#define FAKE_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/guest.h"

#define FAKE_RAM_BYTES 0x10000u     /* guest addresses 0 .. FAKE_RAM_BYTES - 1 can be read */

extern struct guest fake_guest;
extern uint8_t fake_ram[FAKE_RAM_BYTES];

/* Addresses from..end-1 cannot be written; with can_read false not be read either. One such range at a time. */
void fake_forbid(uint32_t from, uint32_t end, bool can_read);

/* What gmem_read ends the guest for where it cannot read; NULL: it only fails. fake_guest_setup forgets both. */
extern const char *fake_refusal;
extern size_t fake_longest_read;    /* by gmem_read, which may have to evict for each page */

/* What the console was told last, and how often it was told anything. */
struct fake_console {
    unsigned call_count;
    unsigned settled_count;     /* times that pending output was rendered */
    unsigned length, row, column;
    uint8_t attribute;
    uint8_t bytes[4096];
};
extern struct fake_console fake_console;

/* A fresh guest in kernel mode, everything else forgotten: a cmocka set-up function. */
int fake_guest_setup(void **state);

uint32_t fake_word(uint32_t address);
void fake_put_word(uint32_t address, uint32_t value);

#endif
