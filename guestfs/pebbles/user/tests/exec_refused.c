/*
 * exec_refused.c - proves: files that cannot be programs here are refused, and the caller goes on: a position-
 * independent one, and those with data or zeroes below user memory.
 *
 * They are gnu_ld.c, linked so (meson.build). The kernel says why on the console; tests/system reads it.
 */
#include "check.h"

static const char *const names[] = { "refused_pie", "refused_data_low", "refused_zeroes_low" };

int main(void)
{
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        CHECK_EQUAL(exec(names[i], (const char *const[]){ names[i], NULL }), PEBBLES_ERROR_FORMAT);
    return check_result();
}
