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
 * QEMU's debug console at port 0xE9 (CPUID shows a hypervisor and the port reads 0xE9): the side channel of --dump-
 * console.
 */
bool debugcon_present(void);
void debugcon_write(const char *bytes, uint32_t length);

/* Another one of these, at port 0xEA, which reads 0xEA: the channel of scripts/run --trace. */
bool trace_port_present(void);
void trace_port_write(const char *bytes, uint32_t length);

#endif
