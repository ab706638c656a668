/*
 * lapic.c - see lapic.h (PURE).
 */
#include "vpc/lapic.h"

enum { REG_ID = 0x20, REG_VERSION = 0x30, REG_TPR = 0x80, REG_PPR = 0xA0, REG_EOI = 0xB0, REG_LDR = 0xD0,
       REG_DFR = 0xE0, REG_SVR = 0xF0, REG_ISR = 0x100, REG_TMR = 0x180, REG_IRR = 0x200, REG_ESR = 0x280,
       REG_ICR_LOW = 0x300, REG_ICR_HIGH = 0x310, REG_LVT = 0x320, REG_INITIAL = 0x380, REG_CURRENT = 0x390,
       REG_DIVIDE = 0x3E0 };
enum { LVT_TIMER, LVT_LINT0 = 3 };
enum { SEND_FIXED, SEND_LOWEST_PRIORITY, SEND_NMI = 4, SEND_INIT };
#define VERSION 0x00050014u
#define LVT_MASKED 0x10000u
#define LVT_PERIODIC 0x20000u
#define LVT_MODE 0x700u
#define MODE_EXTINT 0x700u
#define LVT_WRITABLE 0x000317FFu
#define DFR_FLAT 0xFu
#define NO_VECTOR -1

typedef uint64_t __attribute__((aligned(4), may_alias)) two_words_t;

/* Mostly there is none, and that is known first. */
static int highest(const uint32_t set[8])
{
    const two_words_t *words = (const two_words_t *)set;

    if ((words[0] | words[1] | words[2] | words[3]) == 0)
        return NO_VECTOR;
    for (int i = 6; i >= 0; i -= 2) {
        uint64_t two = *(const two_words_t *)&set[i];
        if (two != 0)
            return 32 * i + 63 - __builtin_clzll(two);
    }
    return NO_VECTOR;
}

static void set_vector(struct lapic *apic, uint32_t set[8], unsigned vector, bool is_set)
{
    uint32_t bit = 1u << vector % 32;

    set[vector / 32] = is_set ? set[vector / 32] | bit : set[vector / 32] & ~bit;
    apic->changed |= 1u << vector / 32;
}

/* SDM vol. 3 "Processor Priority Register". */
static uint32_t processor_priority(const struct lapic *apic)
{
    int served = highest(apic->isr);
    uint32_t class = served < 0 ? 0 : (uint32_t)served & 0xF0;

    return (apic->tpr & 0xF0) >= class ? apic->tpr : class;
}

void lapic_reset(struct lapic *apic)
{
    *apic = (struct lapic){ .dfr = UINT32_MAX, .svr = 0xFF, .changed = LAPIC_CHANGED_ALL };
    for (unsigned i = 0; i < LAPIC_LVTS; i++)
        apic->lvt[i] = LVT_MASKED;
    apic->lvt[LVT_LINT0] = MODE_EXTINT;
}

/* The divide configuration's bits 0, 1 and 3 are a power of two; 7 is 1. */
static uint64_t lapic_tick_ns(const struct lapic *apic)
{
    unsigned value = (apic->divide & 3) | (apic->divide >> 1 & 4);

    return value == 7 ? 1 : 2ull << value;
}

static uint32_t current_count(const struct lapic *apic, uint64_t now_ns)
{
    uint64_t ticks = now_ns > apic->start_ns ? (now_ns - apic->start_ns) / lapic_tick_ns(apic) : 0;

    if (apic->initial == 0)
        return 0;
    if (apic->lvt[LVT_TIMER] & LVT_PERIODIC)
        return apic->initial - (uint32_t)(ticks % apic->initial);
    return ticks < apic->initial ? apic->initial - (uint32_t)ticks : 0;
}

uint64_t lapic_next_ns(const struct lapic *apic)
{
    uint64_t period_ns = apic->initial * lapic_tick_ns(apic);

    if (period_ns == 0 || apic->lvt[LVT_TIMER] & LVT_MASKED)
        return UINT64_MAX;
    if (!(apic->lvt[LVT_TIMER] & LVT_PERIODIC))
        return apic->is_done ? UINT64_MAX : apic->start_ns + period_ns;
    uint64_t past = apic->seen_ns > apic->start_ns ? (apic->seen_ns - apic->start_ns) / period_ns : 0;
    return apic->start_ns + (past + 1) * period_ns;
}

void lapic_update(struct lapic *apic, uint64_t now_ns)
{
    bool is_due = lapic_next_ns(apic) <= now_ns;

    apic->seen_ns = now_ns;
    if (!is_due)
        return;
    apic->is_done = true;
    lapic_raise(apic, (uint8_t)apic->lvt[LVT_TIMER], false);
}

