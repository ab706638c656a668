/*
 * debug.c - the debug registers: breakpoints on code and on data, each on and off, what #DB finds in DR6 and where it
 * stands; RF, by which a handler goes on at a breakpoint; single steps.
 */
#include "lib/interrupts.h"

#define DR7_FIXED 0x400u
#define ON(number) (1u << 2 * (number))             /* the local enable */
#define EVERYWHERE(number) (2u << 2 * (number))     /* the global one */
#define ON_WRITES(number) (1u << (16 + 4 * (number)))
#define ON_ACCESSES(number) (3u << (16 + 4 * (number)))
#define OF_2(number) (1u << (18 + 4 * (number)))
#define OF_4(number) (3u << (18 + 4 * (number)))
#define FLAG_TF 0x100u
#define FLAG_RF 0x10000u

static volatile unsigned traps;
static volatile uint32_t trap_dr6, trap_eip, trap_ecx;
static volatile uint32_t words[4];
static uint32_t stack[257];
static uint8_t bytes[16];

extern const uint8_t code_here[], code_call[], store_end[];

static void on_debug(struct frame *frame)
{
    uint32_t none = 0, dr6;

    __asm__ volatile("movl %%dr6, %0; movl %1, %%dr6" : "=&r"(dr6) : "r"(none));
    traps++;
    trap_dr6 = dr6;
    trap_eip = frame->eip;
    trap_ecx = frame->ecx;
    frame->eflags |= FLAG_RF;
}

static void arm(unsigned number, const volatile void *address, uint32_t dr7)
{
    uint32_t value = (uint32_t)address;

    switch (number) {
    case 0: __asm__ volatile("movl %0, %%dr0" : : "r"(value)); break;
    case 1: __asm__ volatile("movl %0, %%dr1" : : "r"(value)); break;
    case 2: __asm__ volatile("movl %0, %%dr2" : : "r"(value)); break;
    default: __asm__ volatile("movl %0, %%dr3" : : "r"(value)); break;
    }
    traps = 0;
    trap_dr6 = trap_eip = 0;
    __asm__ volatile("movl %0, %%dr7" : : "r"(dr7 | DR7_FIXED) : "memory");
}

/* Off again; how often it was hit since arm. */
static unsigned disarm(void)
{
    __asm__ volatile("movl %0, %%dr7" : : "r"(DR7_FIXED) : "memory");
    return traps;
}

static void tell(const char *name, unsigned hits, unsigned wanted)
{
    check(hits == wanted, name);
    say("%s: %u, dr6 %x\n", name, hits, trap_dr6);
}

static __attribute__((noinline)) void run_code(void)
{
    __asm__ volatile("code_here: nop\n"
                     "call code_call\n"
                     "jmp 1f\n"
                     "code_call: ret\n"
                     "1:");
}

static __attribute__((noinline)) void run_repeated(void)
{
    void *to = bytes;
    uint32_t count = sizeof(bytes);

    __asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(0) : "memory");
}

static void test_code(void)
{
    arm(0, code_here, ON(0));
    run_code();
    check(trap_eip == (uint32_t)code_here, "code: where");
    tell("code", disarm(), 1);
    arm(3, code_call, EVERYWHERE(3));
    run_code();
    run_code();
    check(trap_eip == (uint32_t)code_call, "called: where");
    tell("called twice", disarm(), 2);
    arm(1, code_here, 0);
    run_code();
    tell("code, off", disarm(), 0);
    arm(0, bytes, ON(0));                       /* what is not executed */
    run_repeated();
    tell("data is no code", disarm(), 0);
}

/* The trap comes behind the store. */
static void test_writes(void)
{
    arm(1, &words[1], ON(1) | ON_WRITES(1) | OF_4(1));
    __asm__ volatile("movl $7, %0; store_end: nop" : "=m"(words[1]));
    check(trap_eip == (uint32_t)store_end && words[1] == 7, "write: where");
    tell("write", disarm(), 1);
    arm(1, &words[1], ON(1) | ON_WRITES(1) | OF_4(1));
    (void)words[1];
    tell("write, read", disarm(), 0);
    arm(1, &words[1], ON(1) | ON_WRITES(1) | OF_4(1));
    words[0] = words[2] = 1;
    tell("write, beside", disarm(), 0);
    arm(1, &words[1], ON(1) | ON_WRITES(1) | OF_4(1));
    ((volatile uint8_t *)words)[7] = 1;
    tell("write, its last byte", disarm(), 1);
    arm(2, (volatile uint8_t *)words + 6, ON(2) | ON_WRITES(2) | OF_2(2));
    words[1] = 3;
    tell("write, half of it", disarm(), 1);
    arm(2, (volatile uint8_t *)words + 6, ON(2) | ON_WRITES(2));
    ((volatile uint8_t *)words)[7] = 3;
    tell("write, the byte behind", disarm(), 0);
}

static void test_accesses(void)
{
    arm(3, &words[2], ON(3) | ON_ACCESSES(3) | OF_4(3));
    (void)words[2];
    tell("access, read", disarm(), 1);
    arm(3, &words[2], ON(3) | ON_ACCESSES(3) | OF_4(3));
    words[2] = 1;
    tell("access, written", disarm(), 1);
    arm(0, bytes + 5, ON(0) | ON_WRITES(0));
    run_repeated();
    check(trap_ecx == sizeof(bytes) - 6, "repeated store: where");
    tell("repeated store", disarm(), 1);
    arm(0, &stack[255], ON(0) | ON_WRITES(0) | OF_4(0));
    __asm__ volatile("movl %%esp, %%eax; leal %0, %%esp; pushl $1; movl %%eax, %%esp"
                     : : "m"(stack[256]) : "eax", "memory");
    tell("pushed", disarm(), 1);
    arm(0, &words[3], ON(0) | ON_WRITES(0) | OF_4(0));
    __asm__ volatile("incl %0" : "+m"(words[3]));
    tell("changed", disarm(), 1);
}

static void test_steps(void)
{
    traps = 0;
    __asm__ volatile("pushfl; orl $0x100, (%%esp); popfl; nop; nop; pushfl; andl $~0x100, (%%esp); popfl"
                     : : : "memory");
    tell("steps", traps, 5);
}

static void test_registers(void)
{
    uint32_t dr6, dr7;

    arm(0, words, ON(0) | ON_WRITES(0) | OF_4(0));
    __asm__ volatile("movl %%dr7, %0" : "=r"(dr7));
    disarm();
    __asm__ volatile("movl %%dr6, %0" : "=r"(dr6));
    say("dr6 %x, dr7 %x\n", dr6, dr7);
}

int main(uint32_t magic, const uint32_t *info)
{
    static uint8_t stack0[4096];

    (void)magic, (void)info;
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    set_handler(1, on_debug);
    test_code();
    test_writes();
    test_accesses();
    test_steps();
    test_registers();
    say("%u failed\n", failures);
    return failures == 0 ? 42 : 1;
}
