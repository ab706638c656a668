/*
 * test_usb_descriptor.c - keyboards and hubs in configuration descriptors: whole, composite, cut off, nonsense.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "io/usb/usb_descriptor.h"
#include "random.h"

#define CONFIGURATION(value) 9, 2, 0, 0, 2, value, 0, 0xA0, 50
#define INTERFACE(number, setting, class, subclass, protocol) 9, 4, number, setting, 1, class, subclass, protocol, 0
#define HID 9, 0x21, 0x11, 1, 0, 1, 0x22, 63, 0
#define ENDPOINT(address, attributes, packet, interval) 7, 5, address, attributes, packet & 0xFF, packet >> 8, interval

/* A gaming keyboard: keys, media keys, a mouse, a second set of boot keys with another setting. */
static const uint8_t composite[] = {
    CONFIGURATION(3),
    INTERFACE(0, 0, 3, 1, 1), HID, ENDPOINT(0x81, 3, 8, 10),
    INTERFACE(1, 0, 3, 0, 0), HID, ENDPOINT(0x82, 3, 64, 1),
    INTERFACE(2, 0, 3, 1, 2), HID, ENDPOINT(0x83, 3, 8, 1),
    INTERFACE(5, 1, 3, 1, 1), HID, ENDPOINT(0x85, 3, 16, 1),
    INTERFACE(5, 0, 3, 1, 1), HID, ENDPOINT(0x04, 3, 8, 1), ENDPOINT(0x84, 3, 16, 0), ENDPOINT(0x86, 3, 16, 4),
    INTERFACE(6, 0, 3, 1, 1), HID, ENDPOINT(0x87, 3, 8, 1),
};
static const uint8_t hub[] = { CONFIGURATION(1), INTERFACE(0, 0, 9, 0, 0), ENDPOINT(0x81, 3, 1, 12) };

static struct usb_configuration parse(const uint8_t *data, unsigned bytes, int is_hub)
{
    struct usb_configuration configuration;
    uint8_t *exact = malloc(bytes ? bytes : 1);         /* so that a byte more is seen by the sanitizer */

    memcpy(exact, data, bytes);
    usb_configuration_parse(&configuration, exact, bytes, is_hub);
    free(exact);
    return configuration;
}

static void expect_endpoint(const struct usb_endpoint *endpoint, unsigned interface, unsigned number,
                            unsigned max_packet, unsigned interval)
{
    assert_int_equal(endpoint->interface, interface);
    assert_int_equal(endpoint->number, number);
    assert_int_equal(endpoint->max_packet, max_packet);
    assert_int_equal(endpoint->interval, interval);
}

static void composite_keyboards_are_found(void **state)
{
    (void)state;
    struct usb_configuration found = parse(composite, sizeof(composite), 0);
    assert_int_equal(found.kind, USB_KEYBOARD);
    assert_int_equal(found.value, 3);
    assert_int_equal(found.count, 2);
    expect_endpoint(&found.endpoints[0], 0, 1, 8, 10);
    expect_endpoint(&found.endpoints[1], 5, 4, 16, 1);
}

/* Told of, but a keyboard beside it counts, and it is none of a hub's. */
static void serial_lines_are_known(void **state)
{
    static const uint8_t line[] = { CONFIGURATION(1), INTERFACE(0, 0, 2, 2, 1), ENDPOINT(0x81, 3, 8, 10),
                                    INTERFACE(1, 0, 10, 0, 0), ENDPOINT(0x82, 2, 64, 0) };
    static const uint8_t both[] = { CONFIGURATION(1), INTERFACE(0, 0, 2, 2, 1), ENDPOINT(0x81, 3, 8, 10),
                                    INTERFACE(1, 0, 3, 1, 1), HID, ENDPOINT(0x82, 3, 8, 10) };
    static const uint8_t network[] = { CONFIGURATION(1), INTERFACE(0, 0, 2, 6, 0), ENDPOINT(0x81, 3, 8, 10) };
    (void)state;
    assert_int_equal(parse(line, sizeof(line), 0).kind, USB_SERIAL);
    assert_int_equal(parse(line, sizeof(line), 0).count, 0);
    assert_int_equal(parse(both, sizeof(both), 0).kind, USB_KEYBOARD);
    assert_int_equal(parse(network, sizeof(network), 0).kind, USB_NOTHING);
}

