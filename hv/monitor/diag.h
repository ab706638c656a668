/*
 * diag.h - what this machine is and what Cobble made of it: one page of the screen, for a photograph.
 */
#ifndef MONITOR_DIAG_H
#define MONITOR_DIAG_H

#include "boot_info.h"

void diag_init(const struct boot_info *info);

/* Clear console 0 and print at most DIAG_ROWS rows there. What there is no room for is counted. */
#define DIAG_ROWS 23
void diag_show(void);

#endif
