/*
 * pc.h - what the kernels of tests/vpc share: ports, and a serial line to say things on.
 */
#ifndef TESTS_VPC_PC_H
#define TESTS_VPC_PC_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COM1 0x3F8u

static inline uint8_t inb(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline void outb(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint16_t inw(uint16_t port)
{
    uint16_t value;
    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline void outw(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint64_t read_tsc(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/* On COM1. say: %s %d %u %x (eight digits) %b (two digits) %h (as many as it has) %c. */
void put_character(char character);
void say(const char *format, ...);

/* What main returns: 0, or how many checks failed. Says the name of what failed. */
extern unsigned failures;
void check(bool good, const char *what);

/* Each kernel's. magic and info as a Multiboot loader leaves them. */
int main(uint32_t magic, const uint32_t *info);

void *memset(void *to, int value, size_t count);
void *memcpy(void *to, const void *from, size_t count);
int memcmp(const void *left, const void *right, size_t count);

#endif
