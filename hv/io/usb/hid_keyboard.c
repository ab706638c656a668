/*
 * hid_keyboard.c - compare a report with the one before: what is new went down, what is missing came up (PURE).
 *
 * A USB keyboard tells which keys are down, PS/2 which one moved. The result is scancodes of set 1, so that what
 * follows (keymap.c) is one way for both. Breaks come before makes, as when one key is let go for the next.
 */
#include "io/usb/hid_keyboard.h"

#include "base/string.h"

#define USAGE_ROLL_OVER 0x03    /* and below: too many keys, a failed self-test; no key is known then */
#define EXTENDED 0x80u          /* in the table */
#define PAUSE 0xC6
#define REPEAT_DELAY_NS 500000000ull    /* as PS/2 keyboards by default: after 500 ms, 10.9 times a second */
#define REPEAT_NS 92000000ull

/* HID Usage Tables "Keyboard/Keypad Page" from 0x04 on, in set 1 as Microsoft's translation table has it. */
static const uint8_t codes[] = {
    0x1E, 0x30, 0x2E, 0x20, 0x12, 0x21, 0x22, 0x23, 0x17, 0x24, 0x25, 0x26, 0x32,               /* a to m */
    0x31, 0x18, 0x19, 0x10, 0x13, 0x1F, 0x14, 0x16, 0x2F, 0x11, 0x2D, 0x15, 0x2C,               /* n to z */
    0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B,                                 /* 1 to 0 */
    0x1C, 0x01, 0x0E, 0x0F, 0x39, 0x0C, 0x0D, 0x1A, 0x1B, 0x2B, 0x2B, 0x27, 0x28, 0x29, 0x33, 0x34, 0x35, 0x3A,
    0x3B, 0x3C, 0x3D, 0x3E, 0x3F, 0x40, 0x41, 0x42, 0x43, 0x44, 0x57, 0x58,                     /* F1 to F12 */
    0xB7, 0x46, PAUSE, 0xD2, 0xC7, 0xC9, 0xD3, 0xCF, 0xD1, 0xCD, 0xCB, 0xD0, 0xC8,              /* PrtSc to up */
    0x45, 0xB5, 0x37, 0x4A, 0x4E, 0x9C, 0x4F, 0x50, 0x51, 0x4B, 0x4C, 0x4D, 0x47, 0x48, 0x49, 0x52, 0x53,
    0x56, 0xDD, 0xDE,                                                                           /* 102nd, menu, power */
};
#define FIRST_USAGE 0x04

/* Bits 0 to 7: left Ctrl, Shift, Alt, GUI, then the right ones. */
static const uint8_t modifier_codes[8] = { 0x1D, 0x2A, 0x38, 0xDB, 0x9D, 0x36, 0xB8, 0xDC };

unsigned hid_events_room(const struct hid_events *events)
{
    return HID_EVENTS_MAX - events->count;
}

static uint16_t event_of(uint8_t code)
{
    return (uint16_t)((code & ~EXTENDED) | (code & EXTENDED ? HID_EXTENDED : 0));
}

/* Mark a key's break as late, or as not late any more. */
static void set_late(struct hid_events *events, uint16_t event, bool late)
{
    unsigned key = (event & ~(HID_BREAK | HID_EXTENDED)) | (event & HID_EXTENDED ? EXTENDED : 0);
    uint32_t bit = 1u << key % 32;

    if (!(events->late_breaks[key / 32] & bit) == !late)
        return;
    events->late_breaks[key / 32] ^= bit;
    events->late_count += late ? 1 : -1u;
}

/* A key that goes down again before its late break was taken stays down. */
static void put_event(struct hid_events *events, uint16_t event)
{
    bool fits = events->count < HID_EVENTS_MAX;

    if (fits)
        events->events[(events->first + events->count++) % HID_EVENTS_MAX] = event;
    if (fits ? events->late_count != 0 : event & HID_BREAK)
        set_late(events, event, !fits);
}

