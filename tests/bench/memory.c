/*
 * memory.c - what a small idle guest costs: it uses every page of its image once, waits until all guests have, and
 * says how many frames the hypervisor has left.
 *
 * Lines for scripts/bench:
 *   @ launch HIGH LOW                    the TSC at the start, before the first hypercall
 *   @ frames TOTAL FREE IMAGE_PAGES
 */
#include "sdk.h"

#define PAGE_BYTES 4096u
#define READ_NS 4000000000ull        /* on the hypervisor's clock: all guests have used their pages by then */
#define END_NS 9000000000ull         /* and all have read the counters: each has had a turn or two */

static struct hv_counters counters_at(uint64_t time_ns)
{
    struct hv_counters counters;

    do {
        hv_counters(&counters, sizeof(counters));
        pause();
    } while (counters.time_ns < time_ns);
    return counters;
}

int main(void)
{
    uint64_t first = rdtsc();
    uint32_t pages = 0;

    for (volatile uint8_t *byte = guest_start; byte < guest_end; byte += PAGE_BYTES, pages++)
        *byte = *byte;
    if (counters_at(0).time_ns > READ_NS)
        return 1;
    struct hv_counters counters = counters_at(READ_NS);
    counters_at(END_NS);
    printf("@ launch %u %u\n", (uint32_t)(first >> 32), (uint32_t)first);
    printf("@ frames %u %u %u\n", (uint32_t)counters.frames_total, (uint32_t)counters.frames_free, pages);
    return 0;
}
