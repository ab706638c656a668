/*
 * view.c - what a session looks like.
 */
#include "paint.h"
#include "sdk.h"
#include "session.h"

#define BAR 0x1F                /* attributes */
#define FRAME 0x09
#define LABEL 0x07
#define DIM 0x08
#define VALUE 0x0F
#define KEY 0x0E
#define FLASH 0xFF

#define WELL_ROW 2              /* the first cell inside the frame */
#define WELL_COLUMN 30
#define LEFT 5
#define RIGHT 53
#define PANEL_WIDTH 22
#define LINE_BYTES (PANEL_WIDTH - 3)

/* Bright on dark of the same colour: the right edge of a block is in its shade. The last one is the empty cell's. */
static const uint8_t colours[SHAPES + 1] = { 0x3B, 0x6E, 0x5D, 0x2A, 0x4C, 0x19, 0x7F, DIM };

/* A block is two cells wide, which makes it about square. */
static void paint_block(unsigned row, unsigned column, uint8_t shape)
{
    paint_cell(row, column, colours[shape], shape == SHAPE_NONE ? ' ' : '\xDB');
    paint_cell(row, column + 1, colours[shape], shape == SHAPE_NONE ? '\xFA' : '\xDD');
}

static void paint_shape(unsigned row, unsigned column, uint8_t shape)
{
    for (unsigned i = 0; i < 16; i++)
        if (piece_has(shape, 0, i / 4, i % 4))
            paint_block(row + i / 4, column + i % 4 * 2, shape);
}

/* The piece at a row of the well; where it will land, only a shadow of it. */
static void paint_piece(const struct piece *piece, int top, bool is_shadow)
{
    for (unsigned i = 0; i < 16; i++) {
        int row = top + (int)(i / 4);
        unsigned column = WELL_COLUMN + (unsigned)(piece->column + (int)(i % 4)) * 2;
        if (row < 0 || !piece_has(piece->shape, piece->turn, i / 4, i % 4))
            continue;
        if (!is_shadow) {
            paint_block(WELL_ROW + (unsigned)row, column, piece->shape);
            continue;
        }
        paint_cell(WELL_ROW + (unsigned)row, column, colours[piece->shape] >> 4, '\xB1');
        paint_cell(WELL_ROW + (unsigned)row, column + 1, colours[piece->shape] >> 4, '\xB1');
    }
}

static void paint_well(const struct game *game)
{
    paint_box(WELL_ROW - 1, WELL_COLUMN - 1, WELL_ROWS + 2, WELL_COLS * 2 + 2, FRAME, "");
    for (unsigned row = 0; row < WELL_ROWS; row++) {
        bool is_bright = (game->full_rows >> row & 1) && game->flash_ticks / 5 % 2 == 1;
        for (unsigned column = 0; column < WELL_COLS; column++) {
            paint_block(WELL_ROW + row, WELL_COLUMN + column * 2, game->well[row][column]);
            for (unsigned half = 0; is_bright && half < 2; half++)
                paint_cell(WELL_ROW + row, WELL_COLUMN + column * 2 + half, FLASH, '\xDB');
        }
    }
    if (game->flash_ticks > 0 || game->is_over)
        return;
    paint_piece(&game->piece, game_landing_row(game), true);
    paint_piece(&game->piece, game->piece.row, false);
}

static void paint_number(unsigned row, const char *label, uint32_t number)
{
    char text[LINE_BYTES];

    paint_text(row, LEFT + 2, LABEL, label);
    snprintf(text, sizeof(text), "%10u", number);
    paint_text(row, LEFT + PANEL_WIDTH - 12, VALUE, text);
}

static void paint_left(const struct session *session)
{
    const struct game *game = &session->game;

    paint_box(1, LEFT, 6, PANEL_WIDTH, FRAME, " Hold ");
    if (game->held != SHAPE_NONE)
        paint_shape(game->held <= 1 ? 2 : 3, LEFT + 7, game->held);
    paint_box(7, LEFT, 9, PANEL_WIDTH, FRAME, " Score ");
    paint_number(9, "Score", game->score);
    paint_number(10, "Best", session->best > game->score ? session->best : game->score);
    paint_number(11, "Level", game->level);
    paint_number(12, "Rows", game->rows);
    paint_number(13, "Pieces", game->pieces);
    paint_box(16, LEFT, 7, PANEL_WIDTH, FRAME, " Rows at once ");
    for (uint32_t rows = 1; rows <= 4; rows++) {
        static const char *const labels[] = { "one", "two", "three", "four" };
        paint_number(17 + rows, labels[rows - 1], game_row_score(rows, game->level));
    }
}

