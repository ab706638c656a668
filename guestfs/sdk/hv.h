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

/*
 * The control calls, extensions too: guests that start guests (docs/control.md). Only a guest with that right has them,
 * which counters.rights of hv_counters tells; any other is ended as by any unknown number. They return a negative
 * HV_ERROR_... for whatever a program might pass on, and none of them waits. Crash: memory of the caller's that it
 * cannot read or write itself.
 */

/*
 * Ask for a guest: a child of the caller's. The first bytes bytes of *start count, the rest of it is 0. Returns its ID,
 * more than 0; it is there soon, and what is wrong with its image is told as its end: HV_END_REFUSED. Its end raises
 * HV_SLOT_CHILD. With an engine it is a virtual PC, whose files are the machine's. Errors: ARGUMENT, NO_IMAGE (also of
 * a file), CHILDREN, MEMORY, DEPTH, BUSY, NO_ROOM.
 */
int32_t hv_start(const struct hv_start *start, uint32_t bytes);

/*
 * Store the first bytes bytes of what is asked about a child (HV_STATE_...), or all if that is less; returns how much
 * there is. id 0: HV_STATE_CHILD of the caller itself. Errors: ARGUMENT, NO_CHILD, STATE (no console yet).
 */
int32_t hv_state(uint32_t id, uint32_t what, void *buffer, uint32_t bytes);

/* HV_SIGNAL_... to a child. Returns 0. Errors: ARGUMENT, NO_CHILD, STATE (to be paused, and ended or still to come). */
int32_t hv_signal(uint32_t id, uint32_t what);

/*
 * Lend the view to a child: where the caller would be shown the child is, and keys for the caller go to it. id 0: take
 * it back. It also comes back when the child ends, or the operator looks at the caller's own console; then it raises
 * HV_SLOT_CHILD. Returns 0. Errors: NO_CHILD, STATE.
 */
int32_t hv_view(uint32_t id);

/*
 * Store up to count entries of a list (HV_LIST_...), at most HV_LIST_MOST, from the first whose index or ID is from or
 * more; returns how many, 0 at the end. Errors: ARGUMENT.
 */
int32_t hv_list(uint32_t what, uint32_t from, void *buffer, uint32_t count);

/*
 * Copy a child, or with id 0 the caller itself: registers, FPU, interrupts, console and clock, and RAM of which a frame
 * is only copied when one of the two writes to it. The copy is a child of the caller, with the rights of whom it is a
 * copy of, but none of its children. Both go on; in a copy of the caller the call returns 0. Returns its ID, more than
 * 0; a copy that the machine had no memory for is told as an end: HV_END_REFUSED. flags: HV_CLONE_PAUSED. Errors:
 * ARGUMENT, NO_CHILD, STATE (ended, or still to come), CHILDREN, MEMORY, DEPTH, NO_ROOM.
 */
int32_t hv_clone(uint32_t id, uint32_t flags);

/*
 * Frames first .. first + count - 1 of the caller's RAM are free: the machine may have what is in them. They read as
 * zero until they are touched again. Memory that is given back in few long runs costs least, since each call looks
 * through the caller's page tables. No virtual interrupt is delivered before it is done. When the machine is short of
 * memory, HV_SLOT_MESSAGE asks for it. Returns 0. Errors: ARGUMENT (not all of it is RAM).
 */
int32_t hv_give_back(uint32_t first, uint32_t count);

#endif
