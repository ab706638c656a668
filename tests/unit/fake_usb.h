/*
 * fake_usb.h - a machine around io/usb: PCI with a controller, devices to plug in, and time that the test moves.
 */
#ifndef FAKE_USB_H
#define FAKE_USB_H

#include <stdbool.h>
#include <stdint.h>

#include "fake_xhci.h"

#define MS 1000000ull

/* Reports of a keyboard: the key A, and no key. */
extern const uint8_t a_down[8], nothing[8];

extern uint64_t now_ns, frames_before;      /* frames that were free when the controller ran */
extern unsigned controllers;                /* that PCI has, all in one place */
extern uint8_t interface;                   /* their programming interface */
extern bool mastering;                      /* bus mastering is on */
extern char log_text[4000];                 /* what was logged */

/* Before each test: a machine with one xHCI controller; start_with begins, bring_up waits until it runs. */
int begin(void **state);
void start_with(bool have_ps2);
void bring_up(void);

/* Time goes on as the run loop has it: to when the next look is wanted. */
void run_ms(unsigned ms);
void read_log(void);

/* The next key event; text in the log; a key pressed and let go on a device. */
void expect(int event);
void expect_said(const char *text);
void expect_typing(struct fake_device *device, unsigned dci);

/* All that hung on the controller is pulled out: its frames are free again. */
void expect_no_leak(void);

/* What a device says of itself; its interface comes first. */
struct fake_configuration {
    const uint8_t *bytes;
    unsigned count;
};
extern const struct fake_configuration keyboard_configuration, composite_configuration, mouse_configuration;
extern const struct fake_configuration hub_configuration, adapter_configuration;
struct fake_device make_device(uint8_t speed, const struct fake_configuration *configuration);
#define MAKE(speed, kind) make_device(speed, &kind##_configuration)

#endif
