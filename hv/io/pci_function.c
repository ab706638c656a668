/*
 * pci_function.c - where a PCI function's registers are, and whether it may write to memory.
 *
 * Numbers are of the PCI Local Bus Specification 3.0, chapter 6.
 */
#include "io/pci_function.h"

#include "base/format.h"
#include "io/pci_config.h"

#define COMMAND_PORTS (1u << 0)
#define COMMAND_MEMORY (1u << 1)
#define REG_BARS 0x10               /* base address registers: memory of 64 bits takes two */
#define BAR_IS_PORTS 0x1u
#define PORTS_ADDRESS 0xFFFCu
#define PORTS_MAX 0xFFFFu
#define MEMORY_64 0x4u              /* bits 2 and 1 are 10 */
#define MEMORY_KIND 0x6u
#define MEMORY_ADDRESS 0xFFFFFFF0u

static void switch_on(uint32_t function, uint32_t bit)
{
    uint32_t command = pci_config_read(function | PCI_REG_COMMAND) & PCI_COMMAND_MASK;

    if (!(command & bit))
        pci_config_write(function | PCI_REG_COMMAND, command | bit);
}

uint64_t pci_memory(uint32_t function)
{
    uint32_t low = pci_config_read(function | REG_BARS), kind = low & MEMORY_KIND;

    if (low & BAR_IS_PORTS || (kind != 0 && kind != MEMORY_64))
        return 0;
    switch_on(function, COMMAND_MEMORY);
    return (low & MEMORY_ADDRESS) |
           (kind == MEMORY_64 ? (uint64_t)pci_config_read(function | (REG_BARS + 4)) << 32 : 0);
}

uint16_t pci_port(uint32_t function, unsigned number)
{
    uint32_t bar = number < PCI_BARS ? pci_config_read(function | (REG_BARS + 4 * number)) : 0;

    if (!(bar & BAR_IS_PORTS) || bar > PORTS_MAX || (bar & PORTS_ADDRESS) == 0)
        return 0;
    switch_on(function, COMMAND_PORTS);
    return (uint16_t)(bar & PORTS_ADDRESS);
}

void pci_set_mastering(uint32_t function, bool on)
{
    uint32_t command = pci_config_read(function | PCI_REG_COMMAND) & PCI_COMMAND_MASK & ~PCI_COMMAND_BUS_MASTER;
    pci_config_write(function | PCI_REG_COMMAND, command | (on ? PCI_COMMAND_BUS_MASTER : 0));
}

void pci_name(uint32_t place, char name[PCI_NAME_BYTES])
{
    const struct pci_window *window = pci_config_window(place >> PCI_WAY_SHIFT);
    char segment[8] = "";

    if (window && window->segment != 0)
        format_string(segment, sizeof(segment), "%x:", window->segment);
    format_string(name, PCI_NAME_BYTES, "%s%02x:%02x.%x", segment, place >> PCI_BUS_SHIFT & 0xFF,
                  place >> PCI_DEVICE_SHIFT & 31, place >> PCI_FUNCTION_SHIFT & 7);
}
