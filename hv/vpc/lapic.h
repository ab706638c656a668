/*
 * lapic.h - the local APIC of a virtual PC's one processor (PURE). Its bus runs at 1 GHz.
 *
 * Source: SDM vol. 3 "Advanced Programmable Interrupt Controller (APIC)".
 */
#ifndef VPC_LAPIC_H
#define VPC_LAPIC_H

#include <stdbool.h>
#include <stdint.h>

#define LAPIC_BASE 0xFEE00000u
#define LAPIC_LVTS 6u

/* Bit n of the lowest eight: word n of the sets of vectors. The priorities change with each of them. */
#define LAPIC_CHANGED_PRIORITY 0x100u
#define LAPIC_CHANGED_ALL 0x200u

#define LAPIC_QUIET_READS 64u   /* software that set the timer and reads so much else does not look at its count */

struct lapic {
    uint32_t id, tpr, ldr, dfr, svr, esr, icr_low, icr_high, divide, initial;
    uint32_t lvt[LAPIC_LVTS];           /* timer, thermal, counters, LINT0, LINT1, error */
    uint32_t irr[8], isr[8], tmr[8];    /* asked for, in service, level-triggered */
    uint64_t start_ns, seen_ns;         /* of the timer: when it began, up to when it was told what happened */
    bool is_done;                       /* one shot has been told */
    bool sent_nmi, sent_init;           /* by itself to its own processor; who wires it takes it back */
    uint32_t changed;                   /* since its page was made or refreshed: LAPIC_CHANGED_* */
    uint32_t quiet_reads;               /* since the timer was set: none of them was of the current count */
    bool counts;                        /* the current count was read once */
};

/* The state in which firmware leaves it: off, but the 8259's line goes through. */
void lapic_reset(struct lapic *apic);

/*
 * TPR and EOI are written most: they need no time (now_ns), and nothing comes of them but whether it asks for the
 * processor, and what lapic_write returns.
 */
static inline bool lapic_is_task_priority(uint32_t offset)
{
    return (offset & 0xFF0) == 0x80;
}

static inline bool lapic_is_end(uint32_t offset)
{
    return (offset & 0xFF0) == 0xB0;
}

/* The half of the interrupt command register that sends. */
static inline bool lapic_is_command(uint32_t offset)
{
    return (offset & 0xFF0) == 0x300;
}

uint32_t lapic_read(struct lapic *apic, uint32_t offset, uint64_t now_ns);
/* Returns the vector of a level-triggered interrupt that ended, for the I/O APIC; -1: none. */
int lapic_write(struct lapic *apic, uint32_t offset, uint32_t value, uint64_t now_ns);

/*
 * May its page be shown to software as memory that cannot be written to? Not to software that reads the current count,
 * or has set the timer and may be about to: it would find the count that there was when the page was made.
 */
static inline bool lapic_may_be_page(const struct lapic *apic)
{
    return !apic->counts && apic->quiet_reads == LAPIC_QUIET_READS;
}

/*
 * The page as it is read now, 4 KiB, which was zeroes before or this; and the same for one that was this before, where
 * only what has changed is made anew: anything, or all but LAPIC_CHANGED_ALL, for which no time is needed. Nothing has
 * changed afterwards.
 */
void lapic_make_page(struct lapic *apic, uint32_t *page, uint64_t now_ns);
void lapic_refresh_page(struct lapic *apic, uint32_t *page, uint64_t now_ns);
void lapic_refresh_some(struct lapic *apic, uint32_t *page);

/* What its timer did by now; and when it does something next (UINT64_MAX: never). */
void lapic_update(struct lapic *apic, uint64_t now_ns);
uint64_t lapic_next_ns(const struct lapic *apic);

/*
 * Is it the one that a destination means, of an interrupt from whomever? SDM vol. 3 "Determining IPI Destination": all
 * ones mean everybody.
 */
bool lapic_is_in_group(const struct lapic *apic, uint32_t group);
static inline bool lapic_is_meant(const struct lapic *apic, bool is_logical, uint32_t destination)
{
    if (destination == 0xFF)
        return true;
    return is_logical ? lapic_is_in_group(apic, destination) : destination == apic->id >> 24;
}

/* An interrupt arrives. One that it is not enabled for is lost. */
void lapic_raise(struct lapic *apic, uint8_t vector, bool is_level);

#define LAPIC_ENABLE 0x100u         /* of svr */

/* Nothing was asked of it that is still to come, whatever the priorities are. */
static inline bool lapic_is_quiet(const struct lapic *apic)
{
    typedef uint64_t __attribute__((aligned(4), may_alias)) two_words_t;
    const two_words_t *words = (const two_words_t *)apic->irr;

    return !(apic->svr & LAPIC_ENABLE) || (words[0] | words[1] | words[2] | words[3]) == 0;
}

/* TPR. */
static inline void lapic_set_task_priority(struct lapic *apic, uint32_t value)
{
    apic->tpr = value & 0xFF;
    apic->changed |= LAPIC_CHANGED_PRIORITY;
}

/* Does it ask for the processor? Then the processor takes it: its vector. */
bool lapic_has_interrupt(const struct lapic *apic);
uint8_t lapic_acknowledge(struct lapic *apic);

/* Does the 8259 reach the processor through LINT0? */
bool lapic_passes_pic(const struct lapic *apic);

#endif
