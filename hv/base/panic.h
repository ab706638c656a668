/*
 * panic.h - the end of the machine, told well: what panic() in check.h prints, and how exceptions in ring 0 get there.
 */
#ifndef BASE_PANIC_H
#define BASE_PANIC_H

#include <stdint.h>

/* The registers of interrupted hypervisor code. */
struct panic_registers {
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp;
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rip, cs, rflags, ss;
    uint64_t vector;        /* which exception */
    uint64_t error;         /* its error code, or 0 */
    uint64_t cr2;           /* the fault address, as it was at the time of the exception */
};

/*
 * Where the text goes: called with short NUL-terminated pieces, '\n' ends lines. It must work from any state of the
 * machine, with interrupts off, take no lock and return. Until it is set, a panic is silent. Also the place to
 * stop other things (a framebuffer console may take over the screen at its first call).
 */
void panic_set_writer(void (*writer)(const char *text));

/*
 * hv.elf as the loader embedded it: its symbols name the addresses of the backtrace, and are kept in it in a shorter
 * form. Returns from where on it must stay in memory; what comes before, the caller may give away.
 */
const void *panic_set_symbols(void *hv_elf, uint64_t hv_elf_bytes);

/*
 * panic() for an exception in ring 0. The message says what happened ("#PF in the hypervisor at 0x...").
 *
 * Like panic(), it writes first the line "Bail out! panic: MESSAGE", which ends a TAP stream; then registers
 * and, as reading the stack may fault, the backtrace last. A second panic, one from such a fault too, halts.
 */
_Noreturn void panic_with_registers(const struct panic_registers *registers, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
