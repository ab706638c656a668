/*
 * test_tumble.c - the rules of guestfs/tumble: shapes, time, rows that vanish, score, and long random games whose
 * blocks, rows and level must add up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../guestfs/tumble/rules.h"

#define SHAPE_I 0

static uint32_t seed = 1;

static uint32_t any(uint32_t limit)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 16) % limit;
}

/* The blocks of a shape as a bit mask, pushed into the upper left corner. */
static uint32_t corner_mask(uint8_t shape, uint8_t turn, bool rotate)
{
    uint32_t mask = 0;

    for (unsigned i = 0; i < 16; i++) {
        unsigned row = i / 4, column = i % 4;
        if (rotate ? piece_has(shape, turn, 3 - column, row) : piece_has(shape, turn, row, column))
            mask |= 1u << i;
    }
    while (!(mask & 0x000F))
        mask >>= 4;
    while (!(mask & 0x1111))
        mask >>= 1;
    return mask;
}

static void test_shapes(void **state)
{
    (void)state;
    for (uint8_t shape = 0; shape < SHAPES; shape++) {
        for (uint8_t turn = 0; turn < 4; turn++) {
            assert_int_equal(__builtin_popcount(corner_mask(shape, turn, false)), 4);
            assert_int_equal(corner_mask(shape, turn, true), corner_mask(shape, (turn + 1) % 4, false));
        }
        for (uint8_t other = 0; other < shape; other++)
            for (uint8_t turn = 0; turn < 4; turn++)
                assert_int_not_equal(corner_mask(shape, 0, false), corner_mask(other, turn, false));
    }
}

static void empty_well(struct game *game)
{
    memset(game->well, SHAPE_NONE, sizeof(game->well));
}

/* Every seven pieces are the seven shapes; the seed alone says in which order. */
static void test_bags(void **state)
{
    uint8_t first[7 * 50], other_first[7 * 50];

    (void)state;
    for (unsigned round = 0; round < 3; round++) {
        struct game game;
        unsigned seen = 0;
        uint8_t *order = round == 0 ? other_first : first, before[sizeof(first)];
        memcpy(before, first, sizeof(before));
        game_start(&game, round == 0 ? 5 : 6, 1);
        for (unsigned i = 0; i < sizeof(first); i++) {
            order[i] = game.piece.shape;
            seen |= 1u << order[i];
            if (i % 7 == 6)
                assert_int_equal(seen, 0x7F);
            seen = i % 7 == 6 ? 0 : seen;
            uint8_t next = game.next[0];
            assert_true(game_move(&game, MOVE_DROP));
            assert_int_equal(game.piece.shape, next);
            empty_well(&game);
        }
        if (round == 2)
            assert_memory_equal(before, first, sizeof(first));
    }
    assert_memory_not_equal(other_first, first, sizeof(first));
}

/* How many ticks pass until the piece falls, or has come to rest. */
static uint32_t ticks_until_seen(struct game *game)
{
    for (uint32_t count = 1; count < 1000; count++)
        if (game_tick(game))
            return count;
    return 0;
}

static void test_time(void **state)
{
    struct game game;

    (void)state;
    for (uint32_t level = 1; level <= LEVEL_MAX; level++) {
        game_start(&game, 1, level);
        assert_int_equal(ticks_until_seen(&game), game_fall_ticks(level));
        assert_int_equal(ticks_until_seen(&game), game_fall_ticks(level));
        assert_true(level == 1 || game_fall_ticks(level) < game_fall_ticks(level - 1));
        while (game.piece.row < game_landing_row(&game))
            game_move(&game, MOVE_DOWN);
        assert_int_equal(ticks_until_seen(&game), LOCK_TICKS);
        assert_int_equal(game.pieces, 1);
    }
    game_start(&game, 1, 99);
    assert_int_equal(game.level, LEVEL_MAX);
    game_start(&game, 1, 0);
    assert_int_equal(game.level, 1);
}

/* Moving on the ground gives more time, but only so often. */
static void test_time_on_the_ground(void **state)
{
    struct game game;
    unsigned moves = 0;

    (void)state;
    game_start(&game, 1, 1);
    while (game_move(&game, MOVE_DOWN))
        continue;
    while (game.pieces == 0 && moves < 1000) {
        for (unsigned i = 0; i + 1 < LOCK_TICKS; i++)
            game_tick(&game);
        if (game.pieces == 0)
            game_move(&game, moves++ % 2 == 0 ? MOVE_LEFT : MOVE_RIGHT);
        if (moves <= LOCK_RESTARTS)
            assert_int_equal(game.pieces, 0);
    }
    assert_int_equal(moves, LOCK_RESTARTS + 1);
}

/* A well whose lowest rows are full but for one column, and a standing I above that. */
static void prepare_rows(struct game *game, unsigned rows, unsigned column)
{
    empty_well(game);
    for (unsigned row = WELL_ROWS - rows; row < WELL_ROWS; row++)
        for (unsigned i = 0; i < WELL_COLS; i++)
            game->well[row][i] = i == column ? SHAPE_NONE : 1;
    game->well[WELL_ROWS - rows - 1][(column + 1) % WELL_COLS] = 2;
    game->piece = (struct piece){ .shape = SHAPE_I, .turn = 1, .row = 0, .column = (int8_t)(column - 2) };
}

