/*
 * test_vpc_ports.c - what is left out after an access to a device is what would have changed nothing: whatever was
 * accessed, lines, controllers and what comes next are as if all lines had been settled, and who looks is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"
#include "small_pc.h"

#define ACCESSES 300000u
#define LINT0 0x350u
#define EXTINT 0x700u                   /* the 8259s' vectors */

/* What settling lines is about. */
struct settled {
    struct i8259_pair pic;
    struct lapic lapic;
    struct i82093 ioapic;
    uint64_t due_ns;
    uint16_t lines;
    bool pic_asks, has_interrupt;
};

static struct settled left, right;
static unsigned acknowledged[2];        /* interrupts, of the 8259s and of the local APIC */

static void keep(struct settled *settled)
{
    memset(settled, 0, sizeof(*settled));
    settled->pic = vpc.pic;
    settled->lapic = vpc.lapic;
    settled->ioapic = vpc.ioapic;
    settled->due_ns = vpc.due_ns;
    settled->lines = vpc.lines;
    settled->pic_asks = vpc.pic_asks;
    settled->has_interrupt = vpc.interp.cpu.has_interrupt;
}

static uint16_t random_port(void)
{
    static const uint16_t bases[] = { 0x20, 0x40, 0x60, 0x70, 0x90, 0xA0, 0x1F0, 0x3C0, 0x3D0, 0x3F0, 0x3F8, 0x4D0 };

    return (uint16_t)(bases[random_below(sizeof(bases) / sizeof(bases[0]))] + random_below(9));
}

/* Values that mean something to many of them: commands of the disk, of the controllers, ends of interrupts. */
static uint8_t random_byte(void)
{
    static const uint8_t values[] = { 0, 1, 2, 4, 8, 0x0A, 0x0C, 0x11, 0x20, 0x30, 0x34, 0x60, 0xE0, 0xEC, 0xFF };

    return random_below(2) ? values[random_below(sizeof(values))] : (uint8_t)random_u32();
}

static void access_apic(void)
{
    static const uint16_t offsets[] = { 0x80, 0xB0, 0xB0, 0xF0, 0x300, 0x320, 0x350, 0x380 };
    uint16_t offset = offsets[random_below(sizeof(offsets) / sizeof(offsets[0]))];
    uint32_t value = random_below(3) ? random_byte() | (random_below(2) ? 0x100 : 0) : random_u32() & ~0x700u;

    vpc_write_apic(&vpc, offset, offset == LINT0 && random_below(4) ? EXTINT : value);
}

static void access_ioapic(void)
{
    vpc_bus.write(&vpc, GPA(I82093_BASE), 4, 0x10 + 2 * random_below(16));
    vpc_bus.write(&vpc, GPA(I82093_BASE + 0x10), 4, 0x40 + random_below(64) + (random_below(2) ? 0x8000 : 0));
}

static void access_once(void)
{
    uint16_t port = random_port();

    if (vpc.interp.cpu.has_interrupt && random_below(3) == 0) {
        acknowledged[lapic_has_interrupt(&vpc.lapic)]++;
        (void)vpc_bus.acknowledge(&vpc);
        return;
    }
    switch (random_below(8)) {
    case 0: access_apic(); break;
    case 1: access_ioapic(); break;
    case 2: case 3: case 4: (void)ports_read(&vpc, port, random_below(8) ? 1 : 2); break;
    default: ports_write(&vpc, port, random_below(8) ? 1 : 2, random_byte()); break;
    }
}

/* What comes from elsewhere, between accesses. */
static void pass_time(void)
{
    if (random_below(16) == 0)
        now_ns += random_below(1000000);
    if (random_below(32) == 0)
        i8042_key(&vpc.keyboard, (uint8_t)random_u32());
    if (random_below(32) == 0)
        uart_receive(&vpc.uart, (uint8_t)random_u32());
    (void)vpc_run(&vpc, 0);
    vpc_settle_lines(&vpc);
    vpc.exits_left = 100;
    vpc.output_count = 0;
    vpc.end = VPC_END_NONE;
    vpc.keyboard.wants_reset = false;
}

static void test_lines_are_settled_after_any_access(void **state)
{
    unsigned unstirred = 0;

    (void)state;
    random_state = 1;
    for (unsigned i = 0; i < ACCESSES; i++) {
        pass_time();
        vpc.is_stirred = false;
        uint64_t due_ns = vpc.due_ns;
        bool has_interrupt = vpc.interp.cpu.has_interrupt;
        access_once();
        bool is_another = vpc.due_ns != due_ns || vpc.interp.cpu.has_interrupt != has_interrupt;
        assert_true(vpc.is_stirred || !is_another);
        unstirred += !vpc.is_stirred;
        keep(&left);
        vpc_settle_lines(&vpc);
        keep(&right);
        assert_memory_equal(&left, &right, sizeof(left));
    }
    assert_true(unstirred > ACCESSES / 8);
    assert_true(acknowledged[0] > 300 && acknowledged[1] > 300);
}

