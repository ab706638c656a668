/*
 * menu.c - which choice it shall be.
 */
#include "monitor/menu.h"

#include <stdbool.h>

#include "io/console.h"
#include "monitor/shell_output.h"
#include "pebpeb.h"

#define WAIT_NS 5000000000ull
#define ESCAPE 27

static unsigned choice_count;
static int picked;
static bool clock_stopped;
static uint64_t end_ns;                     /* 0: not begun */
static void (*shell_key)(void *owner, uint32_t key_word);

/* A digit picks, Enter takes the first, Esc none; any other key only says that somebody is there. */
static void pick_by_key(void *owner, uint32_t key_word)
{
    unsigned key = key_word & HV_KEY_CHAR_MASK;

    (void)owner;
    if (!(key_word & HV_KEY_MAKE) || key == 0 || picked >= 0)
        return;
    if (key >= '1' && key < '1' + choice_count)
        picked = (int)(key - '0');
    else if (key == '\n' || key == '\r')
        picked = 1;
    else if (key == ESCAPE)
        picked = 0;
    else if (!clock_stopped)
        shell_print("The clock stands still: pick one.");
    clock_stopped = true;
}

void menu_show(const struct config *config)
{
    choice_count = config->choice_count;
    picked = -1;
    shell_print("Cobble %s\n", COBBLE_VERSION);
    for (unsigned i = 0; i < choice_count; i++)
        shell_print("  %u  %s", i + 1, config->choices[i]);
    shell_print("\nA digit picks, Esc goes to the monitor; 1 is taken in five seconds.");
    shell_hold(true);
    shell_key = shell_console()->key;
    shell_console()->key = pick_by_key;
}

int menu_pump(uint64_t now_ns)
{
    if (end_ns == 0)
        end_ns = now_ns + WAIT_NS;
    if (picked < 0 && !clock_stopped && now_ns >= end_ns)
        picked = 1;
    if (picked < 0)
        return picked;
    shell_console()->key = shell_key;
    shell_hold(false);
    return picked;
}

uint64_t menu_next_ns(uint64_t now_ns)
{
    if (picked >= 0)
        return now_ns;
    return clock_stopped ? UINT64_MAX : end_ns;
}
