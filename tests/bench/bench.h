/*
 * bench.h - how the benchmark guest measures: round trips by the TSC, with what the machine did meanwhile.
 *
 * Under instruction counting the TSC advances by one an instruction, guest and hypervisor together, so a figure is an
 * exact count. Everything is measured several times: a tick that falls into one sample is not in the least of them.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include "sdk.h"

#define BENCH_SLOT_DONE 0x81    /* entry.S: SLOT_DONE */
#define SAMPLES 9               /* odd: there is a median */
#define TSC_TICK 10000000u      /* the TSC in one 10 ms tick under instruction counting: 1 GHz */

/* What one sample cost: cycles, and events in between. */
struct cost {
    uint32_t cycles;
    uint32_t cr3_writes, invlpg, port_in, port_out, traps, hidden_faults;
};

/* A stretch of code that does its operation rounds times. */
typedef void bench_code(uint32_t rounds);

/* A loop of code with rounds in EBX; EAX, ECX and EDX are free. One round beside code: two instructions. */
#define BENCH_LOOP(name, code, ...)                                                             \
    static void name(uint32_t rounds)                                                           \
    {                                                                                           \
        __asm__ volatile("1: " code "; decl %%ebx; jnz 1b"                                      \
                         : "+b"(rounds) : __VA_ARGS__ : "eax", "ecx", "edx", "memory", "cc");   \
    }

/* Read the counters and the TSC, and what both have advanced by since. */
struct start {
    struct hv_counters counters;
    uint64_t tsc;
};
void bench_start(struct start *start);
struct cost bench_stop(const struct start *start);

/*
 * Measure code against empty, which is the same without the operation: SAMPLES times rounds rounds, each of
 * operations_per_round operations. Makes the row.
 */
void bench_measure(const char *name, bench_code *code, bench_code *empty, uint32_t rounds,
                   uint32_t operations_per_round);

/* Make a row of count samples of operations operations each; the order of samples changes. */
void bench_report(const char *name, uint32_t operations, struct cost *samples, uint32_t count);
void bench_print_rows(void);

/* A loop of known length, and what was stolen from it: instructions that were not the guest's. */
void bench_spin(uint32_t instructions);
struct cost bench_spin_stolen(uint32_t instructions);

/* The parts of the suite. */
void bench_calls(void);
void bench_events(void);
void bench_paging(void);
void bench_user(void);
void bench_print(void);
void bench_floor(void);

/*
 * The floor of a row: have the benchmark's own image do an operation of floor/floor.h. False in the shipped image, and
 * where that cannot be done, which is told.
 */
bool bench_floor_do(uint32_t operation, uint32_t argument);
uint32_t bench_floor_ticks(void);
/* Tell that the floor did not do what it had to: the figures are not good. */
void bench_floor_expect(bool is_right, const char *what);

/* From entry.S: handlers that do nothing but hv_iret. */
extern const char bench_resume_handler[];   /* kernel mode: goes on at ECX */
extern const char bench_tick_handler[];     /* kernel mode: counts in bench_ticks and goes on */
extern const char bench_user_handler[];     /* user mode: goes on there */
extern const char bench_done_handler[];     /* ends bench_user_run */
extern volatile uint32_t bench_ticks;
/* Go to guest user at eip with rounds in EBX; comes back at INT BENCH_SLOT_DONE. */
void bench_user_run(const char *eip, uint32_t rounds);
void bench_floor_run(const char *eip, uint32_t rounds);     /* by the floor's hv_iret */
extern const char bench_user_int[], bench_user_empty[], bench_user_floor_int[];

/* A page fault of user mode, which goes on at ECX; and what has them by reading at bench_touched. */
extern const char bench_user_resume_handler[], bench_user_touch[];
extern uint32_t bench_touched;

/* The same by the floor's hv_iret; those with "seen" keep the event frame in bench_frame. */
extern const char bench_floor_resume_handler[], bench_floor_tick_handler[], bench_floor_user_handler[];
extern const char bench_floor_seen_resume[], bench_floor_seen_user[];
extern volatile uint32_t bench_frame[6];

#endif
