/*
 * test_vpc_devices.c - a virtual PC's devices by themselves: what the data sheets say of the corners that kernels of
 * tests/vpc do not reach, and accesses of any kind at any time, which must harm nobody.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"
#include "small_pc.h"

#define RANDOM_ACCESSES 400000u

static void init_pic(bool is_auto_eoi)
{
    for (uint16_t base = 0x20; base <= 0xA0; base = (uint16_t)(base + 0x80)) {
        out(base, 0x11);
        out((uint16_t)(base + 1), base == 0x20 ? 0x20 : 0x28);
        out((uint16_t)(base + 1), base == 0x20 ? 4 : 2);
        out((uint16_t)(base + 1), is_auto_eoi ? 3 : 1);
        out((uint16_t)(base + 1), 0);
    }
}

static void pulse(uint16_t lines)
{
    i8259_set_lines(&vpc.pic, 0);
    i8259_set_lines(&vpc.pic, lines);
}

/* Data sheet "Fully Nested Mode": what is in service keeps its like and lesser away, the second's lines come at 2. */
static void test_pic_priority(void **state)
{
    (void)state;
    init_pic(false);
    pulse(1u << 12 | 1u << 3);
    assert_int_equal(i8259_acknowledge(&vpc.pic), 0x2C);    /* of the second: at line 2, before 3 */
    assert_false(i8259_has_interrupt(&vpc.pic));
    pulse(1u << 1);
    assert_int_equal(i8259_acknowledge(&vpc.pic), 0x21);
    out(0x20, 0x20);                                        /* ends 1, the highest */
    assert_false(i8259_has_interrupt(&vpc.pic));
    out(0xA0, 0x20);
    out(0x20, 0x20);
    assert_int_equal(i8259_acknowledge(&vpc.pic), 0x23);
}

/* Data sheet "Interrupt Sequence": a request that is gone is line 7's, and nothing is in service then. */
static void test_pic_spurious(void **state)
{
    (void)state;
    init_pic(false);
    out(0x20, 0x0B);
    assert_int_equal(i8259_acknowledge(&vpc.pic), 0x27);
    assert_int_equal(in(0x20), 0);
}

/* Data sheet "Automatic Rotation": who was served is the last one. */
static void test_pic_rotation(void **state)
{
    (void)state;
    init_pic(false);
    pulse(1u << 3 | 1u << 4);
    assert_int_equal(i8259_acknowledge(&vpc.pic), 0x23);
    out(0x20, 0xA0);
    pulse(1u << 3 | 1u << 5);
    assert_int_equal(i8259_acknowledge(&vpc.pic), 0x24);
    out(0x20, 0x20);
    assert_int_equal(i8259_acknowledge(&vpc.pic), 0x25);
    out(0x20, 0xC7);                                        /* set priority: 7 is the last, 0 the first */
    out(0x20, 0x20);
    assert_int_equal(i8259_acknowledge(&vpc.pic), 0x23);
}

static void test_pic_level_and_poll(void **state)
{
    (void)state;
    init_pic(true);
    out(0x4D0, 0x20);
    i8259_set_lines(&vpc.pic, 1u << 5);
    assert_int_equal(i8259_acknowledge(&vpc.pic), 0x25);
    assert_true(i8259_has_interrupt(&vpc.pic));             /* as long as it is high */
    i8259_set_lines(&vpc.pic, 0);
    assert_false(i8259_has_interrupt(&vpc.pic));
    pulse(1u << 6);
    out(0x20, 0x0C);
    assert_int_equal(in(0x20), 0x86);
    out(0x20, 0x0C);
    assert_int_equal(in(0x20), 0);
}

/* Each rise is told once, however late, and the next one keeps its place. */
static void test_timer_edges(void **state)
{
    (void)state;
    out(0x43, 0x34);
    out(0x40, 0xA9);
    out(0x40, 0x04);                                        /* 1,193: some 1 ms */
    uint64_t first = i8254_next_ns(&vpc.timer);
    assert_in_range(first, now_ns + MS - 1000, now_ns + MS);
    assert_false(i8254_update(&vpc.timer, first - 1));
    assert_true(i8254_update(&vpc.timer, first));
    assert_false(i8254_update(&vpc.timer, first));
    assert_true(i8254_update(&vpc.timer, first + 10 * MS));
    assert_in_range(i8254_next_ns(&vpc.timer), first + 10 * MS, first + 11 * MS);
}

