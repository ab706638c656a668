/*
 * virq.h - a guest's virtual interrupts (PURE): a mask of what is pending, what is masked, what comes next.
 *
 * Each source is a bit of the mask and has a vIDT slot. The timer is the first, and coalesces: a tick that is raised
 * while one is pending is only counted. Keys queue in order behind their bit (256, then the newest is dropped and
 * counted). After a tick, whatever else waits comes before the next: docs/abi.md, "Events".
 */
#ifndef GUEST_VIRQ_H
#define GUEST_VIRQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIRQ_KEYS 256

/* Bits of virq.pending, by rank. A new source (a disk) is one more here and in virq.c. */
enum virq_source {
    VIRQ_TIMER,
    VIRQ_KEYBOARD,
    VIRQ_CHILD,
    VIRQ_MESSAGE,
    VIRQ_SOURCES,
};

#define VIRQ_MASK(source) ((uint16_t)(1u << (source)))

struct virq {
    bool enabled;               /* virtual IF */
    bool timer_yields;          /* a tick was delivered last while others waited */
    uint16_t pending;           /* VIRQ_MASK of each source; the lean paths test it as a word */
    uint16_t key_count, key_first;      /* VIRQ_KEYBOARD is pending as long as key_count is not 0 */
    uint32_t keys[VIRQ_KEYS];
    uint64_t ticks_coalesced, keys_dropped;
};

void virq_init(struct virq *virq);

static inline bool virq_has(const struct virq *virq, enum virq_source source)
{
    return (virq->pending & VIRQ_MASK(source)) != 0;
}

static inline void virq_raise_tick(struct virq *virq)
{
    virq->ticks_coalesced += virq_has(virq, VIRQ_TIMER);
    virq->pending |= VIRQ_MASK(VIRQ_TIMER);
}

void virq_raise_key(struct virq *virq, uint32_t key_word);

/* Something happened to a child, or to the view: which, the guest asks. Coalesces. */
static inline void virq_raise_child(struct virq *virq)
{
    virq->pending |= VIRQ_MASK(VIRQ_CHILD);
}

/* The machine is short of memory. Coalesces. */
static inline void virq_raise_message(struct virq *virq)
{
    virq->pending |= VIRQ_MASK(VIRQ_MESSAGE);
}

/* Something could be delivered if virtual IF were on. */
static inline bool virq_is_pending(const struct virq *virq)
{
    return virq->pending != 0;
}

/* Something is to be delivered now. */
static inline bool virq_is_deliverable(const struct virq *virq)
{
    return virq->enabled && virq->pending != 0;
}

/* The same, and it is a tick, and nothing else waits. The three fields that say so are read as one. */
static inline bool virq_has_tick_only(const struct virq *virq)
{
    uint32_t word;

    _Static_assert(offsetof(struct virq, enabled) == 0 && offsetof(struct virq, pending) == 2, "little-endian");
    __builtin_memcpy(&word, virq, sizeof(word));
    return word == (1u | (uint32_t)VIRQ_MASK(VIRQ_TIMER) << 16);
}

/* Take the next one: its vIDT slot, and the error word of its frame. Only when virq_is_pending. */
uint8_t virq_take(struct virq *virq, uint32_t *error_word);

#endif
