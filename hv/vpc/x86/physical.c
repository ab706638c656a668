/*
 * physical.c - bytes of physical memory: RAM at once, devices in pieces of at most four (PURE).
 */
#include "base/string.h"
#include "vpc/x86/access.h"

void physical_read(struct interp *interp, gpa_t address, uint8_t *to, unsigned bytes)
{
    const struct bus *bus = interp->bus;
    const uint8_t *page = bus->page(bus->context, address, false);

    if (page != NULL) {
        memcpy(to, page + (address.v & PAGE_MASK), bytes);
        return;
    }
    for (unsigned i = 0, step; i < bytes; i += step) {
        step = bytes - i >= 4 ? 4 : bytes - i >= 2 ? 2 : 1;
        store(to + i, step, bus->read(bus->context, GPA(address.v + i), step));
    }
}

void physical_write(struct interp *interp, gpa_t address, const uint8_t *from, unsigned bytes)
{
    const struct bus *bus = interp->bus;
    uint8_t *page = bus->page(bus->context, address, true);

    if (page != NULL) {
        memcpy(page + (address.v & PAGE_MASK), from, bytes);
        return;
    }
    for (unsigned i = 0, step; i < bytes; i += step) {
        step = bytes - i >= 4 ? 4 : bytes - i >= 2 ? 2 : 1;
        bus->write(bus->context, GPA(address.v + i), step, load(from + i, step));
    }
}
