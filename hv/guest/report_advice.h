/*
 * report_advice.h - what the author of a guest should look at (PURE).
 *
 * Each rule looks at the facts and, when it knows the kind of mistake, writes one or two sentences and returns true.
 */
#ifndef GUEST_REPORT_ADVICE_H
#define GUEST_REPORT_ADVICE_H

#include "base/format.h"
#include "guest/report_text.h"

/* Where a rule writes. */
struct advice {
    char *text;
    size_t text_bytes;
};

#define ADVISE(advice, ...) (format_string((advice)->text, (advice)->text_bytes, __VA_ARGS__), true)

/* One sentence or two, whatever the facts. No newline. */
void report_advise(const struct report_facts *facts, char *text, size_t text_bytes);

/* report_call_advice.c: a hypercall that was refused, by what is wrong with it. */
bool report_advise_call(const struct report_facts *facts, const struct advice *advice);
/* report_hang_advice.c: a guest that goes on, or sleeps, for ever. */
bool report_advise_hang(const struct report_facts *facts, const struct advice *advice);

#endif
