/*
 * fake_clone.c - for request.c, where no test clones a guest: clones are made in QEMU (tests/system/clone_tests.py).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guest/clone.h"

bool clone_step(struct guest *source, struct clone *clone, uint32_t *steps)
{
    (void)source, (void)clone, (void)steps;
    fail();
    return true;
}

struct guest *clone_find_snapshot(const char *name)
{
    (void)name;
    return NULL;
}
