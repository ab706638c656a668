/*
 * autorun_tell.c - the plan in the stream, line by line, each when there is room for it.
 */
#include "monitor/autorun_tell.h"

#include "base/format.h"
#include "base/log.h"
#include "base/string.h"
#include "guest/guest.h"
#include "monitor/autorun_test.h"
#include "monitor/config.h"
#include "monitor/judge.h"
#include "monitor/tap.h"

#define ROWS_PER_TURN 32        /* of one guest, so that its neighbours' rows are not far behind */
#define LOG_LINES_PER_PUMP 16

void autorun_tell_notes(const char *prefix, const char *text)
{
    while (*text != '\0') {
        const char *end = strchr(text, '\n');
        size_t length = end != NULL ? (size_t)(end - text) : strlen(text);
        struct tapfmt_buffer *buffer = tap_take_buffer(TAPFMT_LINE_BYTES);
        if (buffer != NULL && length > 0)
            tapfmt_comment(buffer, prefix, text, length);
        text += length + (end != NULL ? 1 : 0);
    }
}

bool autorun_tell_log(void)
{
    char line[TAPFMT_LINE_BYTES / 2];
    char prefix[16];

    for (unsigned i = 0; i < LOG_LINES_PER_PUMP; i++) {
        struct tapfmt_buffer *buffer = tap_take_buffer(TAPFMT_LINE_BYTES);
        if (buffer == NULL)
            return false;
        int level = log_take(line, sizeof(line));
        if (level < 0)
            return false;
        format_string(prefix, sizeof(prefix), "%s:", log_level_name((enum log_level)level));
        tapfmt_comment(buffer, prefix, line, strlen(line));
    }
    return true;
}

/* Write rows that a guest's log holds, in their turn. True when none is left. */
bool autorun_tell_rows(struct autorun_test *test, const struct config_autorun *spec)
{
    struct tapfmt_buffer *buffer = tap_take_buffer(TAPFMT_DEBUG_BYTES);
    const uint8_t *row;

    for (unsigned i = 0; i < ROWS_PER_TURN && buffer != NULL && tapfmt_room(buffer) >= TAPFMT_DEBUG_BYTES; i++) {
        int length = rowlog_take(&test->guest->row_log, &row);
        size_t before = buffer->used;
        if ((unsigned)length <= VCON_COLS)
            tapfmt_row(buffer, &test->prefix, row, (size_t)length);
        else if (length < 0)
            return true;
        else
            tapfmt_debug(buffer, spec->name, row + 1, row[0]);
        if (test->match != NULL)
            match_logged(test->match, row, length);
        size_t told = buffer->used - before;
        if (test->dropped_rows != 0 || test->logged_bytes + told > spec->output_bytes) {
            buffer->used = before;
            test->dropped_rows++;
            continue;
        }
        test->logged_bytes += told;
    }
    return false;
}

/* The crash report, line by line. True when all is told. */
static bool write_report(struct autorun_test *test, const char *name)
{
    char prefix[GUEST_NAME_BYTES + 2];

    format_string(prefix, sizeof(prefix), "%s!", name);
    while (*test->report != '\0') {
        const char *end = strchr(test->report, '\n');
        size_t length = end != NULL ? (size_t)(end - test->report) : strlen(test->report);
        struct tapfmt_buffer *buffer = tap_take_buffer(TAPFMT_LINE_BYTES + length);
        if (buffer == NULL)
            return false;
        tapfmt_comment(buffer, prefix, test->report, length);
        test->report += length + (end != NULL ? 1 : 0);
    }
    return true;
}

/* Rows were dropped: what the console has at the end, so that a flood is not known by its beginning only. */
static bool tell_last_rows(struct autorun_test *test, const char *name)
{
    struct tapfmt_prefix prefix;

    if (test->guest == NULL || test->dropped_rows < VCON_ROWS)
        return true;
    tapfmt_set_last_prefix(&prefix, name);
    for (; test->last_rows_told < VCON_ROWS; test->last_rows_told++) {
        struct tapfmt_buffer *buffer = tap_take_buffer(TAPFMT_DEBUG_BYTES);
        if (buffer == NULL)
            return false;
        tapfmt_row(buffer, &prefix, vcon_text(&test->guest->console.vcon, test->last_rows_told), VCON_COLS);
    }
    return true;
}

/* Everything that is told of a test that ended, in order. True when its verdict is in the stream. */
bool autorun_tell_end(struct autorun_test *test, const struct config_autorun *spec, unsigned number,
                      struct judge_tally *tally)
{
    if (test->guest != NULL && !autorun_tell_rows(test, spec))
        return false;
    uint64_t dropped = test->dropped_rows + (test->guest != NULL ? test->guest->row_log.dropped_rows : 0);
    if (dropped != 0 && !test->drops_told) {
        struct tapfmt_buffer *buffer = tap_take_buffer(TAPFMT_LINE_BYTES);
        if (buffer == NULL)
            return false;
        tapfmt_text(buffer, "# %s: %llu rows dropped, more than output=%llu bytes\n", spec->name,
                    (unsigned long long)dropped, (unsigned long long)spec->output_bytes);
        test->drops_told = true;
    }
    if (!tell_last_rows(test, spec->name) || !write_report(test, spec->name))
        return false;
    struct tapfmt_buffer *buffer = tap_take_buffer(TAPFMT_VERDICT_BYTES);
    if (buffer == NULL)
        return false;
    judge_write(buffer, number, spec, test->guest, test->match, tally);
    test->phase = PHASE_REPORTED;
    return true;
}
