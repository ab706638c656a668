/*
 * host_panic.h - for tests of CHECKs: expect_panic(call) passes when the call panics. (cmocka's expect_assert_failure
 * would do too, but it prints lines that are not TAP.)
 */
#ifndef HOST_PANIC_H
#define HOST_PANIC_H

#include <setjmp.h>

/* Where the next panic goes; NULL: it fails the running test. */
extern jmp_buf *host_panic_target;

#define expect_panic(call)                                              \
    do {                                                                \
        jmp_buf here;                                                   \
        host_panic_target = &here;                                      \
        if (setjmp(here) == 0) {                                        \
            call;                                                       \
            host_panic_target = NULL;                                   \
            fail_msg("%s did not panic", #call);                        \
        }                                                               \
        host_panic_target = NULL;                                       \
    } while (0)

#endif
