/*
 * preempt.c - proves: a program that never calls the kernel does not keep the processor, and everything it has in its
 * registers survives the interruption.
 */
#include "check.h"
#include "process.h"

#define TICKS 8

/* Adds 1 to registers so often that ticks fall into the loop; one of them by way of the carry flag. */
static int registers_survive(uint32_t rounds)
{
    uint32_t ebx = 1, edx = 2, esi = 3, edi = 4, carries = 0;

    __asm__ volatile("1: addl $1, %%ebx; addl $1, %%edx; addl $1, %%esi; addl $1, %%edi\n"
                     "   stc; nop; nop; adcl $0, %%eax; decl %%ecx; jnz 1b"
                     : "+b"(ebx), "+d"(edx), "+S"(esi), "+D"(edi), "+a"(carries), "+c"(rounds)
                     : : "cc");
    return ebx - 1 == edx - 2 && edx - 2 == esi - 3 && esi - 3 == edi - 4 && carries == ebx - 1 && rounds == 0;
}

/* All three spin at the same time, and each sees that time goes on. */
static int spin(int unused)
{
    int start = get_ticks();

    (void)unused;
    while (get_ticks() - start < TICKS)
        CHECK(registers_survive(100000));
    return check_result();
}

int main(void)
{
    int status;

    CHECK(process_fork(spin, 0) > 0);
    CHECK(process_fork(spin, 1) > 0);
    spin(2);
    for (int i = 0; i < 2; i++) {
        CHECK(wait(&status) > 0);
        CHECK_EQUAL(status, 0);
    }
    return check_result();
}
