/*
 * call_unknown.c - hypercall numbers that mean nothing.
 *
 * EAX is compared whole: a number that is taken modulo something would find a real call. Each must crash the guest;
 * going on is the failure.
 */
#include "test.h"

static void call(uint32_t number)
{
    static const uint32_t arguments[5];

    __asm__ volatile("movl %%esp, %%esi; movl %1, %%esp; int $0xDE; movl %%esi, %%esp"
                     : "+a"(number) : "r"(arguments) : "esi", "memory");
}

CASE(0xD)
{
    call(0xD);
}

CASE(0xE)
{
    call(0xE);
}

CASE(0xF)
{
    call(0xF);
}

CASE(0x10)
{
    call(0x10);
}

CASE(0x1F)
{
    call(0x1F);
}

CASE(0x28)
{
    call(0x28);
}

CASE(0xFF)
{
    call(0xFF);
}

CASE(0x100)
{
    call(0x100);
}

CASE(0x10000)
{
    call(0x10000);
}

CASE(0x7FFFFFFF)
{
    call(0x7FFFFFFF);
}

CASE(0x80000000)
{
    call(0x80000000);
}

CASE(0xFFFFFFFF)
{
    call(0xFFFFFFFF);
}

int main(void)
{
    test_case();
    test_survived();
}
