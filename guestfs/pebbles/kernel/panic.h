/*
 * panic.h - when the kernel has a bug: say so and end the guest.
 */
#ifndef PEBBLES_PANIC_H
#define PEBBLES_PANIC_H

#define STATUS_LEAK 125     /* exit status of the guest: halt found frames that nobody owns */
#define STATUS_PANIC 126    /* exit status of the guest: the kernel found itself broken */

_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define ASSERT(condition) ((condition) ? (void)0 : panic("%s:%d: %s", __FILE_NAME__, __LINE__, #condition))

#endif
