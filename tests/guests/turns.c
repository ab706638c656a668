/*
 * turns.c - a guest's registers and direction flag survive every end of its turn.
 *
 * The guest is busy without a call: all registers hold values of their own and are compared again and again, with DF
 * set, which C in the hypervisor must never see. Run in company, its turns end by the clock, at any instruction; alone,
 * by ticks that it does not take.
 */
#include "test.h"

#define ROUNDS 20000000

/* Returns EFLAGS at the end, with rounds left over when a register was another. No register is free to count them. */
uint32_t turns_watch(void);
uint32_t turns_left __attribute__((used)) = ROUNDS;
uint32_t turns_esp __attribute__((used));

__asm__(".pushsection .text\n"
        ".type turns_watch, @function\n"
        "turns_watch:\n"
        "    pusha\n"
        "    movl %esp, turns_esp\n"
        "    movl $0x11111111, %eax\n"
        "    movl $0x22222222, %ebx\n"
        "    movl $0x33333333, %ecx\n"
        "    movl $0x44444444, %edx\n"
        "    movl $0x55555555, %esi\n"
        "    movl $0x66666666, %edi\n"
        "    movl $0x77777777, %ebp\n"
        "    std\n"
        "1:  cmpl $0x11111111, %eax\n"
        "    jne 2f\n"
        "    cmpl $0x22222222, %ebx\n"
        "    jne 2f\n"
        "    cmpl $0x33333333, %ecx\n"
        "    jne 2f\n"
        "    cmpl $0x44444444, %edx\n"
        "    jne 2f\n"
        "    cmpl $0x55555555, %esi\n"
        "    jne 2f\n"
        "    cmpl $0x66666666, %edi\n"
        "    jne 2f\n"
        "    cmpl $0x77777777, %ebp\n"
        "    jne 2f\n"
        "    cmpl turns_esp, %esp\n"
        "    jne 2f\n"
        "    decl turns_left\n"
        "    jnz 1b\n"
        "2:  movl turns_esp, %esp\n"
        "    pushfl\n"
        "    cld\n"
        "    popl %eax\n"
        "    movl %eax, 28(%esp)\n"
        "    popa\n"
        "    ret\n"
        ".popsection\n");

int main(void)
{
    CHECK_EQUAL(turns_watch() & EFLAGS_DF, EFLAGS_DF);
    CHECK_EQUAL(turns_left, 0);
    return test_result();
}
