/*
 * pci.c - walk the PCI configuration space once, and switch off what writes to memory by itself.
 *
 * Numbers are of the PCI Local Bus Specification 3.0, chapter 6, if nothing else is said.
 */
#include "io/pci.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "cpu/insn.h"

#define PORT_ADDRESS 0xCF8
#define PORT_DATA 0xCFC
#define ADDRESS_ENABLE 0x80000000u
#define BUS_SHIFT 16
#define DEVICE_SHIFT 11
#define FUNCTION_SHIFT 8
#define BUSES 256
#define DEVICES 32
#define FUNCTIONS 8

/* Double words of a function's configuration space. */
#define REG_ID 0x00
#define ID_NOBODY 0xFFFFu           /* in place of the vendor: nobody answered */
#define REG_COMMAND 0x04            /* Status is the upper half, and its bits are cleared by writing ones */
#define COMMAND_MASK 0xFFFFu
#define COMMAND_MEMORY (1u << 1)
#define COMMAND_BUS_MASTER (1u << 2)
#define STATUS_CAPABILITIES (1u << 20)
#define REG_CLASS 0x08
#define CLASS_SHIFT 16              /* base class and sub-class, 16 bits */
#define CLASS_DISPLAY 0x03          /* base classes */
#define CLASS_BRIDGE 0x06
#define CLASS_HOST_BRIDGE 0x0600
#define CLASS_USB 0x0C03
#define INTERFACE_SHIFT 8           /* the programming interface below the class */
#define REG_HEADER 0x0C
#define HEADER_MULTI_FUNCTION (1u << 23)
#define HEADER_TYPE_SHIFT 16
#define HEADER_TYPE_MASK 0x7Fu
#define HEADER_DEVICE 0
#define HEADER_BRIDGE 1             /* PCI-to-PCI Bridge Architecture Specification 1.2, 3.2 */
#define REG_MEMORY 0x10             /* base address register 0, and 1 above it where that is of 64 bits */
#define MEMORY_IS_PORTS 0x1u
#define MEMORY_64 0x4u              /* bits 2 and 1 are 10 */
#define MEMORY_KIND 0x6u
#define MEMORY_ADDRESS 0xFFFFFFF0u
#define REG_BUSES 0x18              /* of a bridge: primary, secondary, ... */
#define SECONDARY_SHIFT 8
#define REG_CAPABILITIES 0x34
#define CAPABILITY_FIRST 0x40u      /* what is below is the header */
#define CAPABILITY_POINTER 0xFCu
#define CAPABILITIES_MAX 48         /* four bytes each fill the space behind the header */
#define CAPABILITY_MSI 0x05
#define CAPABILITY_MSI_X 0x11
#define MSI_ENABLE (1u << 16)       /* bit 0 of Message Control, the upper half */
#define MSI_X_ENABLE (1u << 31)     /* bit 15 of it */

#define USB_MAX 8

static struct pci_usb usb[USB_MAX];
static unsigned usb_count;

struct walk {
    bool seen[BUSES];
    uint8_t buses[BUSES];           /* those seen, in the order of finding them */
    unsigned found;
    unsigned functions, masters, signalling;
};

static uint32_t config_read(uint32_t at)
{
    insn_outl(PORT_ADDRESS, at);
    return insn_inl(PORT_DATA);
}

static void config_write(uint32_t at, uint32_t value)
{
    insn_outl(PORT_ADDRESS, at);
    insn_outl(PORT_DATA, value);
}

/* What is no PCI host bridge does not give back what is written here. */
static bool have_mechanism(void)
{
    insn_outl(PORT_ADDRESS, ADDRESS_ENABLE);
    return insn_inl(PORT_ADDRESS) == ADDRESS_ENABLE;
}

static bool is_there(uint32_t function)
{
    return (config_read(function | REG_ID) & 0xFFFF) != ID_NOBODY;
}

/* Numbers may be wrong and bridges may name each other: a bus is walked once. */
static void add_bus(struct walk *walk, unsigned bus)
{
    if (walk->seen[bus])
        return;
    walk->seen[bus] = true;
    walk->buses[walk->found++] = (uint8_t)bus;
}

/*
 * Bridges pass on what others write. A display may have to fetch the picture that we draw. A USB host controller may
 * be the keyboard: firmware emulates PS/2 by it in system management mode, which lasts beyond ExitBootServices, and
 * in memory that no boot_range gives us. One that only boot services drove has been stopped by its driver, or so UEFI
 * wants it.
 */
static bool may_master(unsigned class)
{
    return class >> 8 == CLASS_BRIDGE || class >> 8 == CLASS_DISPLAY || class == CLASS_USB;
}

/* The interrupt line stays as it is (Command bit 10): all inputs that PCI has at interrupt controllers are masked. */
static bool stop_mastering(uint32_t function, unsigned class)
{
    uint32_t command = config_read(function | REG_COMMAND) & COMMAND_MASK;
    if (may_master(class) || !(command & COMMAND_BUS_MASTER))
        return false;
    config_write(function | REG_COMMAND, command & ~COMMAND_BUS_MASTER);
    return true;
}

