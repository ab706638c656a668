/*
 * session.h - what lasts from the title to the last game, and the screens that show it.
 */
#ifndef TUMBLE_SESSION_H
#define TUMBLE_SESSION_H

#include "rules.h"

enum screen { SCREEN_TITLE, SCREEN_PLAY, SCREEN_PAUSE, SCREEN_OVER };

struct session {
    enum screen screen;
    volatile bool is_done;      /* the player has had enough; the screen stays */
    struct game game;           /* of use on all screens but the title */
    uint32_t best;              /* highest score of a game that has ended */
    bool is_best;               /* the game that has just ended made it */
    bool is_stepping;           /* time passes with keys, not with the clock */
    uint32_t start_level;
};

/* Paint the session's screen and show what has changed. */
void view_show(const struct session *session);

#endif
