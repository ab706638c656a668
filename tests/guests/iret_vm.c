/*
 * iret_vm.c - a native IRET that pops EFLAGS with VM = 1 must open no door, from guest kernel and from guest user.
 *
 * SDM vol. 2 "IRET": only ring 0 outside of IA-32e mode returns to virtual-8086 mode; elsewhere VM is left alone. QEMU
 * looks at neither and takes CS, SS and EFLAGS as popped: the next trap then shows whatever the guest had chosen, with
 * IOPL = 3 for its ports, or with a CS whose RPL is 0, as if the hypervisor itself had been interrupted. Such a guest
 * must end; on hardware it returns as any IRET does, or gets #GP. Every case pops another CS; "debug" has TF on, so
 * that #DB comes before any fetch; "interrupt" has the timer's interrupt come there: the next tick is due when the IRET
 * ends. Where time is the count of instructions (QEMU's icount) that is exact; elsewhere it is luck: a row of slow
 * instructions stands before the IRET, in which an emulator looks at no interrupt, and the tick is due in that row.
 *
 * All slots lead to one label, which tries again, and where the IRET leads to, the guest tries a port: QEMU's debug
 * console, which shows "!" when a guest has it. A guest that lives on exits with 66 once a port was its own.
 */
#include "lib/paging.h"

#define KERNEL_CS 0x19
#define KERNEL_SS 0x21
#define USER_CS 0x2B
#define DATA 0x33
#define NOPS 4096               /* room for a tick whose time is known to half of that */
#define ROW_NOPS 32             /* the loop before the row may be late by its own length */
#define ROW_SLOW 100
#define ROW (ROW_NOPS + 1 + 2 * ROW_SLOW + 1 + 1)      /* instructions, the IRET among them */
#define SLOW_CYCLES 400000      /* what the row of slow instructions takes, or a little less */
#define STRING(number) STRING_OF(number)
#define STRING_OF(number) #number
#define VM_EFLAGS (EFLAGS_VM | EFLAGS_IOPL | EFLAGS_IF | EFLAGS_RESERVED_1)

struct words {
    uint32_t before;                                        /* EFLAGS while the IRET runs */
    uint32_t eip, cs, eflags, esp, ss, es, ds, fs, gs;      /* as IRET to virtual-8086 mode pops them */
};
static struct words words;
static uint32_t stack[64];
void iret_go(void);
void iret_rehearse(uint32_t target);
void iret_go_late(uint32_t target);
extern const uint8_t iret_nops[], iret_again[], iret_target[], iret_user[], iret_user_end[];

__asm__(".pushsection .text\n"
        ".globl iret_go, iret_go_late, iret_rehearse, iret_nops, iret_again, iret_target, iret_user, iret_user_end\n"
        "    .balign 1024\n"
        "iret_rehearse:\n"                /* (target): NOPs, the first at TSC target; what is late is left out */
        "    movl 4(%esp), %ecx\n"
        "1:  rdtsc\n"
        "    subl %ecx, %eax\n"
        "    js 1b\n"
        "    cmpl $" STRING(NOPS) ", %eax\n"     /* late by more, as time may be that is not the count */
        "    jbe 2f\n"
        "    movl $" STRING(NOPS) ", %eax\n"
        "2:  addl $iret_nops, %eax\n"
        "    jmpl *%eax\n"
        "iret_nops:\n"
        "    .fill " STRING(NOPS) ", 1, 0x90\n"
        "    ret\n"
        "iret_go_late:\n"                 /* (target): the same way to the row, which begins at TSC target */
        "    movl 4(%esp), %ecx\n"
        "    movl $words + 4, %esp\n"      /* POPFL would be the end of the row */
        "1:  rdtsc\n"
        "    subl %ecx, %eax\n"
        "    js 1b\n"
        "    cmpl $" STRING(ROW_NOPS) ", %eax\n"
        "    jbe 2f\n"
        "    movl $" STRING(ROW_NOPS) ", %eax\n"
        "2:  addl $3f, %eax\n"
        "    jmpl *%eax\n"
        "3:  .fill " STRING(ROW_NOPS) ", 1, 0x90\n"
        "    fldpi\n"
        "    .rept " STRING(ROW_SLOW) "\n"
        "    fld1\n"
        "    fpatan\n"
        "    .endr\n"
        "    fstp %st(0)\n"
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

/* One tick: when its handler saw it, by the low half of the TSC, and which instruction it interrupted. */
static volatile uint32_t tick_seen, tick_eip, tick_count;

static void tick_noted(struct event *event)
{
    tick_seen = (uint32_t)rdtsc();
    tick_eip = event->eip;
    tick_count++;
}

static void await_tick(void)
{
    uint32_t before = tick_count;

    while (tick_count == before)
        continue;
}

/*
 * Let a tick come in the NOPs. Returns when that was, counted as the target of iret_rehearse; 0 when it came elsewhere,
 * as it does where time is not the count of instructions.
 */
static uint32_t rehearse(uint32_t period)
{
    uint32_t target = tick_seen + period - NOPS / 2, before = tick_count;

    iret_rehearse(target);
    if (tick_count == before)
        await_tick();
    uint32_t place = tick_eip - address_of(iret_nops);
    return place < NOPS ? target + place : 0;
}

static void interrupt_after(uint32_t cs, uint32_t ss)
{
    event_handle(HV_SLOT_TIMER, tick_noted, true);
    event_handle(HV_SLOT_KEYBOARD, tick_noted, true);
    hv_enable_interrupts();
    await_tick();               /* the first is late: interrupts were just turned on */
    await_tick();
    uint32_t first = tick_seen;
    await_tick();
    uint32_t period = tick_seen - first, due = rehearse(period), next_due = rehearse(period);
    hv_disable_interrupts();
    fill(cs, ss, VM_EFLAGS);
    if (due != 0 && next_due != 0)
        iret_go_late(next_due + (next_due - due) - ROW);
    iret_go_late(tick_seen + period - SLOW_CYCLES);
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
