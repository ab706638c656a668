/*
 * log.h - the hypervisor's own messages: levels by meaning, one line each, kept in a ring until a sink takes them.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stddef.h>

enum log_level {
    LOG_ERROR,      /* something the operator asked for did not happen */
    LOG_WARN,       /* the machine lacks something; we go on without */
    LOG_INFO,       /* one line per thing found or done at boot, per guest launched or ended (the default) */
    LOG_DEBUG,      /* what an author of Cobble wants to see */
    LOG_FIGURE,     /* told at LOG_INFO, and named so: numbers that a stream has and no first screen needs */
};

/*
 * Append one line (no newline in it) to the log. Never blocks, never touches a device; the oldest lines are dropped
 * when nobody takes them. Lines above the current level are not recorded.
 */
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_write(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)
#define log_figure(...) log_write(LOG_FIGURE, __VA_ARGS__)
#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)

void log_set_level(enum log_level level);
enum log_level log_get_level(void);

/* "error", "warn", "info", "debug" <-> level; log_level_parse returns -1 for an unknown name. */
const char *log_level_name(enum log_level level);
int log_level_parse(const char *name);

/* The first LOG_KEPT_MAX errors and warnings, cut to a line of a screen, whoever has taken them; NULL: no more. */
#define LOG_KEPT_MAX 6
const char *log_kept(unsigned index);

/*
 * Take the oldest line not yet taken into buffer (NUL-terminated, cut to size_bytes - 1).
 * Returns its level, or -1 when there is none. The sink is the monitor: its console, or '# ' comments in a TAP stream.
 */
int log_take(char *buffer, size_t size_bytes);

/* The first lines of LOG_FIGURE, whoever has taken them; NULL: no more. */
#define LOG_FIGURES_MAX 6
const char *log_kept_figure(unsigned index);

#endif
