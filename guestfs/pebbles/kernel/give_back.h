/*
 * give_back.h - memory that nobody here needs is the machine's: guests that this one starts live from it, too.
 */
#ifndef PEBBLES_GIVE_BACK_H
#define PEBBLES_GIVE_BACK_H

/* A tick found nobody who wants to run: now and then, what lies about in long runs of frames goes back. */
void give_back_idle(void);

/* The machine is short of memory: all that is free goes back. */
void give_back_all(void);

#endif
