/*
 * i8254.c - see i8254.h: a counter is a start and a count, everything else follows from the time (PURE).
 */
#include "vpc/i8254.h"

#include <stddef.h>

#define NS_PER_SECOND 1000000000ull
#define PORT_COUNTER0 0x40u
#define PORT_CONTROL 0x43u
#define REFRESH_NS 15085u               /* port 61 bit 4 turns over so often */
#define COMMAND_READ_BACK 3u
#define STATUS_OUT 0x80u
#define STATUS_NULL 0x40u

/* Without a product beyond 64 bits, whatever the time. */
static uint64_t ticks_in(uint64_t span_ns)
{
    return span_ns / NS_PER_SECOND * I8254_HZ + span_ns % NS_PER_SECOND * I8254_HZ / NS_PER_SECOND;
}

/* The time after which so many ticks are over. */
static uint64_t span_of(uint64_t ticks)
{
    uint64_t rest = ticks % I8254_HZ * NS_PER_SECOND;

    return ticks / I8254_HZ * NS_PER_SECOND + (rest + I8254_HZ - 1) / I8254_HZ;
}

static bool is_periodic(const struct i8254_counter *counter)
{
    return counter->mode == 2 || counter->mode == 3;
}

static uint64_t elapsed(const struct i8254_counter *counter, uint64_t now_ns)
{
    return now_ns > counter->start_ns ? ticks_in(now_ns - counter->start_ns) : 0;
}

/* What the counting element shows. A closed gate keeps a periodic one where it began, but no other: so has QEMU it. */
static uint32_t count_now(const struct i8254_counter *counter, uint64_t now_ns)
{
    uint32_t modulus = counter->is_bcd ? 10000 : 65536;
    uint64_t ticks = counter->gate || !is_periodic(counter) ? elapsed(counter, now_ns) : 0;

    if (counter->count == 0)
        return 0;
    if (counter->mode == 3)
        return counter->count - (uint32_t)(ticks * 2 % counter->count);
    if (counter->mode == 2)
        return counter->count - (uint32_t)(ticks % counter->count);
    return (uint32_t)((counter->count + modulus - ticks % modulus) % modulus);
}

static bool output(const struct i8254_counter *counter, uint64_t now_ns)
{
    uint64_t ticks = elapsed(counter, now_ns);

    if (counter->count == 0)
        return counter->mode != 0;
    switch (counter->mode) {
    case 0:
    case 1:
        return ticks >= counter->count;
    case 2:
        return !counter->gate || ticks % counter->count != counter->count - 1;
    case 3:
        return !counter->gate || ticks % counter->count < (counter->count + 1) / 2;
    default:
        return ticks != counter->count;
    }
}

/* When the output rises first after a moment; UINT64_MAX: never. */
static uint64_t next_rise(const struct i8254_counter *counter, uint64_t after_ns)
{
    if (counter->count == 0)
        return UINT64_MAX;
    if (!is_periodic(counter))
        return counter->is_done ? UINT64_MAX : counter->start_ns + span_of(counter->count);
    if (!counter->gate)
        return UINT64_MAX;
    uint64_t periods = elapsed(counter, after_ns) / counter->count + 1;
    return counter->start_ns + span_of(periods * counter->count);
}

/* After the first counter changed, or rose. As long as it does not, the time alone changes nothing. */
static void find_next(struct i8254 *timer)
{
    timer->next_ns = next_rise(&timer->counters[0], timer->seen_ns);
}

void i8254_reset(struct i8254 *timer, uint64_t now_ns)
{
    *timer = (struct i8254){ .seen_ns = now_ns };
    for (unsigned i = 0; i < 3; i++)
        timer->counters[i] = (struct i8254_counter){ .mode = 3, .access = 3, .gate = i != 2, .count = 65536,
                                                     .start_ns = now_ns };
    find_next(timer);
}

uint64_t i8254_next_ns(const struct i8254 *timer)
{
    return timer->next_ns;
}

bool i8254_update(struct i8254 *timer, uint64_t now_ns)
{
    struct i8254_counter *counter = &timer->counters[0];
    bool has_risen = i8254_next_ns(timer) <= now_ns;

    timer->seen_ns = now_ns;
    if (has_risen && !is_periodic(counter))
        counter->is_done = true;
    if (has_risen)
        find_next(timer);
    return has_risen;
}

static uint32_t from_bcd(uint32_t value)
{
    return value % 16 + value / 16 % 16 * 10 + value / 256 % 16 * 100 + value / 4096 * 1000;
}

