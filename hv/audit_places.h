/*
 * audit_places.h - in a build with -Daudit=true, at the end of each look: does every guest wait where it belongs?
 */
#ifndef AUDIT_PLACES_H
#define AUDIT_PLACES_H

struct sched;

/* Panics when not. Bound: all guests. */
#ifdef COBBLE_AUDIT
void audit_places(const struct sched *sched);
#else
static inline void audit_places(const struct sched *sched)
{
    (void)sched;
}
#endif

#endif
