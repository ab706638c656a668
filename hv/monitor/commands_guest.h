/*
 * commands_guest.h - the monitor's commands that run, show and end guests; see the table in commands.c.
 */
#ifndef MONITOR_COMMANDS_GUEST_H
#define MONITOR_COMMANDS_GUEST_H

#include <stdint.h>

#include "monitor/line_words.h"

struct guest;

/* The guest that a command's first argument names by its ID, or NULL, and then a message says why. */
struct guest *commands_guest_find(const struct words *words);
/* The same, for commands that mean nothing to a guest that has ended. */
struct guest *commands_guest_find_live(const struct words *words);

void commands_guest_run(const struct words *words, uint64_t now_ns);
void commands_guest_pause(const struct words *words, uint64_t now_ns);
void commands_guest_resume(const struct words *words, uint64_t now_ns);
void commands_guest_restart(const struct words *words, uint64_t now_ns);
void commands_guest_clone(const struct words *words, uint64_t now_ns);
void commands_guest_snapshot(const struct words *words, uint64_t now_ns);
void commands_guest_kill(const struct words *words, uint64_t now_ns);
void commands_guest_adopt(const struct words *words, uint64_t now_ns);
void commands_guest_wait(const struct words *words, uint64_t now_ns);
void commands_guest_console(const struct words *words, uint64_t now_ns);
void commands_guest_info(const struct words *words, uint64_t now_ns);

#endif
