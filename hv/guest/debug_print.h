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

/* How far the sites of a guest that is being launched are patched; begin with zeros. */
struct debug_print_patching {
    bool has_vector;            /* all of the image was searched for vectors that it uses */
    uint32_t vectors;           /* these */
    unsigned segment;           /* being searched, and how far */
    uint32_t at;
    unsigned patched, silent;   /* sites; those of too many kinds, and the address of the first of them */
    uint32_t first_silent;
};

/*
 * Go on with patching the sites of a guest that has not run yet, made from this image; *steps, of some 1,000
 * instructions, are used up. True: it is done.
 */
bool debug_print_patch(struct guest *guest, const void *image, const struct elf32_image *parsed,
                       struct debug_print_patching *patching, uint32_t *steps);

/* Tell the log what came of it. */
void debug_print_log(const struct guest *guest, const char *name, const struct debug_print_patching *patching);

/*
 * INT n at eip faulted, and EIP is behind it. True: it was a patched site, which did what XCHG EBX,EBX does there.
 * False: nothing was done.
 */
bool debug_print_call(struct guest *guest, uint8_t vector, uint32_t eip);

#endif
