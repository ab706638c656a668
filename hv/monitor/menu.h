/*
 * menu.h - the choices of cobble.cfg, on console 0 for five seconds: docs/operator.md "Choices".
 */
#ifndef MONITOR_MENU_H
#define MONITOR_MENU_H

#include <stdint.h>

#include "monitor/config.h"

/* Show the choices and take the keys of console 0 until one is picked. config must live until then. */
void menu_show(const struct config *config);

/* The number of the choice that was picked, by a key or by waiting; 0: none of them; -1: not yet. */
int menu_pump(uint64_t now_ns);

/* When the time will be up, or the next second has to be shown; UINT64_MAX: a key has stopped the clock. */
uint64_t menu_next_ns(uint64_t now_ns);

#endif
