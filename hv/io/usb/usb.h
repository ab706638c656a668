/*
 * usb.h - USB keyboards, wherever they are plugged in: on xHCI controllers, behind hubs, at any time. See docs/usb.md.
 */
#ifndef IO_USB_USB_H
#define IO_USB_USB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/usb/hid_keyboard.h"

/* map gives registers at a physical address, uncached, or NULL; have_ps2: there is another keyboard. */
struct usb_platform {
    void *(*map)(uint64_t physical, uint64_t bytes);
    bool have_ps2;
};

/*
 * Once, after pci_silence: take xHCI controllers over from the firmware, say which others there are. Waits for nothing:
 * usb_poll goes on. A machine without a controller pays nothing more.
 */
void usb_init(const struct usb_platform *platform, uint64_t now_ns);

/* A bounded step of whatever is under way; reports become events. */
void usb_poll(uint64_t now_ns);

/* When the next usb_poll is wanted; UINT64_MAX: there is no controller. */
uint64_t usb_next_ns(void);

/* The next key event (hid_keyboard.h: set 1 code, HID_EXTENDED, HID_BREAK), or -1. */
int usb_read(void);

/* A line on each controller that is driven, each device on it, each controller that is not. False: no more. */
bool usb_describe(unsigned index, char *line, size_t bytes);

/* Frames that devices have now: they come and go with what is plugged in, whatever guests do. */
uint64_t usb_frames_held(void);

/* Show the lock state on all keyboards, also on those that come later. */
void usb_set_leds(bool num, bool caps);

#endif
