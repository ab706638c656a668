/*
 * pci_config.c - two ways to a function's configuration space.
 */
#include "io/pci_config.h"

#include <stddef.h>

#include "cpu/insn.h"

#define PORT_ADDRESS 0xCF8
#define PORT_DATA 0xCFC
#define ADDRESS_ENABLE 0x80000000u
#define ADDRESS_MASK 0x00FFFFFCu
#define NOBODY 0xFFFFFFFFu
#define WINDOW_FUNCTION_SHIFT 12        /* a window has 4 KiB a function, of which these are the first 256 bytes */
#define OFFSET_MASK 0xFCu

static struct pci_window windows[PCI_WINDOWS_MAX];
static unsigned window_count;

/* What is no PCI host bridge does not give back what is written here. */
bool pci_config_begin(void)
{
    window_count = 0;
    insn_outl(PORT_ADDRESS, ADDRESS_ENABLE);
    return insn_inl(PORT_ADDRESS) == ADDRESS_ENABLE;
}

unsigned pci_config_add(const struct pci_window *window)
{
    if (window_count == PCI_WINDOWS_MAX)
        return 0;
    windows[window_count++] = *window;
    return window_count;
}

struct pci_window *pci_config_window(unsigned way)
{
    return way != 0 && way <= window_count ? &windows[way - 1] : NULL;
}

/* NULL: nobody is there. */
static volatile uint8_t *find_register(uint32_t place)
{
    const struct pci_window *window = pci_config_window(place >> PCI_WAY_SHIFT);
    uint8_t bus = (uint8_t)(place >> PCI_BUS_SHIFT);

    if (!window || !window->registers || bus < window->first_bus || bus > window->last_bus)
        return NULL;
    uint64_t offset = (uint64_t)(place >> PCI_FUNCTION_SHIFT & 0xFF) << WINDOW_FUNCTION_SHIFT | (place & OFFSET_MASK);
    return (volatile uint8_t *)window->registers + (bus - window->first_bus) * PCI_BUS_BYTES + offset;
}

uint32_t pci_config_read(uint32_t place)
{
    if (place >> PCI_WAY_SHIFT == 0) {
        insn_outl(PORT_ADDRESS, ADDRESS_ENABLE | (place & ADDRESS_MASK));
        return insn_inl(PORT_DATA);
    }
    volatile uint8_t *at = find_register(place);
    return at ? insn_read_by_eax(at) : NOBODY;
}

void pci_config_write(uint32_t place, uint32_t value)
{
    if (place >> PCI_WAY_SHIFT == 0) {
        insn_outl(PORT_ADDRESS, ADDRESS_ENABLE | (place & ADDRESS_MASK));
        insn_outl(PORT_DATA, value);
        return;
    }
    volatile uint8_t *at = find_register(place);
    if (at)
        insn_write_by_eax(at, value);
}
