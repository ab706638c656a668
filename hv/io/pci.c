/*
 * pci.c - walk the PCI configuration space once, and switch off what writes to memory by itself.
 *
 * Numbers are of the PCI Local Bus Specification 3.0, chapter 6, if nothing else is said.
 */
#include "io/pci.h"

#include <stddef.h>

#include "base/format.h"
#include "base/log.h"

#define BUSES 256
#define DEVICES 32
#define FUNCTIONS 8

/* Double words of a function's configuration space. */
#define REG_ID 0x00
#define ID_NOBODY 0xFFFFu           /* in place of the vendor: nobody answered */
#define STATUS_CAPABILITIES (1u << 20)
#define REG_CLASS 0x08
#define CLASS_SHIFT 16              /* base class and sub-class, 16 bits */
#define CLASS_DISPLAY 0x03          /* base classes */
#define CLASS_BRIDGE 0x06
#define CLASS_HOST_BRIDGE 0x0600
#define INTERFACE_SHIFT 8           /* the programming interface below the class */
#define REG_HEADER 0x0C
#define HEADER_MULTI_FUNCTION (1u << 23)
#define HEADER_TYPE_SHIFT 16
#define HEADER_TYPE_MASK 0x7Fu
#define HEADER_DEVICE 0
#define HEADER_BRIDGE 1             /* PCI-to-PCI Bridge Architecture Specification 1.2, 3.2 */
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

static struct pci_function functions[PCI_FUNCTIONS_MAX];
static unsigned function_count;

struct walk {
    uint32_t way;                   /* a place with only that */
    uint8_t first_bus, last_bus;
    bool seen[BUSES];
    uint8_t buses[BUSES];           /* those seen, in the order of finding them */
    unsigned found;
    unsigned functions, masters, signalling;
};

static bool is_there(uint32_t function)
{
    return (pci_config_read(function | REG_ID) & 0xFFFF) != ID_NOBODY;
}

/* Numbers may be wrong and bridges may name each other: a bus is walked once, and only where the way leads. */
static void add_bus(struct walk *walk, unsigned bus)
{
    if (walk->seen[bus] || bus < walk->first_bus || bus > walk->last_bus)
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
    return class >> 8 == CLASS_BRIDGE || class >> 8 == CLASS_DISPLAY || class == PCI_CLASS_USB;
}

/* The interrupt line stays as it is (Command bit 10): all inputs that PCI has at interrupt controllers are masked. */
static bool stop_mastering(uint32_t function, unsigned class)
{
    uint32_t command = pci_config_read(function | PCI_REG_COMMAND) & PCI_COMMAND_MASK;
    if (may_master(class) || !(command & PCI_COMMAND_BUS_MASTER))
        return false;
    pci_config_write(function | PCI_REG_COMMAND, command & ~PCI_COMMAND_BUS_MASTER);
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
    pci_config_write(capability, value & ~enable);
    return true;
}

static bool stop_all_signalling(uint32_t function)
{
    if (!(pci_config_read(function | PCI_REG_COMMAND) & STATUS_CAPABILITIES))
        return false;
    bool any = false;
    uint32_t at = pci_config_read(function | REG_CAPABILITIES) & CAPABILITY_POINTER;
    for (unsigned i = 0; i < CAPABILITIES_MAX && at >= CAPABILITY_FIRST; i++) {
        uint32_t value = pci_config_read(function | at);
        any |= stop_signalling(function | at, value);
        at = value >> 8 & CAPABILITY_POINTER;
    }
    return any;
}

static void remember(uint32_t function, uint32_t class, unsigned type, unsigned secondary)
{
    uint32_t id = pci_config_read(function | REG_ID);

    if (function_count == PCI_FUNCTIONS_MAX)
        return;
    functions[function_count++] = (struct pci_function){
        .place = function, .vendor = (uint16_t)id, .device = (uint16_t)(id >> 16),
        .class = (uint16_t)(class >> CLASS_SHIFT), .interface = (uint8_t)(class >> INTERFACE_SHIFT),
        .header = (uint8_t)type, .secondary = (uint8_t)secondary,
    };
}

static void visit_function(struct walk *walk, uint32_t function)
{
    unsigned type = pci_config_read(function | REG_HEADER) >> HEADER_TYPE_SHIFT & HEADER_TYPE_MASK;
    uint32_t class = pci_config_read(function | REG_CLASS);
    unsigned secondary = 0;

    walk->functions++;
    walk->masters += stop_mastering(function, class >> CLASS_SHIFT);
    if (type == HEADER_DEVICE || type == HEADER_BRIDGE)     /* others, as CardBus, keep other things there */
        walk->signalling += stop_all_signalling(function);
    if (type == HEADER_BRIDGE) {
        secondary = pci_config_read(function | REG_BUSES) >> SECONDARY_SHIFT & 0xFF;
        add_bus(walk, secondary);
    }
    remember(function, class, type, secondary);
}

