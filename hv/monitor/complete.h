/*
 * complete.h - what Tab adds to a command line.
 */
#ifndef MONITOR_COMPLETE_H
#define MONITOR_COMPLETE_H

/*
 * What can be added to text (the line up to the cursor) without a choice: the rest of a command, guest name, ID or log
 * level, with a blank behind it when it is the only one. When nothing can be added, the candidates are printed. The
 * result is valid until the next call.
 */
const char *complete_find(const char *text);

#endif
