/*
 * debug_print.h - the simulator's debug print, on request: abi.md section 8.
 *
 * XCHG EBX,EBX with EBX = 0x04100002 and ECX at a text. Its sites in an image are patched to an INT that no other code
 * of the image has; what is printed goes to the console's row log, and nothing is on the screen.
 */
#ifndef GUEST_DEBUG_PRINT_H
#define GUEST_DEBUG_PRINT_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/guest.h"

#define DEBUG_PRINT_MAX 254     /* characters */

/* Patch the sites of a guest that has not run yet, made from this image. */
void debug_print_enable(struct guest *guest, const void *image, uint64_t image_bytes);

/*
 * INT n at eip faulted, and EIP is behind it. True: it was a patched site, which did what XCHG EBX,EBX does there.
 * False: nothing was done.
 */
bool debug_print_call(struct guest *guest, uint8_t vector, uint32_t eip);

#endif