static void hubs_are_found(void **state)
{
    (void)state;
    struct usb_configuration found = parse(hub, sizeof(hub), 1);
    assert_int_equal(found.kind, USB_HUB);
    assert_int_equal(found.count, 1);
    expect_endpoint(&found.endpoints[0], 0, 1, 1, 12);
    assert_int_equal(parse(hub, sizeof(hub), 0).kind, USB_NOTHING);
    assert_int_equal(parse(composite, sizeof(composite), 1).kind, USB_NOTHING);
}

/* Cut anywhere: the first keyboard is there as soon as its endpoint is whole, the second likewise. */
static void cut_descriptors_keep_what_is_whole(void **state)
{
    (void)state;
    for (unsigned bytes = 0; bytes <= sizeof(composite); bytes++) {
        unsigned wanted = bytes < 34 ? 0 : bytes < 34 + 25 * 3 + 18 + 14 ? 1 : 2;
        struct usb_configuration found = parse(composite, bytes, 0);
        assert_int_equal(found.count, wanted);
        assert_int_equal(found.kind, wanted ? USB_KEYBOARD : USB_NOTHING);
    }
}

static void nonsense_is_no_keyboard(void **state)
{
    static const uint8_t packets[][2] = { { 0, 0 }, { 0x01, 0x04 }, { 0xFF, 0x07 } };
    uint8_t bytes[34];
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        memcpy(bytes, composite, sizeof(bytes));
        memcpy(&bytes[31], packets[i], 2);              /* packets of 0 bytes, of 1025, of 2047 */
        assert_int_equal(parse(bytes, sizeof(bytes), 0).kind, USB_NOTHING);
    }
    memcpy(bytes, composite, sizeof(bytes));
    bytes[18] = 0;                                      /* a descriptor that never ends */
    assert_int_equal(parse(bytes, sizeof(bytes), 0).kind, USB_NOTHING);
    bytes[18] = 9;
    bytes[29] = 0x80;                                   /* endpoint 0 */
    assert_int_equal(parse(bytes, sizeof(bytes), 0).kind, USB_NOTHING);
    bytes[29] = 0x81;
    bytes[30] = 2;                                      /* bulk */
    assert_int_equal(parse(bytes, sizeof(bytes), 0).kind, USB_NOTHING);
    bytes[30] = 3;
    assert_int_equal(parse(bytes, sizeof(bytes), 0).kind, USB_KEYBOARD);
    bytes[1] = 4;
    assert_int_equal(parse(bytes, sizeof(bytes), 0).kind, USB_NOTHING);
}

static void random_bytes_stay_in_bounds(void **state)
{
    uint8_t bytes[sizeof(composite)];
    (void)state;
    for (unsigned step = 0; step < 100000; step++) {
        memcpy(bytes, composite, sizeof(bytes));
        for (unsigned i = random_below(8); i > 0; i--)
            bytes[random_below(sizeof(bytes))] = (uint8_t)random_u32();
        struct usb_configuration found = parse(bytes, random_below(sizeof(bytes) + 1), (int)random_below(2));
        assert_true(found.count <= USB_PIPES_MAX);
        for (unsigned i = 0; i < found.count; i++)
            assert_true(found.endpoints[i].number >= 1 && found.endpoints[i].number <= 15 &&
                        found.endpoints[i].max_packet >= 1 && found.endpoints[i].max_packet <= 1024 &&
                        found.endpoints[i].interval >= 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(composite_keyboards_are_found),
        cmocka_unit_test(serial_lines_are_known),
        cmocka_unit_test(hubs_are_found),
        cmocka_unit_test(cut_descriptors_keep_what_is_whole),
        cmocka_unit_test(nonsense_is_no_keyboard),
        cmocka_unit_test(random_bytes_stay_in_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
