/*
 * fake_svm_host.h - what struct svm_host (vpc/svm/svm.h) asks of a processor, where a test wants nothing of it: a run
 * begins and ends, the unit's image is loaded and saved, an alarm is set. And the loop around its guest.
 */
#ifndef FAKE_SVM_HOST_H
#define FAKE_SVM_HOST_H

#include <stdint.h>

#include "vpc/svm/svm.h"

static inline void do_nothing(void)
{
}

static inline void ignore_image(const void *image)
{
    (void)image;
}

static inline void keep_image(void *image)
{
    (void)image;
}

/* As enter.S does with a guest that was left. */
static inline enum svm_next after_exit(struct vpc *left, struct vmcb *vmcb)
{
    enum svm_next next = svm_fast(left, vmcb);

    return next == SVM_STIRRED ? svm_look_closely(left) : next;
}

/* And on and on: the guest runs as long as nobody has to look. */
static inline enum svm_next enter_until_looked_at(struct vpc *entered, struct vmcb *vmcb,
                                                  void (*run)(struct vmcb *vmcb))
{
    enum svm_next next;

    do {
        run(vmcb);
        next = after_exit(entered, vmcb);
    } while (next == SVM_AGAIN);
    return next;
}

static inline void no_alarm(void *owner, uint64_t due_ns)
{
    (void)owner;
    (void)due_ns;
}

#endif
