/*
 * display.c - see display.h (PURE).
 */
#include "vpc/display.h"

#include "base/string.h"
#include "io/rowlog.h"
#include "vpc/svm/svm.h"
#include "vpc/text_view.h"

#define RUN_INSTRUCTIONS 200u

static bool is_on_page(const struct vcon *console, const uint8_t *line, unsigned length)
{
    for (unsigned row = 0; row < VCON_ROWS; row++) {
        const uint8_t *text = vcon_text(console, row);
        unsigned used = VCON_COLS;
        while (used > 0 && (text[used - 1] == ' ' || text[used - 1] == '\0'))
            used--;
        if (used == length && memcmp(text, line, length) == 0)
            return true;
    }
    return false;
}

static void end_serial_line(struct display *display, struct vcon *console)
{
    unsigned length = display->length;

    display->length = 0;
    while (length > 0 && display->line[length - 1] == ' ')
        length--;
    memset(display->line + length, ' ', VCON_COLS - length);
    if (length > 0 && console->log != NULL && !is_on_page(console, display->line, length))
        rowlog_line(console->log, display->line, length);
}

static void log_lines(struct display *display, struct vcon *console, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (terminal_skips(&display->terminal, bytes[i]) || bytes[i] == '\r')
            continue;
        if (bytes[i] == '\b' && display->length > 0)
            display->length--;
        if (bytes[i] >= ' ')
            display->line[display->length++] = bytes[i];
        if (bytes[i] == '\n' || display->length == VCON_COLS)
            end_serial_line(display, console);
    }
}

/*
 * Instructions done. Where nobody counts those a run stands for some, and for few: on a slow host one may be over
 * before the next store. Time would not do, as it passes also when nobody runs, and a scroll is not over because of
 * that.
 */
static uint64_t progress_of(const struct vpc *vpc)
{
    return vpc->interp.cpu.retired + (vpc->svm != NULL ? vpc->svm->runs * RUN_INSTRUCTIONS : 0);
}

/* Not inlined: text_view_follow has as many cells on the stack as this, and the two must not add up. */
static __attribute__((noinline)) void show_text(struct vpc *vpc, uint64_t instructions)
{
    uint16_t cells[TEXT_PAGE_CELLS];

    text_view_read(vpc, cells);
    text_page_show(&vpc->text, cells, instructions);
}

void display_update(struct display *display, struct vpc *vpc, struct vcon *console, bool is_idle)
{
    uint64_t instructions = is_idle ? NEXT_STEP_IDLE : progress_of(vpc);

    vpc->text.console = console;
    crtc_settle(&vpc->text.crtc, instructions);
    text_view_follow(vpc);
    show_text(vpc, instructions);
    if (!vpc->text.is_used) {
        terminal_write(&display->terminal, console, vpc->output, vpc->output_count);
    } else {
        log_lines(display, console, vpc->output, vpc->output_count);
        if (vpc->end != VPC_END_NONE)
            end_serial_line(display, console);
    }
    vpc->output_count = 0;
}
