/*
 * test_pci.c - what is switched off on the PCI bus, against a machine on paper (fake_pci.c).
 *
 * Each test says of every function how firmware left it and how it must be found afterwards.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_pci.h"
#include "io/pci_config.c"
#include "io/pci_function.c"
#include "io/pci.c"

static int begin(void **state)
{
    char line[200];
    (void)state;
    memset(&pc, 0, sizeof(pc));
    while (log_take(line, sizeof(line)) >= 0)
        continue;
    return 0;
}

static void walk(void)
{
    pci_silence(&(struct pci_machine){ pc.windows, pc.window_count, !pc.several_bridges });
}

/* Walk; then every Command is as the test said, and the log line is this, or there is none. */
static void silence(const char *wanted)
{
    char line[200] = "";

    walk();
    for (unsigned i = 0; i < pc.count; i++)
        assert_int_equal(word(&pc.functions[i], 4), pc.functions[i].command_after);
    log_take(line, sizeof(line));
    assert_string_equal(line, wanted);
    assert_int_equal(log_take(line, sizeof(line)), -1);
}

static void no_mechanism_is_left_alone(void **state)
{
    (void)state;
    pc.absent = true;
    silence("");
    assert_int_equal(pc.accesses, 2);
}

static void empty_bus_says_nothing(void **state)
{
    (void)state;
    silence("");
    assert_int_equal(pc.writes, 0);
}

static void bus_mastering_goes_but_where_it_is_needed(void **state)
{
    (void)state;
    add(0, 0, 0, 0x0600, 0x0507, 0x0507);
    add(0, 1, 0, 0x0300, 0x0507, 0x0507);
    add(0, 2, 0, 0x0200, 0x0507, 0x0503);       /* a network card */
    add(0, 3, 0, 0x0C03, 0x0507, 0x0507);
    add(0, 4, 0, 0x0C05, 0x0007, 0x0003);       /* SMBus: serial, but no USB */
    add(0, 5, 0, 0x0100, 0x0003, 0x0003);
    add(0, 6, 0, 0x0680, 0x0004, 0x0004);       /* PIIX4's power management */
    add(0, 31, 0, 0x0106, 0xFFFF, 0xFFFB);
    silence("PCI: 8 functions; stopped bus mastering of 3, MSI of 0");
    assert_int_equal(pc.writes, 3);
    for (unsigned i = 0; i < pc.count; i++)
        assert_int_equal(word(&pc.functions[i], 6), 0xF900);
}

static void functions_are_seen_where_the_device_says_so(void **state)
{
    (void)state;
    add(0, 1, 0, 0x0100, 4, 0)->config[0x0E] = 0x80;
    add(0, 1, 2, 0x0100, 4, 0);
    add(0, 1, 7, 0x0100, 4, 0);
    add(0, 2, 0, 0x0100, 4, 0);
    add(0, 2, 1, 0x0100, 4, 4);                 /* an echo of function 0, as far as we know */
    add(0, 3, 1, 0x0100, 4, 4);                 /* function 0 must be there: 3.2.2.3.4 */
    silence("PCI: 4 functions; stopped bus mastering of 4, MSI of 0");
}

static void bridges_lead_on(void **state)
{
    (void)state;
    add_bridge(0, 1, 0, 0x40)->config[0x0E] |= 0x80;
    add_bridge(0, 1, 3, 0x80);
    add_bridge(0x40, 31, 0, 0xFF);
    add(0x40, 3, 0, 0x0200, 4, 0);
    add(0x80, 0, 0, 0x0108, 6, 2);
    add(0xFF, 31, 0, 0x0200, 4, 0);
    add(0x41, 0, 0, 0x0200, 4, 4);              /* nobody leads there */
    struct function *cardbus = add(0, 9, 0, 0x0607, 4, 4);      /* has other things in its header: not followed */
    cardbus->config[0x0E] = 0x02;
    cardbus->config[0x19] = 0x41;
    silence("PCI: 7 functions; stopped bus mastering of 3, MSI of 0");
}