static uint32_t to_bcd(uint32_t value)
{
    return value % 10 + value / 10 % 10 * 16 + value / 100 % 10 * 256 + value / 1000 % 10 * 4096;
}

static void load_count(struct i8254_counter *counter, uint32_t value, uint64_t now_ns)
{
    uint32_t count = counter->is_bcd ? from_bcd(value) : value;

    counter->count = count != 0 ? count : counter->is_bcd ? 10000 : 65536;
    counter->start_ns = now_ns;
    counter->is_done = false;
}

static void write_counter(struct i8254_counter *counter, uint8_t value, uint64_t now_ns)
{
    if (counter->access == 1) {
        load_count(counter, value, now_ns);
    } else if (counter->access == 2) {
        load_count(counter, (uint32_t)value << 8, now_ns);
    } else if (!counter->writes_high) {
        counter->low = value;
        counter->writes_high = true;
    } else {
        counter->writes_high = false;
        load_count(counter, counter->low | (uint32_t)value << 8, now_ns);
    }
}

static void latch(struct i8254_counter *counter, uint64_t now_ns)
{
    if (counter->has_latch)
        return;
    counter->latched = count_now(counter, now_ns);
    counter->has_latch = true;
}

static void latch_status(struct i8254_counter *counter, uint64_t now_ns)
{
    if (counter->has_status)
        return;
    counter->status = (uint8_t)((output(counter, now_ns) ? STATUS_OUT : 0) | (counter->count == 0 ? STATUS_NULL : 0) |
                                counter->access << 4 | counter->mode << 1 | counter->is_bcd);
    counter->has_status = true;
}

static void read_back(struct i8254 *timer, uint8_t value, uint64_t now_ns)
{
    for (unsigned i = 0; i < 3; i++) {
        if (!(value & 2u << i))
            continue;
        if (!(value & 0x20))
            latch(&timer->counters[i], now_ns);
        if (!(value & 0x10))
            latch_status(&timer->counters[i], now_ns);
    }
}

static void write_control(struct i8254 *timer, uint8_t value, uint64_t now_ns)
{
    unsigned number = value >> 6, access = value >> 4 & 3u, mode = value >> 1 & 7u;

    if (number == COMMAND_READ_BACK) {
        read_back(timer, value, now_ns);
        return;
    }
    struct i8254_counter *counter = &timer->counters[number];
    if (access == 0) {
        latch(counter, now_ns);
        return;
    }
    *counter = (struct i8254_counter){ .gate = counter->gate, .access = (uint8_t)access, .is_bcd = value & 1,
                                       .mode = (uint8_t)(mode > 5 ? mode - 4 : mode) };
}

static uint8_t read_counter(struct i8254_counter *counter, uint64_t now_ns)
{
    if (counter->has_status) {
        counter->has_status = false;
        return counter->status;
    }
    uint32_t value = counter->has_latch ? counter->latched : count_now(counter, now_ns);
    if (counter->is_bcd)
        value = to_bcd(value);
    bool is_high = counter->access == 2 || (counter->access == 3 && counter->reads_high);
    if (counter->access == 3)
        counter->reads_high = !counter->reads_high;
    if (counter->access != 3 || is_high)
        counter->has_latch = false;
    return (uint8_t)(is_high ? value >> 8 : value);
}

/* A gate that opens lets a periodic counter, and a one-shot of hardware, begin again. */
static void set_gate(struct i8254_counter *counter, bool is_open, uint64_t now_ns)
{
    if (is_open && !counter->gate && counter->mode != 0 && counter->mode != 4)
        counter->start_ns = now_ns;
    counter->gate = is_open;
}

uint8_t i8254_read(struct i8254 *timer, uint16_t port, uint64_t now_ns)
{
    const struct i8254_counter *third = &timer->counters[2];

    if (port >= PORT_COUNTER0 && port < PORT_CONTROL)
        return read_counter(&timer->counters[port - PORT_COUNTER0], now_ns);
    if (port == PORT_CONTROL)
        return 0;
    return (uint8_t)(third->gate | timer->speaker << 1 | (now_ns / REFRESH_NS % 2) << 4 | output(third, now_ns) << 5);
}

void i8254_write(struct i8254 *timer, uint16_t port, uint8_t value, uint64_t now_ns)
{
    if (port == PORT_CONTROL) {
        write_control(timer, value, now_ns);
    } else if (port >= PORT_COUNTER0 && port < PORT_CONTROL) {
        write_counter(&timer->counters[port - PORT_COUNTER0], value, now_ns);
    } else {
        timer->speaker = value & 2;
        set_gate(&timer->counters[2], value & 1, now_ns);
    }
    find_next(timer);
}
