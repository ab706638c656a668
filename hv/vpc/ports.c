/*
 * ports.c - see ports.h. A wide access to ports of a byte is one after the other, as on an ISA bus (PURE).
 */
#include "vpc/ports.h"

#include "base/string.h"
#include "vpc/acpi_tables.h"
#include "vpc/vpc.h"

#define PORT_PIC1 0x20u
#define PORT_TIMER 0x40u
#define PORT_KEYBOARD 0x60u
#define PORT_SPEAKER 0x61u
#define PORT_KEYBOARD_COMMAND 0x64u
#define PORT_CLOCK 0x70u
#define PORT_FAST_A20 0x92u
#define PORT_PIC2 0xA0u
#define PORT_DEBUG_EXIT 0xF4u       /* QEMU's isa-debug-exit, whose status this is without its (value << 1) | 1 */
#define PORT_IDE 0x1F0u             /* to 1F7 */
#define PORT_IDE_CONTROL 0x3F6u
#define IDE_COMMAND 7u
#define IDE_CONTROL 8u
#define PORT_VGA 0x3C0u              /* to 3DF */
#define PORT_VGA_STATUS 0x3DAu
#define PORT_SERIAL 0x3F8u
#define PORT_ELCR 0x4D0u
#define PORT_EVENT_ENABLE (ACPI_EVENT_PORT + 2)
#define PORT_OLD_CONTROL 0xB004u    /* where Bochs, and QEMU long ago, had it: kernels write to both */
#define POWER_IS_ACPI 0x01u         /* SCI_EN: ACPI "PM1 Control Registers" */
#define POWER_SLEEP 0x2000u         /* SLP_EN; type 0 is off here, as in QEMU */
#define ABSENT 0xFFu

#define APART __attribute__((noinline))     /* who does not come here keeps nothing for it */

/* The line of the keyboard falls before its next byte makes it rise. */
static APART uint8_t read_keyboard(struct vpc *vpc, uint16_t port)
{
    uint8_t value = i8042_read(&vpc->keyboard, port);

    if (port == PORT_KEYBOARD) {
        vpc_settle_lines(vpc);
        i8042_advance(&vpc->keyboard);
    }
    return value;
}

static APART void write_keyboard_port(struct vpc *vpc, uint16_t port, uint8_t value)
{
    i8042_write(&vpc->keyboard, port, value);
    if (vpc->keyboard.wants_reset)
        vpc_finish(vpc, VPC_END_CRASH, 0, "the guest reset its machine: a virtual PC is not started twice");
}

/* Devices whose answer depends on the time. */
static APART uint8_t read_timed(struct vpc *vpc, uint16_t port)
{
    uint64_t now_ns = vpc_now_ns(vpc);

    if (port == PORT_VGA_STATUS)
        return text_page_read(&vpc->text, port, now_ns);
    if ((port & ~1u) == PORT_CLOCK)
        return mc146818_read(&vpc->cmos, port, now_ns);
    return i8254_read(&vpc->timer, port, now_ns);
}

/*
 * Apart from who calls it, and what needs the time or settles lines apart from this: a byte is what is asked for
 * mostly, and costs nothing then that others need.
 */
static APART uint8_t read_byte(struct vpc *vpc, uint16_t port)
{
    switch (port) {
    case PORT_PIC1: case PORT_PIC1 + 1: case PORT_PIC2: case PORT_PIC2 + 1: case PORT_ELCR: case PORT_ELCR + 1:
        return i8259_read(&vpc->pic, port);
    case PORT_TIMER: case PORT_TIMER + 1: case PORT_TIMER + 2: case PORT_TIMER + 3: case PORT_SPEAKER:
    case PORT_CLOCK: case PORT_CLOCK + 1: case PORT_VGA_STATUS:
        return read_timed(vpc, port);
    case PORT_DEBUG_EXIT: case ACPI_EVENT_PORT: case ACPI_EVENT_PORT + 1: case ACPI_CONTROL_PORT + 1:
        return 0;
    case ACPI_CONTROL_PORT:
        return POWER_IS_ACPI;
    case PORT_EVENT_ENABLE: case PORT_EVENT_ENABLE + 1:
        return vpc->acpi_enable[port & 1];
    case PORT_KEYBOARD: case PORT_KEYBOARD_COMMAND: case PORT_FAST_A20:
        return read_keyboard(vpc, port);
    case PORT_IDE_CONTROL:
        return ide_read(&vpc->ide, IDE_CONTROL);
    default:
        if (port - PORT_IDE < 8u)
            return ide_read(&vpc->ide, port - PORT_IDE);
        if (port - PORT_VGA < 32u)
            return text_page_read(&vpc->text, port, 0);
        return port - PORT_SERIAL < 8u ? uart_read(&vpc->uart, port - PORT_SERIAL) : ABSENT;
    }
}

