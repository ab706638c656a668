/*
 * quirks.h - what a kind of processor does otherwise than the manuals say, as far as Cobble must act (PURE). All that
 * are known to matter: docs/processors.md.
 */
#ifndef CPU_QUIRKS_H
#define CPU_QUIRKS_H

#include <stdbool.h>
#include <stdint.h>

/* AMD: MSR "Interrupt Pending and CMP-Halt", whose bits 27 and 28 have the chipset enter C1E when all cores halt. */
#define QUIRK_MSR_C1E 0xC0010055u
#define QUIRK_C1E_ENABLE 0x18000000ull

/*
 * In C1E the local APIC's timer stands still (AMD family 10h erratum 400), and it is our alarm: must the bits above be
 * cleared? vendor: EBX, EDX, ECX of CPUID 0; signature, features: EAX and ECX of CPUID 1. A hypervisor below has no
 * such state, and may not have the MSR.
 */
bool quirks_must_leave_c1e(const char vendor[12], uint32_t signature, uint32_t features);

#endif
