/*
 * iret_vm.c - a native IRET that pops EFLAGS with VM = 1 must open no door, from guest kernel and from guest user.
 *
 * SDM vol. 2 "IRET": only ring 0 outside of IA-32e mode returns to virtual-8086 mode; elsewhere VM is left alone. QEMU
 * looks at neither and takes CS, SS and EFLAGS as popped: the next trap then shows whatever the guest had chosen, with
 * IOPL = 3 for its ports, or with a CS whose RPL is 0, as if the hypervisor itself had been interrupted. Such a guest
 * must end; on hardware it returns as any IRET does, or gets #GP. Every case pops another CS; "debug" has TF on, so
 * that #DB comes before any fetch; "interrupt" has the timer's interrupt come there when it is lucky: before the IRET
 * stands a row of slow instructions, in which an emulator looks at no interrupt, and its next tick is due there.
 *
 * All slots lead to one label, which tries again, and where the IRET leads to, the guest tries a port: QEMU's debug
 * console, which shows "!" when a guest has it. A guest that lives on exits with 66 once a port was its own.
 */
#include "lib/paging.h"

#define KERNEL_CS 0x19
#define KERNEL_SS 0x21
#define USER_CS 0x2B
#define DATA 0x33
#define SLOW_CYCLES 400000      /* what the row of slow instructions takes, or a little less */
#define VM_EFLAGS (EFLAGS_VM | EFLAGS_IOPL | EFLAGS_IF | EFLAGS_RESERVED_1)

struct words {
    uint32_t before;                                        /* EFLAGS while the IRET runs */
    uint32_t eip, cs, eflags, esp, ss, es, ds, fs, gs;      /* as IRET to virtual-8086 mode pops them */
};
static struct words words;
static uint32_t stack[64];
void iret_go(void);
void iret_go_late(void);
extern const uint8_t iret_again[], iret_target[], iret_user[], iret_user_end[];

__asm__(".pushsection .text\n"
        ".globl iret_go, iret_go_late, iret_again, iret_target, iret_user, iret_user_end\n"
        "    .balign 1024\n"
        "iret_go_late:\n"
        "    fldpi\n"
        "    .rept 100\n"
        "    fld1\n"
        "    fpatan\n"
        "    .endr\n"
        "    fstp %st(0)\n"
        "    movl $words + 4, %esp\n"      /* POPFL would be the end of the row */
        "    iretl\n"
        "iret_go:\n"
        "iret_again:\n"
        "    movl $words, %esp\n"
        "    popfl\n"
        "    iretl\n"
        "iret_target:\n"
        "    movb $0x21, %al\n"
        "    outb %al, $0xE9\n"
        "    pushl $66\n"
        "    movl $1, %eax\n"
        "    int $0xDE\n"
        "iret_user:\n"
        "    iretl\n"
        "iret_user_end:\n"
        ".popsection\n");

static void fill(uint32_t cs, uint32_t ss, uint32_t eflags)
{
    words = (struct words){
        .before = EFLAGS_RESERVED_1, .eip = address_of(iret_target), .cs = cs, .eflags = eflags,
        .esp = address_of(stack + 64), .ss = ss, .es = DATA, .ds = DATA, .fs = DATA, .gs = DATA,
    };
    for (uint32_t slot = 0; slot < 256; slot++)
        hv_setidt(slot, address_of(iret_again), slot != SLOT_DONE);
}

static void from_kernel(uint32_t cs, uint32_t ss, uint32_t eflags)
{
    fill(cs, ss, eflags);
    iret_go();
}

CASE(kernel_ring_1)
{
    from_kernel(KERNEL_CS, KERNEL_SS, VM_EFLAGS);
}

CASE(kernel_ring_3)
{
    from_kernel(USER_CS, DATA, VM_EFLAGS);
}

CASE(kernel_ring_0)
{
    from_kernel(KERNEL_CS & ~3u, KERNEL_SS, VM_EFLAGS);
}

CASE(kernel_hypervisor)
{
    from_kernel(0x08, 0x10, VM_EFLAGS);
}

CASE(kernel_null)
{
    from_kernel(0, 0, VM_EFLAGS);
}

CASE(kernel_no_if)
{
    from_kernel(KERNEL_CS, KERNEL_SS, EFLAGS_VM | EFLAGS_RESERVED_1);
}

CASE(kernel_every_flag)
{
    from_kernel(KERNEL_CS, KERNEL_SS, 0xFFFFFFFF);
}

static void debug_after(uint32_t cs, uint32_t ss)
{
    fill(cs, ss, VM_EFLAGS);
    words.before = EFLAGS_TF | EFLAGS_RESERVED_1;
    iret_go();
}

CASE(debug_ring_1)
{
    debug_after(KERNEL_CS, KERNEL_SS);
}

CASE(debug_ring_0)
{
    debug_after(KERNEL_CS & ~3u, KERNEL_SS);
}

#define TICKS 16

static volatile uint32_t tick_count;
static volatile uint64_t ticked_at[TICKS + 2];

static void tick_noted(struct event *event)
{
    (void)event;
    if (tick_count < TICKS + 2)
        ticked_at[tick_count++] = rdtsc();
}

/* The TSC at the next tick but one. The first is none: interrupts were just turned on. Some come late, or are lost. */
static uint64_t tick_ahead(void)
{
    uint64_t period = UINT64_MAX;

    while (tick_count < TICKS + 2)
        continue;
    for (uint32_t i = 1; i <= TICKS; i += 2) {
        uint64_t two = ticked_at[i + 1] - ticked_at[i - 1];
        if (two / 2 < period)
            period = two / 2;
    }
    return ticked_at[TICKS + 1] + 2 * period;
}

static void interrupt_after(uint32_t cs, uint32_t ss)
{
    event_handle(HV_SLOT_TIMER, tick_noted, true);
    event_handle(HV_SLOT_KEYBOARD, tick_noted, true);
    hv_enable_interrupts();
    uint64_t at = tick_ahead();
    hv_disable_interrupts();
    fill(cs, ss, VM_EFLAGS);
    while (rdtsc() < at - SLOW_CYCLES)
        continue;
    iret_go_late();
}

CASE(interrupt_ring_1)
{
    interrupt_after(KERNEL_CS, KERNEL_SS);
}

CASE(interrupt_ring_0)
{
    interrupt_after(KERNEL_CS & ~3u, KERNEL_SS);
}

/* The words lie on guest user's own stack. */
static void from_user(uint32_t cs, uint32_t ss)
{
    struct user_state state = { .eflags = EFLAGS_RESERVED_1 };

    traps_record(true);
    hv_setpd(pd_make(), 0);
    user_run_code(iret_user, iret_user_end, &state);    /* once with an empty stack, to put it in place */
    fill(cs, ss, VM_EFLAGS);
    words.eip = USER_CODE;
    state.esp = USER_STACK - (sizeof(words) - sizeof(words.before));
    memcpy((void *)(uintptr_t)state.esp, &words.eip, sizeof(words) - sizeof(words.before));
    user_run(&state);
}

CASE(user_ring_3)
{
    from_user(USER_CS, DATA);
}

CASE(user_ring_1)
{
    from_user(KERNEL_CS, KERNEL_SS);
}

CASE(user_ring_0)
{
    from_user(0x08, 0x10);
}

int main(void)
{
    test_case();
    return test_result();
}
