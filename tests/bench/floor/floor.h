/*
 * floor.h - the floor handlers that only the benchmark's own image has: what guest and hypervisor side agree on.
 *
 * A guest switches them by hv_counters(argument, BENCH_FLOOR_BYTES + an operation), which in this image returns
 * BENCH_FLOOR_BYTES when it was done. In the shipped image it is a plain hv_counters, with argument as its buffer:
 * BENCH_FLOOR_PROBE comes first.
 */
#ifndef TESTS_BENCH_FLOOR_FLOOR_H
#define TESTS_BENCH_FLOOR_FLOOR_H

#define BENCH_FLOOR_BYTES 0xF1002000

/* Operations, and what argument is. */
#define BENCH_FLOOR_PROBE 0         /* a buffer that the shipped image may fill; opens the vectors below */
#define BENCH_FLOOR_ENTRY 1         /* of the guest kernel's handler, for all events */
#define BENCH_FLOOR_OFF 2           /* -: all as shipped again but for the vectors below */
#define BENCH_FLOOR_TICK 3          /* the guest's virtual IF: the timer's interrupts go to the floor */
#define BENCH_FLOOR_TICKS 4         /* -: returns how many of them came */
#define BENCH_FLOOR_REFLECT 5       /* -: page faults beyond RAM, while paging is off */

/* INT n: calls, from guest kernel only, and what guest user may do. */
#define BENCH_FLOOR_MAGIC 0xD0
#define BENCH_FLOOR_CURSOR 0xD1     /* hv_cons_set_cursor_pos */
#define BENCH_FLOOR_IRET 0xD2       /* hv_iret to guest user */
#define BENCH_FLOOR_RESUME 0xD3     /* hv_iret to guest kernel */
#define BENCH_FLOOR_INT 0xD4        /* an INT n of guest user, delivered to the guest kernel's handler */

#endif