void lapic_raise(struct lapic *apic, uint8_t vector, bool is_level)
{
    if (!(apic->svr & LAPIC_ENABLE) || vector < 16)
        return;
    set_vector(apic, apic->irr, vector, true);
    set_vector(apic, apic->tmr, vector, is_level);
}

bool lapic_has_interrupt(const struct lapic *apic)
{
    if (lapic_is_quiet(apic))
        return false;
    int asked = highest(apic->irr);
    return ((uint32_t)asked & 0xF0) > (processor_priority(apic) & 0xF0);
}

uint8_t lapic_acknowledge(struct lapic *apic)
{
    int vector = highest(apic->irr);

    if (vector < 0)
        return (uint8_t)apic->svr;
    set_vector(apic, apic->irr, (unsigned)vector, false);
    set_vector(apic, apic->isr, (unsigned)vector, true);
    return (uint8_t)vector;
}

bool lapic_passes_pic(const struct lapic *apic)
{
    return (apic->lvt[LVT_LINT0] & (LVT_MASKED | LVT_MODE)) == MODE_EXTINT;
}

static uint32_t lapic_register(const struct lapic *apic, uint32_t offset, uint64_t now_ns)
{
    unsigned word = offset >> 4 & 7;

    if (offset >= REG_LVT && offset < REG_LVT + 16 * LAPIC_LVTS)
        return apic->lvt[(offset - REG_LVT) / 16];
    switch (offset & 0xF80) {
    case REG_ISR: return apic->isr[word];
    case REG_TMR: return apic->tmr[word];
    case REG_IRR: return apic->irr[word];
    default: break;
    }
    switch (offset & 0xFF0) {
    case REG_ID: return apic->id;
    case REG_VERSION: return VERSION;
    case REG_TPR: return apic->tpr;
    case REG_PPR: return processor_priority(apic);
    case REG_LDR: return apic->ldr;
    case REG_DFR: return apic->dfr;
    case REG_SVR: return apic->svr;
    case REG_ESR: return apic->esr;
    case REG_ICR_LOW: return apic->icr_low;
    case REG_ICR_HIGH: return apic->icr_high;
    case REG_INITIAL: return apic->initial;
    case REG_CURRENT: return current_count(apic, now_ns);
    case REG_DIVIDE: return apic->divide;
    default: return 0;
    }
}

uint32_t lapic_read(struct lapic *apic, uint32_t offset, uint64_t now_ns)
{
    if ((offset & 0xFF0) == REG_CURRENT) {
        apic->counts = true;
        apic->changed |= LAPIC_CHANGED_ALL;         /* its page is not to be shown any more */
    } else if (apic->quiet_reads < LAPIC_QUIET_READS) {
        apic->quiet_reads++;
    }
    return lapic_register(apic, offset, now_ns);
}

/* A register has 16 bytes, and is in all four words. */
static void put_register(uint32_t *page, uint32_t offset, uint32_t value)
{
    uint32_t *words = page + offset / 4;

    words[0] = words[1] = words[2] = words[3] = value;
}

static void put_vectors(const struct lapic *apic, uint32_t *page, unsigned word)
{
    put_register(page, REG_ISR + 16 * word, apic->isr[word]);
    put_register(page, REG_TMR + 16 * word, apic->tmr[word]);
    put_register(page, REG_IRR + 16 * word, apic->irr[word]);
}

void lapic_make_page(struct lapic *apic, uint32_t *page, uint64_t now_ns)
{
    static const uint16_t others[] = { REG_ID, REG_VERSION, REG_TPR, REG_PPR, REG_LDR, REG_DFR, REG_SVR, REG_ESR,
                                       REG_ICR_LOW, REG_ICR_HIGH, REG_INITIAL, REG_CURRENT, REG_DIVIDE };

    #pragma clang loop unroll(disable)      /* seldom, and three times the code */
    for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        put_register(page, others[i], lapic_register(apic, others[i], now_ns));
    #pragma clang loop unroll(disable)
    for (unsigned i = 0; i < 8; i++)
        put_vectors(apic, page, i);
    for (unsigned i = 0; i < LAPIC_LVTS; i++)
        put_register(page, REG_LVT + 16 * i, apic->lvt[i]);
    apic->changed = 0;
}

void lapic_refresh_page(struct lapic *apic, uint32_t *page, uint64_t now_ns)
{
    if (apic->changed & LAPIC_CHANGED_ALL)
        lapic_make_page(apic, page, now_ns);
    else
        lapic_refresh_some(apic, page);
}

