/*
 * judge.c - whether a test came out as its line expects, and the verdict for the stream.
 */
#include "monitor/judge.h"

#include "base/format.h"
#include "guest/clock.h"

#define NS_PER_MS 1000000ull

static enum tapfmt_end end_kind(const struct guest *guest)
{
    if (guest == NULL)
        return TAPFMT_REFUSED;
    switch (guest->life.end) {
    case GUEST_END_EXIT: return TAPFMT_EXIT;
    case GUEST_END_CRASH: return TAPFMT_CRASH;
    case GUEST_END_TIMEOUT: return TAPFMT_TIMEOUT;
    default: return TAPFMT_KILLED;
    }
}

static bool is_as_expected(const struct config_autorun *spec, enum tapfmt_end end, uint32_t status)
{
    switch (spec->expect) {
    case CONFIG_EXPECT_CRASH: return end == TAPFMT_CRASH;
    case CONFIG_EXPECT_TIMEOUT: return end == TAPFMT_TIMEOUT;
    case CONFIG_EXPECT_REFUSED: return end == TAPFMT_REFUSED;
    case CONFIG_EXPECT_EXIT:
        return (end == TAPFMT_EXIT && status == spec->expect_status) ||
               (end == TAPFMT_CRASH && spec->expect_status == HV_STATUS_CRASH);
    }
    return false;
}

static void describe_expected(const struct config_autorun *spec, char *text, size_t text_bytes)
{
    static const char *const words[] = { "", "crash", "timeout", "refused" };

    if (spec->expect == CONFIG_EXPECT_EXIT)
        format_string(text, text_bytes, "exit %d", (int32_t)spec->expect_status);
    else
        format_string(text, text_bytes, "%s", words[spec->expect]);
}

void judge_write(struct tapfmt_buffer *buffer, unsigned number, const struct config_autorun *spec,
                 const struct guest *guest, const struct match *match, struct judge_tally *tally)
{
    static struct tapfmt_line differences[TAPFMT_DIFFERENCES_MAX];
    struct tapfmt_result result = {
        .number = number,
        .name = spec->name,
        .end = end_kind(guest),
        .reason = guest == NULL ? spec->refused : guest->life.reason,
        .registers = guest == NULL ? "" : guest->life.registers,
        .report = guest == NULL ? "" : guest->life.report,
        .rest = guest == NULL ? "" : guest_report_rest(guest),
    };

    if (guest != NULL) {
        result.status = guest->life.status;
        result.milliseconds = (guest->life.ended_ns - guest->life.started_ns) / NS_PER_MS;
        result.console = &guest->console.vcon;
    }
    if (result.end == TAPFMT_TIMEOUT)
        result.milliseconds = spec->timeout_ms;     /* by its own clock, which may differ from the wall's */
    describe_expected(spec, result.expected, sizeof(result.expected));
    if (guest != NULL && match != NULL) {
        result.differences = differences;
        result.difference_count = match_explain(match, result.console, differences);
    }
    result.ok = is_as_expected(spec, result.end, (uint32_t)result.status) && result.difference_count == 0;
    tally->ok += result.ok ? 1 : 0;
    tally->not_ok += result.ok ? 0 : 1;
    tally->crashed += result.end == TAPFMT_CRASH ? 1 : 0;
    tapfmt_verdict(buffer, &result);
}

uint64_t judge_deadline_ns(const struct guest *guest, uint64_t now_ns)
{
    if (guest->life.timeout_ns == 0)
        return UINT64_MAX;
    return guest->life.started_ns + guest->life.timeout_ns + clock_lag_ns(guest, now_ns);
}