static void test_timer_reads(void **state)
{
    (void)state;
    out(0x43, 0x31);                                        /* mode 0, BCD */
    out(0x40, 0x00);
    out(0x40, 0x20);                                        /* 2000 */
    now_ns += 1000 * 1000000ull / 1193;                     /* some 1000 ticks */
    out(0x43, 0xC2);                                        /* read back: both of counter 0 */
    assert_int_equal(in(0x40) & 0xBF, 0x31);
    uint8_t low = in(0x40), high = in(0x40);
    assert_int_equal(high, 0x10);                           /* 1000, or a little more or less */
    assert_true(low <= 0x03 || low >= 0x99);
    now_ns += 2 * MS;
    out(0x43, 0xE2);
    assert_int_equal(in(0x40) & 0x80, 0x80);                /* the output is high now */
}

static void test_uart_overrun(void **state)
{
    (void)state;
    out(0x3FA, 0x01);
    for (unsigned i = 0; i < UART_FIFO; i++) {
        assert_int_equal(uart_room(&vpc.uart), UART_FIFO - i);
        uart_receive(&vpc.uart, (uint8_t)i);
    }
    uart_receive(&vpc.uart, 99);
    assert_int_equal(in(0x3FD) & 0x03, 0x03);
    assert_int_equal(in(0x3FD) & 0x03, 0x01);               /* overrun is told once */
    for (unsigned i = 0; i < UART_FIFO; i++)
        assert_int_equal(in(0x3F8), i);
    assert_int_equal(in(0x3FD) & 0x01, 0);
}

/* Each byte of the keyboard is an edge of line 1, though the next one waits already. */
static void test_keyboard_edges(void **state)
{
    (void)state;
    init_pic(false);
    out(0x21, 0xFD);
    i8042_key(&vpc.keyboard, 0x1E);
    i8042_key(&vpc.keyboard, 0x9E);
    vpc_settle_lines(&vpc);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(i8259_acknowledge(&vpc.pic), 0x21);
        assert_int_equal(in(0x60), i == 0 ? 0x1E : 0x9E);
        out(0x20, 0x20);
    }
    assert_false(i8259_has_interrupt(&vpc.pic));
}

/* The pulse of the controller, its output port, port 92: each is the end, as docs/vpc.md "The PC" has it. */
static void test_resets_end_it(void **state)
{
    static const struct { uint16_t port; uint8_t value; bool is_reset; } writes[] = {
        { 0x64, 0xFE, true }, { 0x64, 0xF0, true }, { 0x64, 0xFF, false }, { 0x92, 0x02, false }, { 0x92, 0x03, true },
        { 0x64, 0xD1, false }, { 0x60, 0xDF, false }, { 0x64, 0xD1, false }, { 0x60, 0xDE, true },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
        vpc.end = VPC_END_NONE;
        vpc.keyboard.wants_reset = false;
        out(writes[i].port, writes[i].value);
        assert_int_equal(vpc.end, writes[i].is_reset ? VPC_END_CRASH : VPC_END_NONE);
    }
}

/* What the ACPI tables say of ports 600 to 605, by words and by bytes. */
static void test_acpi_registers(void **state)
{
    (void)state;
    ports_write(&vpc, 0x602, 2, 0x120);
    assert_int_equal(ports_read(&vpc, 0x600, 4), 0x01200000);
    assert_int_equal(ports_read(&vpc, 0x604, 2), 1);
    ports_write(&vpc, 0x604, 2, 0x0001);                    /* a type of sleep, but no sleep */
    ports_write(&vpc, 0x604, 1, 0xFF);
    assert_int_equal(vpc.end, VPC_END_NONE);
    ports_write(&vpc, 0x604, 2, 0x2001);
    assert_int_equal(vpc.end, VPC_END_EXIT);
    assert_int_equal(vpc.status, 0);
}

static void test_exits(void **state)
{
    (void)state;
    ports_write(&vpc, 0xF4, 4, 0x12345);
    assert_int_equal(vpc.end, VPC_END_EXIT);
    assert_int_equal(vpc.status, 0x12345);
    ports_write(&vpc, 0x604, 2, 0x2000);                    /* the first end counts */
    assert_int_equal(vpc.status, 0x12345);
}

