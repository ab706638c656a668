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
    uint32_t leaves;            /* how far gspace_drop_leaves came .. */
    uint64_t faults;            /* .. since it had so many hidden faults */
};

/* It does not run until hold_end, nor end: requests to end it wait behind the one that holds it. */
void hold_begin(struct hold *hold, struct guest *guest);

/*
 * Let its leaves go, in steps of gspace_drop_leaves. True: there are none, until others run again. So ask each time:
 * a report on it, which reads by leaves, may be made between two pieces of work, and then they go once more.
 */
bool hold_drop_leaves(struct hold *hold, uint32_t *steps);

/* It goes on, if one was held; what it could write before it may not write unseen now. */
void hold_end(struct hold *hold);

#endif
