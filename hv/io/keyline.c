/*
 * keyline.c - one line for all consoles: each takes its own words out of it, and none waits for another's.
 */
#include "io/keyline.h"

#include <stddef.h>

#define PATIENCE_NS 3000000000ull

static struct {
    uint32_t console;           /* its number: it may be gone when its turn comes */
    uint32_t word;
} line[KEYLINE_WORDS];
unsigned keyline_count;

/* Whether the owner is to get a word now. An owner with room has taken what it had got. */
static bool accepts(struct console *console, uint64_t now_ns, bool line_is_held)
{
    if (!console->room || console->room(console->owner) > 0) {
        console->is_deaf = false;
        console->taken_ns = now_ns;
        return true;
    }
    console->is_deaf |= line_is_held && now_ns - console->taken_ns >= PATIENCE_NS;
    return console->is_deaf;
}

static void hand_over(struct console *console, uint32_t word, uint64_t now_ns)
{
    if (console->key_ns == 0)
        console->key_ns = now_ns;
    if (console->key)
        console->key(console->owner, word);
}

bool keyline_give(struct console *console, uint32_t key_word, uint64_t now_ns)
{
    if (console->keys_waiting == 0 && accepts(console, now_ns, false)) {
        hand_over(console, key_word, now_ns);
        return true;
    }
    if (keyline_count == KEYLINE_WORDS)
        return false;
    line[keyline_count].console = console->number;
    line[keyline_count++].word = key_word;
    console->keys_waiting++;
    return true;
}

/* Bound: the line, and a look for the console of each key, of all consoles at most. */
void keyline_pump(uint64_t now_ns, bool line_is_held)
{
    struct console *console = NULL;
    unsigned kept = 0;

    for (unsigned i = 0; i < keyline_count; i++) {
        if (!console || console->number != line[i].console)
            console = console_find(line[i].console);
        if (console && !accepts(console, now_ns, line_is_held)) {
            line[kept++] = line[i];
        } else if (console) {
            console->keys_waiting--;
            hand_over(console, line[i].word, now_ns);
        }
    }
    keyline_count = kept;
}
