/*
 * power.c - off and reset: each way is tried in turn, since each board knows another.
 *
 * The firmware's own way first: it knows the board. What follows is from the documented to the desperate; each is given
 * time to work before the next is tried. The last cannot fail: a processor without an IDT cannot but shut down.
 */
#include "io/power.h"

#include "cpu/insn.h"
#include "cpu/x86.h"

#define SLEEP_ENABLE (1u << 13)         /* ACPI "PM1 Control Registers": SLP_EN, SLP_TYP in bits 10-12 */
#define SLEEP_TYPE_SHIFT 10
#define SLEEP_TYPE_MASK 0x1C00u
#define PORT_RESET_CONTROL 0xCF9        /* PCI reset: system reset, then reset CPU */
#define PORT_8042_COMMAND 0x64
#define COMMAND_PULSE_RESET 0xFE
#define STATUS_INPUT_FULL 0x02
#define PORT_DEBUG_EXIT 0xF4
#define SETTLE_WRITES 200000            /* port 0x80 writes of about 1 us */

static struct power_platform platform;

void power_init(const struct power_platform *found)
{
    platform = *found;
}

static void settle(void)
{
    for (unsigned i = 0; i < SETTLE_WRITES; i++)
        insn_outb(0x80, 0);
}

static _Noreturn void halt(void)
{
    for (;;) {
        insn_cli();
        insn_hlt();
    }
}

static void sleep_s5(uint32_t port, uint8_t type)
{
    if (port == 0)
        return;
    /* The other bits of the register are the chip set's: they are written back as they were. */
    uint16_t kept = (uint16_t)(insn_inw((uint16_t)port) & ~(SLEEP_TYPE_MASK | SLEEP_ENABLE));
    insn_outw((uint16_t)port, (uint16_t)(kept | (uint16_t)((type & 7u) << SLEEP_TYPE_SHIFT) | SLEEP_ENABLE));
}

void power_off(void)
{
    if (platform.efi_reset)
        platform.efi_reset(true);
    if (platform.have_s5) {
        sleep_s5(platform.pm1a_control, platform.sleep_type_a);
        sleep_s5(platform.pm1b_control, platform.sleep_type_b);
        settle();
    }
    halt();     /* nothing on this machine switches it off: the operator's finger does */
}

/* No handler, no way to a handler: the processor shuts down, and the board resets. */
static void triple_fault(void)
{
    const struct insn_table_register none = { 0, 0 };
    insn_lidt(&none);
    __builtin_trap();
}

static void pulse_8042(void)
{
    for (unsigned i = 0; i < SETTLE_WRITES && (insn_inb(PORT_8042_COMMAND) & STATUS_INPUT_FULL); i++)
        continue;
    insn_outb(PORT_8042_COMMAND, COMMAND_PULSE_RESET);
    settle();
}

void power_reset(void)
{
    if (platform.efi_reset)
        platform.efi_reset(false);
    if (platform.have_reset_register) {
        insn_outb(platform.reset_port, platform.reset_value);
        settle();
    }
    insn_outb(PORT_RESET_CONTROL, 0x02);
    insn_outb(PORT_RESET_CONTROL, 0x06);
    settle();
    if (platform.have_8042)
        pulse_8042();
    triple_fault();
    halt();
}

static bool under_hypervisor(void)
{
    uint32_t out[4];
    insn_cpuid(1, 0, out);
    return out[2] & CPUID_1_ECX_HYPERVISOR;
}

void power_debug_exit(uint32_t code)
{
    /* On a real machine nobody knows what port 0xF4 is: there it is not touched. */
    if (under_hypervisor() && insn_inl(PORT_DEBUG_EXIT) == 0)
        insn_outl(PORT_DEBUG_EXIT, code);
}

bool debugcon_present(enum debugcon port)
{
    return under_hypervisor() && insn_inb((uint16_t)port) == port;
}

void debugcon_write(enum debugcon port, const char *bytes, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        insn_outb((uint16_t)port, (uint8_t)bytes[i]);
}
