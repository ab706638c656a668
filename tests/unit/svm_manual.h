/*
 * svm_manual.h - what is to become of an event that was being delivered when a guest was left, and of what waits: AMD64
 * APM vol. 2 "Event Injection", "EXITINTINFO Pseudo-Code", "Interrupt Shadows", "Interrupt and Exception Priorities".
 */
#ifndef SVM_MANUAL_H
#define SVM_MANUAL_H

#include <stdbool.h>
#include <stdint.h>

#define CODE 0x20000u           /* where the guest is left */
#define RETURN 0x21000u         /* where its IRET leads */
#define HANDLERS 0x10000u       /* of vector n: HANDLERS + 16 * n */
#define VECTOR 0x51u            /* of the interrupt that waits */
#define BEGUN_MOST 4u
#define STALE 0x30Eu            /* what a processor may leave in EXITINTINFO without its valid bit */
#define UNDER_WAYS 13u
#define LEAVINGS 13u

/* What was being delivered, and what stands at EIP then. */
struct under_way {
    const char *name;
    uint32_t info, error;
    const char *code;
    bool starts_again;          /* by its instruction, which stands at EIP */
};
extern const struct under_way under_way[UNDER_WAYS];

/* Why it was left. */
enum how { BY_HOST, BY_RAM, BY_DEVICE, BY_EXCEPTION, BY_PORT, BY_INSTRUCTION, BY_HALT, BY_IRET };
struct leaving {
    const char *name;
    uint32_t code;
    enum how how;
    const char *bytes;          /* of the instruction that leaves */
    unsigned length;
};
extern const struct leaving leavings[LEAVINGS];

enum nmi { NMI_NONE, NMI_IN_ONE, NMI_WAITS, NMIS };
enum waits { WAITS_NOT, WAITS_BEFORE, WAITS_BY_EXIT, WAITINGS };

struct scene {
    const struct under_way *under_way;
    const struct leaving *leaving;
    bool is_open, is_shadow;
    enum waits waits;
    enum nmi nmi;
};

/* An event that began: who was interrupted where, with which error code (-1: none). */
struct begun {
    uint32_t vector, eip;
    int64_t error;
};
struct story {
    struct begun begun[BEGUN_MOST];
    unsigned count;
    uint32_t eip;               /* in the end */
    bool is_halted, waits, nmi_waits, in_nmi;
};

/* An event of the scene's is valid; it is one that its instruction starts again. */
bool manual_is_valid(const struct scene *of);
bool manual_starts_again(const struct scene *of);

/* Can an event be under way when the guest is left so? Not at an intercepted instruction. */
bool manual_may_be_under_way(const struct leaving *leaving);

/* Note that an event begins at story->eip: its handler is next. */
void manual_tell(struct story *story, uint32_t vector, int64_t error);

/* The whole story, up to when the guest is entered again. */
struct story manual_expect(const struct scene *of);

#endif