static APART void send_byte(struct vpc *vpc, uint8_t value)
{
    if (vpc->output_count < VPC_OUTPUT_BYTES)
        vpc->output[vpc->output_count++] = value;
    if (vpc->output_count >= VPC_OUTPUT_STOP)
        interp_stop(&vpc->interp);
}

/* As read_timed. */
static APART void write_timed(struct vpc *vpc, uint16_t port, uint8_t value)
{
    uint64_t now_ns = vpc_now_ns(vpc);

    if ((port & ~1u) == PORT_CLOCK)
        mc146818_write(&vpc->cmos, port, value, now_ns);
    else
        i8254_write(&vpc->timer, port, value, now_ns);
}

static void write_serial(struct vpc *vpc, unsigned reg, uint8_t value)
{
    if (uart_write(&vpc->uart, reg, value))
        send_byte(vpc, value);
}

static APART void write_byte(struct vpc *vpc, uint16_t port, uint8_t value)
{
    switch (port) {
    case PORT_PIC1: case PORT_PIC1 + 1: case PORT_PIC2: case PORT_PIC2 + 1: case PORT_ELCR: case PORT_ELCR + 1:
        i8259_write(&vpc->pic, port, value);
        break;
    case PORT_TIMER: case PORT_TIMER + 1: case PORT_TIMER + 2: case PORT_TIMER + 3: case PORT_SPEAKER:
    case PORT_CLOCK: case PORT_CLOCK + 1:
        write_timed(vpc, port, value);
        break;
    case PORT_KEYBOARD: case PORT_KEYBOARD_COMMAND: case PORT_FAST_A20:
        write_keyboard_port(vpc, port, value);
        break;
    case PORT_EVENT_ENABLE: case PORT_EVENT_ENABLE + 1:
        vpc->acpi_enable[port & 1] = value;
        break;
    case PORT_IDE_CONTROL:
        ide_write(&vpc->ide, IDE_CONTROL, value);
        break;
    default:
        if (port - PORT_IDE < 8u)
            ide_write(&vpc->ide, port - PORT_IDE, value);
        if (port - PORT_VGA < 32u)
            text_page_write(&vpc->text, port, value);
        if (port - PORT_SERIAL < 8u)
            write_serial(vpc, port - PORT_SERIAL, value);
    }
}

static void check_disk(struct vpc *vpc)
{
    if (vpc->ide.lacks_memory)
        vpc_finish(vpc, VPC_END_MEMORY, 0, "the machine has no memory left for what is written to a disk");
}

/* Registers wider than a byte. True: it was one. */
static bool write_whole(struct vpc *vpc, uint16_t port, unsigned bytes, uint32_t value)
{
    if (port == PORT_DEBUG_EXIT) {
        vpc_finish(vpc, VPC_END_EXIT, (int32_t)value, "");
        return true;
    }
    if (port == PORT_IDE) {
        ide_write_data(&vpc->ide, bytes, value);
        check_disk(vpc);
        return true;
    }
    if (port - BIOS_PORT < BIOS_CALLS)
        return bios_call(vpc, port);
    if ((port != ACPI_CONTROL_PORT && port != PORT_OLD_CONTROL) || bytes == 1)
        return false;
    if (value & POWER_SLEEP)
        vpc_finish(vpc, VPC_END_EXIT, 0, "");
    return true;
}

/*
 * Whose ports are eight in a row, of those that are asked for most: found at once, and nothing comes of their accesses
 * but that the line of the one device is another, if it is. All others are found one by one.
 */
enum group { GROUP_MIXED, GROUP_PIC, GROUP_IDE, GROUP_IDE_CONTROL, GROUP_SCREEN, GROUP_SERIAL };
#define GROUPED_PORTS 0x400u

static const uint8_t groups[GROUPED_PORTS / 8] = {
    [PORT_PIC1 / 8] = GROUP_PIC, [PORT_PIC2 / 8] = GROUP_PIC, [PORT_IDE / 8] = GROUP_IDE,
    [PORT_VGA / 8 ... PORT_VGA / 8 + 3] = GROUP_SCREEN, [PORT_IDE_CONTROL / 8] = GROUP_IDE_CONTROL,
    [PORT_SERIAL / 8] = GROUP_SERIAL,
};

