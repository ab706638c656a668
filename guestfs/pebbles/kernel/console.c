/*
 * console.c - see console.h.
 */
#include "console.h"
#include "guest.h"
#include "hv.h"
#include "line.h"
#include "panic.h"
#include "print.h"
#include "sched.h"

#define KEYS 512u           /* typed ahead; what is more is dropped */
#define MESSAGE_BYTES 128
#define CONTROL_C 0x03

static char keys[KEYS];
static uint32_t keys_put, keys_taken;
static struct line line;
static struct thread *reader;                           /* whose turn it is */
static struct list turns = LIST_EMPTY(turns);           /* who wants to be the reader */
static struct list key_waiter = LIST_EMPTY(key_waiter); /* the reader, when there is no key */

void console_key(uint32_t word)
{
    if ((word & (HV_KEY_MAKE | HV_KEY_HASDATA)) != (HV_KEY_MAKE | HV_KEY_HASDATA))
        return;
    if ((word & HV_KEY_CHAR_MASK) == CONTROL_C)
        guest_interrupt();
    if (keys_put - keys_taken < KEYS)
        keys[keys_put++ % KEYS] = (char)(word & HV_KEY_CHAR_MASK);
    sched_wake_all(&key_waiter);
}

static char key_wait(void)
{
    while (keys_put == keys_taken)
        sched_block(&key_waiter, THREAD_WAITING);
    return keys[keys_taken++ % KEYS];
}

static void turn_take(void)
{
    if (reader == NULL)
        reader = sched_current();
    else
        sched_block(&turns, THREAD_WAITING);    /* until turn_give made it the reader */
    ASSERT(reader == sched_current());
}

/* Handed over, not up for grabs: if the next one ends before it runs, console_forget hands on. */
static void turn_give(void)
{
    reader = NULL;
    if (list_is_empty(&turns))
        return;
    reader = LIST_ENTRY(turns.next, struct thread, queue);
    sched_ready(reader);
}

void console_forget(const struct thread *thread)
{
    if (reader == thread)
        turn_give();
}

char console_getchar(void)
{
    char character;

    turn_take();
    if (line_take(&line, &character, 1) == 0)
        character = key_wait();
    turn_give();
    return character;
}

/* The hypervisor's '\b' stops at column 0; a long line goes on above. */
static void echo_erase(void)
{
    uint32_t row, column;

    hv_cons_get_cursor_pos(&row, &column);
    if (column > 0 || row == 0) {
        hv_print(1, "\b");
        return;
    }
    hv_cons_set_cursor_pos(row - 1, HV_CONSOLE_COLS - 1);
    hv_print(1, " ");
    hv_cons_set_cursor_pos(row - 1, HV_CONSOLE_COLS - 1);
}

static void echo_show(struct line_echo echo)
{
    while (echo.erase-- > 0)
        echo_erase();
    if (echo.character != '\0')
        hv_print(1, &echo.character);
}

uint32_t console_readline(char *to, uint32_t bytes)
{
    turn_take();
    while (!line.complete)
        echo_show(line_key(&line, key_wait()));
    uint32_t count = line_take(&line, to, bytes);
    turn_give();
    return count;
}

void console_printf(const char *format, ...)
{
    char message[MESSAGE_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    print_string(message);
}