static void bridges_in_a_circle_end(void **state)
{
    (void)state;
    add_bridge(0, 1, 0, 2);
    add_bridge(0, 2, 0, 2);                     /* the same bus again */
    add_bridge(2, 0, 0, 3);
    add_bridge(3, 0, 0, 2);
    add_bridge(3, 1, 0, 3);                     /* itself */
    add_bridge(3, 2, 0, 0);                     /* never numbered */
    add(3, 3, 0, 0x0200, 7, 3);
    silence("PCI: 7 functions; stopped bus mastering of 1, MSI of 0");
    for (unsigned bus = 0; bus < 256; bus++)
        assert_true(pc.walked[bus][31] == (bus == 0 || bus == 2 || bus == 3));
}

static void lone_host_bridge_has_bus_0_only(void **state)
{
    (void)state;
    add(0, 0, 0, 0x0600, 7, 7);
    add(0, 0, 2, 0x0600, 7, 7);                 /* an echo */
    add(2, 7, 0, 0x0200, 7, 7);
    silence("PCI: 1 functions; stopped bus mastering of 0, MSI of 0");
}

static void further_host_bridges_count_as_buses(void **state)
{
    (void)state;
    add(0, 0, 0, 0x0600, 7, 7)->config[0x0E] = 0x80;
    add(0, 0, 2, 0x0600, 7, 7);
    add(0, 0, 5, 0x0806, 7, 3);                 /* an IOMMU's function is no host bridge */
    add(0, 4, 3, 0x0600, 7, 7);                 /* not seen at all */
    add(2, 7, 0, 0x0200, 7, 3);
    add(5, 7, 0, 0x0200, 7, 7);
    silence("PCI: 4 functions; stopped bus mastering of 2, MSI of 0");
    add(0, 1, 0, 0x0200, 0, 0)->config[0x0E] = 0x80;
    add(0, 1, 5, 0x0600, 7, 7);                 /* one elsewhere is not either */
    silence("PCI: 6 functions; stopped bus mastering of 0, MSI of 0");
}

/* MSI, MSI-X, both, those that are off; in bridges, displays and USB controllers, too. */
static void signalled_interrupts_go_everywhere(void **state)
{
    static const struct { unsigned class; uint16_t msi, msi_x; } left[] = {
        { 0x0200, 0x0181, 0x0000 }, { 0x0108, 0x0080, 0xC03F }, { 0x0C03, 0xFFFF, 0xFFFF },
        { 0x0300, 0x0001, 0x7FFF }, { 0x0604, 0xFFFE, 0x8000 }, { 0x0680, 0x0000, 0x0000 }, { 0x0106, 0xFFFE, 0x7FFF },
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
        struct function *function = left[i].class == 0x0604 ? add_bridge(0, i, 0, 0) :
                                                              add(0, i, 0, left[i].class, 2, 2);
        function->config[0x34] = 0x43;          /* the low bits are reserved */
        add_capability(function, 0x40, 0x01, 0xE0, 0xFFFF);     /* power management, which keeps its bits */
        add_capability(function, 0xE0, 0x05, 0x70, left[i].msi);
        add_capability(function, 0x70, 0x10, 0xFC, 0xFFFF);
        add_capability(function, 0xFC, 0x11, 0x00, left[i].msi_x);
    }
    silence("PCI: 7 functions; stopped bus mastering of 0, MSI of 5");
    for (unsigned i = 0; i < pc.count; i++) {
        assert_int_equal(word(&pc.functions[i], 0xE2), left[i].msi & 0xFFFE);
        assert_int_equal(word(&pc.functions[i], 0xFE), left[i].msi_x & 0x7FFF);
        assert_int_equal(word(&pc.functions[i], 0x42), 0xFFFF);
        assert_int_equal(word(&pc.functions[i], 0x72), 0xFFFF);
    }
}

