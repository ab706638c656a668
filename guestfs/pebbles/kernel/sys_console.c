/*
 * sys_console.c - system calls: getchar, readline, print, set_term_color, set_cursor_pos, get_cursor_pos.
 */
#include "console.h"
#include "hv.h"
#include "syscalls.h"
#include "user.h"

#define PIECE_BYTES 256u        /* on a kernel stack */

int32_t sys_getchar(struct event *event, const uint32_t *arguments)
{
    (void)event;
    (void)arguments;
    return (uint8_t)console_getchar();
}

/* While the line is typed another thread may take the buffer away: then the line is lost, but nothing else. */
int32_t sys_readline(struct event *event, const uint32_t *arguments)
{
    static char text[PEBBLES_LINE_MAX];     /* nothing waits between filling and copying it */
    uint32_t length = arguments[0], buffer = arguments[1];

    (void)event;
    if (length > PEBBLES_LINE_MAX)
        return PEBBLES_ERROR_ARGUMENT;
    if (!user_can_write(buffer, length))
        return PEBBLES_ERROR_POINTER;
    if (length == 0)
        return 0;
    uint32_t count = console_readline(text, length);
    return user_write(buffer, text, count) ? (int32_t)count : PEBBLES_ERROR_POINTER;
}

int32_t sys_print(struct event *event, const uint32_t *arguments)
{
    uint32_t length = arguments[0], buffer = arguments[1];
    char piece[PIECE_BYTES];

    (void)event;
    if (length > PEBBLES_PRINT_MAX)
        return PEBBLES_ERROR_ARGUMENT;
    if (!user_can_read(buffer, length))
        return PEBBLES_ERROR_POINTER;
    while (length > 0) {
        uint32_t bytes = length < PIECE_BYTES ? length : PIECE_BYTES;
        if (!user_read(piece, buffer, bytes))
            return PEBBLES_ERROR_POINTER;
        hv_print((int32_t)bytes, piece);
        buffer += bytes;
        length -= bytes;
    }
    return 0;
}

int32_t sys_set_term_color(struct event *event, const uint32_t *arguments)
{
    (void)event;
    if (arguments[0] > 0xFF)
        return PEBBLES_ERROR_ARGUMENT;
    hv_cons_set_term_color(arguments[0]);
    return 0;
}

int32_t sys_set_cursor_pos(struct event *event, const uint32_t *arguments)
{
    (void)event;
    if (arguments[0] >= HV_CONSOLE_ROWS || arguments[1] >= HV_CONSOLE_COLS)
        return PEBBLES_ERROR_ARGUMENT;
    hv_cons_set_cursor_pos(arguments[0], arguments[1]);
    return 0;
}

int32_t sys_get_cursor_pos(struct event *event, const uint32_t *arguments)
{
    uint32_t row, column;

    (void)event;
    if (!user_can_write(arguments[0], sizeof(row)) || !user_can_write(arguments[1], sizeof(column)))
        return PEBBLES_ERROR_POINTER;
    hv_cons_get_cursor_pos(&row, &column);
    return user_write_word(arguments[0], row) && user_write_word(arguments[1], column) ? 0 : PEBBLES_ERROR_POINTER;
}
