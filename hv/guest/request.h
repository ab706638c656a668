/*
 * request.h - what is asked of the machine about its guests: start one, type to it, show it, end it, let it go.
 *
 * Nobody makes or frees a guest in the middle of another's call: who wants that posts a request, and the service loop
 * carries out all that wait, in the order in which they came, between two turns. This is the one door for the
 * operator, the plan of autoruns, and whoever gets such rights later.
 *
 * A request is memory of whoever asks, and stays so until it has been answered: posting cannot fail.
 */
#ifndef GUEST_REQUEST_H
#define GUEST_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

struct clone;
struct console;
struct guest;
struct guest_equipment;
struct guest_kind;

enum request_kind { REQUEST_START, REQUEST_END, REQUEST_RELEASE, REQUEST_TYPE, REQUEST_VIEW, REQUEST_CLONE };

/* What REQUEST_START wants, and why it was refused. */
struct request_start {
    uint32_t id;                        /* from guest_new_id; 0: the next */
    const char *name;                   /* 1-63 of A-Za-z0-9._- */
    const void *image;
    uint64_t image_bytes;
    uint32_t memory_bytes;              /* a multiple of 4096 */
    bool debug_print;                   /* of PebPeb: the simulator's is answered, debug_print.h */
    const struct guest_kind *kind;      /* NULL: PebPeb */
    const struct guest_equipment *equipment;    /* of a machine; else NULL */
    char *reason;                       /* GUEST_REASON_BYTES for the answer, when guest is NULL: one line */
    struct guest *payer;                /* whose processor time it costs; NULL: nobody's */
    bool is_withdrawn;                  /* it is answered, and nothing is started */
    bool image_goes;                    /* with the answer: what is wanted of the image is taken before */
};

struct request {
    enum request_kind kind;
    bool is_queued;                     /* waits; nothing else of it may be changed */
    struct guest *guest;                /* END, RELEASE, TYPE, CLONE: whom. START: the answer; NULL: refused */
    struct request_start *start;        /* START */
    bool is_timeout;                    /* END: its time is up; else it is killed */
    const uint32_t *words;              /* TYPE: key words, as many as count says */
    unsigned count;
    struct console *console;            /* VIEW */
    struct clone *clone;                /* CLONE: how, and the answer */
    /* Called when it is done and before any guest runs again; may post. NULL: nobody waits for it. */
    void (*answer)(struct request *request, uint64_t now_ns);
    struct request *next;
};

/* Ask. One that waits already is left as it is. */
void request_post(struct request *request);

/* What each guest has, so that to end it and to let it go can be asked at any time. */
struct guest_requests {
    struct request end, release;
};

/* End a guest: again and again is once, and the first end wins. */
void request_end(struct guest *guest, bool is_timeout);

/* Let a guest go that has ended, or is asked to end. The caller knows it no more. */
void request_release(struct guest *guest);

/*
 * Give a guest key words, as a keyboard would, in their order; what it has no room for is lost. The request and its
 * words are the caller's, and must not wait already. A guest that is to go gets nothing.
 */
void request_type(struct request *request, struct guest *guest, const uint32_t *words, unsigned count);

/*
 * Clone a guest: clone.h. What waits behind it waits until it is done, so that its source stays. False, and nothing is
 * asked: the guest is to go.
 */
bool request_clone(struct request *request, struct guest *source, struct clone *clone);

/* Show a console. The last that was asked for wins. */
void request_view(struct console *console);

/*
 * Carry out what waits, also what is posted meanwhile, but no more than so many, and no more of starts and ends than so
 * many steps of launch.h: one that is not done waits on as the first, as does one for which there should be more memory
 * (balloon.h). Whose time is up takes all that is left, for the report. True when something was done or is left:
 * whoever asked may want to look at what came of it.
 */
bool request_serve(unsigned requests_max, uint32_t start_steps, uint64_t now_ns);

/* Does anything wait? */
bool request_waits(void);

#endif
