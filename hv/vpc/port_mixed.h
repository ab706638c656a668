/*
 * port_mixed.h - for ports.c: all ports, found one by one, and what both files say of the devices that are asked often
 * (PURE).
 */
#ifndef VPC_PORT_MIXED_H
#define VPC_PORT_MIXED_H

#include <stdbool.h>
#include <stdint.h>

#include "vpc/vpc.h"

#define PORT_PIC1 0x20u
#define PORT_PIC2 0xA0u
#define PORT_IDE 0x1F0u             /* to 1F7 */
#define PORT_IDE_CONTROL 0x3F6u
#define IDE_COMMAND 7u
#define IDE_CONTROL 8u
#define PORT_SERIAL 0x3F8u

#define APART __attribute__((noinline))     /* who does not come here keeps nothing for it */

/* Operations of struct port_device: of all who share the first, and of who does more than move its line. */
unsigned port_read_mixed(struct vpc *vpc, uint16_t port, uint8_t *value);
unsigned port_write_mixed(struct vpc *vpc, uint16_t port, uint8_t value);
unsigned port_read_and_settle(struct vpc *vpc, uint16_t port, uint8_t *value);
unsigned port_write_and_settle(struct vpc *vpc, uint16_t port, uint8_t value);

/* Of one byte or more. */
uint32_t port_read_wide(struct vpc *vpc, uint16_t port, unsigned bytes);
void port_write_wide(struct vpc *vpc, uint16_t port, unsigned bytes, uint32_t value);

static inline bool port_is_polled(const struct vpc *vpc)
{
    return vpc->pic.first.polls || vpc->pic.second.polls;
}

/* A register of the serial line, as part of a wide access: its line is to be settled afterwards, after a dip of it. */
void port_write_serial(struct vpc *vpc, unsigned reg, uint8_t value);
void port_dip_serial(struct vpc *vpc);

/* A byte goes out. */
static inline void port_send_byte(struct vpc *vpc, uint8_t value)
{
    if (vpc->output_count < VPC_OUTPUT_BYTES)
        vpc->output[vpc->output_count++] = value;
    if (vpc->output_count >= VPC_OUTPUT_STOP)
        interp_stop(&vpc->interp);
}

/* After a write to a disk: the PC ends if memory is out. */
void port_check_disk(struct vpc *vpc);

static inline void port_settle_ide(struct vpc *vpc)
{
    vpc_settle_line(vpc, VPC_LINE_IDE, ide_line(&vpc->ide));
}

#endif
