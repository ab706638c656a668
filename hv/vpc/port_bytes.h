/*
 * port_bytes.h - ports that are asked for a byte, which is most of what is asked for (PURE): see ports.h.
 */
#ifndef VPC_PORT_BYTES_H
#define VPC_PORT_BYTES_H

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

/*
 * A device with eight ports in a row that is asked for often is found at once, and nothing comes of an access but that
 * its own line is another, if it is. All others share the first, which finds them one by one. Both operations say
 * vpc_is_stirred, and count the access.
 */
#define PORTS_GROUPED 0x400u
#define PORTS_IN_GROUP 8u

struct port_device {
    unsigned (*read)(struct vpc *vpc, uint16_t port, uint8_t *value);
    unsigned (*write)(struct vpc *vpc, uint16_t port, uint8_t value);
};

extern const uint8_t port_groups[PORTS_GROUPED / PORTS_IN_GROUP];
extern const struct port_device port_devices[];

static inline const struct port_device *port_device(uint16_t port)
{
    return &port_devices[port < PORTS_GROUPED ? port_groups[port / PORTS_IN_GROUP] : 0];
}

/* The operations of the first; and of who does more than move its line. */
unsigned port_read_mixed(struct vpc *vpc, uint16_t port, uint8_t *value);
unsigned port_write_mixed(struct vpc *vpc, uint16_t port, uint8_t value);
unsigned port_read_widely(struct vpc *vpc, uint16_t port, uint8_t *value);
unsigned port_write_widely(struct vpc *vpc, uint16_t port, uint8_t value);

static inline bool port_is_polled(const struct vpc *vpc)
{
    return vpc->pic.first.polls || vpc->pic.second.polls;
}

/* A register of the serial line, as part of a wide access: its line is to be settled afterwards, after a dip of it. */
void port_write_serial(struct vpc *vpc, unsigned reg, uint8_t value);
void port_dip_serial(struct vpc *vpc);

static inline void port_settle_ide(struct vpc *vpc)
{
    vpc_settle_line(vpc, VPC_LINE_IDE, ide_line(&vpc->ide));
}

#endif
