/*
 * test_virq.c - pending virtual interrupts: a long random walk against a model that keeps every event in a plain list.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host_panic.h"
#include "guest/virq.h"
#include "pebpeb.h"
#include "random.h"

#define WALK_STEPS 2000000u

/* The contract, told slowly: no ring, no index arithmetic. */
struct model {
    unsigned ticks_waiting;         /* every tick since the last delivered one */
    uint32_t keys[VIRQ_KEYS];       /* oldest first, moved down by one for each delivery */
    unsigned key_count;
    bool child_waiting;
    bool timer_was_last_with_others;
    uint64_t coalesced, dropped;
};

static void model_tick(struct model *model)
{
    model->coalesced += model->ticks_waiting > 0;
    model->ticks_waiting++;
}

static void model_key(struct model *model, uint32_t word)
{
    if (model->key_count < VIRQ_KEYS)
        model->keys[model->key_count++] = word;
    else
        model->dropped++;
}

static uint8_t model_take(struct model *model, uint32_t *word)
{
    bool others = model->key_count > 0 || model->child_waiting;

    if (model->ticks_waiting > 0 && !(others && model->timer_was_last_with_others)) {
        model->ticks_waiting = 0;
        model->timer_was_last_with_others = others;
        *word = 0;
        return HV_SLOT_TIMER;
    }
    model->timer_was_last_with_others = false;
    if (model->key_count == 0) {
        model->child_waiting = false;
        *word = 0;
        return HV_SLOT_CHILD;
    }
    *word = model->keys[0];
    memmove(model->keys, model->keys + 1, sizeof(model->keys) - sizeof(model->keys[0]));
    model->key_count--;
    return HV_SLOT_KEYBOARD;
}

static void compare(const struct virq *virq, const struct model *model)
{
    bool is_pending = model->ticks_waiting > 0 || model->key_count > 0 || model->child_waiting;

    assert_int_equal(virq_is_pending(virq), is_pending);
    assert_int_equal(virq_is_deliverable(virq), is_pending && virq->enabled);
    assert_int_equal(virq->key_count, model->key_count);
    assert_int_equal(virq->ticks_coalesced, model->coalesced);
    assert_int_equal(virq->keys_dropped, model->dropped);
}

static void take_both(struct virq *virq, struct model *model)
{
    uint32_t word = 0xAAAAAAAA, expected_word;
    uint8_t expected = model_take(model, &expected_word);

    assert_int_equal(virq_take(virq, &word), expected);
    assert_int_equal(word, expected_word);
}

/* Phases of many keys, of many ticks, and of many deliveries, so that full, empty and wrapping are all visited. */
static void test_random_walk(void **state)
{
    static struct virq virq;
    static struct model model;
    unsigned full_count = 0, empty_count = 0;

    (void)state;
    virq_init(&virq);
    for (unsigned step = 0; step < WALK_STEPS; step++) {
        unsigned choice = random_u32() % 17;
        unsigned key_share = 2 + 4 * (step / 3000 % 4);     /* of 17 */
        if (choice < key_share) {
            uint32_t word = random_u32();
            virq_raise_key(&virq, word);
            model_key(&model, word);
        } else if (choice < key_share + 1) {
            virq_raise_tick(&virq);
            model_tick(&model);
        } else if (choice == 16) {
            virq_raise_child(&virq);
            model.child_waiting = true;
        } else if (random_u32() % 8 == 0) {
            virq.enabled = !virq.enabled;
        } else if (virq_is_pending(&virq)) {
            take_both(&virq, &model);
        }
        compare(&virq, &model);
        full_count += model.key_count == VIRQ_KEYS;
        empty_count += !virq_is_pending(&virq);
    }
    assert_true(full_count > 1000 && empty_count > 1000);
}

static void expect_take(struct virq *virq, uint8_t slot, uint32_t word)
{
    uint32_t got = 0xAAAAAAAA;

    assert_int_equal(virq_take(virq, &got), slot);
    assert_int_equal(got, word);
}

/* "The timer first, then a key before the next timer", with a handler slower than the tick. */
static void test_timer_and_keys_alternate(void **state)
{
    struct virq virq;

    (void)state;
    virq_init(&virq);
    for (uint32_t i = 0; i < 3; i++)
        virq_raise_key(&virq, 100 + i);
    for (uint32_t i = 0; i < 3; i++) {
        virq_raise_tick(&virq);
        expect_take(&virq, HV_SLOT_TIMER, 0);
        virq_raise_tick(&virq);
        expect_take(&virq, HV_SLOT_KEYBOARD, 100 + i);
    }
    expect_take(&virq, HV_SLOT_TIMER, 0);
    assert_false(virq_is_pending(&virq));
}

/* A timer taken while no key waited gives keys no claim: the next tick goes first again. */
static void test_timer_without_keys_owes_nothing(void **state)
{
    struct virq virq;

    (void)state;
    virq_init(&virq);
    virq_raise_tick(&virq);
    expect_take(&virq, HV_SLOT_TIMER, 0);
    virq_raise_key(&virq, 7);
    virq_raise_tick(&virq);
    expect_take(&virq, HV_SLOT_TIMER, 0);
    expect_take(&virq, HV_SLOT_KEYBOARD, 7);
}

static void test_burst_of_300_keys(void **state)
{
    struct virq virq;

    (void)state;
    virq_init(&virq);
    for (uint32_t i = 0; i < 300; i++)
        virq_raise_key(&virq, i);
    assert_int_equal(virq.keys_dropped, 300 - VIRQ_KEYS);
    for (uint32_t i = 0; i < VIRQ_KEYS; i++)
        expect_take(&virq, HV_SLOT_KEYBOARD, i);
    assert_false(virq_is_pending(&virq));
}

static void test_starts_masked_and_empty(void **state)
{
    struct virq virq;
    uint32_t word;

    (void)state;
    memset(&virq, 0xFF, sizeof(virq));
    virq_init(&virq);
    assert_false(virq.enabled);
    assert_false(virq_is_pending(&virq));
    expect_panic(virq_take(&virq, &word));
    virq_raise_tick(&virq);
    assert_false(virq_is_deliverable(&virq));
    virq.enabled = true;
    assert_true(virq_is_deliverable(&virq));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_walk),
        cmocka_unit_test(test_timer_and_keys_alternate),
        cmocka_unit_test(test_timer_without_keys_owes_nothing),
        cmocka_unit_test(test_burst_of_300_keys),
        cmocka_unit_test(test_starts_masked_and_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
