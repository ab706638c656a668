/*
 * asid.c - see asid.h (PURE).
 */
#include "vpc/svm/asid.h"

bool asid_take(struct asid_pool *pool, struct asid *asid)
{
    bool must_flush = false;

    if (asid->generation == pool->generation && asid->generation != 0)
        return false;
    if (pool->generation == 0 || pool->next == pool->count) {
        pool->generation++;
        pool->next = 1;
        must_flush = true;
    }
    *asid = (struct asid){ .number = pool->next++, .generation = pool->generation };
    return must_flush;
}

void asid_leave(struct asid *asid)
{
    asid->generation = 0;
}
