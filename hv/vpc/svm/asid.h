/*
 * asid.h - which tag a guest's translations have in the TLB (PURE).
 *
 * A guest that changed a nested translation takes a new tag, and finds nothing under it. When all are used up a new
 * generation begins: everything is flushed once, and every guest takes another tag before it runs again. So no
 * processor needs to flush a single tag, which not all can. Tag 0 is the host's.
 */
#ifndef VPC_SVM_ASID_H
#define VPC_SVM_ASID_H

#include <stdbool.h>
#include <stdint.h>

/* Of a processor. */
struct asid_pool {
    uint32_t count;             /* tags are below it: 2 at least */
    uint32_t next;
    uint64_t generation;        /* 0: none yet */
};

/* Of a guest; all zero: it has none. */
struct asid {
    uint32_t number;
    uint64_t generation;
};

/* Before a guest runs. True: this entry must flush the translations of all tags. */
bool asid_take(struct asid_pool *pool, struct asid *asid);

/* What is cached under its tag is not to be used any more. */
void asid_leave(struct asid *asid);

#endif
