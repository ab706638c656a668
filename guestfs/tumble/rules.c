/*
 * rules.c - the rules of tumble (rules.h).
 */
#include "rules.h"

#define FIELD 4                 /* pieces live in a field of 4x4 */
#define DROP_SCORE 2            /* per row dropped; one per row pushed down */

/* Each shape in each turn: four rows of four bits from the top, the highest bit on the left. */
static const uint16_t shapes[SHAPES][4] = {
    { 0x0F00, 0x2222, 0x00F0, 0x4444 },     /* I */
    { 0x0660, 0x0660, 0x0660, 0x0660 },     /* O */
    { 0x4E00, 0x4640, 0x0E40, 0x4C40 },     /* T */
    { 0x6C00, 0x4620, 0x06C0, 0x8C40 },     /* S */
    { 0xC600, 0x2640, 0x0C60, 0x4C80 },     /* Z */
    { 0x8E00, 0x6440, 0x0E20, 0x44C0 },     /* J */
    { 0x2E00, 0x4460, 0x0E80, 0xC440 },     /* L */
};

static const uint16_t row_scores[] = { 0, 100, 300, 500, 800 };
static const uint8_t fall_ticks[LEVEL_MAX] = { 50, 43, 37, 32, 27, 23, 19, 16, 13, 11, 9, 7, 6, 5, 4 };

bool piece_has(uint8_t shape, uint8_t turn, unsigned row, unsigned column)
{
    return shapes[shape][turn] >> (15 - row * FIELD - column) & 1;
}

uint32_t game_fall_ticks(uint32_t level)
{
    return fall_ticks[level - 1];
}

uint32_t game_row_score(uint32_t rows, uint32_t level)
{
    return row_scores[rows] * level;
}

/* Whether the piece lies in free cells of the well. Above the well is free, too: pieces may turn there. */
static bool fits(const struct game *game, const struct piece *piece)
{
    for (unsigned i = 0; i < FIELD * FIELD; i++) {
        int row = piece->row + (int)(i / FIELD), column = piece->column + (int)(i % FIELD);
        if (!piece_has(piece->shape, piece->turn, i / FIELD, i % FIELD))
            continue;
        if (column < 0 || column >= WELL_COLS || row >= WELL_ROWS)
            return false;
        if (row >= 0 && game->well[row][column] != SHAPE_NONE)
            return false;
    }
    return true;
}

static struct piece moved(struct piece piece, int rows, int columns)
{
    piece.row = (int8_t)(piece.row + rows);
    piece.column = (int8_t)(piece.column + columns);
    return piece;
}

static bool can_fall(const struct game *game)
{
    struct piece below = moved(game->piece, 1, 0);

    return fits(game, &below);
}

int game_landing_row(const struct game *game)
{
    struct piece piece = game->piece;

    for (struct piece below = moved(piece, 1, 0); fits(game, &below); below = moved(piece, 1, 0))
        piece = below;
    return piece.row;
}

/* Marsaglia's xorshift, "Xorshift RNGs" (2003), with the triple 13, 17, 5: a value below the limit. */
static uint32_t random_below(struct game *game, uint32_t limit)
{
    game->random ^= game->random << 13;
    game->random ^= game->random >> 17;
    game->random ^= game->random << 5;
    return game->random % limit;
}

static uint8_t draw_shape(struct game *game)
{
    if (game->bag_left == 0) {
        for (uint8_t shape = 0; shape < SHAPES; shape++)
            game->bag[shape] = shape;
        game->bag_left = SHAPES;
    }
    uint32_t at = random_below(game, game->bag_left);
    uint8_t shape = game->bag[at];
    game->bag[at] = game->bag[--game->bag_left];
    return shape;
}

/* Let a shape in at the top. No room for it ends the game. */
static void enter(struct game *game, uint8_t shape)
{
    game->piece = (struct piece){ .shape = shape, .row = shape <= 1 ? -1 : 0, .column = (WELL_COLS - FIELD) / 2 };
    game->fall_ticks = 0;
    game->lock_ticks = 0;
    game->lock_restarts = 0;
    game->is_over = !fits(game, &game->piece);
}

static void enter_next(struct game *game)
{
    uint8_t shape = game->next[0];

    for (unsigned i = 0; i + 1 < NEXT_SHOWN; i++)
        game->next[i] = game->next[i + 1];
    game->next[NEXT_SHOWN - 1] = draw_shape(game);
    game->has_swapped = false;
    enter(game, shape);
}

void game_start(struct game *game, uint32_t seed, uint32_t level)
{
    *game = (struct game){ .held = SHAPE_NONE, .random = seed != 0 ? seed : 1 };
    game->level = level < 1 ? 1 : level > LEVEL_MAX ? LEVEL_MAX : level;
    for (unsigned i = 0; i < WELL_ROWS * WELL_COLS; i++)
        game->well[i / WELL_COLS][i % WELL_COLS] = SHAPE_NONE;
    for (unsigned i = 0; i < NEXT_SHOWN; i++)
        game->next[i] = draw_shape(game);
    enter_next(game);
}

