/*
 * debug_stop.h - a guest under a debugger stops instead of going on: at a breakpoint, after one instruction, before it
 * crashes. Who talks to the debugger is monitor/debugger.c.
 *
 * A breakpoint is a CLI in the place of the guest's instruction: a #GP in both of its modes, which comes to C anyway,
 * so that no path that runs without a debugger looks for one. A guest that reads its own code sees it. Memory is
 * watched by a look after each instruction: that finds what hypercalls write, too, and needs no register.
 */
#ifndef GUEST_DEBUG_STOP_H
#define GUEST_DEBUG_STOP_H

#include <stdbool.h>
#include <stdint.h>

#define DEBUG_BREAKPOINTS_MAX 64
#define DEBUG_WATCHES_MAX 8
#define DEBUG_WATCH_BYTES 8

struct guest;

enum debug_why {
    DEBUG_RUNS,
    DEBUG_BEGINS,           /* before its first instruction */
    DEBUG_ASKED,            /* debug_stop_ask */
    DEBUG_STEPPED,
    DEBUG_BREAKPOINT,       /* EIP is its address */
    DEBUG_WATCHED,          /* what is watched at debug_stop.changed is not what it was */
    DEBUG_ACCESSED,         /* what debug_access.h watches at debug_stop.changed was read or written */
    DEBUG_CRASHES,          /* life.reason says why; it ends when it is let go */
};

struct guest_debugger {
    struct guest *guest;    /* NULL: none is under it */
    enum debug_why why;
    bool steps;             /* EFLAGS.TF is the debugger's: the next #DB stops */
    bool may_crash;
    char reason[200];       /* why it does */
    unsigned count;
    struct {
        uint32_t at;
        uint8_t was;        /* the byte that its instruction begins with */
    } breakpoints[DEBUG_BREAKPOINTS_MAX];
    unsigned watch_count;
    struct debug_watch {
        uint32_t at, bytes;
        uint8_t was[DEBUG_WATCH_BYTES];
    } watches[DEBUG_WATCHES_MAX];
    uint32_t changed;
};

extern struct guest_debugger debug_stop;

/* The next guest of this name (case does not matter) stops before its first instruction. Empty: none does. */
void debug_stop_want(const char *name);

/* For guest.c: a guest is new, and may have to stop; it is about to crash (true: it stops); its struct goes. */
void debug_stop_new(struct guest *guest);
bool debug_stop_crash(struct guest *guest);
void debug_stop_forget(const struct guest *guest);
/* For trap.c: the guest under the debugger trapped by #DB or #GP. True: for the debugger; if it is paused, it stops. */
bool debug_stop_trap(struct guest *guest);

/*
 * For watched_from_guest while debug_access.h watches, before a trap is answered and behind it. True: it needs no
 * answer, as no more than another guest's hit; the answer read or wrote what is watched, and the guest that is under
 * the debugger stops.
 */
bool debug_stop_before(const struct guest *guest);
bool debug_stop_after(const struct guest *guest);

/* Stop it where it is, between turns. */
void debug_stop_ask(void);
/*
 * Let it go on: one instruction, or until something stops it. One that was about to crash must do so now: then this is
 * the reason for guest_crash, else NULL.
 */
const char *debug_stop_go(bool one_instruction);
/* Take its breakpoints out and let it go on, without a debugger once it is forgotten. Returns the same. */
const char *debug_stop_leave(void);

/* Set or remove. False: nothing is mapped there, memory is out, or there are too many; for remove: it was not set. */
bool debug_stop_set(uint32_t address);
bool debug_stop_remove(uint32_t address);

/*
 * A guest's RAM and state were copied; of its breakpoints and steps the copy knows nothing, for no debugger is there to
 * take them. Before the copy has leaves. False: memory is out. Bound: DEBUG_BREAKPOINTS_MAX pages.
 */
bool debug_stop_copy(const struct guest *source, struct guest *copy);

/* Watch 1 to DEBUG_WATCH_BYTES bytes, or no more. False as above. */
bool debug_stop_watch(uint32_t address, uint32_t bytes);
bool debug_stop_unwatch(uint32_t address, uint32_t bytes);

/*
 * Memory as the guest kernel sees it, whatever its rights; breakpoints show what they replaced, and a write changes
 * that. Returns how many bytes were there. For a guest that is not ended.
 */
uint32_t debug_stop_read(uint32_t address, uint8_t *to, uint32_t bytes);
uint32_t debug_stop_write(uint32_t address, const uint8_t *from, uint32_t bytes);

#endif
