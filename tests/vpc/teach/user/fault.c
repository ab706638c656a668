/*
 * fault.c - does by its line's word what a program may not, and tells if nobody minded.
 */
#include "user.h"

#define KERNEL 0x80100000u              /* its code, which is there, but not for programs */
#define SCREEN 0x800B8000u              /* which the kernel may write, so that rights differ in one bit only */
#define NOTHING 0x40000000u
#define STACK_BYTES 4096u

static uint32_t read_word(uint32_t address)
{
    return *(volatile uint32_t *)address;
}

/* A call with an address that is the kernel's has to be refused, and is no fault. */
static int ask(void)
{
    bool is_refused = call(CALL_WRITE, KERNEL, 4, 0, 0) == NONE && call(CALL_READ, DIRECTORY, 0, KERNEL, 4) == NONE &&
                      call(CALL_OPEN, NOTHING, 0, 0, 0) == NONE && call(CALL_WRITE, 0, NONE, 0, 0) == NONE &&
                      call(CALL_TAKE_LINE, 0, 4, 0, 0) == NONE && call(999, 0, 0, 0, 0) == NONE;

    write_text(is_refused ? "refused\n" : "not refused\n");
    return 0;
}

int main(const char *line)
{
    uint32_t here = (uint32_t)&here & ~(STACK_BYTES - 1);

    if (is_same(line, "call"))
        return ask();
    if (is_same(line, "kernel"))
        read_word(KERNEL);
    if (is_same(line, "screen"))
        *(volatile uint16_t *)SCREEN = 0x0721;
    if (is_same(line, "nothing"))
        *(volatile uint32_t *)NOTHING = 1;
    if (is_same(line, "code"))
        *(volatile uint32_t *)((uint32_t)main & ~3u) = 1;
    if (is_same(line, "stack"))
        read_word(here - 4);
    if (is_same(line, "cli"))
        __asm__ volatile("cli");
    if (is_same(line, "port"))
        __asm__ volatile("inb $0x60, %%al" : : : "eax");
    if (is_same(line, "int"))
        __asm__ volatile("int $0x20");
    if (is_same(line, "divide"))
        __asm__ volatile("divl %0" : : "r"(0), "a"(1), "d"(0));
    if (is_same(line, "opcode"))
        __asm__ volatile("ud2");
    if (is_same(line, "jump"))
        ((void (*)(void))NOTHING)();
    write_text("no fault\n");
    return 0;
}