/* Whether it was on. value is what stands there; its lower half, number and link of the capability, is read-only. */
static bool stop_signalling(uint32_t capability, uint32_t value)
{
    uint32_t enable = 0;

    if ((value & 0xFF) == CAPABILITY_MSI)
        enable = MSI_ENABLE;
    else if ((value & 0xFF) == CAPABILITY_MSI_X)
        enable = MSI_X_ENABLE;
    if (!(value & enable))
        return false;
    config_write(capability, value & ~enable);
    return true;
}

static bool stop_all_signalling(uint32_t function)
{
    if (!(config_read(function | REG_COMMAND) & STATUS_CAPABILITIES))
        return false;
    bool any = false;
    uint32_t at = config_read(function | REG_CAPABILITIES) & CAPABILITY_POINTER;
    for (unsigned i = 0; i < CAPABILITIES_MAX && at >= CAPABILITY_FIRST; i++) {
        uint32_t value = config_read(function | at);
        any |= stop_signalling(function | at, value);
        at = value >> 8 & CAPABILITY_POINTER;
    }
    return any;
}

static void visit_function(struct walk *walk, uint32_t function)
{
    unsigned type = config_read(function | REG_HEADER) >> HEADER_TYPE_SHIFT & HEADER_TYPE_MASK;
    uint32_t class = config_read(function | REG_CLASS);

    walk->functions++;
    walk->masters += stop_mastering(function, class >> CLASS_SHIFT);
    if (class >> CLASS_SHIFT == CLASS_USB && type == HEADER_DEVICE && usb_count < USB_MAX)
        usb[usb_count++] = (struct pci_usb){ function, (uint8_t)(class >> INTERFACE_SHIFT) };
    if (type == HEADER_DEVICE || type == HEADER_BRIDGE)     /* others, as CardBus, keep other things there */
        walk->signalling += stop_all_signalling(function);
    if (type == HEADER_BRIDGE)
        add_bus(walk, config_read(function | REG_BUSES) >> SECONDARY_SHIFT & 0xFF);
}

static void visit_device(struct walk *walk, uint32_t device)
{
    if (!is_there(device))
        return;
    unsigned functions = config_read(device | REG_HEADER) & HEADER_MULTI_FUNCTION ? FUNCTIONS : 1;
    for (unsigned i = 0; i < functions; i++)
        if (is_there(device | i << FUNCTION_SHIFT))
            visit_function(walk, device | i << FUNCTION_SHIFT);
}

/* A chipset with several host bridges shows them as functions of 0:0, each of the bus of its own number. */
static void add_host_bridges(struct walk *walk)
{
    add_bus(walk, 0);
    if (!is_there(ADDRESS_ENABLE) || !(config_read(ADDRESS_ENABLE | REG_HEADER) & HEADER_MULTI_FUNCTION))
        return;
    for (unsigned i = 1; i < FUNCTIONS; i++) {
        uint32_t function = ADDRESS_ENABLE | i << FUNCTION_SHIFT;
        if (is_there(function) && config_read(function | REG_CLASS) >> CLASS_SHIFT == CLASS_HOST_BRIDGE)
            add_bus(walk, i);
    }
}

void pci_silence(void)
{
    struct walk walk = { 0 };

    usb_count = 0;
    if (!have_mechanism())
        return;
    add_host_bridges(&walk);
    for (unsigned i = 0; i < walk.found; i++)
        for (unsigned device = 0; device < DEVICES; device++)
            visit_device(&walk, ADDRESS_ENABLE | (uint32_t)walk.buses[i] << BUS_SHIFT | device << DEVICE_SHIFT);
    if (walk.functions)
        log_info("PCI: %u functions; stopped bus mastering of %u, MSI of %u", walk.functions, walk.masters,
                 walk.signalling);
}

bool pci_usb(unsigned index, struct pci_usb *function)
{
    if (index >= usb_count)
        return false;
    *function = usb[index];
    return true;
}

uint64_t pci_memory(uint32_t function)
{
    uint32_t low = config_read(function | REG_MEMORY), kind = low & MEMORY_KIND;
    uint32_t command = config_read(function | REG_COMMAND) & COMMAND_MASK;

    if (low & MEMORY_IS_PORTS || (kind != 0 && kind != MEMORY_64))
        return 0;
    if (!(command & COMMAND_MEMORY))
        config_write(function | REG_COMMAND, command | COMMAND_MEMORY);
    return (low & MEMORY_ADDRESS) | (kind == MEMORY_64 ? (uint64_t)config_read(function | (REG_MEMORY + 4)) << 32 : 0);
}

void pci_set_mastering(uint32_t function, bool on)
{
    uint32_t command = config_read(function | REG_COMMAND) & COMMAND_MASK & ~COMMAND_BUS_MASTER;
    config_write(function | REG_COMMAND, command | (on ? COMMAND_BUS_MASTER : 0));
}