/* The data sheet's "Priority Resolver", line by line: the first of a set behind the lowest, 8 if it is empty. */
static unsigned rank_by_turns(const struct i8259 *chip, unsigned set)
{
    for (unsigned rank = 0; rank < 8; rank++)
        if (set >> ((chip->lowest + 1u + rank) % 8) & 1)
            return rank;
    return 8;
}

static unsigned line_by_turns(const struct i8259 *chip, bool is_first)
{
    unsigned served = chip->isr & ~(chip->is_special_mask ? (unsigned)chip->imr : 0u);
    unsigned rank = rank_by_turns(chip, chip->irr & ~(unsigned)chip->imr);

    if (is_first && chip->is_fully_nested)
        served &= ~4u;
    return rank < rank_by_turns(chip, served) ? (chip->lowest + 1u + rank) % 8 : 8;
}

static struct i8259 random_chip(uint8_t base)
{
    return (struct i8259){ .irr = (uint8_t)(random_u32() & random_u32()), .imr = (uint8_t)(random_u32() & random_u32()),
                           .isr = (uint8_t)(random_u32() & random_u32() & random_u32()), .base = base,
                           .lowest = (uint8_t)random_below(8), .is_special_mask = random_below(2),
                           .is_fully_nested = random_below(2) };
}

static void test_priorities_line_by_line(void **state)
{
    unsigned spurious = 0;

    (void)state;
    random_state = 1;
    for (unsigned i = 0; i < ACCESSES; i++) {
        struct i8259_pair pic = { random_chip(0x20), random_chip(0x28) };
        unsigned line = line_by_turns(&pic.first, true), vector = 0x20 + (line < 8 ? line : 7);
        assert_int_equal(i8259_has_interrupt(&pic), line != 8);
        if (line == 2) {
            line = line_by_turns(&pic.second, false);
            spurious += line == 8;
            vector = 0x28 + (line < 8 ? line : 7);
        }
        assert_int_equal(i8259_acknowledge(&pic), vector);
    }
    assert_true(spurious > 100);
}

static void init_pics(void)
{
    static const uint16_t words[][2] = { { 0x20, 0x11 }, { 0x21, 0x30 }, { 0x21, 0x04 }, { 0x21, 0x01 }, { 0x21, 0 },
                                         { 0xA0, 0x11 }, { 0xA1, 0x38 }, { 0xA1, 0x02 }, { 0xA1, 0x01 }, { 0xA1, 0 } };

    for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        out(words[i][0], (uint8_t)words[i][1]);
}

/* One interrupt, and no other before its end; then the handler's work, and its end. */
static void assert_interrupt(uint8_t vector)
{
    assert_true(vpc.interp.cpu.has_interrupt);
    assert_int_equal(vpc_bus.acknowledge(&vpc), vector);
    assert_false(vpc.interp.cpu.has_interrupt);
}

static void end_interrupt(void)
{
    out(0xA0, 0x20);
    out(0x20, 0x20);
}

/* The second controller's mask is what the first hears of it. */
static void test_a_mask_of_the_second(void **state)
{
    (void)state;
    init_pics();
    out(0xA1, 0x40);
    i8259_set_lines(&vpc.pic, 1u << 14);
    vpc_settle_pic(&vpc);
    assert_false(vpc.interp.cpu.has_interrupt);
    out(0xA1, 0);
    assert_true(vpc.interp.cpu.has_interrupt);
    struct i8259_pair pic = vpc.pic;
    assert_int_equal(i8259_acknowledge(&pic), 0x3E);
    out(0xA1, 0x40);
    assert_false(vpc.interp.cpu.has_interrupt);
}

/* An initialisation forgets what was asked; a level that is high still asks again. */
static void test_a_level_outlives_an_initialisation(void **state)
{
    static const uint8_t second_words[] = { 0x11, 0x38, 0x02, 0x01 };

    (void)state;
    init_pics();
    out(0x4D1, 0x40);
    i8259_set_lines(&vpc.pic, 1u << 14);
    for (unsigned i = 0; i < sizeof(second_words); i++)
        i8259_write(&vpc.pic, i == 0 ? 0xA0 : 0xA1, second_words[i]);
    i8259_set_lines(&vpc.pic, 1u << 14);
    assert_int_equal(i8259_acknowledge(&vpc.pic), 0x3E);
}

