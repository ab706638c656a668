/*
 * hv.h - the hypercalls as C functions. hypercalls.S generates them from the list in pebpeb.h.
 *
 * Bad input does not return an error: it ends the guest, as the comments say. "Crash" = the guest ends with status
 * 0xDEADC0DE and a report that says why.
 */
#ifndef SDK_HV_H
#define SDK_HV_H

#include <stdint.h>

#include "pebpeb.h"

/* Returns HV_MAGIC: the cheapest call, and the proof that a hypervisor is there. */
uint32_t hv_magic(void);

/* Ends the guest; status reaches whoever launched it. */
_Noreturn void hv_exit(int32_t status);

/*
 * Go on at eip with the stack esp, the flags eflags (their IF becomes the virtual interrupt flag) and eax in EAX; every
 * other register stays. esp0 = 0: in kernel mode. Else: in user mode, and the next trap from there starts at esp0.
 */
_Noreturn void hv_iret(uint32_t eip, uint32_t eflags, uint32_t esp, uint32_t esp0, uint32_t eax);

/* Slot 0..255 of the virtual IDT; eip 0 empties it; privileged: user mode may not INT there. Crash: no such slot. */
void hv_setidt(uint32_t slot, uint32_t eip, uint32_t privileged);

/* The virtual interrupt flag, off at launch. Exceptions are delivered whatever it says. Does not nest. */
void hv_disable_interrupts(void);
void hv_enable_interrupts(void);

/* Switch to a page directory (guest-physical, page-aligned). wp non-zero: kernel mode respects read-only pages. */
void hv_setpd(uint32_t pd_gpa, uint32_t wp);

/* Forget what is cached about the page at gva, after its entries were changed. */
void hv_adjustpg(uint32_t gva);

/* Print length bytes at the cursor, at most HV_PRINT_MAX_BYTES. Crash: longer, negative, or not readable. */
void hv_print(int32_t length, const char *text);

/* VGA attribute 0..255 for what is printed next: low nibble foreground, high nibble background. */
void hv_cons_set_term_color(uint32_t attribute);

/* The cursor: row 0..24, column 0..79. Crash: elsewhere, or the words cannot be written. */
void hv_cons_set_cursor_pos(uint32_t row, uint32_t column);
void hv_cons_get_cursor_pos(uint32_t *row, uint32_t *column);

/* Print at a place in a colour, then put cursor and colour back. */
void hv_print_at(int32_t length, const char *text, uint32_t row, uint32_t column, uint32_t attribute);

/*
 * An extension of Cobble: what the machine and this guest have done so far (struct hv_counters in pebpeb.h). Stores the
 * first bytes bytes of it, or all of it if that is less, and returns its size, so that a guest built for a longer or
 * shorter struct still works. Other PebPeb hosts crash the guest. Crash: not writable.
 */
uint32_t hv_counters(struct hv_counters *counters, uint32_t bytes);

#endif
