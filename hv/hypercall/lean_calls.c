/*
 * lean_calls.c - the calls that guest/lean.S may answer without a saved frame: the good case only, and short.
 *
 * Each does what the call of the same name does with good arguments, or nothing at all and returns false: then that
 * call runs after all, and has the words for what is wrong.
 */
#include "base/codegen.h"
#include "guest/gmem.h"
#include "guest/guest.h"
#include "guest/lean.h"
#include "hypercall/arguments.h"
#include "hypercall/calls.h"

typedef bool lean_function(struct guest *guest, uint32_t first, uint32_t second);

/*
 * The bytes only. They become cells when the turn ends, or before another call that must know where the cursor is: not
 * by the lean ones, as rows that are left may fill the row log, and only the slow path then ends the turn.
 */
static bool lean_print(struct guest *guest, uint32_t length, uint32_t buffer)
{
    uint8_t *room = vcon_room(&guest->console.vcon, length);

    if (room == NULL || !gmem_copy(&guest->space, GVA(buffer), room, length))
        return false;
    vcon_defer(&guest->console.vcon, length);
    return true;
}

static bool lean_set_term_color(struct guest *guest, uint32_t color, uint32_t unused)
{
    (void)unused;
    if (!is_color(color) || !vcon_is_settled(&guest->console.vcon))
        return false;
    guest->console.vcon.attribute = (uint8_t)color;
    return true;
}

static bool lean_set_cursor_pos(struct guest *guest, uint32_t row, uint32_t column)
{
    if (!is_position(row, column) || !vcon_is_settled(&guest->console.vcon)) {
        bool is_done = false;
        WORK_OUT_HERE(is_done);     /* the 0 is made here, and not before the tests for both ways */
        return is_done;
    }
    vcon_place_cursor(&guest->console.vcon, row, column);
    return true;
}

static bool lean_setpd(struct guest *guest, uint32_t directory, uint32_t wp)
{
    return is_directory(guest, directory) && gspace_setpd(&guest->space, GPA(directory), wp);
}

static bool lean_adjustpg(struct guest *guest, uint32_t address, uint32_t unused)
{
    (void)unused;
    return gspace_adjustpg(&guest->space, GVA(address));
}

/* lean.S has doors to these only. */
extern lean_function *const lean_calls[LEAN_CALLS];
lean_function *const lean_calls[LEAN_CALLS] = {
    [HV_CALL_SETPD] = lean_setpd,
    [HV_CALL_ADJUSTPG] = lean_adjustpg,
    [HV_CALL_PRINT] = lean_print,
    [HV_CALL_CONS_SET_TERM_COLOR] = lean_set_term_color,
    [HV_CALL_CONS_SET_CURSOR_POS] = lean_set_cursor_pos,
};