/* What the local APIC is asked for is to be seen in its page, though its priority keeps it from the processor. */
static void test_a_held_request_is_told(void **state)
{
    (void)state;
    out(0x21, 0xFF);
    vpc_write_apic(&vpc, 0xF0, 0x1FF);
    vpc_write_apic(&vpc, 0x80, 0xF0);
    vpc_bus.write(&vpc, GPA(I82093_BASE), 4, 0x10 + 2 * VPC_LINE_SERIAL);
    vpc_bus.write(&vpc, GPA(I82093_BASE + 0x10), 4, 0x44);
    vpc.is_stirred = false;
    out(0x3F9, 2);
    assert_int_equal(vpc.lapic.irr[0x44 / 32], 1u << 0x44 % 32);
    assert_false(vpc.interp.cpu.has_interrupt);
    assert_true(vpc.is_stirred);
}

/* What is written to the mouse comes to nothing, and that is told on its own line: a keyboard's driver would wonder. */
static void test_there_is_no_mouse(void **state)
{
    (void)state;
    out(0x64, 0x60);
    out(0x60, 0x03);                    /* both have their interrupt */
    out(0x64, 0xD4);
    out(0x60, 0xF2);
    assert_int_equal(vpc.lines & (1u << VPC_LINE_KEYBOARD | 1u << VPC_LINE_AUXILIARY), 1u << VPC_LINE_AUXILIARY);
    assert_int_equal(in(0x64) & 0x21, 0x21);
    assert_int_equal(in(0x60), 0xFE);
    assert_int_equal(in(0x64) & 0x21, 0);
    i8042_key(&vpc.keyboard, 0x1E);
    assert_int_equal(in(0x64) & 0x21, 0x01);
}

/* A key that nobody has read yet comes behind an answer, and an answer that nobody reads does not. */
static void test_no_key_is_lost_for_an_answer(void **state)
{
    (void)state;
    for (uint8_t key = 1; key <= 3; key++)
        i8042_key(&vpc.keyboard, key);
    for (unsigned i = 0; i < 2; i++) {
        out(0x64, 0x20);
        out(0x64, 0xD4);
        out(0x60, 0xF2);
        assert_int_equal(in(0x60), 0xFE);
    }
    for (uint8_t key = 1; key <= 3; key++)
        assert_int_equal(in(0x60), key);
    assert_int_equal(in(0x64) & 1, 0);
}

/* A handler that takes one byte each time, and does not look at IIR, gets all there are, with FIFOs and without. */
static void test_a_byte_each_interrupt(void **state)
{
    static const uint8_t fifos[] = { 0x00, 0xC1 };

    (void)state;
    init_pics();
    out(0x3F9, 1);
    for (unsigned i = 0; i < sizeof(fifos); i++) {
        unsigned most = fifos[i] & 1 ? 13 : 1, sent = 0, taken = 0;         /* below the level, which is 14 */
        out(0x3FA, fifos[i]);
        for (; taken < 40; taken++) {
            for (; sent - taken < most && uart_room(&vpc.uart) > 0; sent++)
                uart_receive(&vpc.uart, (uint8_t)sent);
            assert_int_equal(sent - taken, most);
            vpc_settle_lines(&vpc);
            assert_interrupt(0x34);
            assert_int_equal(in(0x3F8), taken);
            end_interrupt();
        }
        for (; taken < sent; taken++) {
            assert_interrupt(0x34);
            assert_int_equal(in(0x3F8), taken);
            end_interrupt();
        }
        assert_false(vpc.interp.cpu.has_interrupt);
    }
}

/* At its level or above the line stays up, as QEMU's: one interrupt, and no other when the handler has taken all. */
static void test_no_interrupt_behind_a_burst(void **state)
{
    (void)state;
    init_pics();
    out(0x3F9, 1);
    out(0x3FA, 0x01);
    for (unsigned i = 0; i < 5; i++)
        uart_receive(&vpc.uart, (uint8_t)i);
    vpc_settle_lines(&vpc);
    assert_interrupt(0x34);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(in(0x3F8), i);
    end_interrupt();
    assert_false(vpc.interp.cpu.has_interrupt);
}

/* Each byte that is sent is followed by an interrupt, also for a handler that does not look at IIR. */
static void test_a_byte_sent_is_an_edge(void **state)
{
    (void)state;
    init_pics();
    out(0x3F9, 2);
    for (unsigned i = 0; i < 40; i++) {
        assert_interrupt(0x34);
        out(0x3F8, 'x');
        end_interrupt();
    }
    assert_interrupt(0x34);
    end_interrupt();
    assert_false(vpc.interp.cpu.has_interrupt);
    out(0x3F9, 0);
    out(0x3F8, 'x');
    assert_false(vpc.interp.cpu.has_interrupt);
}

