/*
 * fake_plan.h - the layers under the monitor, of paper, for plans: guests that follow a script (rows they print, when
 * they end and how), a serial line that takes as many bytes a step as the test allows, memory, and a clock.
 */
#ifndef FAKE_PLAN_H
#define FAKE_PLAN_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "guest/guest.h"

#define NS_PER_MS 1000000ull
#define GUESTS 1000

/* For processes that run a plan: what fails prints the stream, too, and exits. */
#define REQUIRE(condition)                                                                        \
    do {                                                                                          \
        if (!(condition)) {                                                                       \
            fprintf(stderr, "%s:%d: %s\n%.*s\n", __FILE__, __LINE__, #condition, (int)stream_bytes, stream); \
            _exit(1);                                                                             \
        }                                                                                         \
    } while (0)

/* Names of guests: hello, seven, crash, spin, chatty; bad is no image. Those there are, and the time. */
extern struct guest guests[GUESTS];
extern unsigned guest_count, released_count;
extern uint64_t now_ns;

/* What has gone out on the serial line, and what it still takes in this step. */
extern char stream[1 << 20];
extern size_t stream_bytes, line_room;

/* What was asked of the layers; frames for judging that are out, and all there ever were. */
extern bool uses_serial, uses_run_loop, is_strict[], is_traced[], keeps_rows[];
extern unsigned dumps, judging_frames, judged;
extern uint32_t exit_code;

/* A test's wishes: frames that are missing at the end, a line of the log with each release. */
extern int leak;
extern bool logs_on_release;

/* Where power_off (1) and power_reset (2) lead. */
extern jmp_buf machine_off;

/* Guests whose time has come end. */
void step_guests(void);

#endif