/* Priority classes, and that an interrupt in service keeps its class away: SDM vol. 3 "Interrupt, Task, and Processor
 * Priority". */
static void test_lapic_priority(void **state)
{
    struct lapic *apic = &vpc.lapic;

    (void)state;
    lapic_raise(apic, 0x41, false);
    assert_false(lapic_has_interrupt(apic));                /* not enabled: lost */
    (void)lapic_write(apic, 0xF0, 0x1FF, now_ns);
    lapic_raise(apic, 0x41, false);
    lapic_raise(apic, 0x52, true);
    assert_int_equal(lapic_acknowledge(apic), 0x52);
    assert_false(lapic_has_interrupt(apic));
    lapic_raise(apic, 0x5F, false);
    assert_false(lapic_has_interrupt(apic));
    lapic_raise(apic, 0x60, false);
    assert_true(lapic_has_interrupt(apic));
    assert_int_equal(lapic_acknowledge(apic), 0x60);
    assert_int_equal(lapic_read(apic, 0xA0, now_ns), 0x60);
    assert_int_equal(lapic_write(apic, 0xB0, 0, now_ns), -1);
    assert_int_equal(lapic_write(apic, 0xB0, 0, now_ns), 0x52);     /* level: for the I/O APIC */
    assert_int_equal(lapic_acknowledge(apic), 0x5F);
}

static void test_lapic_timer(void **state)
{
    struct lapic *apic = &vpc.lapic;

    (void)state;
    (void)lapic_write(apic, 0xF0, 0x1FF, now_ns);
    (void)lapic_write(apic, 0x3E0, 0x3, now_ns);            /* by 16 */
    (void)lapic_write(apic, 0x320, 0x40, now_ns);
    (void)lapic_write(apic, 0x380, 1000, now_ns);
    assert_int_equal(lapic_next_ns(apic), now_ns + 16000);
    assert_int_equal(lapic_read(apic, 0x390, now_ns + 8000), 500);
    lapic_update(apic, now_ns + 16000);
    assert_int_equal(lapic_acknowledge(apic), 0x40);
    assert_int_equal(lapic_next_ns(apic), UINT64_MAX);
    assert_int_equal(lapic_read(apic, 0x390, now_ns + 20000), 0);
}

/* Its page is what is read, after whatever changed it; and there is none for software that looks at the count. */
static void test_lapic_page(void **state)
{
    static uint32_t page[PAGE_SIZE / 4];
    struct lapic *apic = &vpc.lapic;

    (void)state;
    for (unsigned i = 0; i < 64; i++) {
        assert_false(lapic_may_be_page(apic));
        (void)lapic_read(apic, 0x20, now_ns);
    }
    assert_true(lapic_may_be_page(apic));
    lapic_make_page(apic, page, now_ns);
    for (unsigned i = 0; i < 20000; i++) {
        switch (random_u32() % 5) {
        case 0: lapic_raise(apic, (uint8_t)random_u32(), random_u32() % 2); break;
        case 1: (void)lapic_acknowledge(apic); break;
        case 2: lapic_update(apic, now_ns += random_u32() % 5000); break;
        default:
            (void)lapic_write(apic, random_u32() % 8 == 0 ? 0xF0 : random_u32() % 64 * 16, random_u32(), now_ns);
            break;
        }
        if (apic->changed != 0)
            lapic_refresh_page(apic, page, now_ns);
        for (uint32_t at = 0; at < PAGE_SIZE; at += 4)
            if ((at & 0xFF0) != 0x390)
                assert_int_equal(page[at / 4], lapic_read(apic, at, now_ns));
    }
    (void)lapic_write(apic, 0x380, 1000, now_ns);
    assert_false(lapic_may_be_page(apic));
    for (unsigned i = 0; i < 64; i++)
        (void)lapic_read(apic, 0x20, now_ns);
    assert_true(lapic_may_be_page(apic));
    (void)lapic_read(apic, 0x390, now_ns);
    assert_false(lapic_may_be_page(apic));
}

static void write_ioapic(uint32_t index, uint32_t value)
{
    i82093_write(&vpc.ioapic, 0, index, &vpc.lapic);
    i82093_write(&vpc.ioapic, 0x10, value, &vpc.lapic);
}