static enum group group_of(uint16_t port)
{
    return port < GROUPED_PORTS ? groups[port / 8] : GROUP_MIXED;
}

/* A line that fell for a moment is brought up to date apart: its edge is seen before the others are looked at. */
static void dip_serial(struct vpc *vpc)
{
    if (!vpc->uart.dips)
        return;
    vpc->uart.dips = false;
    vpc_dip_line(vpc, VPC_LINE_SERIAL);
}

static void settle_ide(struct vpc *vpc)
{
    vpc_settle_line(vpc, VPC_LINE_IDE, ide_line(&vpc->ide));
}

static APART void settle_serial_slowly(struct vpc *vpc)
{
    dip_serial(vpc);
    vpc_settle_line(vpc, VPC_LINE_SERIAL, uart_line(&vpc->uart));
}

/* Who polls has no interrupt on, and neither an edge. */
static void settle_serial(struct vpc *vpc)
{
    if (vpc->uart.ier != 0)
        settle_serial_slowly(vpc);
    else
        vpc_settle_line(vpc, VPC_LINE_SERIAL, false);
}

/* A read of most devices leaves every line as it is, whatever was read: timer, controllers, and where nobody is. */
static bool keeps_lines(uint16_t port)
{
    return (port & ~7u) != PORT_KEYBOARD && port != PORT_FAST_A20;
}

static bool is_polled(const struct vpc *vpc)
{
    return vpc->pic.first.polls || vpc->pic.second.polls;
}

/* More than a byte, or what does more than move its line. */
static APART uint32_t read_wide(struct vpc *vpc, uint16_t port, unsigned bytes)
{
    bool is_data = port == PORT_IDE;
    uint32_t value = is_data ? ide_read_data(&vpc->ide, bytes) : 0;

    for (unsigned i = 0; i < bytes && !is_data; i++)
        value |= (uint32_t)read_byte(vpc, (uint16_t)(port + i)) << 8 * i;
    vpc_note(vpc, VPC_EXIT_PORT_READ, port, value);
    if (is_data) {
        settle_ide(vpc);
        return value;
    }
    dip_serial(vpc);
    vpc_settle_lines(vpc);
    return value;
}

/* A controller that is polled, and the clock, which is brought up to its time, do more than move their line. */
static APART uint32_t read_mixed(struct vpc *vpc, uint16_t port)
{
    if (is_polled(vpc) || (port & ~1u) == PORT_CLOCK)
        return read_wide(vpc, port, 1);
    uint32_t value = read_byte(vpc, port);
    vpc_note(vpc, VPC_EXIT_PORT_READ, port, value);
    if (!keeps_lines(port))
        vpc_settle_changes(vpc);
    return value;
}

static APART uint32_t read_pic(struct vpc *vpc, uint16_t port)
{
    uint32_t value = i8259_read(&vpc->pic, port);

    vpc_note(vpc, VPC_EXIT_PORT_READ, port, value);
    return value;
}

static APART uint32_t read_ide(struct vpc *vpc, uint16_t port, unsigned reg)
{
    uint32_t value = ide_read(&vpc->ide, reg);

    vpc_note(vpc, VPC_EXIT_PORT_READ, port, value);
    settle_ide(vpc);
    return value;
}

static APART uint32_t read_screen(struct vpc *vpc, uint16_t port)
{
    uint32_t value = text_page_read(&vpc->text, port, 0);

    vpc_note(vpc, VPC_EXIT_PORT_READ, port, value);
    return value;
}

static APART uint32_t read_serial(struct vpc *vpc, uint16_t port)
{
    uint32_t value = uart_read(&vpc->uart, port - PORT_SERIAL);

    vpc_note(vpc, VPC_EXIT_PORT_READ, port, value);
    settle_serial(vpc);
    return value;
}

static uint32_t read_one(struct vpc *vpc, uint16_t port)
{
    switch (group_of(port)) {
    case GROUP_PIC: return port & 6 || is_polled(vpc) ? read_mixed(vpc, port) : read_pic(vpc, port);
    case GROUP_IDE: return port == PORT_IDE ? read_wide(vpc, port, 1) : read_ide(vpc, port, port - PORT_IDE);
    case GROUP_IDE_CONTROL: return port == PORT_IDE_CONTROL ? read_ide(vpc, port, IDE_CONTROL) : read_mixed(vpc, port);
    case GROUP_SCREEN: return port == PORT_VGA_STATUS ? read_mixed(vpc, port) : read_screen(vpc, port);
    case GROUP_SERIAL: return read_serial(vpc, port);
    default: return read_mixed(vpc, port);
    }
}

