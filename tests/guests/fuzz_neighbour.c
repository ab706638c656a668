/*
 * fuzz_neighbour.c - what a guest has for itself is its own, whatever the fuzz guests (fuzz.c) beside it do.
 *
 * fresh: the FPU as the hypervisor hands it to a new guest is that of a processor after reset, all that FXSAVE stores
 * in 32-bit mode. Fuzz guests begin by filling theirs with bytes 0xA5; who sees one of those here has another guest's.
 * This guest runs nothing but what stands here, so no jump into its main can bring a wrong verdict. It ends with all
 * of its FPU dirty; "dirty" does as well, and is crashed.
 *
 * watch, watch_paged: for WATCH_SECONDS, all the time: 1 MiB of RAM (paging off, or on), FPU and SSE, all registers,
 * segment registers and flags are what this guest made them; no debug register can be touched, and no breakpoint of
 * anybody comes: #DB, as every event but the tick and its own #GP at MOV from DRn, is a failure.
 */
#include "lib/paging.h"

#define WATCH_SECONDS 20u
#define RAM_BYTES 0x100000u
#define FPU_XMM_END (288 / 4)       /* words: the end of XMM7; 32-bit mode stores no more of FXSAVE's 512 bytes */
#define LIFE 0x10001u               /* of the RAM pattern */

static uint32_t image[128] __attribute__((aligned(16))), saved[128] __attribute__((aligned(16)));
static uint32_t ram[RAM_BYTES / 4] __attribute__((aligned(4096)));
static uint32_t ticks, refusals;
extern const uint8_t debug_read_at[], debug_read_next[];

static void fpu_save(void)
{
    memset(saved, 0, sizeof(saved));
    __asm__ volatile("fxsave %0" : "=m"(saved));
}

static void fpu_load(void)
{
    for (uint32_t i = 0; i < 128; i++)
        image[i] = 0x5A5A5A5A ^ i;
    image[0] = 0x0000037F;              /* control and status word; all registers valid */
    image[1] = 0x000000FF;
    image[6] = 0x00009FC0;              /* MXCSR: flush to zero, denormals are zeros */
    image[7] = 0;
    __asm__ volatile("fxrstor %0" : : "m"(image));
    fpu_save();
    memcpy(image, saved, sizeof(image));    /* what the processor makes of the reserved bits */
}

CASE(fresh)
{
    fpu_save();
    CHECK_EQUAL(saved[0], 0x0000037F);
    CHECK_EQUAL(saved[1] & 0xFF, 0);    /* all empty, in the short form of the tag word */
    CHECK_EQUAL(saved[6], 0x1F80);
    for (uint32_t i = 8; i < FPU_XMM_END; i++)
        CHECK_EQUAL(saved[i], 0);
    fpu_load();
}

CASE(dirty)
{
    fpu_load();
    __asm__ volatile("ud2");
    test_survived();
}

/* The recorder of all slots: ticks are counted, the refused read of a debug register is stepped over. */
static void watch_event(struct event *event)
{
    if (event->slot == HV_SLOT_TIMER) {
        ticks++;
    } else if (event->slot == 13 && event->eip == address_of(debug_read_at) && event->error == 0) {
        refusals++;
        event->eip = address_of(debug_read_next);
    } else {
        printf("slot %u error 0x%x eip 0x%08x address 0x%08x\n", event->slot, event->error, event->eip,
               event->address);
        hv_exit(1);
    }
}

static bool ram_is_own(uint32_t life)
{
    for (uint32_t i = 0; i < RAM_BYTES / 4; i++) {
        if (!CHECK_EQUAL(ram[i], i * life))
            return false;
        ram[i] = i * (life + 2);
    }
    return true;
}

static bool fpu_is_own(void)
{
    fpu_save();
    for (uint32_t i = 0; i < FPU_XMM_END; i++) {
        if (!CHECK_EQUAL(saved[i], image[i]))
            return false;
    }
    return true;
}

/* Runs for many turns with a value in each register; returns what is wrong, as bits. */
static uint32_t registers_differ(void)
{
    uint32_t differ = 0;

    __asm__ volatile("pushl %%ebp; movl %%esp, %%ebp; movl $0x11111111, %%ebx; movl $0x22222222, %%edx;"
                     "movl $0x33333333, %%esi; movl $0x44444444, %%edi; std; movl $200000, %%ecx;"
                     "1: cmpl $0x11111111, %%ebx; jne 2f; cmpl $0x22222222, %%edx; jne 2f;"
                     "cmpl $0x33333333, %%esi; jne 2f; cmpl $0x44444444, %%edi; jne 2f; cmpl %%esp, %%ebp; jne 2f;"
                     "loop 1b; 2: pushfl; popl %%eax; cld; andl $0x400, %%eax; xorl $0x400, %%eax; orl %%ecx, %%eax;"
                     "movl %%ebp, %%esp; popl %%ebp"
                     : "=a"(differ) : : "ebx", "ecx", "edx", "esi", "edi", "memory", "cc");
    return differ;
}

static uint32_t segments_read(void)
{
    uint16_t ds, es, fs, gs;

    __asm__ volatile("movw %%ds, %0; movw %%es, %1; movw %%fs, %2; movw %%gs, %3"
                     : "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs));
    return (ds == es && es == fs && fs == gs) ? ds : 0;
}

static bool debug_is_refused(void)
{
    uint32_t before = refusals;

    __asm__ volatile(".globl debug_read_at, debug_read_next; debug_read_at: movl %%dr7, %%eax; debug_read_next:"
                     : : : "eax", "memory");
    return CHECK_EQUAL(refusals, before + 1);
}

static uint64_t time_ns(void)
{
    struct hv_counters counters;

    hv_counters(&counters, sizeof(counters));
    return counters.time_ns;
}

static void watch(void)
{
    uint32_t rounds = 0, life = LIFE, selectors = segments_read(), cs;
    uint32_t flags = (eflags_read() & EFLAGS_ID) ^ EFLAGS_ID;
    uint64_t end_ns = time_ns() + WATCH_SECONDS * 1000000000ull;

    for (uint32_t slot = 0; slot < HV_IDT_SLOTS; slot++)
        event_handle(slot, watch_event, true);
    for (uint32_t i = 0; i < RAM_BYTES / 4; i++)
        ram[i] = i * life;
    fpu_load();
    eflags_write(flags);
    hv_enable_interrupts();
    while (time_ns() < end_ns) {
        bool good = ram_is_own(life) && fpu_is_own() && CHECK_EQUAL(registers_differ(), 0) && debug_is_refused();
        uint32_t kept = EFLAGS_ID | EFLAGS_AC | EFLAGS_NT | EFLAGS_VM | EFLAGS_IOPL | EFLAGS_TF;

        __asm__ volatile("movl %%cs, %0" : "=r"(cs));
        if (!good || !CHECK_EQUAL(segments_read(), selectors) || !CHECK_EQUAL(cs & 3, 1) ||
            !CHECK_EQUAL(eflags_read() & kept, flags))
            return;
        life += 2;
        rounds++;
    }
    printf("%u rounds, %u ticks\n", rounds, ticks);
    CHECK(ticks > 0);
}

CASE(watch)
{
    watch();
}

CASE(watch_paged)
{
    hv_setpd(pd_make(), 1);
    watch();
}

int main(void)
{
    test_case();
    return test_result();
}