static uint32_t find_full_rows(const struct game *game)
{
    uint32_t full = 0;

    for (unsigned row = 0; row < WELL_ROWS; row++) {
        unsigned filled = 0;
        while (filled < WELL_COLS && game->well[row][filled] != SHAPE_NONE)
            filled++;
        if (filled == WELL_COLS)
            full |= 1u << row;
    }
    return full;
}

/* The piece becomes part of the well. One that reaches above it ends the game. */
static void lock(struct game *game)
{
    const struct piece *piece = &game->piece;

    for (unsigned i = 0; i < FIELD * FIELD; i++) {
        int row = piece->row + (int)(i / FIELD), column = piece->column + (int)(i % FIELD);
        if (!piece_has(piece->shape, piece->turn, i / FIELD, i % FIELD))
            continue;
        if (row < 0)
            game->is_over = true;
        else
            game->well[row][column] = piece->shape;
    }
    game->pieces++;
    if (game->is_over)
        return;
    game->full_rows = find_full_rows(game);
    if (game->full_rows != 0)
        game->flash_ticks = FLASH_TICKS;
    else
        enter_next(game);
}

/* What is above a full row comes down, from the highest on, so that the numbers of those below stay true. */
static void remove_full_rows(struct game *game)
{
    unsigned count = 0;

    for (unsigned row = 0; row < WELL_ROWS; row++) {
        if (!(game->full_rows >> row & 1))
            continue;
        count++;
        for (unsigned upper = row; upper > 0; upper--)
            for (unsigned column = 0; column < WELL_COLS; column++)
                game->well[upper][column] = game->well[upper - 1][column];
        for (unsigned column = 0; column < WELL_COLS; column++)
            game->well[0][column] = SHAPE_NONE;
    }
    game->full_rows = 0;
    game->score += game_row_score(count, game->level);
    if (game->rows / ROWS_PER_LEVEL != (game->rows + count) / ROWS_PER_LEVEL && game->level < LEVEL_MAX)
        game->level++;
    game->rows += count;
}

/* Take the new place if it is free. On the ground that gives the player more time, but not for ever. */
static bool try_place(struct game *game, struct piece piece)
{
    if (!fits(game, &piece))
        return false;
    game->piece = piece;
    if (game->lock_ticks > 0 && game->lock_restarts < LOCK_RESTARTS) {
        game->lock_ticks = 0;
        game->lock_restarts++;
    }
    return true;
}

/* Turn, and if there is no room, step aside, or up from the ground. */
static bool try_turn(struct game *game, unsigned quarters)
{
    static const int8_t steps[][2] = { { 0, 0 }, { 0, -1 }, { 0, 1 }, { -1, 0 }, { 0, -2 }, { 0, 2 } };
    struct piece turned = game->piece;

    turned.turn = (uint8_t)((turned.turn + quarters) % 4);
    for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        if (try_place(game, moved(turned, steps[i][0], steps[i][1])))
            return true;
    return false;
}

static bool hold(struct game *game)
{
    uint8_t held = game->held;

    if (game->has_swapped)
        return false;
    game->held = game->piece.shape;
    if (held == SHAPE_NONE)
        enter_next(game);
    else
        enter(game, held);
    game->has_swapped = true;
    return true;
}

static void drop(struct game *game)
{
    int row = game_landing_row(game);

    game->score += (uint32_t)(row - game->piece.row) * DROP_SCORE;
    game->piece.row = (int8_t)row;
    lock(game);
}

static bool push_down(struct game *game)
{
    if (!can_fall(game))
        return false;
    game->piece = moved(game->piece, 1, 0);
    game->fall_ticks = 0;
    game->score++;
    return true;
}

bool game_move(struct game *game, enum move move)
{
    if (game->is_over || game->flash_ticks > 0)
        return false;
    switch (move) {
    case MOVE_LEFT:
        return try_place(game, moved(game->piece, 0, -1));
    case MOVE_RIGHT:
        return try_place(game, moved(game->piece, 0, 1));
    case MOVE_TURN:
        return try_turn(game, 1);
    case MOVE_TURN_BACK:
        return try_turn(game, 3);
    case MOVE_DOWN:
        return push_down(game);
    case MOVE_DROP:
        drop(game);
        return true;
    case MOVE_HOLD:
        return hold(game);
    }
    return false;
}

/* One tick of a piece that falls or lies on the ground. */
static bool fall(struct game *game)
{
    if (!can_fall(game)) {
        game->fall_ticks = 0;
        if (++game->lock_ticks < LOCK_TICKS)
            return false;
        lock(game);
        return true;
    }
    if (++game->fall_ticks < fall_ticks[game->level - 1])
        return false;
    game->fall_ticks = 0;
    game->piece = moved(game->piece, 1, 0);
    return true;
}

bool game_tick(struct game *game)
{
    if (game->is_over)
        return false;
    if (game->flash_ticks == 0)
        return fall(game);
    if (--game->flash_ticks == 0) {
        remove_full_rows(game);
        enter_next(game);
    }
    return true;
}
