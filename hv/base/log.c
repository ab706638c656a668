/*
 * log.c - the hypervisor's own messages (PURE): a byte ring of records, oldest out first.
 *
 * Writing never waits and never fails: whoever logs may be in the middle of anything, before there is a serial line or
 * a screen. The monitor, or an autorun, takes the lines out when it has somewhere to put them. Lines that nobody took
 * in time go, and are counted.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdint.h>

#include "base/format.h"
#include "base/string.h"

#define RING_BYTES 8192         /* a power of two, so that the counters below may wrap */
#define LINE_BYTES_MAX 240
#define KEPT_BYTES 80
#define RECORD_HEADER_BYTES 2   /* level, length of the line */

static struct {
    uint32_t head, tail;        /* bytes ever written and ever removed; the ring holds [tail, head) */
    uint32_t dropped_lines;     /* since the last take */
    enum log_level level;
    uint8_t bytes[RING_BYTES];
} ring = { .level = LOG_INFO };

static char kept[LOG_KEPT_MAX][KEPT_BYTES];
static unsigned kept_count;

static const char *const level_names[] = {
    [LOG_ERROR] = "error", [LOG_WARN] = "warn", [LOG_INFO] = "info", [LOG_DEBUG] = "debug",
    [LOG_FIGURE] = "info",
};

static char kept_figures[LOG_FIGURES_MAX][LINE_BYTES_MAX + 1];
static unsigned figure_count;

static void put_byte(uint8_t byte)
{
    ring.bytes[ring.head++ % RING_BYTES] = byte;
}

static uint8_t peek_byte(uint32_t position)
{
    return ring.bytes[position % RING_BYTES];
}

static void remove_oldest(void)
{
    ring.tail += RECORD_HEADER_BYTES + peek_byte(ring.tail + 1);
}

void log_write(enum log_level level, const char *format, ...)
{
    char line[LINE_BYTES_MAX + 1];

    if ((level == LOG_FIGURE ? LOG_INFO : level) > ring.level)
        return;
    va_list arguments;
    va_start(arguments, format);
    format_string_v(line, sizeof(line), format, arguments);
    va_end(arguments);

    if (level == LOG_FIGURE && figure_count < LOG_FIGURES_MAX)
        memcpy(kept_figures[figure_count++], line, sizeof(line));
    uint32_t length = (uint32_t)strlen(line);
    while (RING_BYTES - (ring.head - ring.tail) < length + RECORD_HEADER_BYTES) {
        remove_oldest();
        ring.dropped_lines++;
    }
    put_byte((uint8_t)level);
    put_byte((uint8_t)length);
    if (level <= LOG_WARN && kept_count < LOG_KEPT_MAX)
        format_string(kept[kept_count++], KEPT_BYTES, "%s", line);
    for (uint32_t i = 0; i < length; i++) {
        /* One line stays one line, whatever name or text came into it: a TAP stream depends on that. */
        uint8_t byte = (uint8_t)line[i];
        put_byte(byte < 0x20 || byte == 0x7F ? '?' : byte);
    }
}

const char *log_kept(unsigned index)
{
    return index < kept_count ? kept[index] : NULL;
}

const char *log_kept_figure(unsigned index)
{
    return index < figure_count ? kept_figures[index] : NULL;
}

void log_set_level(enum log_level level)
{
    ring.level = level;
}

enum log_level log_get_level(void)
{
    return ring.level;
}

const char *log_level_name(enum log_level level)
{
    return level_names[level];
}

int log_level_parse(const char *name)
{
    for (int level = LOG_ERROR; level <= LOG_DEBUG; level++) {
        if (strcmp(name, level_names[level]) == 0)
            return level;
    }
    return -1;
}

int log_take(char *buffer, size_t size_bytes)
{
    if (ring.dropped_lines != 0) {
        format_string(buffer, size_bytes, "%u older log lines were dropped", ring.dropped_lines);
        ring.dropped_lines = 0;
        return LOG_WARN;
    }
    if (ring.tail == ring.head)
        return -1;

    int level = peek_byte(ring.tail);
    uint32_t length = peek_byte(ring.tail + 1);
    uint32_t copied = 0;
    for (; copied < length && copied + 1 < size_bytes; copied++)
        buffer[copied] = (char)peek_byte(ring.tail + RECORD_HEADER_BYTES + copied);
    if (size_bytes > 0)
        buffer[copied] = '\0';
    remove_oldest();
    return level;
}
