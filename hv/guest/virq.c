/*
 * virq.c - a guest's virtual interrupts (PURE): one pending tick, a queue of keys, and whose turn it is.
 */
#include "guest/virq.h"

#include "base/check.h"
#include "pebpeb.h"

_Static_assert((VIRQ_KEYS & (VIRQ_KEYS - 1)) == 0, "the key ring is indexed with a mask");

static const uint8_t slots[VIRQ_SOURCES] = {
    [VIRQ_TIMER] = HV_SLOT_TIMER,
    [VIRQ_KEYBOARD] = HV_SLOT_KEYBOARD,
    [VIRQ_CHILD] = HV_SLOT_CHILD,
    [VIRQ_MESSAGE] = HV_SLOT_MESSAGE,
};

void virq_init(struct virq *virq)
{
    *virq = (struct virq){ .enabled = false };
}

void virq_raise_key(struct virq *virq, uint32_t key_word)
{
    if (virq->key_count == VIRQ_KEYS) {
        virq->keys_dropped++;
        return;
    }
    virq->keys[(virq->key_first + virq->key_count) & (VIRQ_KEYS - 1)] = key_word;
    virq->key_count++;
    virq->pending |= VIRQ_MASK(VIRQ_KEYBOARD);
}

/*
 * The first of those that wait, by rank; the timer last if it was the last one delivered. A guest whose tick handler
 * takes longer than a tick always has the next tick pending when it is done: without this no key would ever get
 * through.
 */
static enum virq_source next_source(const struct virq *virq)
{
    uint32_t others = virq->pending & ~(uint32_t)VIRQ_MASK(VIRQ_TIMER);

    return (enum virq_source)__builtin_ctz(virq->timer_yields && others ? others : virq->pending);
}

static uint32_t take_queued_key(struct virq *virq)
{
    uint32_t word = virq->keys[virq->key_first];

    virq->key_first = (uint16_t)((virq->key_first + 1) & (VIRQ_KEYS - 1));
    virq->key_count--;
    return word;
}

uint8_t virq_take(struct virq *virq, uint32_t *error_word)
{
    CHECK(virq_is_pending(virq));
    enum virq_source source = next_source(virq);
    *error_word = source == VIRQ_KEYBOARD ? take_queued_key(virq) : source == VIRQ_MESSAGE ? HV_MESSAGE_MEMORY : 0;
    /* The keyboard's bit stands for the whole queue behind it: it stays until the last key is taken. */
    if (source != VIRQ_KEYBOARD || virq->key_count == 0)
        virq->pending &= (uint16_t)~VIRQ_MASK(source);
    virq->timer_yields = source == VIRQ_TIMER && virq->pending != 0;
    return slots[source];
}
