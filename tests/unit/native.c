/*
 * native.c - run code on the processor itself.
 */
#define _GNU_SOURCE
#include "native.h"

#include <asm/ldt.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "cpu/x86.h"
#include "fault_signals.h"
#include "vpc/x86/fpu_operation.h"

#define FLAT_DATA 0x2Bu         /* Linux, whatever its version: __USER_DS, __USER32_CS, __USER_CS */
#define FLAT_CODE32 0x23u
#define FLAT_CODE64 0x33u
#define ALTERNATE_STACK_BYTES 65536u
#define REFUSED 13              /* a process's exit status */

void native_call(void);
void native_back(void);
void native_fpu(uint8_t *image, const void *code, void *operand, uint32_t *eax, uint32_t *eflags);
void native_signal(int number, siginfo_t *info, void *context);
void native_on_signal(int number, siginfo_t *info, void *context);
extern const uint8_t native_stubs[], native_stub_leave[], native_stub_return[], native_stubs_end[];

static struct native_end end;
static uint8_t alternate_stack[ALTERNATE_STACK_BYTES];

static uint32_t stub_address(const uint8_t *stub)
{
    return NATIVE_STUBS + (uint32_t)(stub - native_stubs);
}

/* Keep what the code left, and go back to native_call's caller instead. */
void native_on_signal(int number, siginfo_t *info, void *context)
{
    mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;
    static const int registers[8] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI };
    uint64_t selectors = (uint64_t)machine->gregs[REG_CSGSFS];

    if ((selectors & 0xFFFF) == FLAT_CODE64) {      /* not ours */
        signal(number, SIG_DFL);
        return;
    }
    for (unsigned i = 0; i < 8; i++)
        native->gpr[i] = (uint32_t)machine->gregs[registers[i]];
    native->eflags = (uint32_t)machine->gregs[REG_EFL];
    native->eip = (uint32_t)machine->gregs[REG_RIP];
    native->cs = selectors & 0xFFFF;
    native->ss = selectors >> 48;
    __asm__("mov %%es, %0" : "=r"(native->es));     /* the kernel has left these two as they were */
    __asm__("mov %%gs, %0" : "=r"(native->gs));
    memcpy(native->fpu, machine->fpregs, sizeof(native->fpu));
    end = (struct native_end){ .vector = (int)machine->gregs[REG_TRAPNO], .error = (uint32_t)machine->gregs[REG_ERR],
                               .address = (uint64_t)(uintptr_t)info->si_addr };
    machine->gregs[REG_RIP] = (int64_t)(uintptr_t)native_back;
    machine->gregs[REG_RSP] = (int64_t)native->rsp;
    machine->gregs[REG_EFL] = 2;
    machine->gregs[REG_CSGSFS] = (int64_t)((uint64_t)FLAT_DATA << 48 | FLAT_CODE64);
}

static bool map(uint32_t address, size_t bytes)
{
    void *wanted = (void *)(uintptr_t)address;

    return mmap(wanted, bytes, PROT_READ | PROT_WRITE | PROT_EXEC,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == wanted;
}

bool native_map(void)
{
    return map(NATIVE_STATE, 0x3000) && map(NATIVE_CODE, NATIVE_CODE_BYTES) && map(NATIVE_ARENA, NATIVE_ARENA_BYTES);
}

bool native_open(void)
{
    if (!native_map())
        return false;
    memcpy((void *)(uintptr_t)NATIVE_STUBS, native_stubs, (size_t)(native_stubs_end - native_stubs));
    memset(native_code, 0xCC, NATIVE_CODE_BYTES);
    native->flat = FLAT_DATA;
    native->return_eip = stub_address(native_stub_return);
    native->return_cs = FLAT_CODE64;
    return native_set_ldt(0, 0x0000FFFF, 0x0040F200);
}

/* In a process that tries: was it the far jump's selector that the processor did not take? */
static void on_refusal(int number, siginfo_t *info, void *context)
{
    const mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;

    (void)number, (void)info;
    _exit(machine->gregs[REG_TRAPNO] == EXC_GP && machine->gregs[REG_ERR] == (FLAT_CODE32 & ~3u) ? REFUSED : 0);
}

bool native_refuses(void)
{
    struct sigaction action = { .sa_sigaction = on_refusal, .sa_flags = SA_SIGINFO };
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        sigaction(SIGSEGV, &action, NULL);
        native->eflags = 2;
        native->ss = native->ds = FLAT_DATA;
        native->eip = stub_address(native_stub_leave);
        native->cs = FLAT_CODE32;
        native_call();
        _exit(0);
    }
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == REFUSED;
}

void native_listen(void)
{
    fault_signals_take(native_signal, alternate_stack, ALTERNATE_STACK_BYTES);
}

bool native_set_ldt(unsigned number, uint32_t low, uint32_t high)
{
    struct user_desc wanted = {
        .entry_number = number,
        .base_addr = low >> 16 | (high & 0xFF) << 16 | (high & 0xFF000000u),
        .limit = (low & 0xFFFF) | (high & 0xF0000),
        .seg_32bit = high >> 22 & 1,
        .contents = high >> 10 & 3,
        .read_exec_only = !(high >> 9 & 1),
        .limit_in_pages = high >> 23 & 1,
        .seg_not_present = !(high >> 15 & 1),
        .useable = high >> 20 & 1,
    };

    return syscall(SYS_modify_ldt, 0x11, &wanted, sizeof(wanted)) == 0;
}

struct native_end native_run(void)
{
    end = (struct native_end){ .vector = -1 };
    native_call();
    return end;
}

void native_fpu_execute(struct vcpu *cpu, struct fpu_operation *operation)
{
    void *code = (void *)(uintptr_t)NATIVE_FPU_CODE;

    memcpy(code, operation->bytes, sizeof(operation->bytes));
    native_fpu(cpu->fpu, code, operation->operand, &operation->eax, &operation->eflags);
}

/* A far jump of 32 bits: with a prefix in 16-bit code. */
void native_put_exit(uint32_t offset, bool is_32bit)
{
    uint32_t target = stub_address(native_stub_leave);
    uint16_t selector = FLAT_CODE32;
    uint8_t *to = native_code + offset;

    if (!is_32bit)
        *to++ = 0x66;
    *to++ = 0xEA;
    memcpy(to, &target, 4);
    memcpy(to + 4, &selector, 2);
}
