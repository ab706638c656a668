/*
 * kind.h - what differs between kinds of guest: a small table of operations. Name, RAM, console, keys, clock, requests
 * and end are the same for all.
 *
 * Inject is missing among them: keys wait in guest->state.virq whatever the guest is, and who runs it takes them.
 */
#ifndef GUEST_KIND_H
#define GUEST_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pebpeb.h"

struct elf32_image;
struct guest;
struct guest_filling;
struct request_start;

enum report_kind {
    REPORT_CRASH,       /* the guest ends for something that it did */
    REPORT_TIMEOUT,     /* its time is up */
    REPORT_LIVE,        /* somebody asks */
};

/* Where a report was written to: texts end by '\n' or are empty, and follow each other. */
struct report_texts {
    const char *report;     /* one screen */
    const char *rest;       /* what had no room there */
    size_t bytes;           /* of both, with their zeros */
};

/* What has happened to a guest since its launch. */
struct guest_counts {
    uint64_t calls;         /* it asked for something: hypercalls; of a virtual PC, ways out of its processor */
    uint64_t faults;        /* page faults that it never sees */
    uint64_t events;        /* exceptions and interrupts that were delivered to it */
};

enum guest_fill { GUEST_FILL_DONE, GUEST_FILL_GOES_ON, GUEST_FILL_NO_MEMORY };

struct guest_kind {
    /* Is it an image for a guest of this kind? False: reason (GUEST_REASON_BYTES) says what is wrong. */
    bool (*check)(const struct request_start *start, struct elf32_image *parsed, char *reason);
    /* Set where it begins. Short. False: reason, and what was made goes by destroy. */
    bool (*load)(struct guest *guest, const struct request_start *start, const struct elf32_image *parsed,
                 char *reason);
    /*
     * What load takes whatever it loads, in steps of launch.h; share and copy take as many together. They are paid for
     * where the work is: others wait for a later look. 0: few.
     */
    uint32_t load_steps;
    /* Go on filling RAM, *steps as in launch.h. NULL: load did all that is to be done before its first turn. */
    enum guest_fill (*fill)(struct guest *guest, const struct request_start *start, const struct elf32_image *parsed,
                            struct guest_filling *filling, uint32_t *steps);
    /*
     * A turn of a guest that the processor does not run by itself: bounded work, then back. Such a guest has an EIP
     * beyond every guest address in its frame: trap_may_enter comes here by what it asks anyway. NULL: it is entered.
     */
    void (*turn)(struct guest *guest);
    /* Its report, and life.registers. reason: one line; "" for REPORT_LIVE. */
    void (*describe)(struct guest *guest, enum report_kind kind, const char *reason, char *text, size_t text_bytes,
                     struct report_texts *texts);
    /* The lines of the monitor's info, the number-th of them. False: there are no more. NULL: the monitor knows. */
    bool (*inform)(const struct guest *guest, unsigned number, char *text, size_t text_bytes);
    /* NULL: guest.c counts. */
    struct guest_counts (*count)(const struct guest *guest);
    /*
     * Before RAM is shared with a copy, which has a kind and nothing else yet: what load made is shared, in steps as in
     * clone.h, and nothing shows RAM any more. The source does not run until copy is done. What was made goes by
     * destroy. NULL: there is nothing.
     */
    enum guest_fill (*share)(struct guest *source, struct guest *copy, uint32_t *steps);
    /* After RAM was shared and state copied: the rest. False: no memory. NULL: there is nothing. */
    bool (*copy)(struct guest *source, struct guest *copy);
    /* Give back what load made, in steps as in reclaim.h. False: steps are used up. NULL: there is nothing. */
    bool (*destroy)(struct guest *guest, uint32_t *steps);
};

/* What a plan, or the operator, says to a guest that is a machine of its own. Texts and files stay. */
struct guest_file {
    const void *bytes;          /* NULL: none */
    uint64_t count;
};

#define GUEST_MOVES_AT_RANDOM UINT32_MAX
struct guest_equipment {
    bool takes_serial_input;    /* keys are typed on its serial line, not its keyboard */
    bool counts_time;           /* its clock is the count of its instructions */
    uint32_t moves;             /* to and fro between engines, for tests: after so many exits, for so many
                                   instructions; or GUEST_MOVES_AT_RANDOM. 0: never */
    bool compares;              /* moves, and both engines execute the same: of a build with -Daudit=true */
    const char *command_line;   /* NULL: none */
    struct guest_file initrd, disks[2];
};

/* The kinds of virtual PCs that a guest may ask for, by HV_ENGINE_...; HV_ENGINE_NONE: NULL. Of vpc/machine.c. */
extern const struct guest_kind *const guest_engines[HV_ENGINES];
#define GUEST_PC_MEMORY_DEFAULT (64u << 20)     /* what a Linux kernel of a distribution unpacks itself in */

#endif