/* A level comes again after its EOI as long as the line is high; an edge that comes while it is masked is lost. */
static void test_ioapic_triggers(void **state)
{
    (void)state;
    (void)lapic_write(&vpc.lapic, 0xF0, 0x1FF, now_ns);
    write_ioapic(0x10 + 2 * 5, 0x8055);
    i82093_set_lines(&vpc.ioapic, 1u << 5, &vpc.lapic);
    assert_int_equal(lapic_acknowledge(&vpc.lapic), 0x55);
    i82093_set_lines(&vpc.ioapic, 1u << 5, &vpc.lapic);
    assert_false(lapic_has_interrupt(&vpc.lapic));
    i82093_end(&vpc.ioapic, (uint8_t)lapic_write(&vpc.lapic, 0xB0, 0, now_ns), &vpc.lapic);
    assert_true(lapic_has_interrupt(&vpc.lapic));
    assert_int_equal(lapic_acknowledge(&vpc.lapic), 0x55);
    (void)lapic_write(&vpc.lapic, 0xB0, 0, now_ns);
    i82093_set_lines(&vpc.ioapic, 1u << 6, &vpc.lapic);
    write_ioapic(0x10 + 2 * 6, 0x56);
    assert_false(lapic_has_interrupt(&vpc.lapic));
    i82093_set_lines(&vpc.ioapic, 0, &vpc.lapic);
    i82093_set_lines(&vpc.ioapic, 1u << 6, &vpc.lapic);
    assert_int_equal(lapic_acknowledge(&vpc.lapic), 0x56);
}

/* What indexes a device's own memory stays in it: the sanitizers see only what leaves the whole machine. */
static void check_bounds(void)
{
    assert_true(vpc.ide.at <= vpc.ide.end && vpc.ide.end <= sizeof(vpc.ide.data));
    assert_true(vpc.uart.count <= UART_FIFO && vpc.uart.first < UART_FIFO);
    assert_true(vpc.keyboard.count <= I8042_QUEUE && vpc.keyboard.first < I8042_QUEUE);
    assert_true(vpc.cmos.index < MC146818_BYTES && vpc.output_count <= VPC_OUTPUT_BYTES);
}

/* Times from before and after midnight, in all four formats; what is set goes on. */
static void test_clock_formats(void **state)
{
    struct mc146818 *clock = &vpc.cmos;
    static const uint8_t formats[] = { 0x00, 0x02, 0x04, 0x06 }, hours[] = { 0x91, 0x17, 0x8B, 0x11 };

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        out(0x70, 0x0B);
        out(0x71, formats[i]);
        out(0x70, 4);
        out(0x71, hours[i]);                                /* 11 pm, or 17 o'clock in BCD and binary */
        assert_int_equal(in(0x71), hours[i]);
    }
    out(0x70, 0x0B);
    out(0x71, 0x02);
    static const uint8_t date[][2] = { { 9, 0x27 }, { 8, 0x12 }, { 7, 0x31 }, { 4, 0x23 }, { 2, 0x59 }, { 0, 0x59 } };
    for (unsigned i = 0; i < 6; i++) {
        out(0x70, date[i][0]);
        out(0x71, date[i][1]);
    }
    now_ns += 1000 * MS;
    out(0x70, 9);
    assert_int_equal(in(0x71), 0x28);
    out(0x70, 7);
    assert_int_equal(in(0x71), 0x01);
    out(0x70, 6);
    assert_int_equal(in(0x71), 7);                          /* 2028-01-01 was a Saturday */
    assert_int_equal(mc146818_next_ns(clock), UINT64_MAX);
}

static uint32_t random_port(void)
{
    static const uint16_t ports[] = {
        0x20, 0x21, 0xA0, 0xA1, 0x40, 0x41, 0x42, 0x43, 0x60, 0x61, 0x64, 0x70, 0x71, 0x92, 0x1F0, 0x1F1, 0x1F2, 0x1F3,
        0x1F4, 0x1F5, 0x1F6, 0x1F7, 0x3F6, 0x3D4, 0x3D5, 0x3DA, 0x3F8, 0x3F9, 0x3FA, 0x3FB, 0x3FC, 0x3FD, 0x4D0, 0x4D1,
    };

    return random_below(8) == 0 ? random_below(0x10000) : ports[random_below(sizeof(ports) / sizeof(ports[0]))];
}

