/*
 * welcome.h - what somebody sees first who has started a PC with Cobble.
 */
#ifndef MONITOR_WELCOME_H
#define MONITOR_WELCOME_H

/* On console 0: what this is, what to type, and by which keyboard and serial line, or why there is none. */
void welcome_show(void);

#endif
