/*
 * run.h - the loop that everything else is called from: schedule, enter, why did it come back.
 */
#ifndef RUN_H
#define RUN_H

#include <stdbool.h>

struct processor;

/*
 * Runs guests, consoles and monitor on this processor until the machine is switched off. Interrupts are off except
 * inside guests and HLT. poll_input: keyboard or serial line cannot interrupt, so they are looked at every 10 ms even
 * when all is idle.
 */
_Noreturn void run_forever(struct processor *processor, bool poll_input);

#endif
