/*
 * tumble.c - a game: pieces fall into a well, full rows vanish, and it gets faster. Exits with 0.
 *
 * All work is done in the handlers, where virtual interrupts are off: keys that come faster than they are worked on
 * wait in the hypervisor's queue, so that a script can type as fast as it likes. Played step by step, with pieces from
 * a fixed seed and time that passes only with keys, equal keys give an equal end on any machine. Else the clock moves
 * the pieces, and the moment at which the game was begun chooses them.
 */
#include "sdk.h"
#include "session.h"

#define SEED 0x7E7B1E5u
#define SEED_FACTOR 2654435761u     /* spreads a small count over all bits: Knuth's multiplicative hashing */
#define STEP_TICKS 10
#define ESC 0x1B

static struct session session = { .start_level = 1 };
static uint32_t ticks;

static void begin(bool is_stepping)
{
    session.is_stepping = is_stepping;
    session.screen = SCREEN_PLAY;
    game_start(&session.game, is_stepping ? SEED : SEED ^ ticks * SEED_FACTOR, session.start_level);
}

static void end_if_over(void)
{
    if (!session.game.is_over || session.screen != SCREEN_PLAY)
        return;
    session.screen = SCREEN_OVER;
    session.is_best = session.game.score > session.best;
    if (session.is_best)
        session.best = session.game.score;
}

static void press_on_title(char key)
{
    if (key == 'q' || key == ESC) {
        session.is_done = true;
    } else if (key == '\n' || key == 's' || (key >= '1' && key <= '9')) {
        session.start_level = key >= '1' && key <= '9' ? (uint32_t)(key - '0') : 1;
        begin(key == 's');
    }
}

static void press_when_over(char key)
{
    if (key == 'q' || key == ESC)
        session.is_done = true;
    else if (key == 't')
        session.screen = SCREEN_TITLE;
    else if (key == '\n')
        begin(session.is_stepping);
}

static void press_in_game(uint8_t key)
{
    static const struct { uint8_t key, move; } moves[] = {
        { HV_KEYCODE_LEFT, MOVE_LEFT }, { 'a', MOVE_LEFT }, { HV_KEYCODE_RIGHT, MOVE_RIGHT }, { 'd', MOVE_RIGHT },
        { HV_KEYCODE_UP, MOVE_TURN }, { 'w', MOVE_TURN }, { 'x', MOVE_TURN }, { 'z', MOVE_TURN_BACK },
        { HV_KEYCODE_DOWN, MOVE_DOWN }, { 's', MOVE_DOWN }, { ' ', MOVE_DROP }, { 'c', MOVE_HOLD },
    };

    if (key == 'q' || key == ESC)
        session.game.is_over = true;
    else if (key == 'p')
        session.screen = SCREEN_PAUSE;
    for (unsigned i = 0; i < sizeof(moves) / sizeof(moves[0]); i++)
        if (moves[i].key == key)
            game_move(&session.game, moves[i].move);
    for (unsigned i = 0; session.is_stepping && session.screen == SCREEN_PLAY && i < STEP_TICKS; i++)
        game_tick(&session.game);
}

/* Raw codes: they are the same with CapsLock on. */
static void press(uint8_t key)
{
    switch (session.screen) {
    case SCREEN_TITLE:
        press_on_title((char)key);
        break;
    case SCREEN_PLAY:
        press_in_game(key);
        break;
    case SCREEN_PAUSE:
        if (key == 'p')
            session.screen = SCREEN_PLAY;
        break;
    case SCREEN_OVER:
        press_when_over((char)key);
        break;
    }
    end_if_over();
    view_show(&session);
}

static void key_handler(struct event *event)
{
    if ((event->error & HV_KEY_MAKE) && !session.is_done)
        press((uint8_t)((event->error & HV_KEY_RAW_MASK) >> HV_KEY_RAW_SHIFT));
}

static void tick_handler(struct event *event)
{
    (void)event;
    ticks++;
    if (session.screen != SCREEN_PLAY || session.is_stepping || !game_tick(&session.game))
        return;
    end_if_over();
    view_show(&session);
}

int main(void)
{
    hv_cons_set_cursor_pos(HV_CONSOLE_ROWS - 1, 0);
    view_show(&session);
    event_handle(HV_SLOT_TIMER, tick_handler, true);
    event_handle(HV_SLOT_KEYBOARD, key_handler, true);
    hv_enable_interrupts();
    while (!session.is_done)
        hlt();
    return 0;
}
