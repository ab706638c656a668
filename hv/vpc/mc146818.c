/*
 * mc146818.c - see mc146818.h (PURE). Days are counted as H. Hinnant does: "chrono-Compatible Low-Level Date
 * Algorithms".
 */
#include "vpc/mc146818.h"

#include "base/string.h"

enum { REG_SECOND, REG_SECOND_ALARM, REG_MINUTE, REG_MINUTE_ALARM, REG_HOUR, REG_HOUR_ALARM, REG_WEEKDAY, REG_DAY,
       REG_MONTH, REG_YEAR, REG_A, REG_B, REG_C, REG_D, REG_CENTURY = 0x32 };
#define NS_PER_SECOND 1000000000ull
#define UPDATE_NS 244000u               /* UIP is set so long before a second ends */
#define A_UPDATING 0x80u
#define B_BINARY 0x04u
#define B_24_HOURS 0x02u
#define B_INTERRUPTS 0x70u              /* periodic, alarm, update-ended, as in C */
#define C_PERIODIC 0x40u
#define C_ALARM 0x20u
#define C_UPDATE 0x10u
#define C_ANY 0x80u
#define PM 0x80u
#define ALARM_ANY 0xC0u
#define START_S 1767225600              /* 2026-01-01 00:00:00, as Unix counts */
#define SECONDS_PER_DAY 86400
#define END_S 253402300800              /* 10000-01-01 00:00:00 */

struct moment {
    int64_t year;
    unsigned month, day, hour, minute, second, weekday;
};