static void capabilities_in_a_circle_end(void **state)
{
    (void)state;
    struct function *circle = add(0, 1, 0, 0x0200, 2, 2), *itself = add(0, 2, 0, 0x0200, 2, 2);
    circle->config[0x34] = 0x50;
    add_capability(circle, 0x50, 0x09, 0x60, 0);
    add_capability(circle, 0x60, 0x05, 0x50, 0x0081);
    itself->config[0x34] = 0x44;
    add_capability(itself, 0x44, 0x11, 0x44, 0x8003);
    silence("PCI: 2 functions; stopped bus mastering of 0, MSI of 2");
    assert_int_equal(word(circle, 0x62), 0x0080);
    assert_int_equal(word(itself, 0x46), 0x0003);
}

/* The longest list there can be is read to its end; one that the status denies, or that leads into the header, not. */
static void capabilities_end_where_they_end(void **state)
{
    (void)state;
    struct function *longest = add(0, 1, 0, 0x0200, 2, 2), *denied = add(0, 2, 0, 0x0200, 2, 2);
    struct function *header = add(0, 3, 0, 0x0200, 2, 2), *ones = add(0, 4, 0, 0x0200, 2, 2);
    longest->config[0x34] = 0x40;
    for (unsigned at = 0x40; at < 0xFC; at += 4)
        add_capability(longest, at, 0x09, at + 4, 0xFFFF);
    add_capability(longest, 0xFC, 0x05, 0x40, 0x0001);
    denied->config[0x34] = 0x40;
    add_capability(denied, 0x40, 0x05, 0, 0x0001);
    denied->config[0x06] &= 0xEF;
    header->config[0x34] = 0x3C;
    add_capability(header, 0x3C, 0x05, 0, 0x0001);
    ones->config[0x34] = 0x40;
    ones->config[0x06] |= 0x10;
    memset(&ones->config[0x40], 0xFF, 0xC0);
    silence("PCI: 4 functions; stopped bus mastering of 0, MSI of 1");
    assert_int_equal(word(longest, 0xFE), 0);
    assert_int_equal(word(denied, 0x42), 1);
    assert_int_equal(word(header, 0x3E), 1);
}

/* What was seen, in order; memory above 4 GiB, ports, and mastering on and off, with Status left alone. */
static void functions_are_remembered(void **state)
{
    static const uint8_t interfaces[] = { 0x30, 0x20, 0x00 };
    uint32_t at[3];
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        add(0, i + 1, 0, 0x0C03, 0x0500, 0x0500)->config[0x09] = interfaces[i];
    add(0, 9, 0, 0x0C05, 0x0500, 0x0500)->config[0x09] = 0x30;
    silence("PCI: 4 functions; stopped bus mastering of 0, MSI of 0");
    memcpy(&pc.functions[0].config[0x10], "\x04\x00\x00\xFE\x38\x00\x00\x00", 8);
    memcpy(&pc.functions[1].config[0x10], "\x08\x10\x00\xFE\x38\x00\x00\x00", 8);
    memcpy(&pc.functions[2].config[0x10], "\x01\xC0\x00\x00\x38\x00\x00\x00", 8);
    for (unsigned i = 0; i < 3; i++) {
        const struct pci_function *found = pci_find(PCI_CLASS_USB, i);
        assert_non_null(found);
        at[i] = found->place;
        assert_int_equal(found->place >> 11, i + 1);
        assert_int_equal(found->interface, interfaces[i]);
        assert_ptr_equal(found, pci_function(i));
    }
    assert_null(pci_find(PCI_CLASS_USB, 3));
    assert_int_equal(pci_function(3)->class, 0x0C05);
    assert_int_equal(pci_function(3)->vendor, 0x8086);
    assert_null(pci_function(4));
    assert_int_equal(pci_memory(at[2]), 0);
    assert_int_equal(word(&pc.functions[2], 4), 0x0500);
    assert_int_equal(pci_port(at[0], 0), 0);
    assert_int_equal(pci_port(at[2], 1), 0);
    assert_int_equal(pci_port(at[2], 6), 0);
    assert_int_equal(word(&pc.functions[2], 4), 0x0500);
    assert_int_equal(pci_port(at[2], 0), 0xC000);
    assert_int_equal(word(&pc.functions[2], 4), 0x0501);
    memcpy(&pc.functions[2].config[0x10], "\x01\xC0\x01\x00", 4);
    assert_int_equal(pci_port(at[2], 0), 0);        /* beyond what the processor can name */
    assert_int_equal(pci_memory(at[1]), 0xFE001000);
    assert_int_equal(pci_memory(at[0]), 0x38FE000000);
    assert_int_equal(word(&pc.functions[0], 4), 0x0502);
    pci_set_mastering(at[0], true);
    assert_int_equal(word(&pc.functions[0], 4), 0x0506);
    pci_set_mastering(at[0], false);
    assert_int_equal(word(&pc.functions[0], 4), 0x0502);
}