static void test_rows(void **state)
{
    static const uint32_t scores[] = { 0, 100, 300, 500, 800 };

    (void)state;
    for (unsigned rows = 1; rows <= 4; rows++) {
        for (unsigned column = 0; column < WELL_COLS; column++) {
            struct game game;
            game_start(&game, 1, 1);
            prepare_rows(&game, rows, column);
            assert_true(game_move(&game, MOVE_DROP));
            uint32_t before = game.score;
            assert_int_equal(before, 2 * (WELL_ROWS - 4));
            for (unsigned i = 0; i < FLASH_TICKS; i++) {
                assert_int_equal(game.rows, 0);
                assert_false(game_move(&game, MOVE_LEFT));
                game_tick(&game);
            }
            assert_int_equal(game.rows, rows);
            assert_int_equal(game.score - before, scores[rows]);
            for (unsigned i = 0; i < WELL_ROWS * WELL_COLS; i++) {
                unsigned row = i / WELL_COLS, at = i % WELL_COLS;
                uint8_t wanted = at == column && row >= WELL_ROWS - 4 + rows ? SHAPE_I : SHAPE_NONE;
                if (row == WELL_ROWS - 1 && at == (column + 1) % WELL_COLS)
                    wanted = 2;
                assert_int_equal(game.well[row][at], wanted);
            }
        }
    }
}

/* Three rows at a time: the level goes up with every ten rows, and the score counts the level before. */
static void test_levels(void **state)
{
    struct game game;

    (void)state;
    game_start(&game, 1, 2);
    for (uint32_t rows = 3; rows < 200; rows += 3) {
        uint32_t level = game.level;
        prepare_rows(&game, 3, 5);
        game_move(&game, MOVE_DROP);
        uint32_t before = game.score;
        while (game.flash_ticks > 0)
            game_tick(&game);
        assert_int_equal(game.rows, rows);
        assert_int_equal(game.score - before, 500 * level);
        assert_int_equal(game.level, 2 + rows / 10 < LEVEL_MAX ? 2 + rows / 10 : LEVEL_MAX);
    }
}

static void test_hold(void **state)
{
    struct game game;

    (void)state;
    game_start(&game, 1, 1);
    uint8_t first = game.piece.shape, second = game.next[0], third = game.next[1];
    assert_true(game_move(&game, MOVE_HOLD));
    assert_int_equal(game.held, first);
    assert_int_equal(game.piece.shape, second);
    assert_false(game_move(&game, MOVE_HOLD));
    assert_true(game_move(&game, MOVE_DROP));
    assert_int_equal(game.piece.shape, third);
    assert_true(game_move(&game, MOVE_HOLD));
    assert_int_equal(game.piece.shape, first);
    assert_int_equal(game.held, third);
    assert_int_equal(game.pieces, 1);
}

static unsigned count_blocks(const struct game *game)
{
    unsigned count = 0;

    for (unsigned i = 0; i < WELL_ROWS * WELL_COLS; i++)
        count += game->well[i / WELL_COLS][i % WELL_COLS] != SHAPE_NONE;
    return count;
}

static void check_piece_is_free(const struct game *game)
{
    for (unsigned i = 0; i < 16; i++) {
        int row = game->piece.row + (int)(i / 4), column = game->piece.column + (int)(i % 4);
        if (!piece_has(game->piece.shape, game->piece.turn, i / 4, i % 4))
            continue;
        assert_in_range(column, 0, WELL_COLS - 1);
        assert_true(row < WELL_ROWS);
        if (row >= 0)
            assert_int_equal(game->well[row][column], SHAPE_NONE);
    }
}

/* Rows that lack only two columns of those in which pieces enter: play at random fills some. Returns the blocks. */
static unsigned fill_sides(struct game *game)
{
    for (unsigned row = 4; row < WELL_ROWS; row++)
        for (unsigned i = 0; i < WELL_COLS - 2; i++)
            game->well[row][i < 4 ? i : i + 2] = 1;
    return count_blocks(game);
}

/* Whatever is played, the blocks, rows and level add up, and each game ends. Returns its rows. */
static uint32_t play_at_random(uint32_t game_seed, uint32_t level)
{
    struct game game;
    unsigned steps = 0, given = 0;

    game_start(&game, game_seed, level);
    if (any(4) != 0)
        given = fill_sides(&game);
    while (!game.is_over) {
        uint32_t score = game.score;
        if (any(3) == 0)
            game_tick(&game);
        else
            game_move(&game, (enum move)any(any(8) == 0 ? 7 : 5));
        if (game.is_over)
            break;
        assert_true(game.score >= score);
        assert_int_equal(count_blocks(&game), given + game.pieces * 4 - game.rows * WELL_COLS);
        assert_int_equal(game.level, level + game.rows / 10 < LEVEL_MAX ? level + game.rows / 10 : LEVEL_MAX);
        assert_int_equal(game.flash_ticks > 0, game.full_rows != 0);
        if (game.flash_ticks == 0)
            check_piece_is_free(&game);
        assert_true(++steps < 1000000);
    }
    for (enum move move = MOVE_LEFT; move <= MOVE_HOLD; move++)
        assert_false(game_move(&game, move));
    assert_false(game_tick(&game));
    return game.rows;
}

static void test_random_games(void **state)
{
    uint32_t rows = 0;

    (void)state;
    for (uint32_t i = 0; i < 300; i++)
        rows += play_at_random(i, 1 + i % LEVEL_MAX);
    assert_true(rows > 200);   /* else the sums above were of little */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_bags),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_time_on_the_ground),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_hold),
        cmocka_unit_test(test_random_games),
    };

    return cmocka_run_group_tests_name("tumble", tests, NULL, NULL);
}
