/*
 * service.h - all that is not a guest's turn: input, consoles, the monitor, requests, who waits for the serial line.
 */
#ifndef SERVICE_H
#define SERVICE_H

#include <stdbool.h>
#include <stdint.h>

struct sched;

/* When the next look is due. The run loop sets must_look, and reads the rest. */
struct service {
    bool must_look;             /* a device has input, or service_ask */
    uint64_t look_ns;           /* when to look around at the latest */
    uint64_t asked_ns;          /* the same, by those who asked for it: not for fear of a lost edge */
    uint64_t soon_ns;           /* not before this, where guests want the processor: looks cost them time */
};
extern struct service service;

/* poll: keyboard or serial line cannot interrupt, so they are looked at every 10 ms even when all is idle. */
void service_init(bool poll);

static inline bool service_is_due(uint64_t now_ns)
{
    return service.must_look || now_ns >= service.look_ns;
}

static inline uint64_t earlier(uint64_t a_ns, uint64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

/* A guest ended, printed, or waits for the serial line. others: there are guests that want the processor. */
static inline void service_ask(bool others)
{
    if (others)
        service.look_ns = service.asked_ns = earlier(service.asked_ns, service.soon_ns);
    else
        service.must_look = true;
}

/*
 * Pull input, let the monitor do what is due, carry out requests, draw what changed; then say when to look again. In no
 * guest's turn: guests may be made, ended and let go here.
 */
void service_look(struct sched *sched, uint64_t now_ns);

#endif
