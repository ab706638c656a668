/*
 * config_line.h - one directive, already split into config->words (PURE). For config.c only.
 */
#ifndef MONITOR_CONFIG_LINE_H
#define MONITOR_CONFIG_LINE_H

#include "monitor/config.h"

/*
 * Fill autorun from "autorun NAME [WORD=VALUE]...", and add its type= texts. The first problem goes to problem, if that
 * is still empty; the words after it are read all the same, so that expect=refused counts wherever it stands.
 */
void config_line_autorun(struct config *config, struct config_autorun *autorun, char *problem, size_t problem_bytes);

/* Do what any other directive says; problem is filled when it cannot be done. */
void config_line_directive(struct config *config, char *problem, size_t problem_bytes);

#endif
