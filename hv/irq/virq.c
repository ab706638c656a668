/*
 * virq.c - a guest's virtual interrupts (PURE): one pending tick, a queue of keys, and whose turn it is.
 */
#include "irq/virq.h"

#include "base/check.h"
#include "pebpeb.h"

_Static_assert((VIRQ_KEYS & (VIRQ_KEYS - 1)) == 0, "the key ring is indexed with a mask");

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
}

bool virq_is_pending(const struct virq *virq)
{
    return virq->tick_pending || virq->key_count != 0;
}

uint8_t virq_take(struct virq *virq, uint32_t *error_word)
{
    CHECK(virq_is_pending(virq));
    /* A guest whose timer handler takes longer than a tick must still get its keys: they alternate. */
    if (virq->tick_pending && !virq->key_is_next) {
        virq->tick_pending = false;
        virq->key_is_next = virq->key_count != 0;
        *error_word = 0;
        return HV_SLOT_TIMER;
    }
    *error_word = virq->keys[virq->key_first];
    virq->key_first = (uint16_t)((virq->key_first + 1) & (VIRQ_KEYS - 1));
    virq->key_count--;
    virq->key_is_next = false;
    return HV_SLOT_KEYBOARD;
}
