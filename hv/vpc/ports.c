/*
 * ports.c - see ports.h: devices that are asked often, and whom to ask (PURE).
 */
#include "vpc/ports.h"

#include "base/string.h"
#include "vpc/port_mixed.h"
#include "vpc/text_view.h"

static APART void settle_serial_slowly(struct vpc *vpc)
{
    port_dip_serial(vpc);
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

/* The mask, which kernels read between a read and a write of it; what else there is depends on more. */
static unsigned read_pic(struct vpc *vpc, uint16_t port, uint8_t *to)
{
    if (!(port & 1) || port & 6 || port_is_polled(vpc))
        return port_read_mixed(vpc, port, to);
    uint8_t value = i8259_mask(&vpc->pic, port);
    *to = value;
    vpc_note(vpc, VPC_EXIT_PORT_READ, port, value);
    return vpc_wants_look(vpc);
}

/* Masks and ends of interrupts: kernels that serve them by these controllers write some for each. */
static unsigned write_pic(struct vpc *vpc, uint16_t port, uint8_t value)
{
    if (port & 6 || !i8259_write_ocw(&vpc->pic, port, value))
        return port_write_mixed(vpc, port, value);
    vpc_note(vpc, VPC_EXIT_PORT_WRITE, port, value);
    vpc_settle_pic(vpc);
    return vpc_wants_look(vpc);
}

static unsigned read_ide_register(struct vpc *vpc, uint16_t port, uint8_t *to, unsigned reg)
{
    uint8_t value = ide_read(&vpc->ide, reg);

    *to = value;
    vpc_note(vpc, VPC_EXIT_PORT_READ, port, value);
    port_settle_ide(vpc);
    return vpc_wants_look(vpc);
}

static unsigned read_ide(struct vpc *vpc, uint16_t port, uint8_t *to)
{
    return port == PORT_IDE ? port_read_and_settle(vpc, port, to) : read_ide_register(vpc, port, to, port - PORT_IDE);
}

static unsigned read_control_port(struct vpc *vpc, uint16_t port, uint8_t *to)
{
    return port == PORT_IDE_CONTROL ? read_ide_register(vpc, port, to, IDE_CONTROL) : port_read_mixed(vpc, port, to);
}

static unsigned read_crtc(struct vpc *vpc, uint16_t port, uint8_t *to)
{
    uint8_t value = crtc_read(&vpc->text.crtc, port);

    *to = value;
    vpc_note(vpc, VPC_EXIT_PORT_READ, port, value);
    return vpc_wants_look(vpc);
}

static unsigned read_serial(struct vpc *vpc, uint16_t port, uint8_t *to)
{
    unsigned reg = port - PORT_SERIAL;
    uint8_t value = reg == UART_LSR ? uart_line_status(&vpc->uart) : uart_read(&vpc->uart, reg);

    *to = value;
    vpc_note(vpc, VPC_EXIT_PORT_READ, port, value);
    settle_serial(vpc);
    return vpc_wants_look(vpc);
}

static unsigned write_ide_register(struct vpc *vpc, uint16_t port, uint8_t value, unsigned reg)
{
    vpc_note(vpc, VPC_EXIT_PORT_WRITE, port, value);
    ide_write(&vpc->ide, reg, value);
    if (reg == IDE_COMMAND)         /* takes back what the last one told */
        vpc_dip_line(vpc, VPC_LINE_IDE);
    if (reg >= IDE_COMMAND)         /* the others are only kept */
        port_settle_ide(vpc);
    return vpc_wants_look(vpc);
}

static unsigned write_ide(struct vpc *vpc, uint16_t port, uint8_t value)
{
    return port == PORT_IDE ? port_write_and_settle(vpc, port, value)
                            : write_ide_register(vpc, port, value, port - PORT_IDE);
}

static unsigned write_control_port(struct vpc *vpc, uint16_t port, uint8_t value)
{
    return port == PORT_IDE_CONTROL ? write_ide_register(vpc, port, value, IDE_CONTROL)
                                    : port_write_mixed(vpc, port, value);
}

static APART unsigned write_crtc_register(struct vpc *vpc, uint16_t port, uint8_t value)
{
    if (port == CRTC_PORT + 1 && crtc_is_at_cursor(&vpc->text.crtc))
        crtc_write_cursor(&vpc->text.crtc, value);
    else
        text_view_write(vpc, port, value);
    return vpc_wants_look(vpc);
}

static unsigned write_crtc(struct vpc *vpc, uint16_t port, uint8_t value)
{
    vpc_note(vpc, VPC_EXIT_PORT_WRITE, port, value);
    if (port != CRTC_PORT)
        return write_crtc_register(vpc, port, value);
    crtc_write(&vpc->text.crtc, port, value);
    return vpc_wants_look(vpc);
}

static APART unsigned write_serial_register(struct vpc *vpc, uint16_t port, uint8_t value)
{
    port_write_serial(vpc, port - PORT_SERIAL, value);
    settle_serial(vpc);
    return vpc_wants_look(vpc);
}

static unsigned write_serial_port(struct vpc *vpc, uint16_t port, uint8_t value)
{
    vpc_note(vpc, VPC_EXIT_PORT_WRITE, port, value);
    if (port != PORT_SERIAL || !uart_reaches_line(&vpc->uart))
        return write_serial_register(vpc, port, value);
    uart_note_sent(&vpc->uart);
    port_send_byte(vpc, value);
    settle_serial(vpc);
    return vpc_wants_look(vpc);
}

enum { MIXED, PIC, IDE, IDE_ALTERNATE, CRTC, SERIAL };        /* the first is port_is_mixed */
#define GROUP(port) ((port) / PORTS_IN_GROUP)

const uint8_t port_groups[PORTS_GROUPED / PORTS_IN_GROUP] = {
    [GROUP(PORT_PIC1)] = PIC, [GROUP(PORT_PIC2)] = PIC, [GROUP(PORT_IDE)] = IDE,
    [GROUP(PORT_IDE_CONTROL)] = IDE_ALTERNATE, [GROUP(CRTC_PORT)] = CRTC, [GROUP(PORT_SERIAL)] = SERIAL,
};

const struct port_device port_devices[] = {
    [MIXED] = { port_read_mixed, port_write_mixed },
    [PIC] = { read_pic, write_pic },
    [IDE] = { read_ide, write_ide },
    [IDE_ALTERNATE] = { read_control_port, write_control_port },
    [CRTC] = { read_crtc, write_crtc },
    [SERIAL] = { read_serial, write_serial_port },
};

uint32_t ports_read(struct vpc *vpc, uint16_t port, unsigned bytes)
{
    uint8_t value;

    if (bytes > 1)
        return port_read_wide(vpc, port, bytes);
    (void)port_device(port)->read(vpc, port, &value);
    return value;
}

/* Kernels choose a register of the CRT controller and write it at once. */
static void write_crtc_pair(struct vpc *vpc, uint32_t value)
{
    vpc_note(vpc, VPC_EXIT_PORT_WRITE, CRTC_PORT, value);
    crtc_write(&vpc->text.crtc, CRTC_PORT, (uint8_t)value);
    (void)write_crtc_register(vpc, CRTC_PORT + 1, (uint8_t)(value >> 8));
}

void ports_write(struct vpc *vpc, uint16_t port, unsigned bytes, uint32_t value)
{
    if (bytes == 2 && port == CRTC_PORT)
        write_crtc_pair(vpc, value);
    else if (bytes > 1)
        port_write_wide(vpc, port, bytes, value);
    else
        (void)port_device(port)->write(vpc, port, (uint8_t)value);
}

/* For a report: the last of them. */
static void note_string(struct vpc *vpc, enum vpc_exit kind, unsigned bytes, const void *elements, uint32_t count)
{
    uint32_t value = 0;

    memcpy(&value, (const uint8_t *)elements + (count - 1) * bytes, bytes);
    vpc_note(vpc, kind, PORT_IDE, value);
    port_settle_ide(vpc);
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
        port_check_disk(vpc);
        note_string(vpc, VPC_EXIT_PORT_WRITE, bytes, from, done);
    }
    return done;
}
