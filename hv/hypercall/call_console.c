/*
 * call_console.c - printing, colour and cursor. Everything is checked and read before the first cell changes; a long
 * print is then rendered in pieces, one a turn.
 */
#include "base/format.h"
#include "guest/gmem.h"
#include "guest/guest.h"
#include "hypercall/arguments.h"
#include "hypercall/calls.h"

#define SHOWN_BYTES 96

/* Rendered at once: what waited, and a row more. What that takes is in docs/performance.md. */
uint32_t call_print_bytes = VCON_PENDING_BYTES + HV_CONSOLE_COLS;

/* Guests run on one processor, and no call nests: one buffer for all. */
static uint8_t print_buffer[HV_PRINT_MAX_BYTES];

/* shown: the call as its author wrote it. Numbers appear signed, as most of these mistakes are small negative ones. */
static void crash_outside(struct guest *guest, const char *shown, const char *what, uint32_t value, int highest)
{
    call_crash(guest, "%s: %s %d is outside 0..%d", shown, what, (int32_t)value, highest);
}

static void crash_position(struct guest *guest, const char *shown, uint32_t row, uint32_t column)
{
    if (row > ROW_MAX)
        crash_outside(guest, shown, "row", row, ROW_MAX);
    else
        crash_outside(guest, shown, "column", column, COLUMN_MAX);
}

static void crash_buffer(struct guest *guest, const char *call, uint32_t length, uint32_t buffer, gva_t bad)
{
    call_crash(guest, "%s: the buffer of %u bytes at 0x%08x cannot be read at 0x%08x", call, length, buffer, bad.v);
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* What can still be rendered in this stretch. */
static uint32_t step_room(const struct guest *guest)
{
    return call_print_bytes - guest->console.vcon.pending_bytes;
}

/* The next bytes of guest->state.unfinished are in the buffer. */
static void print_step(struct guest *guest, uint32_t bytes)
{
    struct guest_unfinished *print = &guest->state.unfinished;
    struct vcon *vcon = &guest->console.vcon;

    vcon_write(vcon, print_buffer, bytes);
    print->at += bytes;
    print->left -= bytes;
    if (print->left == 0 && print->call == GUEST_PRINT_AT) {
        vcon_set_cursor(vcon, print->row, print->column);
        vcon_set_attribute(vcon, print->attribute);
    }
}

/* The call found all of it readable, and the guest has not run since; but shadows may have gone, and stale entries. */
void call_print_on(struct guest *guest)
{
    struct guest_unfinished *print = &guest->state.unfinished;
    uint32_t bytes = smaller(print->left, step_room(guest));
    gva_t bad;

    if (gmem_read(guest, GVA(print->at), print_buffer, bytes, &bad))
        print_step(guest, bytes);
    else
        crash_buffer(guest, print->call == GUEST_PRINT_AT ? "hv_print_at" : "hv_print", print->left, print->at, bad);
}

void call_print(struct guest *guest, const uint32_t *arguments)
{
    uint32_t length = arguments[0], buffer = arguments[1];
    gva_t bad;

    if (!is_print_length(length)) {
        char shown[SHOWN_BYTES];
        format_string(shown, sizeof(shown), "hv_print(%d, 0x%08x)", (int32_t)length, buffer);
        crash_outside(guest, shown, "length", length, HV_PRINT_MAX_BYTES);
        return;
    }
    if (!gmem_read(guest, GVA(buffer), print_buffer, length, &bad)) {   /* no bytes can be read anywhere */
        crash_buffer(guest, "hv_print", length, buffer, bad);
        return;
    }
    guest->state.unfinished = (struct guest_unfinished){ .at = buffer, .left = length };
    print_step(guest, smaller(length, step_room(guest)));
}

static void crash_print_at(struct guest *guest, const uint32_t *arguments)
{
    uint32_t length = arguments[0], row = arguments[2], column = arguments[3], color = arguments[4];
    char shown[SHOWN_BYTES];

    format_string(shown, sizeof(shown), "hv_print_at(%d, 0x%08x, %d, %d, %d)", (int32_t)length, arguments[1],
                  (int32_t)row, (int32_t)column, (int32_t)color);
    if (!is_print_length(length))
        crash_outside(guest, shown, "length", length, HV_PRINT_MAX_BYTES);
    else if (!is_color(color))
        crash_outside(guest, shown, "colour", color, COLOR_MAX);
    else
        crash_position(guest, shown, row, column);
}

void call_print_at(struct guest *guest, const uint32_t *arguments)
{
    uint32_t length = arguments[0], buffer = arguments[1];
    uint32_t row = arguments[2], column = arguments[3], color = arguments[4];
    struct vcon *vcon = &guest->console.vcon;
    gva_t bad;

    if (!is_print_length(length) || !is_position(row, column) || !is_color(color)) {
        crash_print_at(guest, arguments);
        return;
    }
    if (!gmem_read(guest, GVA(buffer), print_buffer, length, &bad)) {
        crash_buffer(guest, "hv_print_at", length, buffer, bad);
        return;
    }
    uint32_t room = step_room(guest);
    if (length <= room) {
        vcon_write_at(vcon, print_buffer, length, row, column, (uint8_t)color);
        return;
    }
    vcon_settle(vcon);
    guest->state.unfinished = (struct guest_unfinished){ .at = buffer, .left = length, .call = GUEST_PRINT_AT,
                                                         .row = vcon->row, .column = vcon->column,
                                                         .attribute = vcon->attribute };
    vcon_set_cursor(vcon, row, column);
    vcon_set_attribute(vcon, (uint8_t)color);
    print_step(guest, room);
}

void call_cons_set_term_color(struct guest *guest, const uint32_t *arguments)
{
    uint32_t color = arguments[0];

    if (!is_color(color)) {
        char shown[SHOWN_BYTES];
        format_string(shown, sizeof(shown), "hv_cons_set_term_color(%d)", (int32_t)color);
        crash_outside(guest, shown, "colour", color, COLOR_MAX);
        return;
    }
    vcon_set_attribute(&guest->console.vcon, (uint8_t)color);
}

void call_cons_set_cursor_pos(struct guest *guest, const uint32_t *arguments)
{
    uint32_t row = arguments[0], column = arguments[1];

    if (!is_position(row, column)) {
        char shown[SHOWN_BYTES];
        format_string(shown, sizeof(shown), "hv_cons_set_cursor_pos(%d, %d)", (int32_t)row, (int32_t)column);
        crash_position(guest, shown, row, column);
        return;
    }
    vcon_set_cursor(&guest->console.vcon, row, column);
}

/* False: the guest crashed. */
static bool store_word(struct guest *guest, const char *what, uint32_t address, uint32_t value)
{
    if (gmem_write_u32(guest, GVA(address), value))
        return true;
    call_crash(guest, "hv_cons_get_cursor_pos: the %s cannot be written to 0x%08x", what, address);
    return false;
}

void call_cons_get_cursor_pos(struct guest *guest, const uint32_t *arguments)
{
    struct vcon *vcon = &guest->console.vcon;

    vcon_settle(vcon);
    if (store_word(guest, "row", arguments[0], vcon->row))
        (void)store_word(guest, "column", arguments[1], vcon->column);
}
