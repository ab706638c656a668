/*
 * hid_keyboard.h - a USB keyboard's boot reports to key events in scancode set 1, with the typematic repeat that PS/2
 * keyboards have in themselves (PURE).
 *
 * Device Class Definition for HID 1.11, "Boot Interface Descriptors": byte 0 modifiers, byte 1 reserved, then the
 * usages of up to six keys that are down, in any order. Nothing that a report says is believed to make sense.
 */
#ifndef IO_USB_HID_KEYBOARD_H
#define IO_USB_HID_KEYBOARD_H

#include <stdbool.h>
#include <stdint.h>

#define HID_REPORT_BYTES 8
#define HID_REPORT_KEYS 6
#define HID_EVENTS_MAX 64       /* power of two */
#define HID_REPORT_EVENTS 28    /* at most of one report: 8 modifiers, 6 keys up, 6 down; and a repeat or two */
#define HID_EXTENDED 0x100u     /* of an event: E0 goes before the code */
#define HID_BREAK 0x80u

/* Events of all keyboards on their way to the keymap: set 1 code, HID_BREAK, HID_EXTENDED. */
struct hid_events {
    uint16_t events[HID_EVENTS_MAX];
    unsigned first, count;
    uint32_t late_breaks[8];        /* a bit for each key that came up when there was no room, and how many are set */
    unsigned late_count;
};

struct hid_keyboard {
    uint8_t modifiers, keys[HID_REPORT_KEYS];   /* of the last report that said so */
    uint16_t repeating;                         /* the event of the key that went down last, if it still is; else 0 */
    uint64_t repeat_ns;
};

/*
 * Take a report. The caller sees to it that there is room for HID_REPORT_EVENTS: a make that does not fit is lost. A
 * break never is, here and below, or a guest would have that key down for ever: it comes behind all that is in line.
 */
void hid_keyboard_report(struct hid_keyboard *keyboard, const uint8_t report[HID_REPORT_BYTES], uint64_t now_ns,
                         struct hid_events *events);

/* A key that is held makes again when its time has come: one event a call. */
void hid_keyboard_repeat(struct hid_keyboard *keyboard, uint64_t now_ns, struct hid_events *events);

/* The keyboard is gone: all that is down comes up. */
void hid_keyboard_release(struct hid_keyboard *keyboard, struct hid_events *events);

unsigned hid_events_room(const struct hid_events *events);

/* The oldest event, or -1. */
int hid_events_take(struct hid_events *events);

#endif
