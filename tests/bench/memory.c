/*
 * memory.c - what a small idle guest costs: it uses every page of its image once, waits until all guests have, and
 * says how many frames the hypervisor had left then. With RAM that is no whole number of MiB, it uses MORE_PAGES behind
 * its image, too, which the same page table shows.
 *
 * Lines for scripts/bench:
 *   @ launch HIGH LOW                    the TSC at the start, before the first hypercall
 *   @ frames TOTAL FREE IMAGE_PAGES
 */
#include "sdk.h"

#define PAGE_BYTES 4096u
#define MORE_PAGES 99u
#define END_NS 9000000000ull         /* on the hypervisor's clock: all have used their pages long before */

/* The last ones before END_NS, when the first guests end; all zero when it is too late. */
static struct hv_counters last_counters(void)
{
    struct hv_counters counters = { 0 }, now;

    for (hv_counters(&now, sizeof(now)); now.time_ns < END_NS; hv_counters(&now, sizeof(now))) {
        counters = now;
        pause();
    }
    return counters;
}

int main(void)
{
    uint64_t first = rdtsc();
    uint32_t pages = 0;

    for (volatile uint8_t *byte = guest_start; byte < guest_end; byte += PAGE_BYTES, pages++)
        *byte = *byte;
    uint32_t more = sdk_memory_bytes() % (1u << 20) != 0 ? MORE_PAGES : 0;
    for (uint32_t i = 0; i < more; i++)
        ((volatile uint8_t *)guest_start)[(pages + i) * PAGE_BYTES] = 1;
    struct hv_counters counters = last_counters();
    if (counters.frames_total == 0)
        return 1;
    printf("@ launch %u %u\n", (uint32_t)(first >> 32), (uint32_t)first);
    printf("@ frames %u %u %u\n", (uint32_t)counters.frames_total, (uint32_t)counters.frames_free, pages + more);
    return 0;
}
