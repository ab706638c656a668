/*
 * run.h - the loop that everything else is called from: schedule, enter, why did it come back.
 */
#ifndef RUN_H
#define RUN_H

/* Runs guests, consoles and monitor until the machine is switched off. Interrupts are off except inside guests and HLT. */
_Noreturn void run_forever(void);

#endif
