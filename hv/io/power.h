/*
 * power.h - off and reset, by every way a PC may know, in the order of docs/boot.md "Off and reset".
 */
#ifndef IO_POWER_H
#define IO_POWER_H

#include <stdbool.h>
#include <stdint.h>

/* What main found out for us; any field may be 0. */
struct power_platform {
    void (*efi_reset)(bool power_off);      /* calls ResetSystem on tables of its own; returns if it fails */
    uint32_t pm1a_control, pm1b_control;    /* I/O ports; 0: none */
    uint8_t sleep_type_a, sleep_type_b;     /* SLP_TYP values of _S5_ */
    bool have_s5;
    bool have_reset_register;               /* FADT RESET_REG in I/O space */
    uint16_t reset_port;
    uint8_t reset_value;
    bool have_8042;                         /* its reset line may be tried */
};
void power_init(const struct power_platform *platform);

_Noreturn void power_off(void);
_Noreturn void power_reset(void);

/*
 * In QEMU with isa-debug-exit at 0xF4 (CPUID shows a hypervisor and the port reads 0): end QEMU with status
 * (code << 1) | 1. Elsewhere nothing happens. 0x10: all ok, 0x11: not.
 */
void power_debug_exit(uint32_t code);

/*
 * QEMU's debug consoles, each at a port that reads as its own number (and CPUID shows a hypervisor): channels besides
 * the serial line, of scripts/run --dump-console and --trace, and of what virtual PCs send on COM1 (docs/vpc.md).
 */
enum debugcon { DEBUGCON_DUMP = 0xE9, DEBUGCON_TRACE = 0xEA, DEBUGCON_COM1 = 0xEB };

bool debugcon_present(enum debugcon port);
void debugcon_write(enum debugcon port, const char *bytes, uint32_t length);

#endif
