/*
 * machine_parts.h - what a guest that is a virtual PC is made of: guest->machine.
 */
#ifndef VPC_MACHINE_PARTS_H
#define VPC_MACHINE_PARTS_H

#include <stdbool.h>

#include "guest/kind.h"
#include "pagetable/ram_share.h"
#include "vpc/display.h"
#include "vpc/keys.h"
#include "vpc/svm/svm.h"
#include "vpc/vpc.h"
#include "vpc/vpc_boot.h"

#define MACHINE_LOOK_NS 1000000000u     /* a PC that waits for nothing in particular is looked at so often */

struct machine {
    struct vpc vpc;
    struct svm svm;             /* of a PC that the interpreter does not execute */
    struct vpc_boot boot;
    struct display display;
    struct keys keys;
    bool is_started;
    bool is_overheard;          /* whoever started QEMU wants what is sent on COM1: DEBUGCON_COM1 */
    bool is_still;              /* a copy that has had no turn yet: its time stands at stands_at_ns and _tsc */
    uint64_t stands_at_ns, stands_at_tsc;
    /* Where its time began on its guest's clock, by both counters; may be before that did (modulo 2^64). */
    uint64_t origin_ns, origin_tsc;
    uint64_t left_at_tsc;       /* its own TSC when its last turn ended */
    struct ram_share sharing[2];    /* of a copy's disks, while it is made */
    char command_line[VPC_COMMAND_LINE_BYTES];
};

struct guest;

/* A PC's time begins with its launch, and stands still as its guest's clock does. owner: the guest. */
uint64_t machine_now_ns(void *owner);

/* At its launch, and at a copy's first turn: its two clocks go on from here, and show this now. */
void machine_start_clock(struct guest *guest, uint64_t shown_ns, uint64_t shown_tsc);

/* The same by the other clock, in ticks of the host's TSC: what its own shows when its next turn begins now. */
uint64_t machine_now_tsc(const struct guest *guest);

/*
 * Around a turn: its TSC is the host's with an offset (vpc.clock), which is another only when the guest's clock stood
 * still. It never goes back, though the guest's clock, whose waits are rounded, might by a little.
 */
void machine_turn_begins(struct guest *guest);
void machine_turn_ends(struct guest *guest);

/* What ends a turn of a PC that the processor executes: the alarm of the turn, or a device of the PC's before that. */
void machine_set_alarm(void *owner, uint64_t due_ns);

/* kind.h; a copy's time goes on from where its source's was, at its first turn. */
enum guest_fill machine_share(struct guest *source, struct guest *copy, uint32_t *steps);
bool machine_copy(struct guest *source, struct guest *copy);

#endif