static void more_functions_than_are_remembered(void **state)
{
    (void)state;
    add(0, 0, 0, 0x0200, 0, 0)->config[0x0E] = 0x80;
    pc.hostile = true;
    walk();
    assert_non_null(pci_function(PCI_FUNCTIONS_MAX - 1));
    assert_null(pci_function(PCI_FUNCTIONS_MAX));
}

/* Nothing leads to the buses of a second host bridge: they are looked at where there may be one, each once. */
static void buses_that_nothing_leads_to(void **state)
{
    (void)state;
    add_bridge(0, 1, 0, 1);
    add(0x80, 5, 0, 0x0200, 7, 7);
    add_bridge(0x80, 6, 0, 0x81);
    add(0x81, 0, 0, 0x0108, 7, 7);
    add(0xFF, 31, 0, 0x0100, 7, 7);
    silence("PCI: 1 functions; stopped bus mastering of 0, MSI of 0");
    memset(pc.walked, 0, sizeof(pc.walked));
    pc.several_bridges = true;
    pc.functions[1].command_after = pc.functions[3].command_after = pc.functions[4].command_after = 3;
    silence("PCI: 5 functions; stopped bus mastering of 3, MSI of 0");
    for (unsigned bus = 0; bus < 256; bus++)
        assert_int_equal(pc.walked[bus][31], bus == 0xFF ? 3 : 1);
}

/* Another segment: its own buses, its own functions of the same numbers, by memory, and named with it. */
static void segments_are_walked_by_memory(void **state)
{
    char name[PCI_NAME_BYTES];
    (void)state;
    add(0, 3, 0, 0x0200, 7, 3);
    add(0, 3, 0, 0x0200, 7, 3)->segment = 1;
    add(0x10, 0, 0, 0x0108, 7, 3)->segment = 1;
    add(0x80, 4, 0, 0x0C03, 6, 6)->segment = 2;
    add(0x82, 4, 0, 0x0200, 6, 2)->segment = 2;
    add(0x7F, 4, 0, 0x0200, 6, 6)->segment = 2;     /* outside of the window */
    add_window(0, 0, 255);                          /* the ports serve that one */
    add_window(1, 0, 0x10);
    add_window(2, 0x80, 0x82);
    walk();
    for (unsigned i = 0; i < pc.count; i++)
        assert_int_equal(word(&pc.functions[i], 4), pc.functions[i].command_after);
    const char *wanted[] = { "PCI: 1 functions; stopped bus mastering of 1, MSI of 0",
                             "PCI segment 1: 2 functions; stopped bus mastering of 2, MSI of 0",
                             "PCI segment 2: 2 functions; stopped bus mastering of 1, MSI of 0" };
    for (unsigned i = 0; i < 3; i++) {
        char line[200] = "";
        log_take(line, sizeof(line));
        assert_string_equal(line, wanted[i]);
    }
    pci_name(pci_find(PCI_CLASS_USB, 0)->place, name);
    assert_string_equal(name, "2:80:04.0");
    pci_name(pci_function(0)->place, name);
    assert_string_equal(name, "00:03.0");
    pci_set_mastering(pci_find(PCI_CLASS_USB, 0)->place, false);
    assert_int_equal(word(&pc.functions[3], 4), 2);
}

static void memory_serves_where_no_port_does(void **state)
{
    (void)state;
    pc.absent = true;
    add_bridge(0, 1, 0, 0x40);
    add(0x40, 3, 0, 0x0200, 4, 0);
    add_window(0, 0, 0x40);
    silence("PCI segment 0: 2 functions; stopped bus mastering of 1, MSI of 0");
}

