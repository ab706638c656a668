/*
 * paper_processor.h - a processor on paper that runs guests as run.c does: pick, a turn of one slice, book-keeping.
 * Only time is made up.
 */
#ifndef PAPER_PROCESSOR_H
#define PAPER_PROCESSOR_H

#include "guest/clock.h"
#include "guest/guest.h"
#include "guest/sched.h"

#define GUESTS 32
#define MS 1000000ull
#define TICK_NS (10 * MS)

extern struct guest guests[GUESTS];
extern struct guest *first;
extern struct sched sched;      /* goes on from test to test, as its clock does */
extern uint64_t now_ns;         /* likewise */

/* So many that are ready, made just at a tick of the machine; those before them are gone. */
void make_guests(unsigned count);
void forget_guests(void);
void update_clocks(void);

/* One turn, ended early after most_ns; whose, or NULL. */
struct guest *take_turn(uint64_t most_ns);

#endif
