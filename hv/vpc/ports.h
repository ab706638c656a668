/*
 * ports.h - the I/O ports of a PC: which device answers, and how a wide access is cut (PURE).
 */
#ifndef VPC_PORTS_H
#define VPC_PORTS_H

#include <stdbool.h>
#include <stdint.h>

struct vpc;

/* Of the board's own tests; nobody is there, and kernels write to it for the time that a write takes. */
#define PORT_PAUSE 0x80u

/* bytes is 1, 2 or 4. A port that nobody has reads all ones. */
uint32_t ports_read(struct vpc *vpc, uint16_t port, unsigned bytes);
void ports_write(struct vpc *vpc, uint16_t port, unsigned bytes, uint32_t value);

/*
 * Who answers an access of a byte. Devices that are asked often have a row of eight ports, and most of these they
 * answer at once: nothing comes of it but that the device's own line is another, or what the interrupt controllers ask,
 * or which part of the text page is shown. All other ports are of the first, which finds them one by one. Both
 * operations count the access, and say what vpc_wants_look says then.
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

static inline bool port_is_mixed(const struct port_device *device)
{
    return device == port_devices;
}

/* As many elements as a device has, or takes, at once: x86/bus.h. They are one exit. */
uint32_t ports_read_string(struct vpc *vpc, uint16_t port, unsigned bytes, void *to, uint32_t count);
uint32_t ports_write_string(struct vpc *vpc, uint16_t port, unsigned bytes, const void *from, uint32_t count);

#endif