static void visit_device(struct walk *walk, uint32_t device)
{
    if (!is_there(device))
        return;
    unsigned count = pci_config_read(device | REG_HEADER) & HEADER_MULTI_FUNCTION ? FUNCTIONS : 1;
    for (unsigned i = 0; i < count; i++)
        if (is_there(device | i << PCI_FUNCTION_SHIFT))
            visit_function(walk, device | i << PCI_FUNCTION_SHIFT);
}

/* A chipset with several host bridges shows them as functions of 0:0, each of the bus of its own number. */
static void add_host_bridges(struct walk *walk)
{
    uint32_t first = walk->way;

    add_bus(walk, 0);
    if (!is_there(first) || !(pci_config_read(first | REG_HEADER) & HEADER_MULTI_FUNCTION))
        return;
    for (unsigned i = 1; i < FUNCTIONS; i++) {
        uint32_t function = first | i << PCI_FUNCTION_SHIFT;
        if (is_there(function) && pci_config_read(function | REG_CLASS) >> CLASS_SHIFT == CLASS_HOST_BRIDGE)
            add_bus(walk, i);
    }
}

static void walk_found(struct walk *walk, unsigned *next)
{
    for (; *next < walk->found; (*next)++)
        for (unsigned device = 0; device < DEVICES; device++)
            visit_device(walk, walk->way | (uint32_t)walk->buses[*next] << PCI_BUS_SHIFT | device << PCI_DEVICE_SHIFT);
}

static void log_walk(const struct walk *walk)
{
    const struct pci_window *window = pci_config_window(walk->way >> PCI_WAY_SHIFT);
    char segment[20] = "";

    if (window)
        format_string(segment, sizeof(segment), " segment %u", window->segment);
    if (walk->functions)
        log_figure("PCI%s: %u functions; stopped bus mastering of %u, MSI of %u", segment, walk->functions,
                 walk->masters, walk->signalling);
}

/* What a host bridge that is not known leads to is on buses that nothing else leads to: those are looked at last. */
static void walk_way(unsigned way, uint8_t first_bus, uint8_t last_bus, bool is_one_host_bridge)
{
    struct walk walk = { .way = way << PCI_WAY_SHIFT, .first_bus = first_bus, .last_bus = last_bus };
    unsigned next = 0;

    add_host_bridges(&walk);
    walk_found(&walk, &next);
    for (unsigned bus = first_bus; !is_one_host_bridge && bus <= last_bus; bus++) {
        add_bus(&walk, bus);
        walk_found(&walk, &next);
    }
    log_walk(&walk);
}

static void walk_window(unsigned way)
{
    const struct pci_window *window = pci_config_window(way);

    if (window->registers)
        walk_way(way, window->first_bus, window->last_bus, false);
}

void pci_silence(const struct pci_machine *machine)
{
    bool have_ports = pci_config_begin();

    function_count = 0;
    if (have_ports)
        walk_way(0, 0, BUSES - 1, machine->is_one_host_bridge);
    for (unsigned i = 0; i < machine->window_count; i++) {
        const struct pci_window *window = &machine->windows[i];
        unsigned way = have_ports && window->segment == 0 ? 0 : pci_config_add(window);
        if (way != 0)
            walk_window(way);
    }
}

void pci_map_windows(void *(*map)(uint64_t physical, uint64_t bytes))
{
    struct pci_window *window;

    for (unsigned way = 1; (window = pci_config_window(way)) != NULL; way++) {
        bool is_silent = window->registers != NULL;
        window->registers = map(window->physical, (window->last_bus - window->first_bus + 1) * PCI_BUS_BYTES);
        if (!window->registers)
            log_warn("PCI segment %u: no memory to map its registers", window->segment);
        else if (!is_silent)
            walk_window(way);
    }
}

const struct pci_function *pci_function(unsigned index)
{
    return index < function_count ? &functions[index] : NULL;
}

const struct pci_function *pci_find(uint16_t class, unsigned index)
{
    for (unsigned i = 0; i < function_count; i++)
        if (functions[i].class == class && functions[i].header == HEADER_DEVICE && index-- == 0)
            return &functions[i];
    return NULL;
}
