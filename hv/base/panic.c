/*
 * panic.c - the end of the machine: message, registers, symbolised backtrace. No lock, no allocation.
 *
 * Anything may be broken when this runs, so it goes from what needs least to what needs most, and what was written
 * stays if a later step faults: the message in one piece, the registers, the place, then the way there, whose stack may
 * be garbage. A panic within a panic stops at once.
 *
 * The few instructions that C cannot express stand here and not in cpu/insn.h: this is the lowest layer.
 */
#include "base/panic.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "base/elf64_symbols.h"
#include "base/format.h"

#define BACKTRACE_MAX 32
#define STACK_REACH_BYTES 0x10000       /* frames farther apart than this are no frames */
#define UPPER_HALF 0xFFFF800000000000ull

static void (*write_text)(const char *text);
static struct elf64_symbols symbols;
static volatile bool is_panicking;

void panic_set_writer(void (*writer)(const char *text))
{
    write_text = writer;
}

const void *panic_set_symbols(void *hv_elf, uint64_t hv_elf_bytes)
{
    if (!elf64_symbols_keep(&symbols, hv_elf, hv_elf_bytes))
        return hv_elf;
    const void *names = symbols.names;
    return names < (const void *)symbols.table ? names : symbols.table;
}

static uint64_t read_cr2(void)
{
    uint64_t value;
    __asm__ volatile("mov %%cr2, %0" : "=r"(value));
    return value;
}

static uint64_t read_cr3(void)
{
    uint64_t value;
    __asm__ volatile("mov %%cr3, %0" : "=r"(value));
    return value;
}

static uint64_t read_rflags(void)
{
    uint64_t value;
    __asm__ volatile("pushfq; pop %0" : "=r"(value));
    return value;
}

static _Noreturn void halt_for_ever(void)
{
    for (;;)
        __asm__ volatile("cli; hlt");
}

static __attribute__((format(printf, 1, 2))) void print(const char *format, ...)
{
    char text[200];
    va_list arguments;

    va_start(arguments, format);
    format_string_v(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (write_text != NULL)
        write_text(text);
}

/* The first line, in one piece. On a second panic nothing can be trusted any more: stop. */
static void begin_panic(const char *format, va_list arguments)
{
    char message[200];

    __asm__ volatile("cli" : : : "memory");
    if (is_panicking)
        halt_for_ever();
    is_panicking = true;
    format_string_v(message, sizeof(message), format, arguments);
    if (write_text != NULL) {
        write_text("\nBail out! panic: ");
        write_text(message);
        write_text("\n");
    }
}

/* length_bytes is 1 for a return address: the call before it is meant, which may be the last bytes of a function. */
static void print_address(const char *what, uint64_t address, uint64_t length_bytes)
{
    uint64_t offset = 0;
    const char *name = elf64_symbols_find(&symbols, address - length_bytes, &offset);

    if (name != NULL)
        print("%s 0x%016lx %.100s+0x%lx\n", what, address, name, offset + length_bytes);
    else
        print("%s 0x%016lx\n", what, address);
}

static void print_panic_registers(const struct panic_registers *at)
{
    print("rax %016lx  rbx %016lx  rcx %016lx\n", at->rax, at->rbx, at->rcx);
    print("rdx %016lx  rsi %016lx  rdi %016lx\n", at->rdx, at->rsi, at->rdi);
    print("rbp %016lx  rsp %016lx  r8  %016lx\n", at->rbp, at->rsp, at->r8);
    print("r9  %016lx  r10 %016lx  r11 %016lx\n", at->r9, at->r10, at->r11);
    print("r12 %016lx  r13 %016lx  r14 %016lx\n", at->r12, at->r13, at->r14);
    print("r15 %016lx  rip %016lx  cs %lx ss %lx rflags %lx\n", at->r15, at->rip, at->cs, at->ss, at->rflags);
    print("vector %lu  error 0x%lx  cr2 %016lx  cr3 %016lx\n", at->vector, at->error, at->cr2, read_cr3());
}

/*
 * Follow the frame pointers: each must lie above the last, near it, in the hypervisor's half. Else the chain is not
 * one, and reading on could fault: better a short backtrace than a second panic.
 */
static void print_backtrace(uint64_t rbp, uint64_t rsp)
{
    uint64_t last = rsp;

    for (int depth = 0; depth < BACKTRACE_MAX; depth++) {
        if (rbp < UPPER_HALF || rbp < last || rbp - last > STACK_REACH_BYTES || rbp % 8 != 0)
            return;
        const uint64_t *frame = (const uint64_t *)(uintptr_t)rbp;
        if (frame[1] == 0)
            return;
        print_address("from", frame[1], 1);
        last = rbp + 1;
        rbp = frame[0];
    }
}

void panic_with_registers(const struct panic_registers *registers, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    begin_panic(format, arguments);
    va_end(arguments);
    print_panic_registers(registers);
    print_address("  at", registers->rip, 0);
    print_backtrace(registers->rbp, registers->rsp);
    halt_for_ever();
}

/* Called, not trapped into: the general registers hold nothing of the caller's, so only place and state are shown. */
__attribute__((noinline)) void panic(const char *format, ...)
{
    uint64_t caller = (uint64_t)(uintptr_t)__builtin_return_address(0);
    const uint64_t *frame = __builtin_frame_address(0);
    uint64_t rsp = (uint64_t)(uintptr_t)(frame + 2);
    va_list arguments;

    va_start(arguments, format);
    begin_panic(format, arguments);
    va_end(arguments);
    print("rip %016lx  rbp %016lx  rsp %016lx  rflags %lx\n", caller, frame[0], rsp, read_rflags());
    print("cr2 %016lx  cr3 %016lx\n", read_cr2(), read_cr3());
    print_address("  at", caller, 1);
    print_backtrace(frame[0], rsp);
    halt_for_ever();
}