/* Each command of a disk is one, too, though nobody has read the status since the last. */
static void test_a_command_is_an_edge(void **state)
{
    (void)state;
    init_pics();
    for (unsigned i = 0; i < 3; i++) {
        out(0x1F7, 0xEC);
        assert_interrupt(0x3E);
        end_interrupt();
        assert_false(vpc.interp.cpu.has_interrupt);
    }
    out(0x1F6, 0xF0);
    out(0x1F7, 0xEC);                           /* of a disk that is not there: takes it back, and says nothing */
    assert_false(vpc.interp.cpu.has_interrupt);
    assert_int_equal(vpc.lines >> VPC_LINE_IDE & 1, 0);
}

/* A controller that is polled takes the read that follows for an acknowledgement: it does not ask any more. */
static void test_a_poll_is_settled(void **state)
{
    static const uint8_t words[][2] = { { 0x20, 0x11 }, { 0x21, 0x30 }, { 0x21, 0x04 }, { 0x21, 0x01 }, { 0x21, 0 } };

    (void)state;
    for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        out(words[i][0], words[i][1]);
    out(0x3F9, 2);                              /* the serial line is empty, and says so */
    assert_true(vpc.interp.cpu.has_interrupt);
    out(0x20, 0x0C);
    assert_int_equal(in(0x20), 0x84);
    assert_false(vpc.interp.cpu.has_interrupt);
}

/* Beside a device's ports in their eight. */
static void test_neighbours_are_nobody(void **state)
{
    static const uint16_t ports[] = { 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0x3F0,
                                      0x3F1, 0x3F2, 0x3F3, 0x3F4, 0x3F5, 0x3F7, 0x1EF, 0x400, 0x5F0, 0x7F8 };
    uint8_t before[sizeof(struct ide) - offsetof(struct ide, features)];

    (void)state;
    for (unsigned i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
        const struct i8259_pair pic = vpc.pic;
        memcpy(before, &vpc.ide.features, sizeof(before));
        assert_int_equal(in(ports[i]), 0xFF);
        out(ports[i], 0x5A);
        assert_int_equal(in(ports[i]), 0xFF);
        assert_memory_equal(before, &vpc.ide.features, sizeof(before));
        assert_memory_equal(&pic, &vpc.pic, sizeof(pic));
    }
}

/* Each access is one exit, and the last that a report tells. */
static void test_each_is_told(void **state)
{
    static const uint16_t ports[] = { 0x21, 0x40, 0x1F0, 0x1F2, 0x3D4, 0x3DA, 0x3F6, 0x3FF, 0x999 };

    (void)state;
    for (unsigned i = 0; i < 2 * sizeof(ports) / sizeof(ports[0]); i++) {
        bool is_write = i % 2;
        uint64_t exits = vpc.exits[is_write ? VPC_EXIT_PORT_WRITE : VPC_EXIT_PORT_READ];
        uint8_t value = 0x3C;
        if (is_write)
            out(ports[i / 2], value);
        else
            value = in(ports[i / 2]);
        const struct vpc_step *step = &vpc.trail[(vpc.trail_count - 1) % VPC_TRAIL];
        assert_int_equal(vpc.exits[is_write ? VPC_EXIT_PORT_WRITE : VPC_EXIT_PORT_READ], exits + 1);
        assert_int_equal(step->kind, is_write ? VPC_EXIT_PORT_WRITE : VPC_EXIT_PORT_READ);
        assert_int_equal(step->where, ports[i / 2]);
        assert_int_equal(step->value, value);
    }
    ports_write(&vpc, CRTC_PORT, 2, 0x120E);
    assert_int_equal(vpc.trail[(vpc.trail_count - 1) % VPC_TRAIL].value, 0x120E);
    assert_int_equal(in(CRTC_PORT), 0x0E);
    assert_int_equal(in(CRTC_PORT + 1), 0x12);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, small_pc_start, small_pc_stop)
    const struct CMUnitTest tests[] = {
        TEST(test_lines_are_settled_after_any_access), TEST(test_a_poll_is_settled), TEST(test_neighbours_are_nobody),
        TEST(test_a_byte_each_interrupt), TEST(test_no_interrupt_behind_a_burst),
        TEST(test_a_byte_sent_is_an_edge), TEST(test_a_command_is_an_edge),
        TEST(test_each_is_told), TEST(test_priorities_line_by_line),
        TEST(test_a_mask_of_the_second), TEST(test_a_level_outlives_an_initialisation),
        TEST(test_a_held_request_is_told), TEST(test_there_is_no_mouse), TEST(test_no_key_is_lost_for_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
