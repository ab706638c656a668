/*
 * stirred.h - the guests that the next look has to see to (PURE): something happened to them from outside, they
 * printed, or they wait for what only a look brings. Who sleeps or computes is not among them, so that a look costs
 * nothing for it, however many there are.
 */
#ifndef GUEST_STIRRED_H
#define GUEST_STIRRED_H

#include <stdbool.h>

struct guest;

/* Of each guest, kept here; all zero: it is not stirred. */
struct guest_stirring {
    struct guest *next;
    struct guest **link;        /* what points to it */
    bool was_seen;              /* a whole look came by since it was stirred last */
};

/*
 * Whoever changes what the scheduler knows a guest by (made, ended, paused, given an interrupt or a bill), other than
 * in the guest's own turn, says so by this, or it stays where it was.
 */
void guest_stir(struct guest *guest);

/* Nobody needs to see to it. Any number of times, also of one that never was stirred. */
void guest_calm(struct guest *guest);

/*
 * The same at the end of a look, if it was stirred before that look began: what happened in the look itself, not all of
 * its services have seen.
 */
void guest_calm_if_seen(struct guest *guest);

/* In the order in which they were stirred; NULL at the end. Whoever calms one asks for the next before. */
struct guest *guest_first_stirred(void);
struct guest *guest_next_stirred(const struct guest *guest);

#endif
