/*
 * virq.h - a guest's virtual interrupts (PURE): what is pending, what is masked, what comes next.
 *
 * The rules are abi section 3: ticks coalesce to one, keys queue in order (256, then the newest is dropped and
 * counted), timer first, then a key before the next timer, nothing while virtual IF is off.
 */
#ifndef IRQ_VIRQ_H
#define IRQ_VIRQ_H

#include <stdbool.h>
#include <stdint.h>

#define VIRQ_KEYS 256

struct virq {
    bool enabled;               /* virtual IF */
    bool key_is_next;           /* a timer was delivered last while keys waited */
    bool tick_pending;
    bool unused;                /* false: lean.S tests tick_pending, this and key_count as one word */
    uint16_t key_count, key_first;
    uint32_t keys[VIRQ_KEYS];
    uint64_t ticks_coalesced, keys_dropped;
};

void virq_init(struct virq *virq);
static inline void virq_raise_tick(struct virq *virq)
{
    virq->ticks_coalesced += virq->tick_pending;
    virq->tick_pending = true;
}
void virq_raise_key(struct virq *virq, uint32_t key_word);
/* Something could be delivered if virtual IF were on. */
bool virq_is_pending(const struct virq *virq);
/* Something is to be delivered now. */
static inline bool virq_is_deliverable(const struct virq *virq)
{
    return virq->enabled && (virq->tick_pending || virq->key_count != 0);
}
/* Take the next one: its slot (HV_SLOT_TIMER or HV_SLOT_KEYBOARD) and the error word. Only when virq_is_pending. */
uint8_t virq_take(struct virq *virq, uint32_t *error_word);

#endif
