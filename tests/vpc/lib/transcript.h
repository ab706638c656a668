/*
 * transcript.h - a line of a transcript: TIME WHAT WHERE VALUE, for the kernel that records and the test that repeats.
 *
 * TIME is decimal, in ns; the value of a wait is decimal, in us; all other numbers are hexadecimal. VALUE may have a
 * mask behind a slash. Behind it there may be "; Cobble VALUE: reason", where ours gives another.
 */
#ifndef TESTS_VPC_TRANSCRIPT_H
#define TESTS_VPC_TRANSCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#define SECTOR_WORDS 256u

/* What is done: port and memory accesses by their width; take: let one interrupt in (its vector, 0: none); ready: read
   until bit 7 is clear; sector: the sum of 256 words that are read; fill: write 256 times; wait: let time go by. */
enum step_kind { STEP_NONE, STEP_BAD, STEP_IN1, STEP_IN2, STEP_IN4, STEP_OUT1, STEP_OUT2, STEP_OUT4, STEP_READ,
                 STEP_WRITE, STEP_TAKE, STEP_READY, STEP_SECTOR, STEP_FILL, STEP_WAIT, STEP_KINDS };

struct step {
    enum step_kind kind;
    uint32_t time, where, value, mask;
    bool has_ours;
    uint32_t ours;                  /* what Cobble gives instead */
    const char *after_time, *at_value, *after_value;
};

static inline const char *step_skip(const char *at, const char *end)
{
    while (at < end && *at == ' ')
        at++;
    return at;
}

static inline const char *step_number(const char *at, const char *end, uint32_t base, uint32_t *value)
{
    *value = 0;
    for (; at < end; at++) {
        uint32_t digit = *at >= '0' && *at <= '9' ? (uint32_t)(*at - '0') :
                         *at >= 'a' && *at <= 'f' ? (uint32_t)(*at - 'a' + 10) : base;
        if (digit >= base)
            break;
        *value = *value * base + digit;
    }
    return at;
}

static inline const char *step_word(const char *at, const char *end, enum step_kind *kind)
{
    static const char names[STEP_KINDS][8] = {
        [STEP_IN1] = "in1", [STEP_IN2] = "in2", [STEP_IN4] = "in4", [STEP_OUT1] = "out1", [STEP_OUT2] = "out2",
        [STEP_OUT4] = "out4", [STEP_READ] = "read", [STEP_WRITE] = "write", [STEP_TAKE] = "take",
        [STEP_READY] = "ready", [STEP_SECTOR] = "sector", [STEP_FILL] = "fill", [STEP_WAIT] = "wait",
    };

    *kind = STEP_BAD;
    for (unsigned i = STEP_IN1; i < STEP_KINDS; i++) {
        unsigned length = 0;
        while (names[i][length] != '\0' && at + length < end && at[length] == names[i][length])
            length++;
        if (names[i][length] == '\0' && at + length < end && at[length] == ' ') {
            *kind = (enum step_kind)i;
            return at + length;
        }
    }
    return at;
}

/* What stands behind the value: "; Cobble VALUE: reason". */
static inline void step_ours(const char *at, const char *end, struct step *step)
{
    static const char before[] = "; Cobble ";
    unsigned length = 0;

    at = step_skip(at, end);
    while (before[length] != '\0' && at + length < end && at[length] == before[length])
        length++;
    step->has_ours = before[length] == '\0';
    if (step->has_ours)
        step_number(at + length, end, 16, &step->ours);
}

/* Read one line; the next one begins at what is returned. STEP_NONE: it is empty, or a comment. */
static inline const char *step_read(const char *text, const char *end, struct step *step)
{
    const char *line_end = text, *at = step_skip(text, end);

    while (line_end < end && *line_end != '\n')
        line_end++;
    step->kind = STEP_NONE;
    if (at < line_end && *at != '#') {
        at = step->after_time = step_number(at, line_end, 10, &step->time);
        at = step_word(step_skip(at, line_end), line_end, &step->kind);
        if (step->kind == STEP_BAD)
            return line_end;
        at = step_number(step_skip(at, line_end), line_end, 16, &step->where);
        step->at_value = step_skip(at, line_end);
        step->mask = UINT32_MAX;
        at = step_number(step->at_value, line_end, step->kind == STEP_WAIT ? 10 : 16, &step->value);
        step->after_value = at;
        if (at == step->at_value)
            step->kind = STEP_BAD;
        if (at < line_end && *at == '/')
            at = step_number(at + 1, line_end, 16, &step->mask);
        step_ours(at, line_end, step);
    }
    return line_end < end ? line_end + 1 : line_end;
}

#endif
