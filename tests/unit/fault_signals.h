/*
 * fault_signals.h - have a handler called, on a stack of its own, for each signal by which Linux tells of a fault.
 */
#ifndef FAULT_SIGNALS_H
#define FAULT_SIGNALS_H

#include <signal.h>
#include <stddef.h>

/* stack stays the caller's, and must be there as long as faults may come. */
static inline void fault_signals_take(void (*handler)(int, siginfo_t *, void *), void *stack, size_t bytes)
{
    static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };
    stack_t alternate = { .ss_sp = stack, .ss_size = bytes };
    struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK };

    sigaltstack(&alternate, NULL);
    for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        sigaction(signals[i], &action, NULL);
}

#endif
