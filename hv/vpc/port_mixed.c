/*
 * port_mixed.c - see port_mixed.h. A wide access to ports of a byte is one after the other, as on an ISA bus (PURE).
 */
#include "vpc/port_mixed.h"

#include "vpc/acpi_tables.h"
#include "vpc/ports.h"
#include "vpc/text_view.h"

#define PORT_TIMER 0x40u
#define PORT_KEYBOARD 0x60u
#define PORT_SPEAKER 0x61u
#define PORT_KEYBOARD_COMMAND 0x64u
#define PORT_CLOCK 0x70u
#define PORT_FAST_A20 0x92u
#define PORT_DEBUG_EXIT 0xF4u       /* QEMU's isa-debug-exit, whose status this is without its (value << 1) | 1 */
#define PORT_VGA 0x3C0u              /* to 3DF, among them CRTC_PORT */
#define VGA_PORTS 32u
#define PORT_VGA_STATUS 0x3DAu
#define PORT_ELCR 0x4D0u
#define PORT_EVENT_ENABLE (ACPI_EVENT_PORT + 2)
#define PORT_OLD_CONTROL 0xB004u    /* where Bochs, and QEMU long ago, had it: kernels write to both */
#define POWER_IS_ACPI 0x01u         /* SCI_EN: ACPI "PM1 Control Registers" */
#define POWER_SLEEP 0x2000u         /* SLP_EN; type 0 is off here, as in QEMU */
#define ABSENT 0xFFu

/* One copy for all here, whose accesses are seldom, but for the pauses of port_write_mixed. */
static APART void note_port(struct vpc *vpc, enum vpc_exit kind, uint16_t port, uint32_t value)
{
    vpc_note(vpc, kind, port, value);
}

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
        return text_page_read(port, now_ns);
    if ((port & ~1u) == PORT_CLOCK)
        return mc146818_read(&vpc->cmos, port, now_ns);
    return i8254_read(&vpc->timer, port, now_ns);
}

/* Apart from who calls it, and what needs the time or settles lines apart from this: one keeps nothing for another. */
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
        if (port - CRTC_PORT < 2u)
            return crtc_read(&vpc->text.crtc, port);
        if (port - PORT_VGA < VGA_PORTS)
            return text_page_read(port, 0);
        return port - PORT_SERIAL < 8u ? uart_read(&vpc->uart, port - PORT_SERIAL) : ABSENT;
    }
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

void port_write_serial(struct vpc *vpc, unsigned reg, uint8_t value)
{
    if (uart_write(&vpc->uart, reg, value))
        port_send_byte(vpc, value);
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
        if (port - CRTC_PORT < 2u)
            text_view_write(vpc, port, value);
        if (port - PORT_SERIAL < 8u)
            port_write_serial(vpc, port - PORT_SERIAL, value);
    }
}

void port_check_disk(struct vpc *vpc)
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
        port_check_disk(vpc);
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

/* A line that fell for a moment is brought up to date apart: its edge is seen before the others are looked at. */
void port_dip_serial(struct vpc *vpc)
{
    if (!vpc->uart.dips)
        return;
    vpc->uart.dips = false;
    vpc_dip_line(vpc, VPC_LINE_SERIAL);
}

/* A read of most devices leaves every line as it is, whatever was read: timer, controllers, and where nobody is. */
static bool keeps_lines(uint16_t port)
{
    return (port & ~7u) != PORT_KEYBOARD && port != PORT_FAST_A20;
}

/* More than a byte, or what does more than move its line. */
uint32_t port_read_wide(struct vpc *vpc, uint16_t port, unsigned bytes)
{
    bool is_data = port == PORT_IDE;
    uint32_t value = is_data ? ide_read_data(&vpc->ide, bytes) : 0;

    for (unsigned i = 0; i < bytes && !is_data; i++)
        value |= (uint32_t)read_byte(vpc, (uint16_t)(port + i)) << 8 * i;
    note_port(vpc, VPC_EXIT_PORT_READ, port, value);
    if (is_data) {
        port_settle_ide(vpc);
        return value;
    }
    port_dip_serial(vpc);
    vpc_settle_lines(vpc);
    return value;
}

/* Who does more than move its line. */
unsigned port_read_and_settle(struct vpc *vpc, uint16_t port, uint8_t *to)
{
    *to = (uint8_t)port_read_wide(vpc, port, 1);
    return vpc_wants_look(vpc);
}

/* A controller that is polled, and the clock, which is brought up to its time, do more than move their line. */
unsigned port_read_mixed(struct vpc *vpc, uint16_t port, uint8_t *to)
{
    if (port_is_polled(vpc) || (port & ~1u) == PORT_CLOCK)
        return port_read_and_settle(vpc, port, to);
    uint8_t value = read_byte(vpc, port);
    *to = value;
    note_port(vpc, VPC_EXIT_PORT_READ, port, value);
    if (!keeps_lines(port))
        vpc_settle_changes(vpc);
    return vpc_wants_look(vpc);
}

/* More than a byte, or what takes a byte, too, for more. */
void port_write_wide(struct vpc *vpc, uint16_t port, unsigned bytes, uint32_t value)
{
    note_port(vpc, VPC_EXIT_PORT_WRITE, port, value);
    if (!write_whole(vpc, port, bytes, value)) {
        for (unsigned i = 0; i < bytes; i++)
            write_byte(vpc, (uint16_t)(port + i), (uint8_t)(value >> 8 * i));
    }
    port_dip_serial(vpc);
    vpc_settle_lines(vpc);
}

/* As port_read_and_settle. */
unsigned port_write_and_settle(struct vpc *vpc, uint16_t port, uint8_t value)
{
    port_write_wide(vpc, port, 1, value);
    return vpc_wants_look(vpc);
}

/* The port that kernels write to for a pause has no line, and neither has a screen, whose palettes are long. */
unsigned port_write_mixed(struct vpc *vpc, uint16_t port, uint8_t value)
{
    if (port == PORT_DEBUG_EXIT || port - BIOS_PORT < BIOS_CALLS)
        return port_write_and_settle(vpc, port, value);
    vpc_note(vpc, VPC_EXIT_PORT_WRITE, port, value);
    write_byte(vpc, port, value);
    if (port != PORT_PAUSE && port - PORT_VGA >= VGA_PORTS)
        vpc_settle_lines(vpc);
    return vpc_wants_look(vpc);
}
