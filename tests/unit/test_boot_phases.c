/*
 * test_boot_phases.c - laps add up by phase, calibration stays apart, and nothing is told of a boot that waited.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/boot_phases.h"
#include "base/log.h"

static void laps_add_up(void **state)
{
    (void)state;
    char line[241];
    boot_phases_begin(400, 1000);
    static const enum boot_phase order[] = {
        BOOT_PHASE_CPU, BOOT_PHASE_FRAMES, BOOT_PHASE_TABLES, BOOT_PHASE_CONSOLES, BOOT_PHASE_IRQ,
        BOOT_PHASE_CALIBRATION, BOOT_PHASE_IRQ, BOOT_PHASE_DEVICES, BOOT_PHASE_MONITOR, BOOT_PHASE_LOAD,
    };
    uint64_t tsc = 1000;
    for (unsigned i = 0; i < sizeof(order) / sizeof(order[0]); i++)
        boot_phases_lap(order[i], tsc += 1u << i);
    assert_true(boot_phases_open);
    boot_phases_end(tsc + 5000);
    assert_false(boot_phases_open);
    assert_int_equal(log_take(line, sizeof(line)), LOG_FIGURE);
    assert_string_equal(line, "boot: hand-off at TSC 1000; cycles: loader 600, calibration 32, "
                              "all else to the first guest 5991");
    assert_int_equal(log_take(line, sizeof(line)), LOG_FIGURE);
    assert_string_equal(line, "boot: of that cpu 1, frames 2, page tables 4, consoles 8, interrupts 80, devices 128, "
                              "monitor 256, guest load 512, first turn 5000");
    boot_phases_end(tsc + 6000);    /* the first guest is entered once */
    assert_int_equal(log_take(line, sizeof(line)), -1);
}

/* As large as a slow boot of a fast machine makes them: 99 s at 10 GHz in each. */
static void long_figures_fit(void **state)
{
    (void)state;
    char line[256];
    boot_phases_begin(0, 999999999999);
    for (unsigned i = 0; i < BOOT_PHASES - 1; i++)
        boot_phases_lap((enum boot_phase)i, 999999999999 * (i + 2));
    boot_phases_end(999999999999ull * (BOOT_PHASES + 1));
    assert_int_equal(log_take(line, sizeof(line)), LOG_FIGURE);
    assert_non_null(strstr(line, "first guest 8999999999991"));
    assert_int_equal(log_take(line, sizeof(line)), LOG_FIGURE);
    assert_non_null(strstr(line, "first turn 999999999999"));
}

static void a_boot_that_waited_tells_nothing(void **state)
{
    (void)state;
    char line[241];
    boot_phases_begin(1, 2);
    boot_phases_lap(BOOT_PHASE_CPU, 3);
    boot_phases_cancel();
    boot_phases_lap(BOOT_PHASE_LOAD, 4);
    boot_phases_end(5);
    assert_int_equal(log_take(line, sizeof(line)), -1);
}

/* Last: it holds from then on, as in a machine. */
static void a_counted_machine_tells_nothing_of_its_firmware(void **state)
{
    (void)state;
    char line[256];
    boot_phases_hide_firmware();
    boot_phases_begin(123, 1234567);
    boot_phases_lap(BOOT_PHASE_CALIBRATION, 1234567 + 777);
    boot_phases_end(1234567 + 777 + 42);
    assert_int_equal(log_take(line, sizeof(line)), LOG_FIGURE);
    assert_string_equal(line, "boot: 42 cycles from hand-off to the first guest, without calibration");
    assert_int_equal(log_take(line, sizeof(line)), LOG_FIGURE);
    assert_null(strstr(line, "777"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(laps_add_up),
        cmocka_unit_test(long_figures_fit),
        cmocka_unit_test(a_boot_that_waited_tells_nothing),
        cmocka_unit_test(a_counted_machine_tells_nothing_of_its_firmware),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
