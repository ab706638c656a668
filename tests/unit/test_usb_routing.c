/*
 * test_usb_routing.c - the switches of Intel's ports, on a configuration space of paper: only where they are, and only
 * for the ports that the firmware says there are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "io/pci_config.h"
#include "io/usb/usb_routing.h"

#define PLACE (20u << PCI_DEVICE_SHIFT)

static uint32_t registers[64];
static unsigned writes;

uint32_t pci_config_read(uint32_t place)
{
    assert_int_equal(place & ~0xFCu, PLACE);
    return registers[(place & 0xFC) / 4];
}

void pci_config_write(uint32_t place, uint32_t value)
{
    assert_int_equal(place & ~0xFCu, PLACE);
    assert_true((place & 0xFC) == 0xD0 || (place & 0xFC) == 0xD8);
    registers[(place & 0xFC) / 4] = value;
    writes++;
}

static void begin(uint32_t id)
{
    memset(registers, 0, sizeof(registers));
    registers[0] = id;
    registers[0xD4 / 4] = 0x3FFF;
    registers[0xDC / 4] = 0x3F;
    writes = 0;
}

static void ports_are_led_to_xhci(void **state)
{
    (void)state;
    static const uint16_t devices[] = { 0x1E31, 0x0F35, 0x8C31, 0x9C31, 0x8CB1, 0x9CB1, 0x8D31 };

    for (unsigned i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
        begin((uint32_t)devices[i] << 16 | 0x8086);
        assert_true(usb_route_ports(PLACE));
        assert_int_equal(registers[0xD0 / 4], 0x3FFF);
        assert_int_equal(registers[0xD8 / 4], 0x3F);
    }
}

/* A later one of Intel's, another maker with the same device number, QEMU's, nobody. */
static void others_are_not_written_to(void **state)
{
    (void)state;
    static const uint32_t others[] = { 0xA12F8086, 0x8C311022, 0x000D1B36, 0x80868C31, 0xFFFFFFFF };

    for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        begin(others[i]);
        assert_false(usb_route_ports(PLACE));
        assert_int_equal(writes, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ports_are_led_to_xhci),
        cmocka_unit_test(others_are_not_written_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
