/*
 * commands_list.h - the monitor's commands that list guests and images, which may be thousands: some rows a look, while
 * the shell takes no key.
 */
#ifndef MONITOR_COMMANDS_LIST_H
#define MONITOR_COMMANDS_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "monitor/line_words.h"

/* Begin: what can be run, of those that match a pattern, if there is one; all guests. words stay till the end. */
void commands_list_images(const struct words *words, uint64_t now_ns);
void commands_list_guests(const struct words *words, uint64_t now_ns);

/* Is a list not at its end? Then write some of it; a look takes no more than this. */
bool commands_list_goes_on(void);
void commands_list_more(void);

#endif