uint32_t ports_read(struct vpc *vpc, uint16_t port, unsigned bytes)
{
    return bytes > 1 ? read_wide(vpc, port, bytes) : read_one(vpc, port);
}

/* More than a byte, or what takes a byte, too, for more. */
static APART void write_wide(struct vpc *vpc, uint16_t port, unsigned bytes, uint32_t value)
{
    vpc_note(vpc, VPC_EXIT_PORT_WRITE, port, value);
    if (!write_whole(vpc, port, bytes, value)) {
        for (unsigned i = 0; i < bytes; i++)
            write_byte(vpc, (uint16_t)(port + i), (uint8_t)(value >> 8 * i));
    }
    dip_serial(vpc);
    vpc_settle_lines(vpc);
}

/* The port that kernels write to for a pause has no line. */
static APART void write_mixed(struct vpc *vpc, uint16_t port, uint8_t value)
{
    if (port == PORT_DEBUG_EXIT || port - BIOS_PORT < BIOS_CALLS) {
        write_wide(vpc, port, 1, value);
        return;
    }
    vpc_note(vpc, VPC_EXIT_PORT_WRITE, port, value);
    write_byte(vpc, port, value);
    if (port != PORT_PAUSE)
        vpc_settle_lines(vpc);
}

static APART void write_ide(struct vpc *vpc, uint16_t port, uint8_t value, unsigned reg)
{
    vpc_note(vpc, VPC_EXIT_PORT_WRITE, port, value);
    ide_write(&vpc->ide, reg, value);
    if (reg < IDE_COMMAND)          /* is only kept */
        return;
    if (reg == IDE_COMMAND)         /* takes back what the last one told */
        vpc_dip_line(vpc, VPC_LINE_IDE);
    settle_ide(vpc);
}

static APART void write_screen(struct vpc *vpc, uint16_t port, uint8_t value)
{
    vpc_note(vpc, VPC_EXIT_PORT_WRITE, port, value);
    text_page_write(&vpc->text, port, value);
}

static APART void write_serial_port(struct vpc *vpc, uint16_t port, uint8_t value)
{
    vpc_note(vpc, VPC_EXIT_PORT_WRITE, port, value);
    write_serial(vpc, port - PORT_SERIAL, value);
    settle_serial(vpc);
}

static void write_one(struct vpc *vpc, uint16_t port, uint8_t value)
{
    enum group group = group_of(port);

    if (group == GROUP_IDE && port != PORT_IDE)
        write_ide(vpc, port, value, port - PORT_IDE);
    else if (group == GROUP_SERIAL)
        write_serial_port(vpc, port, value);
    else if (group == GROUP_SCREEN)
        write_screen(vpc, port, value);
    else if (port == PORT_IDE)
        write_wide(vpc, port, 1, value);
    else if (port == PORT_IDE_CONTROL)
        write_ide(vpc, port, value, IDE_CONTROL);
    else
        write_mixed(vpc, port, value);
}

void ports_write(struct vpc *vpc, uint16_t port, unsigned bytes, uint32_t value)
{
    if (bytes > 1)
        write_wide(vpc, port, bytes, value);
    else
        write_one(vpc, port, (uint8_t)value);
}

/* For a report: the last of them. */
static void note_string(struct vpc *vpc, enum vpc_exit kind, unsigned bytes, const void *elements, uint32_t count)
{
    uint32_t value = 0;

    memcpy(&value, (const uint8_t *)elements + (count - 1) * bytes, bytes);
    vpc_note(vpc, kind, PORT_IDE, value);
    settle_ide(vpc);
}

uint32_t ports_read_string(struct vpc *vpc, uint16_t port, unsigned bytes, void *to, uint32_t count)
{
    uint32_t done = port == PORT_IDE ? ide_read_string(&vpc->ide, bytes, to, count) : 0;

    if (done > 0)
        note_string(vpc, VPC_EXIT_PORT_READ, bytes, to, done);
    return done;
}

uint32_t ports_write_string(struct vpc *vpc, uint16_t port, unsigned bytes, const void *from, uint32_t count)
{
    uint32_t done = port == PORT_IDE ? ide_write_string(&vpc->ide, bytes, from, count) : 0;

    if (done > 0) {
        check_disk(vpc);
        note_string(vpc, VPC_EXIT_PORT_WRITE, bytes, from, done);
    }
    return done;
}
