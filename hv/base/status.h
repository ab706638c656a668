/*
 * status.h - how functions report that the environment, not the code, is at fault.
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

/* Every function that returns one must have it looked at. Our own bugs are CHECKs, a guest's faults crash the guest. */
enum status {
    STATUS_OK = 0,
    STATUS_NO_MEMORY,
};

#define MUST_CHECK __attribute__((warn_unused_result))

#endif
