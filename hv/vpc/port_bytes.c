/*
 * port_bytes.c - see port_bytes.h (PURE).
 */
#include "vpc/port_bytes.h"

static void send_byte(struct vpc *vpc, uint8_t value)
{
    if (vpc->output_count < VPC_OUTPUT_BYTES)
        vpc->output[vpc->output_count++] = value;
    if (vpc->output_count >= VPC_OUTPUT_STOP)
        interp_stop(&vpc->interp);
}

void port_write_serial(struct vpc *vpc, unsigned reg, uint8_t value)
{
    if (uart_write(&vpc->uart, reg, value))
        send_byte(vpc, value);
}

/* A line that fell for a moment is brought up to date apart: its edge is seen before the others are looked at. */
void port_dip_serial(struct vpc *vpc)
{
    if (!vpc->uart.dips)
        return;
    vpc->uart.dips = false;
    vpc_dip_line(vpc, VPC_LINE_SERIAL);
}

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

static unsigned read_pic(struct vpc *vpc, uint16_t port, uint8_t *to)
{
    if (!(port & 1) || port & 6 || port_is_polled(vpc))
        return port_read_mixed(vpc, port, to);
    uint8_t value = i8259_mask(&vpc->pic, port);
    *to = value;
    vpc_note(vpc, VPC_EXIT_PORT_READ, port, value);
    return vpc_is_stirred(vpc);
}

static unsigned read_ide_register(struct vpc *vpc, uint16_t port, uint8_t *to, unsigned reg)
{
    uint8_t value = ide_read(&vpc->ide, reg);

    *to = value;
    vpc_note(vpc, VPC_EXIT_PORT_READ, port, value);
    port_settle_ide(vpc);
    return vpc_is_stirred(vpc);
}

static unsigned read_ide(struct vpc *vpc, uint16_t port, uint8_t *to)
{
    return port == PORT_IDE ? port_read_widely(vpc, port, to) : read_ide_register(vpc, port, to, port - PORT_IDE);
}

static unsigned read_ide_control(struct vpc *vpc, uint16_t port, uint8_t *to)
{
    return port == PORT_IDE_CONTROL ? read_ide_register(vpc, port, to, IDE_CONTROL) : port_read_mixed(vpc, port, to);
}

static unsigned read_crtc(struct vpc *vpc, uint16_t port, uint8_t *to)
{
    uint8_t value = crtc_read(&vpc->text.crtc, port);

    *to = value;
    vpc_note(vpc, VPC_EXIT_PORT_READ, port, value);
    return vpc_is_stirred(vpc);
}

static unsigned read_serial(struct vpc *vpc, uint16_t port, uint8_t *to)
{
    unsigned reg = port - PORT_SERIAL;
    uint8_t value = reg == UART_LSR ? uart_line_status(&vpc->uart) : uart_read(&vpc->uart, reg);

    *to = value;
    vpc_note(vpc, VPC_EXIT_PORT_READ, port, value);
    settle_serial(vpc);
    return vpc_is_stirred(vpc);
}

static unsigned write_ide_register(struct vpc *vpc, uint16_t port, uint8_t value, unsigned reg)
{
    vpc_note(vpc, VPC_EXIT_PORT_WRITE, port, value);
    ide_write(&vpc->ide, reg, value);
    if (reg == IDE_COMMAND)         /* takes back what the last one told */
        vpc_dip_line(vpc, VPC_LINE_IDE);
    if (reg >= IDE_COMMAND)         /* the others are only kept */
        port_settle_ide(vpc);
    return vpc_is_stirred(vpc);
}

static unsigned write_ide(struct vpc *vpc, uint16_t port, uint8_t value)
{
    return port == PORT_IDE ? port_write_widely(vpc, port, value)
                            : write_ide_register(vpc, port, value, port - PORT_IDE);
}

static unsigned write_ide_control(struct vpc *vpc, uint16_t port, uint8_t value)
{
    return port == PORT_IDE_CONTROL ? write_ide_register(vpc, port, value, IDE_CONTROL)
                                    : port_write_mixed(vpc, port, value);
}

static APART unsigned write_crtc_register(struct vpc *vpc, uint16_t port, uint8_t value)
{
    crtc_write(&vpc->text.crtc, port, value);
    return vpc_is_stirred(vpc);
}

static unsigned write_crtc(struct vpc *vpc, uint16_t port, uint8_t value)
{
    vpc_note(vpc, VPC_EXIT_PORT_WRITE, port, value);
    if (port != CRTC_PORT)
        return write_crtc_register(vpc, port, value);
    crtc_write(&vpc->text.crtc, port, value);
    return vpc_is_stirred(vpc);
}

static APART unsigned write_serial_register(struct vpc *vpc, uint16_t port, uint8_t value)
{
    port_write_serial(vpc, port - PORT_SERIAL, value);
    settle_serial(vpc);
    return vpc_is_stirred(vpc);
}

static unsigned write_serial_port(struct vpc *vpc, uint16_t port, uint8_t value)
{
    vpc_note(vpc, VPC_EXIT_PORT_WRITE, port, value);
    if (port != PORT_SERIAL || !uart_is_sending(&vpc->uart))
        return write_serial_register(vpc, port, value);
    uart_send(&vpc->uart);
    send_byte(vpc, value);
    settle_serial(vpc);
    return vpc_is_stirred(vpc);
}

enum { MIXED, PIC, IDE, IDE_CONTROL_PORT, CRTC, SERIAL };

const uint8_t port_groups[PORTS_GROUPED / PORTS_IN_GROUP] = {
    [PORT_PIC1 / 8] = PIC, [PORT_PIC2 / 8] = PIC, [PORT_IDE / 8] = IDE, [PORT_IDE_CONTROL / 8] = IDE_CONTROL_PORT,
    [CRTC_PORT / 8] = CRTC, [PORT_SERIAL / 8] = SERIAL,
};

const struct port_device port_devices[] = {
    [MIXED] = { port_read_mixed, port_write_mixed },
    [PIC] = { read_pic, port_write_mixed },
    [IDE] = { read_ide, write_ide },
    [IDE_CONTROL_PORT] = { read_ide_control, write_ide_control },
    [CRTC] = { read_crtc, write_crtc },
    [SERIAL] = { read_serial, write_serial_port },
};