static uint32_t random_value(void)
{
    static const uint32_t values[] = {
        0, 0x20, 0x30, 0x34, 0xC4, 0xC5, 0xC6, 0xEC, 0x11, 0xFF, 0xE0, 0xF0, 1, 2, 4, 16,
    };

    return random_below(2) ? values[random_below(sizeof(values) / sizeof(values[0]))] : random_u32();
}

static void one_random_access(void)
{
    unsigned bytes = 1u << random_below(3);
    static uint8_t string[PAGE_SIZE];
    uint32_t elements = random_below(sizeof(string) / 4) + 1;
    uint32_t page = random_below(2) ? LAPIC_BASE : I82093_BASE;
    gpa_t address = GPA(page + random_below(PAGE_SIZE - 4));

    switch (random_below(8)) {
    case 6: (void)ports_read_string(&vpc, 0x1F0, bytes, string, elements); break;
    case 7: (void)ports_write_string(&vpc, 0x1F0, bytes, string, elements); break;
    case 0: case 1: (void)ports_read(&vpc, (uint16_t)random_port(), bytes); break;
    case 2: case 3: ports_write(&vpc, (uint16_t)random_port(), bytes, random_value()); break;
    case 4: (void)vpc_bus.read(&vpc, address, bytes); break;
    default: vpc_bus.write(&vpc, address, bytes, random_value()); break;
    }
}

/* Whatever comes at whatever time: nothing is written beside a device, time moves on. */
static void test_random_accesses(void **state)
{
    (void)state;
    random_state = 1;
    for (unsigned i = 0; i < RANDOM_ACCESSES; i++) {
        one_random_access();
        if (vpc.interp.cpu.has_interrupt && random_below(4) == 0)
            (void)vpc_bus.acknowledge(&vpc);
        if (random_below(8) == 0)
            now_ns += random_below(3) ? random_below(100000) : (uint64_t)random_u32() << random_below(12);
        (void)vpc_run(&vpc, 0);
        assert_true(vpc.due_ns > now_ns || vpc.end != VPC_END_NONE);
        check_bounds();
        if (random_below(64) == 0)
            i8042_key(&vpc.keyboard, (uint8_t)random_u32());
        if (random_below(64) == 0)
            uart_receive(&vpc.uart, (uint8_t)random_u32());
        vpc.output_count = 0;
        vpc.end = VPC_END_NONE;
        vpc.keyboard.wants_reset = false;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pic_priority, small_pc_start, small_pc_stop),
        cmocka_unit_test_setup_teardown(test_pic_spurious, small_pc_start, small_pc_stop),
        cmocka_unit_test_setup_teardown(test_pic_rotation, small_pc_start, small_pc_stop),
        cmocka_unit_test_setup_teardown(test_pic_level_and_poll, small_pc_start, small_pc_stop),
        cmocka_unit_test_setup_teardown(test_timer_edges, small_pc_start, small_pc_stop),
        cmocka_unit_test_setup_teardown(test_timer_reads, small_pc_start, small_pc_stop),
        cmocka_unit_test_setup_teardown(test_uart_overrun, small_pc_start, small_pc_stop),
        cmocka_unit_test_setup_teardown(test_keyboard_edges, small_pc_start, small_pc_stop),
        cmocka_unit_test_setup_teardown(test_resets_end_it, small_pc_start, small_pc_stop),
        cmocka_unit_test_setup_teardown(test_acpi_registers, small_pc_start, small_pc_stop),
        cmocka_unit_test_setup_teardown(test_exits, small_pc_start, small_pc_stop),
        cmocka_unit_test_setup_teardown(test_lapic_priority, small_pc_start, small_pc_stop),
        cmocka_unit_test_setup_teardown(test_lapic_timer, small_pc_start, small_pc_stop),
        cmocka_unit_test_setup_teardown(test_lapic_page, small_pc_start, small_pc_stop),
        cmocka_unit_test_setup_teardown(test_ioapic_triggers, small_pc_start, small_pc_stop),
        cmocka_unit_test_setup_teardown(test_clock_formats, small_pc_start, small_pc_stop),
        cmocka_unit_test_setup_teardown(test_random_accesses, small_pc_start, small_pc_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
