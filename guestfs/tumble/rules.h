/*
 * rules.h - the rules of tumble: a well, pieces that fall into it, rows that vanish, score and level.
 *
 * Pure: no console, no clock, no memory of its own. Time passes only when game_tick() says so, and the pieces follow
 * from the seed alone, so that a game can be replayed, on any machine and in a unit test.
 */
#ifndef TUMBLE_RULES_H
#define TUMBLE_RULES_H

#include <stdbool.h>
#include <stdint.h>

#define WELL_ROWS 20
#define WELL_COLS 10
#define SHAPES 7
#define SHAPE_NONE SHAPES       /* an empty cell; nothing held yet */
#define NEXT_SHOWN 3            /* pieces that the player sees coming */
#define LEVEL_MAX 15
#define ROWS_PER_LEVEL 10
#define FLASH_TICKS 20          /* full rows stay that long before they vanish */
#define LOCK_TICKS 40           /* a piece on the ground can be moved so long... */
#define LOCK_RESTARTS 12        /* ...and so often that time starts again */

struct piece {
    uint8_t shape, turn;        /* turn: quarters clockwise, 0 to 3 */
    int8_t row, column;         /* of the upper left corner of its 4x4 field; row 0 is the highest of the well */
};

enum move { MOVE_LEFT, MOVE_RIGHT, MOVE_TURN, MOVE_TURN_BACK, MOVE_DOWN, MOVE_DROP, MOVE_HOLD };

struct game {
    uint8_t well[WELL_ROWS][WELL_COLS];         /* shapes, or SHAPE_NONE */
    struct piece piece;
    uint8_t next[NEXT_SHOWN];
    uint8_t bag[SHAPES], bag_left;              /* every seven pieces hold each shape once */
    uint8_t held;                               /* a shape, or SHAPE_NONE */
    bool has_swapped;                           /* one swap a piece */
    bool is_over;
    uint32_t random;                            /* never 0 */
    uint32_t fall_ticks, lock_ticks, lock_restarts, flash_ticks;
    uint32_t full_rows;                         /* bit r: row r is full and flashes */
    uint32_t score, rows, level, pieces;        /* level 1 to LEVEL_MAX; pieces that have come to rest */
};

/* Begin a game. level is brought into 1 to LEVEL_MAX; equal seeds give equal pieces. */
void game_start(struct game *game, uint32_t seed, uint32_t level);

/* A player's move, if it is possible: not while rows flash, and not when the game is over. Returns whether it was. */
bool game_move(struct game *game, enum move move);

/* A hundredth of a second passes. Returns whether anything to be seen has changed. */
bool game_tick(struct game *game);

/* What 1 to 4 rows that vanish together are worth. */
uint32_t game_row_score(uint32_t rows, uint32_t level);

/* Ticks that a piece takes to fall by one row. */
uint32_t game_fall_ticks(uint32_t level);

/* Whether a turned shape has a block at this place of its 4x4 field, both 0 to 3. */
bool piece_has(uint8_t shape, uint8_t turn, unsigned row, unsigned column);

/* The row in which the piece would come to rest if it were dropped now. */
int game_landing_row(const struct game *game);

#endif
