/*
 * next_step.h - a guest does something by several accesses: is it still at it? (PURE, inline)
 */
#ifndef VPC_NEXT_STEP_H
#define VPC_NEXT_STEP_H

#include <stdbool.h>
#include <stdint.h>

/* Of instructions done so far: the processor halts, so that what it has begun is all there is. */
#define NEXT_STEP_IDLE UINT64_MAX

#define NEXT_STEP_PAUSE 20000u          /* instructions in which it does other things */

struct next_step {
    bool is_awaited;                    /* a look has met it as it is now, */
    uint64_t since;                     /* when so many instructions were done */
};

/* At a look: it does not go on with what it has begun. */
static inline bool next_step_is_overdue(struct next_step *step, uint64_t instructions)
{
    if (!step->is_awaited)
        step->since = instructions;
    step->is_awaited = true;
    return instructions == NEXT_STEP_IDLE || instructions - step->since > NEXT_STEP_PAUSE;
}

#endif
