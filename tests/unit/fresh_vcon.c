/*
 * fresh_vcon.c - see fresh_vcon.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fresh_vcon.h"

bool defer(struct vcon *vcon, const uint8_t *bytes, unsigned length)
{
    uint8_t *room = vcon_room(vcon, length);
    if (!room)
        return false;
    memcpy(room, bytes, length);
    vcon_defer(vcon, length);
    return true;
}

void print(struct vcon *vcon, const char *text)
{
    vcon_write(vcon, (const uint8_t *)text, strlen(text));
}

void expect_row(struct vcon *vcon, const char *expected)
{
    const uint8_t *text;
    int length = rowlog_take(vcon->log, &text);
    if (!expected) {
        assert_int_equal(length, -1);
        return;
    }
    assert_int_equal(length, (int)strlen(expected));
    assert_memory_equal(text, expected, (size_t)length);
}

struct vcon *fresh(void)
{
    static struct vcon vcon;
    static struct rowlog log;
    vcon_init(&vcon);
    memset(&log, 0, sizeof(log));
    vcon.log = &log;
    return &vcon;
}
