/*
 * jobs_tell.c - what the monitor's console says of a guest: its state, what it wrote last, its debug print, its end
 * (PURE).
 */
#include "monitor/jobs_tell.h"

#include "base/format.h"
#include "base/text.h"
#include "monitor/shell_output.h"

#define NS_PER_MS 1000000ull
#define TAIL_ROWS 12            /* rows of a watched guest that stay to be read after its end */
#define TAIL_COLS (VCON_COLS - 3)       /* behind "| ", and the last column stays free */

void jobs_describe(const struct guest *guest, char text[32])
{
    static const char *const states[] = {
        [GUEST_READY] = "running", [GUEST_HALTED] = "idle", [GUEST_BLOCKED] = "waits for output",
        [GUEST_PAUSED] = "paused", [GUEST_SPINNING] = "idle, spins",
    };

    if (guest->life.activity != GUEST_ENDED) {
        bool is_snapshot = guest->life.paused & GUEST_PAUSED_SNAPSHOT;
        const char *paused = is_snapshot ? "snapshot" : "paused";
        (void)text_copy(text, 32, guest->life.paused ? paused : states[guest->life.activity]);
        return;
    }
    switch (guest->life.end) {
    case GUEST_END_EXIT: format_string(text, 32, "exit %d", guest->life.status); break;
    case GUEST_END_CRASH: format_string(text, 32, "crash 0x%08x", (unsigned)guest->life.status); break;
    case GUEST_END_TIMEOUT: (void)text_copy(text, 32, "timeout"); break;
    default: (void)text_copy(text, 32, "killed"); break;
    }
}

/* Characters as plain text. Their number without trailing blanks. */
static unsigned make_plain(const uint8_t *characters, unsigned count, char *text)
{
    unsigned length = 0;

    for (unsigned i = 0; i < count; i++) {
        bool plain = characters[i] >= ' ' && characters[i] <= '~';
        text[i] = plain ? (char)characters[i] : characters[i] == '\0' ? ' ' : '?';
        length = text[i] != ' ' ? i + 1 : length;
    }
    return length;
}

static unsigned read_row(const struct vcon *console, unsigned row, unsigned columns, char *text)
{
    return make_plain(vcon_text(console, row), columns, text);
}

/* What a watched guest wrote last, behind "| ", so that it can be read after the view went back to the monitor. */
static void print_tail(const struct vcon *console)
{
    char text[VCON_COLS];
    unsigned used = VCON_ROWS;

    while (used > 0 && read_row(console, used - 1, VCON_COLS, text) == 0)
        used--;
    for (unsigned row = used > TAIL_ROWS ? used - TAIL_ROWS : 0; row < used; row++) {
        unsigned length = read_row(console, row, TAIL_COLS, text);
        shell_print("| %.*s", (int)length, text);
    }
}

/* The rows of its console are on its screen, and so not told. */
void jobs_tell_debug(struct guest *guest)
{
    const uint8_t *record;
    char text[ROWLOG_DEBUG_MAX];

    for (int length; (length = rowlog_take(&guest->row_log, &record)) >= 0;) {
        if (length <= VCON_COLS)
            continue;
        unsigned plain = make_plain(record + 1, record[0], text);
        if (plain != 0)
            shell_print("# %s? %.*s", guest->life.name, (int)plain, text);
    }
}

void jobs_tell_end(const struct guest *guest, bool is_watched)
{
    char state[32];

    jobs_describe(guest, state);
    if (is_watched)
        print_tail(&guest->console.vcon);
    shell_print_lines(guest->life.report);
    shell_print("%u %s: %s in %llu ms", guest->life.id, guest->life.name, state,
                (unsigned long long)((guest->life.ended_ns - guest->life.started_ns) / NS_PER_MS));
}
