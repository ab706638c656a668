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
#define BENCH_FLOOR_OFF 2           /* -: all as shipped again, leaves too, but for the vectors below */
#define BENCH_FLOOR_TICK 3          /* the guest's virtual IF: the timer's interrupts go to the floor */
#define BENCH_FLOOR_TICKS 4         /* -: returns how many of them came */
#define BENCH_FLOOR_REFLECT 5       /* -: page faults beyond RAM, while paging is off */
#define BENCH_FLOOR_HIDDEN 6        /* where 2 MiB begin, whose page faults guest tables allow */
#define BENCH_FLOOR_FLIP 7          /* the same, without wp */
#define BENCH_FLOOR_TABLES 8        /* a gva + how many tables from there on hv_setpd and hv_adjustpg are about */
#define BENCH_FLOOR_DIRECTORY 9     /* a directory that hv_setpd will be about; it knows the last two */
#define BENCH_FLOOR_BUFFER 10       /* BENCH_FLOOR_BUFFER_BYTES for the first that were printed and not drained */
#define BENCH_FLOOR_BUFFER_BYTES 160
#define BENCH_FLOOR_ROW "# floor row "  /* what a row begins with that the floor prints */

/* INT n: calls, from guest kernel only, and what guest user may do. */
#define BENCH_FLOOR_MAGIC 0xD0
#define BENCH_FLOOR_CURSOR 0xD1     /* hv_cons_set_cursor_pos */
#define BENCH_FLOOR_IRET 0xD2       /* hv_iret to guest user */
#define BENCH_FLOOR_RESUME 0xD3     /* hv_iret to guest kernel */
#define BENCH_FLOOR_INT 0xD4        /* an INT n of guest user, delivered to the guest kernel's handler */
#define BENCH_FLOOR_SETPD 0xD5
#define BENCH_FLOOR_CHANGED 0xD6    /* hv_setpd where tables have changed */
#define BENCH_FLOOR_ADJUSTPG 0xD7
#define BENCH_FLOOR_PRINT 0xD8
#define BENCH_FLOOR_DRAIN 0xD9      /* all that was printed goes to the serial line */

#endif
