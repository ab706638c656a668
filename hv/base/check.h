/*
 * check.h - our own bugs end here: CHECK and panic. Never for anything a guest or the environment can cause.
 */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

/*
 * Stop the machine and print everything needed to find the bug: message, registers, symbolised backtrace.
 * Takes no lock, allocates nothing, and cannot recurse. Host tests link a version that aborts.
 */
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Always on: a check that is compiled out in the shipped image guards nothing. */
#define CHECK(condition)                                                                    \
    do {                                                                                    \
        if (!(condition))                                                                   \
            panic("CHECK failed: %s (%s:%d)", #condition, __FILE__, __LINE__);              \
    } while (0)

#endif