static const struct pci_window *mapped;

static void *map_again(uint64_t physical, uint64_t bytes)
{
    assert_int_equal(physical, mapped->physical);
    assert_int_equal(bytes, (mapped->last_bus - mapped->first_bus + 1) * 0x100000u);
    return window_address(mapped->segment, mapped->first_bus);
}

static void *map_nothing(uint64_t physical, uint64_t bytes)
{
    (void)physical, (void)bytes;
    return NULL;
}

/* A window that the loader's page tables lack is walked when it has been mapped, another one is not walked again. */
static void windows_are_mapped_anew(void **state)
{
    (void)state;
    add(0x20, 3, 0, 0x0200, 4, 4)->segment = 1;
    add_window(1, 0x20, 0x21);
    pc.windows[0].registers = NULL;
    mapped = &pc.windows[0];
    silence("");
    pci_map_windows(map_nothing);
    char line[200] = "";
    log_take(line, sizeof(line));
    assert_string_equal(line, "PCI segment 1: no memory to map its registers");
    pci_map_windows(map_again);
    assert_int_equal(word(&pc.functions[0], 4), 0);
    unsigned accesses = pc.accesses;
    pci_map_windows(map_again);
    assert_int_equal(pc.accesses, accesses);
}

static void more_windows_than_there_is_room(void **state)
{
    (void)state;
    for (unsigned i = 1; i < 10; i++) {
        add(0, 3, 0, 0x0200, 4, i <= 8 ? 0 : 4)->segment = i;
        add_window(i, 0, 0);
    }
    walk();
    for (unsigned i = 0; i < pc.count; i++)
        assert_int_equal(word(&pc.functions[i], 4), pc.functions[i].command_after);
}

/* Every address answers as a multi-function bridge with capabilities in a circle, on 256 buses. */
static void worst_bus_ends(void **state)
{
    (void)state;
    struct function *function = add_bridge(0, 0, 0, 0);
    function->config[0x0E] |= 0x80;
    function->config[0x34] = 0x40;
    add_capability(function, 0x40, 0x09, 0x40, 0);
    pc.hostile = true;
    silence("PCI: 65536 functions; stopped bus mastering of 0, MSI of 0");
    for (unsigned bus = 0; bus < 256; bus++)
        assert_true(pc.walked[bus][31] <= 3);   /* for the device, for its function 0, to remember it */
}

static void noise_ends(void **state)
{
    (void)state;
    pc.random = true;
    for (unsigned seed = 1; seed < 20; seed++) {
        pc.accesses = 0;
        pc.noise = seed;
        walk();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(no_mechanism_is_left_alone, begin),
        cmocka_unit_test_setup(empty_bus_says_nothing, begin),
        cmocka_unit_test_setup(bus_mastering_goes_but_where_it_is_needed, begin),
        cmocka_unit_test_setup(functions_are_seen_where_the_device_says_so, begin),
        cmocka_unit_test_setup(bridges_lead_on, begin),
        cmocka_unit_test_setup(bridges_in_a_circle_end, begin),
        cmocka_unit_test_setup(lone_host_bridge_has_bus_0_only, begin),
        cmocka_unit_test_setup(further_host_bridges_count_as_buses, begin),
        cmocka_unit_test_setup(signalled_interrupts_go_everywhere, begin),
        cmocka_unit_test_setup(capabilities_in_a_circle_end, begin),
        cmocka_unit_test_setup(capabilities_end_where_they_end, begin),
        cmocka_unit_test_setup(functions_are_remembered, begin),
        cmocka_unit_test_setup(more_functions_than_are_remembered, begin),
        cmocka_unit_test_setup(buses_that_nothing_leads_to, begin),
        cmocka_unit_test_setup(segments_are_walked_by_memory, begin),
        cmocka_unit_test_setup(memory_serves_where_no_port_does, begin),
        cmocka_unit_test_setup(windows_are_mapped_anew, begin),
        cmocka_unit_test_setup(more_windows_than_there_is_room, begin),
        cmocka_unit_test_setup(worst_bus_ends, begin),
        cmocka_unit_test_setup(noise_ends, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
