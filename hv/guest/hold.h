/*
 * hold.h - a guest stands still, and none of its leaves is left, while other guests get its frames.
 */
#ifndef GUEST_HOLD_H
#define GUEST_HOLD_H

#include <stdbool.h>
#include <stdint.h>

struct guest;

/* Zero: nobody is held. One guest is held once at a time: requests, which hold, are carried out one by one. */
struct hold {
    struct guest *guest;
    uint32_t leaves;            /* how far gspace_drop_leaves came */
};

/* It does not run until hold_end, nor end: requests to end it wait behind the one that holds it. */
void hold_begin(struct hold *hold, struct guest *guest);

/*
 * Let its leaves go, in steps of gspace_drop_leaves. True: there are none, and none comes before hold_end: it has no
 * turn, and whoever reports on it meanwhile reads without (gmem_peek.c).
 */
bool hold_drop_leaves(struct hold *hold, uint32_t *steps);

/* It goes on, if one was held; what it could write before it may not write unseen now. */
void hold_end(struct hold *hold);

#endif
