/*
 * report.h - what a guest kernel's author sees when it died, when its time was up, or on request: docs/operator.md
 * "Crash reports".
 */
#ifndef GUEST_REPORT_H
#define GUEST_REPORT_H

#include <stddef.h>

#include "guest/report_text.h"

struct guest;

/*
 * Fill guest->registers and text from guest, its frame, memory, tables and image. Called while the guest's memory is
 * still there and its address space loaded. reason: one line, "" for REPORT_LIVE.
 */
void report_write(struct guest *guest, enum report_kind kind, const char *reason, char *text, size_t text_bytes,
                  struct report_texts *texts);

#endif
