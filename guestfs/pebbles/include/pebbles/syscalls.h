/*
 * pebbles/syscalls.h - the 28 system calls of Pebbles: the one list that the kernel and user programs share.
 *
 * A call is INT number. No argument: nothing to set. One argument: in ESI. Several: ESI points to a packet of 32-bit
 * words, the first argument first. The result comes in EAX, negative on failure; every other register survives.
 * Only the preprocessor, so that assembly can include it.
 */
#ifndef PEBBLES_SYSCALLS_H
#define PEBBLES_SYSCALLS_H

/* X(number, NAME, name, argument words) */
#define PEBBLES_CALLS(X)                        \
    X(0x41, FORK, fork, 0)                      \
    X(0x42, EXEC, exec, 2)                      \
    X(0x44, WAIT, wait, 1)                      \
    X(0x45, YIELD, yield, 1)                    \
    X(0x46, DESCHEDULE, deschedule, 1)          \
    X(0x47, MAKE_RUNNABLE, make_runnable, 1)    \
    X(0x48, GETTID, gettid, 0)                  \
    X(0x49, NEW_PAGES, new_pages, 2)            \
    X(0x4A, REMOVE_PAGES, remove_pages, 1)      \
    X(0x4B, SLEEP, sleep, 1)                    \
    X(0x4C, GETCHAR, getchar, 0)                \
    X(0x4D, READLINE, readline, 2)              \
    X(0x4E, PRINT, print, 2)                    \
    X(0x4F, SET_TERM_COLOR, set_term_color, 1)  \
    X(0x50, SET_CURSOR_POS, set_cursor_pos, 2)  \
    X(0x51, GET_CURSOR_POS, get_cursor_pos, 2)  \
    X(0x52, THREAD_FORK, thread_fork, 0)        \
    X(0x53, GET_TICKS, get_ticks, 0)            \
    X(0x54, MISBEHAVE, misbehave, 1)            \
    X(0x55, HALT, halt, 1)                      \
    X(0x57, TASK_VANISH, task_vanish, 1)        \
    X(0x59, SET_STATUS, set_status, 1)          \
    X(0x60, VANISH, vanish, 0)                  \
    X(0x62, READFILE, readfile, 4)              \
    X(0x74, SWEXN, swexn, 4)                    \
    X(0x80, KILL, kill, 1)                      \
    X(0x81, BACKGROUND, background, 1)          \
    X(0x82, VIEW, view, 1)

#ifndef __ASSEMBLER__
enum pebbles_call {
#define X(number, NAME, name, words) PEBBLES_##NAME = number,
    PEBBLES_CALLS(X)
#undef X
};
#endif

#endif
