/*
 * report.h - what a guest kernel's author sees when it died: docs/operator.md "Crash reports".
 */
#ifndef GUEST_REPORT_H
#define GUEST_REPORT_H

#include <stddef.h>

struct guest;

/*
 * Fill guest->registers and text, the report, from guest->reason, its frame, memory, tables and symbols. Called by
 * guest_crash while the guest's memory is still there and its address space loaded. text: see report_format.
 */
void report_write(struct guest *guest, char *text, size_t text_bytes);

#endif