void lapic_refresh_some(struct lapic *apic, uint32_t *page)
{
    for (uint32_t words = apic->changed & 0xFF; words != 0; words &= words - 1)
        put_vectors(apic, page, (unsigned)__builtin_ctz(words));
    put_register(page, REG_TPR, apic->tpr);
    put_register(page, REG_PPR, processor_priority(apic));
    apic->changed = 0;
}

/* A bit for each of eight, or the number of a cluster and a bit for each of four in it. */
bool lapic_is_in_group(const struct lapic *apic, uint32_t group)
{
    uint32_t own = apic->ldr >> 24;

    if (apic->dfr >> 28 == DFR_FLAT)
        return (group & own) != 0;
    return group >> 4 == own >> 4 && (group & own & 0xF) != 0;
}

/*
 * Whoever else is meant is not there. To this processor come fixed interrupts, NMIs and INITs; a start-up is for one
 * that waits for it. An INIT that is not asserted only tells APICs of old of an order among them.
 */
static void send_command(struct lapic *apic, uint32_t value)
{
    uint32_t shorthand = value >> 18 & 3, destination = apic->icr_high >> 24, mode = value >> 8 & 7;
    bool is_logical = value & 0x800, is_deasserted = (value & 0xC000) == 0x8000;

    apic->icr_low = value & ~0x1000u;
    if (shorthand == 3 || (shorthand == 0 && !lapic_is_meant(apic, is_logical, destination)))
        return;
    if (mode == SEND_FIXED || mode == SEND_LOWEST_PRIORITY)
        lapic_raise(apic, (uint8_t)value, false);
    apic->sent_nmi |= mode == SEND_NMI;
    apic->sent_init |= mode == SEND_INIT && !is_deasserted;
}

/* SDM vol. 3 "Local APIC State After It Has Been Software Disabled": all entries are masked. */
static void write_svr(struct lapic *apic, uint32_t value)
{
    apic->svr = value & 0x1FF;
    for (unsigned i = 0; i < LAPIC_LVTS && !(value & LAPIC_ENABLE); i++)
        apic->lvt[i] |= LVT_MASKED;
}

static int end_interrupt(struct lapic *apic)
{
    int vector = highest(apic->isr);

    if (vector < 0)
        return NO_VECTOR;
    set_vector(apic, apic->isr, (unsigned)vector, false);
    return apic->tmr[vector / 32] >> vector % 32 & 1 ? vector : NO_VECTOR;
}

/* A timer that ran out while it was masked does not interrupt when it is not. */
static void write_lvt(struct lapic *apic, unsigned entry, uint32_t value, uint64_t now_ns)
{
    if (entry == LVT_TIMER) {
        apic->seen_ns = now_ns;
        apic->is_done |= now_ns >= apic->start_ns + apic->initial * lapic_tick_ns(apic);
    }
    apic->lvt[entry] = (value & LVT_WRITABLE) | (apic->svr & LAPIC_ENABLE ? 0 : LVT_MASKED);
}

/* What is neither the end of an interrupt nor the task's priority. */
static void write_setting(struct lapic *apic, uint32_t offset, uint32_t value, uint64_t now_ns)
{
    if (offset >= REG_LVT && offset < REG_LVT + 16 * LAPIC_LVTS) {
        write_lvt(apic, (offset - REG_LVT) / 16, value, now_ns);
        return;
    }
    switch (offset & 0xFF0) {
    case REG_ID: apic->id = value & 0xFF000000u; break;
    case REG_LDR: apic->ldr = value & 0xFF000000u; break;
    case REG_DFR: apic->dfr = value | 0x0FFFFFFFu; break;
    case REG_SVR: write_svr(apic, value); break;
    case REG_ESR: apic->esr = 0; break;
    case REG_ICR_LOW: send_command(apic, value); break;
    case REG_ICR_HIGH: apic->icr_high = value & 0xFF000000u; break;
    case REG_INITIAL:
        apic->initial = value;
        apic->start_ns = apic->seen_ns = now_ns;
        apic->is_done = false;
        apic->quiet_reads = 0;
        break;
    case REG_DIVIDE: apic->divide = value & 0xB; break;
    default: break;
    }
}

int lapic_write(struct lapic *apic, uint32_t offset, uint32_t value, uint64_t now_ns)
{
    switch (offset & 0xFF0) {
    case REG_EOI:
        return end_interrupt(apic);
    case REG_TPR:
        lapic_set_task_priority(apic, value);
        return NO_VECTOR;
    default:
        write_setting(apic, offset, value, now_ns);
        apic->changed |= LAPIC_CHANGED_ALL;
        return NO_VECTOR;
    }
}
