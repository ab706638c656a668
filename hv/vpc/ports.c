/*
 * ports.c - see ports.h. A wide access to ports of a byte is one after the other, as on an ISA bus (PURE).
 */
#include "vpc/ports.h"

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
#define IDE_CONTROL 8u
#define PORT_VGA 0x3C0u              /* to 3DF */
#define PORT_SERIAL 0x3F8u
#define PORT_ELCR 0x4D0u
#define PORT_EVENT_ENABLE (ACPI_EVENT_PORT + 2)
#define POWER_IS_ACPI 0x01u         /* SCI_EN: ACPI "PM1 Control Registers" */
#define POWER_SLEEP 0x2000u         /* SLP_EN; type 0 is off here, as in QEMU */
#define ABSENT 0xFFu

/* The line of the keyboard falls before its next byte makes it rise. */
static uint8_t read_keyboard(struct vpc *vpc, uint16_t port)
{
    uint8_t value = i8042_read(&vpc->keyboard, port);

    if (port == PORT_KEYBOARD) {
        vpc_settle_lines(vpc);
        i8042_advance(&vpc->keyboard);
    }
    return value;
}

static void write_keyboard_port(struct vpc *vpc, uint16_t port, uint8_t value)
{
    i8042_write(&vpc->keyboard, port, value);
    if (vpc->keyboard.wants_reset)
        vpc_finish(vpc, VPC_END_CRASH, 0, "the guest reset its machine: a virtual PC is not started twice");
}

static uint8_t read_byte(struct vpc *vpc, uint16_t port)
{
    switch (port) {
    case PORT_PIC1: case PORT_PIC1 + 1: case PORT_PIC2: case PORT_PIC2 + 1: case PORT_ELCR: case PORT_ELCR + 1:
        return i8259_read(&vpc->pic, port);
    case PORT_TIMER: case PORT_TIMER + 1: case PORT_TIMER + 2: case PORT_TIMER + 3: case PORT_SPEAKER:
        return i8254_read(&vpc->timer, port, vpc_now_ns(vpc));
    case PORT_DEBUG_EXIT: case ACPI_EVENT_PORT: case ACPI_EVENT_PORT + 1: case ACPI_CONTROL_PORT + 1:
        return 0;
    case ACPI_CONTROL_PORT:
        return POWER_IS_ACPI;
    case PORT_EVENT_ENABLE: case PORT_EVENT_ENABLE + 1:
        return vpc->acpi_enable[port & 1];
    case PORT_KEYBOARD: case PORT_KEYBOARD_COMMAND: case PORT_FAST_A20:
        return read_keyboard(vpc, port);
    case PORT_CLOCK: case PORT_CLOCK + 1:
        return mc146818_read(&vpc->cmos, port, vpc_now_ns(vpc));
    case PORT_IDE_CONTROL:
        return ide_read(&vpc->ide, IDE_CONTROL);
    default:
        if (port - PORT_IDE < 8u)
            return ide_read(&vpc->ide, port - PORT_IDE);
        if (port - PORT_VGA < 32u)
            return text_page_read(&vpc->text, port, vpc_now_ns(vpc));
        return port - PORT_SERIAL < 8u ? uart_read(&vpc->uart, port - PORT_SERIAL) : ABSENT;
    }
}

static void send_byte(struct vpc *vpc, uint8_t value)
{
    if (vpc->output_count < VPC_OUTPUT_BYTES)
        vpc->output[vpc->output_count++] = value;
    if (vpc->output_count >= VPC_OUTPUT_STOP)
        interp_stop(&vpc->interp);
}

static void write_byte(struct vpc *vpc, uint16_t port, uint8_t value)
{
    switch (port) {
    case PORT_PIC1: case PORT_PIC1 + 1: case PORT_PIC2: case PORT_PIC2 + 1: case PORT_ELCR: case PORT_ELCR + 1:
        i8259_write(&vpc->pic, port, value);
        break;
    case PORT_TIMER: case PORT_TIMER + 1: case PORT_TIMER + 2: case PORT_TIMER + 3: case PORT_SPEAKER:
        i8254_write(&vpc->timer, port, value, vpc_now_ns(vpc));
        break;
    case PORT_KEYBOARD: case PORT_KEYBOARD_COMMAND: case PORT_FAST_A20:
        write_keyboard_port(vpc, port, value);
        break;
    case PORT_CLOCK: case PORT_CLOCK + 1:
        mc146818_write(&vpc->cmos, port, value, vpc_now_ns(vpc));
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
        if (port - PORT_SERIAL < 8u && uart_write(&vpc->uart, port - PORT_SERIAL, value))
            send_byte(vpc, value);
    }
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
        if (vpc->ide.lacks_memory)
            vpc_finish(vpc, VPC_END_MEMORY, 0, "the machine has no memory left for what is written to a disk");
        return true;
    }
    if (port - BIOS_PORT < BIOS_CALLS)
        return bios_call(vpc, port);
    if (port != ACPI_CONTROL_PORT || bytes == 1)
        return false;
    if (value & POWER_SLEEP)
        vpc_finish(vpc, VPC_END_EXIT, 0, "");
    return true;
}

uint32_t ports_read(struct vpc *vpc, uint16_t port, unsigned bytes)
{
    uint32_t value = 0;
    bool line = ide_line(&vpc->ide);

    if (port == PORT_IDE)
        value = ide_read_data(&vpc->ide, bytes);
    for (unsigned i = 0; i < bytes && port != PORT_IDE; i++)
        value |= (uint32_t)read_byte(vpc, (uint16_t)(port + i)) << 8 * i;
    vpc_note(vpc, VPC_EXIT_PORT_READ, port, value);
    /* In the middle of a sector nothing else changes. */
    if (port != PORT_IDE || ide_line(&vpc->ide) != line)
        vpc_settle_lines(vpc);
    return value;
}

void ports_write(struct vpc *vpc, uint16_t port, unsigned bytes, uint32_t value)
{
    vpc_note(vpc, VPC_EXIT_PORT_WRITE, port, value);
    if (!write_whole(vpc, port, bytes, value)) {
        for (unsigned i = 0; i < bytes; i++)
            write_byte(vpc, (uint16_t)(port + i), (uint8_t)(value >> 8 * i));
    }
    vpc_settle_lines(vpc);
}
