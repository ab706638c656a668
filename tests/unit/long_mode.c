/*
 * long_mode.c - see long_mode.h.
 */
#define _GNU_SOURCE
#include "long_mode.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "fault_signals.h"

#define ALTERNATE_STACK_BYTES 65536u

void long_mode_call(void);
extern const uint8_t long_mode_back[], long_mode_landed[];

struct long_mode_state long_mode_state;
static struct long_mode_end end;
static uint8_t *running;                /* NULL: what faults is the test itself */
static uint8_t alternate_stack[ALTERNATE_STACK_BYTES];

/* Keep what the code left, and go back to long_mode_call's caller instead. */
static void on_signal(int number, siginfo_t *info, void *context)
{
    mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;
    static const int registers[8] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI };

    (void)info;
    if (running == NULL) {
        signal(number, SIG_DFL);
        return;
    }
    for (unsigned i = 0; i < 8; i++)
        long_mode_state.gpr[i] = (uint32_t)machine->gregs[registers[i]];
    long_mode_state.eflags = (uint32_t)machine->gregs[REG_EFL];
    memcpy(long_mode_state.fpu, machine->fpregs, sizeof(long_mode_state.fpu));
    end = (struct long_mode_end){ .vector = (int)machine->gregs[REG_TRAPNO], .error = (uint32_t)machine->gregs[REG_ERR],
                                  .offset = (uint32_t)((uint64_t)machine->gregs[REG_RIP] - (uintptr_t)running) };
    running = NULL;
    machine->gregs[REG_RIP] = (int64_t)(uintptr_t)long_mode_landed;
    machine->gregs[REG_RSP] = (int64_t)long_mode_state.rsp;
    machine->gregs[REG_EFL] = 2;
}

bool long_mode_open(void)
{
    void *wanted = (void *)(uintptr_t)LONG_ARENA;

    return mmap(wanted, LONG_ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
                -1, 0) == wanted;
}

void long_mode_listen(void)
{
    fault_signals_take(on_signal, alternate_stack, ALTERNATE_STACK_BYTES);
}

/* The way back needs no register: a jump to the address behind it. */
struct long_mode_end long_mode_run(uint8_t *code, uint32_t length)
{
    static const uint8_t jump[] = { 0xFF, 0x25, 0, 0, 0, 0 };
    const uint8_t *back = long_mode_back;

    memcpy(code + length, jump, sizeof(jump));
    memcpy(code + length + sizeof(jump), &back, sizeof(back));
    long_mode_state.code = (uintptr_t)code;
    end = (struct long_mode_end){ .vector = -1 };
    running = code;
    long_mode_call();
    running = NULL;
    return end;
}
