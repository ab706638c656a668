/*
 * main.c - the benchmark guest: every row of the table that one guest alone can measure (see docs/performance.md).
 *
 * Lines for scripts/bench: the rows of measure.c, and "@ end" when nothing is missing.
 */
#include "bench.h"

int main(void)
{
    bench_calls();
    bench_events();
    bench_paging();
    bench_user();
    bench_print();
    bench_floor();
    bench_print_rows();
    print_string("@ end\n");
    return 0;
}
