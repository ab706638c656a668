/*
 * fake_usb.c - PCI, time and the log around io/usb, for fake_usb.h; the controller is fake_xhci.c's.
 *
 * xhci.c and usb.c are compiled in here: each test begins with both as after power-on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define IO_USB_XHCI_MMIO_H      /* the real one reads registers */
#include "fake_xhci.h"

#include "base/frames.h"
#include "base/log.h"
#include "fake_mmu.h"
#include "io/pci.h"
#include "io/usb/xhci.c"
#include "io/usb/usb.c"

#include "fake_usb.h"       /* last: the sources have locals of its names */

const uint8_t a_down[8] = { 0, 0, 0x04 }, nothing[8];
uint64_t now_ns, frames_before;
unsigned controllers;
uint8_t interface = 0x30;
bool mastering;
char log_text[4000];
static unsigned routings;       /* times that switched ports were led to the controller */

const struct pci_function *pci_find(uint16_t class, unsigned index)
{
    static struct pci_function function;

    assert_int_equal(class, 0x0C03);
    function = (struct pci_function){ .place = 3 << 16 | 4 << 11 | 1 << 8, .interface = interface };
    return index < controllers ? &function : NULL;
}

void pci_name(uint32_t place, char name[PCI_NAME_BYTES])
{
    assert_int_equal(place, 3 << 16 | 4 << 11 | 1 << 8);
    memcpy(name, "03:04.1", 8);
}

uint64_t pci_memory(uint32_t function)
{
    (void)function;
    return 0x3800000000;
}

void pci_set_mastering(uint32_t function, bool on)
{
    (void)function;
    mastering = on;
}

bool usb_route_ports(uint32_t place)
{
    assert_int_equal(place, 3 << 16 | 4 << 11 | 1 << 8);
    assert_int_equal(hosts[0]->xhci.state, XHCI_RUNNING);
    routings++;
    return true;
}

static void *map(uint64_t physical, uint64_t bytes)
{
    assert_int_equal(physical, 0x3800000000);
    assert_int_equal(bytes, 0x10000);
    return &fake;
}

void read_log(void)
{
    char line[200];
    while (log_take(line, sizeof(line)) >= 0)
        snprintf(log_text + strlen(log_text), sizeof(log_text) - strlen(log_text), "%s\n", line);
}

int begin(void **state)
{
    machine_start(state);
    fake_reset();
    host_count = 0;
    memset(&usb_events, 0, sizeof(usb_events));
    usb_leds = 0;
    usb_device_frames = 0;
    next_ns = UINT64_MAX;
    complaint_ns = 0;
    now_ns = 5 * MS;
    controllers = 1;
    interface = 0x30;
    mastering = false;
    routings = 0;
    read_log();
    log_text[0] = '\0';
    return 0;
}

void start_with(bool have_ps2)
{
    usb_init(&(struct usb_platform){ .map = map, .have_ps2 = have_ps2 }, now_ns);
}

void run_ms(unsigned ms)
{
    uint64_t end_ns = now_ns + ms * MS;
    while (now_ns < end_ns) {
        usb_poll(now_ns);
        uint64_t next = usb_next_ns();
        assert_true(next > now_ns);
        now_ns = next < end_ns ? next : end_ns;
    }
    read_log();
}

void expect(int event)
{
    assert_int_equal(usb_read(), event);
}

void expect_said(const char *text)
{
    if (!strstr(log_text, text))
        fail_msg("\"%s\" is not in:\n%s", text, log_text);
}

#define CONFIGURATION 9, 2, 0, 0, 1, 1, 0, 0xA0, 50
#define KEYBOARD(interface, endpoint, packet) 9, 4, interface, 0, 1, 3, 1, 1, 0, 9, 0x21, 0x11, 1, 0, 1, 0x22, 63, 0, \
    7, 5, 0x80 | endpoint, 3, packet, 0, 10
static const uint8_t keyboard[] = { CONFIGURATION, KEYBOARD(0, 1, 8) };
static const uint8_t composite[] = { CONFIGURATION, KEYBOARD(0, 1, 8), KEYBOARD(2, 3, 16) };
static const uint8_t mouse[] = { CONFIGURATION, 9, 4, 0, 0, 1, 3, 1, 2, 0, 7, 5, 0x81, 3, 4, 0, 10 };
static const uint8_t hub[] = { CONFIGURATION, 9, 4, 0, 0, 1, 9, 0, 0, 0, 7, 5, 0x81, 3, 1, 0, 12 };
static const uint8_t adapter[] = { CONFIGURATION, 9, 4, 0, 0, 1, 2, 2, 1, 0, 7, 5, 0x81, 3, 8, 0, 9 };
const struct fake_configuration keyboard_configuration = { keyboard, sizeof(keyboard) };
const struct fake_configuration composite_configuration = { composite, sizeof(composite) };
const struct fake_configuration mouse_configuration = { mouse, sizeof(mouse) };
const struct fake_configuration hub_configuration = { hub, sizeof(hub) };
const struct fake_configuration adapter_configuration = { adapter, sizeof(adapter) };

struct fake_device make_device(uint8_t speed, const struct fake_configuration *configuration)
{
    return (struct fake_device){ .speed = speed, .configuration = configuration->bytes,
                                 .configuration_bytes = configuration->count,
                                 .is_hub = configuration->bytes[14] == 9, .max_packet = speed == 3 ? 64 : 8 };
}

void expect_typing(struct fake_device *device, unsigned dci)
{
    assert_true(fake_report(device, dci, a_down, 8, 0));
    assert_true(fake_report(device, dci, nothing, 8, 0));
    run_ms(20);
    expect(0x1E);
    expect(0x9E);
    expect(-1);
}

void expect_no_leak(void)
{
    assert_int_equal(frames_count_free() + usb_frames_held(), frames_before);
    for (unsigned port = 1; port <= FAKE_PORTS; port++)
        fake_plug(port, NULL);
    run_ms(9000);
    assert_int_equal(usb_frames_held(), 0);
    assert_int_equal(frames_count_free(), frames_before);
}

void bring_up(void)
{
    start_with(true);
    run_ms(100);
    frames_before = frames_count_free();
    assert_true(mastering);
    assert_int_equal(routings, 1);
    expect_said("USB: xHCI 03:04.1 takes the ports that it shares with EHCI");
    assert_int_equal(fake.command & 1, 1);
}