/* Bound: the words of late_breaks. */
static int take_late_break(struct hid_events *events)
{
    unsigned word = 0;

    if (events->late_count == 0)
        return -1;
    while (events->late_breaks[word] == 0)
        word++;
    uint8_t code = (uint8_t)(32 * word + (unsigned)__builtin_ctz(events->late_breaks[word]));
    set_late(events, event_of(code), false);
    return event_of(code) | HID_BREAK;
}

int hid_events_take(struct hid_events *events)
{
    if (events->count == 0)
        return take_late_break(events);
    events->count--;
    return events->events[events->first++ % HID_EVENTS_MAX];
}

/* 0: no key that a keyboard of set 1 has. */
static uint8_t code_of(uint8_t usage)
{
    unsigned index = (unsigned)usage - FIRST_USAGE;
    return index < sizeof(codes) ? codes[index] : 0;
}

static void go_down(struct hid_keyboard *keyboard, uint8_t code, uint64_t now_ns, struct hid_events *events)
{
    if (code == 0)
        return;
    put_event(events, event_of(code));
    keyboard->repeating = code == PAUSE ? 0 : event_of(code);   /* Pause is the one key that does not repeat */
    keyboard->repeat_ns = now_ns + REPEAT_DELAY_NS;
}

static void come_up(struct hid_keyboard *keyboard, uint8_t code, struct hid_events *events)
{
    if (code == 0)
        return;
    put_event(events, event_of(code) | HID_BREAK);
    if (keyboard->repeating == event_of(code))
        keyboard->repeating = 0;
}

static void take_modifiers(struct hid_keyboard *keyboard, uint8_t modifiers, uint64_t now_ns, struct hid_events *events)
{
    uint8_t changed = keyboard->modifiers ^ modifiers;

    keyboard->modifiers = modifiers;
    for (unsigned i = 0; i < 8; i++) {
        if (!(changed >> i & 1))
            continue;
        if (modifiers >> i & 1)
            go_down(keyboard, modifier_codes[i], now_ns, events);
        else
            come_up(keyboard, modifier_codes[i], events);
    }
}

/* A key named twice in a report is one key; two usages that share a scancode are told apart by nobody. */
static bool has_key(const uint8_t *keys, unsigned count, uint8_t usage)
{
    for (unsigned i = 0; i < count; i++)
        if (code_of(keys[i]) == code_of(usage))
            return true;
    return false;
}

/* Bound, here and above: 8 modifiers, HID_REPORT_KEYS keys, each compared with all: HID_REPORT_EVENTS events. */
void hid_keyboard_report(struct hid_keyboard *keyboard, const uint8_t report[HID_REPORT_BYTES], uint64_t now_ns,
                         struct hid_events *events)
{
    const uint8_t *keys = report + 2, *before = keyboard->keys;

    take_modifiers(keyboard, report[0], now_ns, events);
    /*
     * More keys are down than the report can name, so it names none. That none came up must not be read out of it: what
     * was down stays down until a report says what is. Modifiers are told even then.
     */
    for (unsigned i = 0; i < HID_REPORT_KEYS; i++)
        if (keys[i] != 0 && keys[i] <= USAGE_ROLL_OVER)
            return;
    for (unsigned i = 0; i < HID_REPORT_KEYS; i++)
        if (!has_key(keys, HID_REPORT_KEYS, before[i]) && !has_key(before, i, before[i]))
            come_up(keyboard, code_of(before[i]), events);
    for (unsigned i = 0; i < HID_REPORT_KEYS; i++)
        if (!has_key(before, HID_REPORT_KEYS, keys[i]) && !has_key(keys, i, keys[i]))
            go_down(keyboard, code_of(keys[i]), now_ns, events);
    memcpy(keyboard->keys, keys, HID_REPORT_KEYS);
}

void hid_keyboard_repeat(struct hid_keyboard *keyboard, uint64_t now_ns, struct hid_events *events)
{
    if (keyboard->repeating == 0 || now_ns < keyboard->repeat_ns)
        return;
    put_event(events, keyboard->repeating);
    keyboard->repeat_ns = now_ns + REPEAT_NS;
}

void hid_keyboard_release(struct hid_keyboard *keyboard, struct hid_events *events)
{
    static const uint8_t nothing[HID_REPORT_BYTES];
    hid_keyboard_report(keyboard, nothing, 0, events);
}
