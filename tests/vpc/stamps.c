/*
 * stamps.c - the time stamp counter: read in a loop it never goes back, lets ticks in, and counts as evenly as the 8254
 * does; in user mode it is the kernel's to allow. Where WRMSR sets it (QEMU 7.2 ignores that), it goes on from there.
 */
#include "lib/interrupts.h"

#define CALL_END 0x80u
#define CR4_TSD 0x4u
#define TICKS 50u
#define INTERVALS 4u
#define COUNTS 15000u               /* of the 8254: an interval of 12.6 ms; it reaches 55 */
#define ATTEMPTS 200u               /* who is held up by others for so long begins again */
#define LOOKS 500u                  /* between two at the 8254 */
#define SLACK 8u                    /* rates may differ by an eighth: enough to tell a nanosecond from a tick */
#define MSR_TSC 0x10u
#define WRITTEN 0x10000000000ull    /* minutes to days from 0, whatever the rate */

static volatile unsigned ticks, jumps_back;
static uint64_t last_look, last_tick;
static volatile unsigned vector_seen;
static void *resume[5];
static uint8_t user_stack[4096] __attribute__((aligned(16)));

static uint64_t read_msr(void)
{
    uint32_t low, high;

    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(MSR_TSC));
    return (uint64_t)high << 32 | low;
}

static void look(void)
{
    uint64_t now = read_tsc();

    jumps_back += now < last_look;
    last_look = now;
}

static void on_tick(struct frame *frame)
{
    uint64_t now = read_tsc();

    (void)frame;
    jumps_back += now < last_tick;
    last_tick = now;
    ticks++;
    pic_end(0);
}

/* Nothing in the loop leaves a guest whose counter is the processor's. */
static void test_ticks(void)
{
    outb(0x43, 0x34);
    outb(0x40, 0xA9);
    outb(0x40, 0x04);               /* every millisecond */
    pic_unmask(0);
    sti();
    while (ticks < TICKS)
        look();
    cli();
    pic_mask_all();
    check(jumps_back == 0, "it went back");
    say("ticks come\n");
}

/* Counter 2 of the 8254, once down from its most; what it showed between two looks at the other counter. */
struct moment {
    uint64_t before, after;
    uint16_t count;
};

static void start_count(void)
{
    outb(0x61, inb(0x61) & 0xFC);
    outb(0x43, 0xB0);
    outb(0x42, 0xFF);
    outb(0x42, 0xFF);
    outb(0x61, inb(0x61) | 1);
}

static bool is_run_out(void)
{
    return inb(0x61) & 0x20;
}

static struct moment take_moment(void)
{
    struct moment moment = { .before = read_tsc() };

    outb(0x43, 0x80);
    uint32_t low = inb(0x42);
    moment.count = (uint16_t)(low | (uint32_t)inb(0x42) << 8);
    moment.after = read_tsc();
    return moment;
}

/*
 * Ticks a count, at least and at most: however long somebody else had the processor between two reads, the rate lies
 * between. False: so long that the count ran out.
 */
static bool measure(uint32_t *least, uint32_t *most)
{
    start_count();
    struct moment first = take_moment(), second = first;
    while (first.count - second.count < (int)COUNTS) {
        for (unsigned i = 0; i < LOOKS; i++)
            look();
        second = take_moment();
        if (is_run_out())
            return false;
    }
    uint32_t counts = (uint32_t)(first.count - second.count);
    *least = second.before > first.after ? (uint32_t)(second.before - first.after) / counts : 0;
    *most = (uint32_t)(second.after - first.before) / counts;
    return true;
}

static void test_rate(void)
{
    uint32_t least = 0, most = UINT32_MAX, measured = 0;

    for (unsigned i = 0; i < ATTEMPTS && measured < INTERVALS; i++) {
        uint32_t at_least, at_most;
        if (!measure(&at_least, &at_most))
            continue;
        least = at_least > least ? at_least : least;
        most = at_most < most ? at_most : most;
        measured++;
    }
    check(measured == INTERVALS, "never left alone for an interval");
    check(most >= 100, "it hardly counts");
    check(least <= most + most / SLACK, "its rate is not one");
    check(jumps_back == 0, "it went back");
    say("one rate\n");
}

/* Does this processor say that it is a virtual PC of Cobble's? */
static bool is_ours(void)
{
    uint32_t eax = 0, ebx, ecx, edx;

    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx));
    return ebx == ('C' | 'o' << 8 | 'b' << 16 | 'b' << 24);
}

static void test_write(void)
{
    uint64_t before = read_tsc();

    __asm__ volatile("wrmsr" : : "a"((uint32_t)WRITTEN), "d"((uint32_t)(WRITTEN >> 32)), "c"(MSR_TSC));
    last_look = is_ours() ? WRITTEN : before;
    look();
    if (is_ours()) {
        uint64_t now = read_msr();
        check(now >= last_look && now < 2 * WRITTEN && last_look < 2 * WRITTEN, "what was written");
    }
    check(jumps_back == 0, "it went back");
    say("goes on\n");
}

static void on_fault(struct frame *frame)
{
    vector_seen = frame->vector;
    __builtin_longjmp(resume, 1);
}

static void user(void)
{
    look();
    __asm__ volatile("int $0x80");
}

static unsigned try_in_user_mode(void)
{
    struct frame frame = { .es = DATA3, .ds = DATA3, .eip = (uint32_t)user, .cs = CODE3, .eflags = 2,
                           .esp = (uint32_t)user_stack + sizeof(user_stack) - 16, .ss = DATA3 };

    if (__builtin_setjmp(resume) == 0)
        frame_enter(&frame);
    return vector_seen;
}

static void test_user_mode(void)
{
    uint32_t value;

    set_handler(13, on_fault);
    set_handler(CALL_END, on_fault);
    open_gate(CALL_END);
    say("in user mode: vector %u\n", try_in_user_mode());
    __asm__ volatile("movl %%cr4, %0; orl %1, %0; movl %0, %%cr4" : "=&r"(value) : "i"(CR4_TSD));
    say("forbidden: vector %u\n", try_in_user_mode());
    look();
    check(jumps_back == 0, "it went back");
}

int main(uint32_t magic, const uint32_t *info)
{
    static uint8_t stack0[4096];

    (void)magic, (void)info;
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    set_handler(PIC_BASE, on_tick);
    test_ticks();
    test_rate();
    test_write();
    test_rate();
    test_user_mode();
    say("%u failed\n", failures);
    return failures == 0 ? 42 : 1;
}