/* Of a month from 1 to 12; day 0 is the one before the first, and so on. */
static int64_t days_from(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = year / 400, year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + (int64_t)day - 1;

    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static struct moment moment_of(int64_t seconds)
{
    int64_t days = seconds / SECONDS_PER_DAY + 719468;
    unsigned rest = (unsigned)(seconds % SECONDS_PER_DAY), day = (unsigned)(days % 146097);
    unsigned year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    unsigned day_of_year = day - (365 * year + year / 4 - year / 100), month = (5 * day_of_year + 2) / 153;

    return (struct moment){
        .year = days / 146097 * 400 + year + (month >= 10), .month = month < 10 ? month + 3 : month - 9,
        .day = day_of_year - (153 * month + 2) / 5 + 1, .hour = rest / 3600, .minute = rest / 60 % 60,
        .second = rest % 60, .weekday = (unsigned)((days + 3) % 7) + 1,
    };
}

static int64_t seconds_at(const struct mc146818 *clock, uint64_t now_ns)
{
    return START_S + clock->offset_s + (int64_t)(now_ns / NS_PER_SECOND);
}

/* As the guest wants numbers: binary, or BCD. */
static uint8_t code(const struct mc146818 *clock, unsigned value)
{
    return (uint8_t)(clock->memory[REG_B] & B_BINARY ? value : value / 10 * 16 + value % 10);
}

static unsigned decode(const struct mc146818 *clock, uint8_t value)
{
    return clock->memory[REG_B] & B_BINARY ? value : value / 16u * 10 + value % 16u;
}

static uint8_t code_hour(const struct mc146818 *clock, unsigned hour)
{
    if (clock->memory[REG_B] & B_24_HOURS)
        return code(clock, hour);
    return (uint8_t)(code(clock, hour % 12 == 0 ? 12 : hour % 12) | (hour >= 12 ? PM : 0));
}

static unsigned decode_hour(const struct mc146818 *clock, uint8_t value)
{
    if (clock->memory[REG_B] & B_24_HOURS)
        return decode(clock, value);
    return decode(clock, value & 0x7F) % 12 + (value & PM ? 12 : 0);
}

void mc146818_reset(struct mc146818 *clock, uint32_t memory_bytes)
{
    uint32_t extended_kib = (memory_bytes >> 10) - 1024, above_16m = memory_bytes > 16u << 20 ?
                            (memory_bytes - (16u << 20)) >> 16 : 0;
    uint32_t shown = extended_kib < 0xFFFF ? extended_kib : 0xFFFF;

    memset(clock, 0, sizeof(*clock));
    clock->memory[REG_A] = 0x26;
    clock->memory[REG_B] = B_24_HOURS;
    clock->memory[REG_D] = 0x80;
    clock->memory[0x15] = 0x80;         /* 640 KiB */
    clock->memory[0x16] = 0x02;
    clock->memory[0x17] = clock->memory[0x30] = (uint8_t)shown;
    clock->memory[0x18] = clock->memory[0x31] = (uint8_t)(shown >> 8);
    clock->memory[0x34] = (uint8_t)above_16m;
    clock->memory[0x35] = (uint8_t)(above_16m >> 8);
}

/* 0: it does not tick. */
static uint64_t period_ns(const struct mc146818 *clock)
{
    unsigned rate = clock->memory[REG_A] & 0x0F;

    if (rate == 0)
        return 0;
    return (NS_PER_SECOND << (rate < 3 ? rate + 6 : rate - 1)) / 32768;
}

static bool alarm_matches(const struct mc146818 *clock, uint64_t now_ns)
{
    struct moment now = moment_of(seconds_at(clock, now_ns));
    const uint8_t *memory = clock->memory;

    return (memory[REG_SECOND_ALARM] >= ALARM_ANY || memory[REG_SECOND_ALARM] == code(clock, now.second)) &&
           (memory[REG_MINUTE_ALARM] >= ALARM_ANY || memory[REG_MINUTE_ALARM] == code(clock, now.minute)) &&
           (memory[REG_HOUR_ALARM] >= ALARM_ANY || memory[REG_HOUR_ALARM] == code_hour(clock, now.hour));
}

/* Of seconds that went by unseen only the last is compared with the alarm. */
void mc146818_update(struct mc146818 *clock, uint64_t now_ns)
{
    uint64_t period = period_ns(clock);

    if (period != 0 && now_ns / period != clock->seen_ns / period)
        clock->memory[REG_C] |= C_PERIODIC;
    if (now_ns / NS_PER_SECOND != clock->seen_ns / NS_PER_SECOND)
        clock->memory[REG_C] |= (uint8_t)(C_UPDATE | (alarm_matches(clock, now_ns) ? C_ALARM : 0));
    clock->seen_ns = now_ns;
}

bool mc146818_line(const struct mc146818 *clock)
{
    return clock->memory[REG_B] & clock->memory[REG_C] & B_INTERRUPTS;
}

uint64_t mc146818_next_ns(const struct mc146818 *clock)
{
    if (mc146818_line(clock) || !(clock->memory[REG_B] & B_INTERRUPTS))
        return UINT64_MAX;
    uint64_t period = period_ns(clock), second = (clock->seen_ns / NS_PER_SECOND + 1) * NS_PER_SECOND;
    uint64_t tick = period != 0 ? (clock->seen_ns / period + 1) * period : UINT64_MAX;
    if (!(clock->memory[REG_B] & C_PERIODIC))
        return second;
    return clock->memory[REG_B] & (C_ALARM | C_UPDATE) && second < tick ? second : tick;
}

static uint8_t read_clock_time(const struct mc146818 *clock, unsigned number, uint64_t now_ns)
{
    struct moment now = moment_of(seconds_at(clock, now_ns));

    switch (number) {
    case REG_SECOND: return code(clock, now.second);
    case REG_MINUTE: return code(clock, now.minute);
    case REG_HOUR: return code_hour(clock, now.hour);
    case REG_WEEKDAY: return code(clock, now.weekday);
    case REG_DAY: return code(clock, now.day);
    case REG_MONTH: return code(clock, now.month);
    case REG_YEAR: return code(clock, (unsigned)(now.year % 100));
    default: return code(clock, (unsigned)(now.year / 100));
    }
}

static bool is_time(unsigned number)
{
    return number == REG_CENTURY || (number <= REG_YEAR && number != REG_SECOND_ALARM && number != REG_MINUTE_ALARM &&
                                     number != REG_HOUR_ALARM);
}

uint8_t mc146818_read(struct mc146818 *clock, uint16_t port, uint64_t now_ns)
{
    unsigned number = clock->index;

    if (!(port & 1))
        return 0xFF;
    mc146818_update(clock, now_ns);
    if (is_time(number))
        return read_clock_time(clock, number, now_ns);
    uint8_t value = clock->memory[number];
    if (number == REG_A && now_ns % NS_PER_SECOND >= NS_PER_SECOND - UPDATE_NS)
        value |= A_UPDATING;
    if (number == REG_C) {
        value |= mc146818_line(clock) ? C_ANY : 0;
        clock->memory[REG_C] = 0;
    }
    return value;
}

/*
 * One field of the time is another; what is no date makes the one that lies so far on, or back for day 0. What leads
 * out of the years from 1970 to 9999 is forgotten: so all that ever adds up is far from the end of a number.
 */
static void write_time(struct mc146818 *clock, unsigned number, uint8_t value, uint64_t now_ns)
{
    int64_t before = seconds_at(clock, now_ns);
    struct moment to = moment_of(before);
    unsigned decoded = decode(clock, value);

    switch (number) {
    case REG_SECOND: to.second = decoded; break;
    case REG_MINUTE: to.minute = decoded; break;
    case REG_HOUR: to.hour = decode_hour(clock, value); break;
    case REG_DAY: to.day = decoded; break;
    case REG_MONTH: to.month = decoded; break;
    case REG_YEAR: to.year = to.year / 100 * 100 + decoded; break;
    case REG_CENTURY: to.year = to.year % 100 + 100 * (int64_t)decoded; break;
    default: return;
    }
    if (to.month < 1 || to.month > 12 || to.year < 1970)
        return;
    int64_t after = days_from(to.year, to.month, to.day) * SECONDS_PER_DAY + to.hour * 3600 + to.minute * 60 +
                    to.second;
    if (after >= 0 && after < END_S)
        clock->offset_s += after - before;
}

void mc146818_write(struct mc146818 *clock, uint16_t port, uint8_t value, uint64_t now_ns)
{
    unsigned number = clock->index;

    mc146818_update(clock, now_ns);
    if (!(port & 1))
        clock->index = value & (MC146818_BYTES - 1);
    else if (is_time(number))
        write_time(clock, number, value, now_ns);
    else if (number == REG_A)
        clock->memory[REG_A] = value & 0x7F;
    else if (number != REG_C && number != REG_D)
        clock->memory[number] = value;
}