static void paint_keys(unsigned row, unsigned column, const char *const lines[][2], unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        paint_text(row + i, column, KEY, lines[i][0]);
        paint_text(row + i, column + 9, LABEL, lines[i][1]);
    }
}

static void paint_right(const struct session *session)
{
    static const char *const keys[][2] = {
        { "\x1B \x1A A D", "move" }, { "\x18 W X", "turn" }, { "Z", "turn back" }, { "\x19 S", "push down" },
        { "Space", "drop" }, { "C", "hold" }, { "P", "pause" }, { "Q", "give up" }, { ".", "wait" },
    };

    paint_box(1, RIGHT, 11, PANEL_WIDTH, FRAME, " Next ");
    for (unsigned i = 0; i < NEXT_SHOWN; i++)
        paint_shape((session->game.next[i] <= 1 ? 2 : 3) + i * 3, RIGHT + 7, session->game.next[i]);
    paint_box(12, RIGHT, 11, PANEL_WIDTH, FRAME, " Keys ");
    paint_keys(13, RIGHT + 2, keys, session->is_stepping ? 9 : 8);
}

/* A box over the middle of the well. */
static void paint_notice(unsigned row, unsigned height, uint8_t attribute, const char *title)
{
    paint_box(row, WELL_COLUMN, height, WELL_COLS * 2, attribute, "");
    paint_text(row + 1, WELL_COLUMN + WELL_COLS - (unsigned)strlen(title) / 2, attribute, title);
}

static void paint_over(const struct session *session)
{
    static const char *const keys[][2] = { { "Enter", "again" }, { "T", "title" }, { "Q", "quit" } };
    char text[LINE_BYTES];

    paint_notice(8, 9, 0x4F, "GAME OVER");
    snprintf(text, sizeof(text), "%u points", session->game.score);
    paint_text(10, WELL_COLUMN + WELL_COLS - (unsigned)strlen(text) / 2, 0x4F, text);
    if (session->is_best)
        paint_text(11, WELL_COLUMN + 3, 0x4E, "the best so far");
    if (session->is_done) {
        paint_text(13, WELL_COLUMN + 6, 0x4E, "Good bye");
        return;
    }
    for (unsigned i = 0; i < 3; i++) {
        paint_text(12 + i, WELL_COLUMN + 3, 0x4E, keys[i][0]);
        paint_text(12 + i, WELL_COLUMN + 10, 0x4F, keys[i][1]);
    }
}

/* Six letters of blocks, each in the colour of the shape with that number. */
static void paint_logo(unsigned row, unsigned column)
{
    static const char *const logo[] = {
        "444 6 6 1   1 33  0   222", " 4  6 6 11 11 3 3 0   2  ", " 4  6 6 1 1 1 33  0   22 ",
        " 4  6 6 1   1 3 3 0   2  ", " 4  666 1   1 33  000 222",
    };

    for (unsigned line = 0; line < sizeof(logo) / sizeof(logo[0]); line++)
        for (unsigned i = 0; logo[line][i] != '\0'; i++)
            if (logo[line][i] != ' ')
                paint_block(row + line, column + i * 2, (uint8_t)(logo[line][i] - '0'));
}

static void paint_title(const struct session *session)
{
    static const char *const keys[][2] = {
        { "Enter", "play" }, { "1 to 9", "play from that level on" },
        { "S", "step by step: time passes only when you press a key," },
        { "", "and the pieces are the same every time" }, { "Q", "quit" },
    };
    char text[LINE_BYTES];

    paint_logo(4, 15);
    paint_text(10, 15, LABEL, "Fill rows to make them vanish; do not reach the top.");
    paint_box(12, 5, 7, 70, FRAME, " Keys ");
    paint_keys(13, 9, keys, 5);
    if (session->best == 0)
        return;
    snprintf(text, sizeof(text), " Best %u ", session->best);
    paint_text(18, 7, KEY, text);
}

void view_show(const struct session *session)
{
    paint_clear();
    for (unsigned column = 0; column < HV_CONSOLE_COLS; column++)
        paint_cell(0, column, BAR, ' ');
    paint_text(0, 2, BAR, "Tumble");
    if (session->screen != SCREEN_TITLE && session->is_stepping)
        paint_text(0, 34, BAR, "step by step");
    paint_text(0, 63, BAR, "a PebPeb guest");
    if (session->screen == SCREEN_TITLE) {
        paint_title(session);
    } else {
        paint_left(session);
        paint_well(&session->game);
        paint_right(session);
    }
    if (session->screen == SCREEN_PAUSE) {
        paint_notice(9, 5, 0x1F, "PAUSE");
        paint_text(11, WELL_COLUMN + 4, 0x1E, "P goes on");
    } else if (session->screen == SCREEN_OVER) {
        paint_over(session);
    }
    paint_show();
}
