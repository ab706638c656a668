/*
 * test_pebbles_frames.c - the frame counts of Pebbles: a random walk of takes, shares, drops and promises against a
 * model that only knows sets. Also: what would corrupt the counts panics.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host_panic.h"
#include "pebbles/kernel/frames.h"
#include "random.h"

#define FRAMES 64u
#define RESERVED 7u             /* the first few are never added */
#define WALK_STEPS 500000u

static struct frame table[FRAMES];
static uint32_t owners[FRAMES], promised;       /* the model */
static uint32_t given;
static bool used[FRAMES];       /* somebody had it since it was added or given back */

static int setup(void **state)
{
    (void)state;
    frames_init(table, FRAMES);
    promised = 0;
    for (uint32_t i = 0; i < FRAMES; i++) {
        owners[i] = 0;
        used[i] = false;
    }
    for (uint32_t i = RESERVED; i < FRAMES; i++)
        frames_add(i);
    return 0;
}

static uint32_t model_free(void)
{
    uint32_t count = 0;

    for (uint32_t i = RESERVED; i < FRAMES; i++)
        count += owners[i] == 0;
    return count;
}

static void check_new(uint32_t frame)
{
    used[frame] = true;
    assert_in_range(frame, RESERVED, FRAMES - 1);
    assert_int_equal(owners[frame], 0);
    owners[frame] = 1;
}

static void step_take(void)
{
    uint32_t frame = frames_take();

    if (model_free() > promised)
        check_new(frame);
    else
        assert_int_equal(frame, FRAME_NONE);
}

static void step_promise(void)
{
    uint32_t count = random_below(10);
    int possible = model_free() - promised >= count;

    assert_int_equal(frames_promise(count), possible);
    promised += possible ? count : 0;
}

static void step_keep(void)
{
    if (promised == 0)
        return;
    promised--;
    if (random_below(2) == 0)
        check_new(frames_take_promised());
    else
        frames_unpromise(1);
}

static void step_owner(void)
{
    uint32_t frame = RESERVED + random_below(FRAMES - RESERVED);

    if (owners[frame] == 0)
        return;
    assert_int_equal(frames_references(frame), owners[frame]);
    if (random_below(3) == 0) {
        frames_share(frame);
        owners[frame]++;
    } else {
        owners[frame]--;
        assert_int_equal(frames_drop(frame), owners[frame]);
    }
}

static bool can_give(uint32_t frame)
{
    return frame < FRAMES && owners[frame] == 0 && used[frame];
}

/* Runs from anywhere on, each as long as it can be, and none twice. */
static void step_give(void)
{
    uint32_t first = random_below(FRAMES), least = 1 + random_below(4), count;

    while ((count = frames_give(&first, least)) != 0) {
        given += count;
        assert_true(count >= least && !can_give(first + count));
        for (; count > 0; count--, first++) {
            assert_true(can_give(first));
            used[first] = false;
        }
    }
    for (; least == 1 && first < FRAMES; first++)
        assert_false(can_give(first));
}

static uint32_t model_used_free(void)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < FRAMES; i++)
        count += can_give(i);
    return count;
}

static void test_walk(void **state)
{
    static void (*const steps[])(void) = { step_take, step_take, step_promise, step_keep, step_owner, step_owner,
                                           step_give };
    uint32_t exhausted = 0;

    (void)state;
    for (uint32_t i = 0; i < WALK_STEPS; i++) {
        steps[random_below(7)]();
        assert_int_equal(frames_free(), model_free());
        assert_int_equal(frames_promised(), promised);
        assert_int_equal(frames_used_free(), model_used_free());
        assert_true(frames_free() >= promised);
        exhausted += frames_free() == promised;
    }
    assert_true(given > WALK_STEPS / 200);
    assert_true(exhausted > WALK_STEPS / 100);      /* the walk does go where it is narrow */
}

static void test_misuse(void **state)
{
    uint32_t frame = frames_take();

    (void)state;
    expect_panic(frames_drop(0));
    expect_panic(frames_drop(RESERVED - 1));
    expect_panic(frames_drop(FRAMES));
    expect_panic(frames_add(frame));
    expect_panic(frames_unpromise(1));
    expect_panic(frames_take_promised());
    frames_drop(frame);
    expect_panic(frames_drop(frame));
    expect_panic(frames_share(frame));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_walk, setup),
        cmocka_unit_test_setup(test_misuse, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
