/*
 * machine_report.h - what is told of a virtual PC: when it crashed, and by the monitor's info.
 */
#ifndef VPC_MACHINE_REPORT_H
#define VPC_MACHINE_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "guest/kind.h"

struct guest;
struct vpc;

/* guest_kind.describe, guest_kind.inform and guest_kind.count. */
void machine_describe(struct guest *guest, enum report_kind kind, const char *reason, char *text, size_t text_bytes,
                      struct report_texts *texts);
bool machine_inform(const struct guest *guest, unsigned number, char *text, size_t text_bytes);
struct guest_counts machine_count(const struct guest *guest);

/* At its end: all exits by kind, for who reads "log debug". */
void machine_log_exits(const struct guest *guest, const struct vpc *vpc);

#endif
