/*
 * floor.h - the floor handlers that only the benchmark's own image has: what guest and hypervisor side agree on.
 *
 * A guest switches them in by hv_counters(entry of its handler for BENCH_FLOOR_INT, BENCH_FLOOR_BYTES), which in this
 * image returns BENCH_FLOOR_BYTES. In the shipped image it is a plain hv_counters.
 */
#ifndef TESTS_BENCH_FLOOR_FLOOR_H
#define TESTS_BENCH_FLOOR_FLOOR_H

#define BENCH_FLOOR_BYTES 0xF1002000

#define BENCH_FLOOR_MAGIC 0xD0      /* INT n: hv_magic */
#define BENCH_FLOOR_CURSOR 0xD1     /* hv_cons_set_cursor_pos */
#define BENCH_FLOOR_IRET 0xD2       /* hv_iret */
#define BENCH_FLOOR_INT 0xD3        /* an INT n of guest user, delivered to the guest kernel's handler */

#endif
