/*
 * quirks.c - which processors need which help.
 */
#include "cpu/quirks.h"

#include "base/string.h"
#include "cpu/x86.h"

/* CPUID 1, EAX: SDM vol. 2 "CPUID", "Version Information". */
static unsigned family_of(uint32_t signature)
{
    unsigned family = signature >> 8 & 0xF;

    return family == 0xF ? family + (signature >> 20 & 0xFF) : family;
}

static unsigned model_of(uint32_t signature)
{
    return (signature >> 4 & 0xF) | (signature >> 12 & 0xF0);
}

bool quirks_must_leave_c1e(const char vendor[12], uint32_t signature, uint32_t features)
{
    unsigned family = family_of(signature);

    if (memcmp(vendor, "AuthenticAMD", 12) != 0 || features & CPUID_1_ECX_HYPERVISOR)
        return false;
    return family == 0x10 || (family == 0xF && model_of(signature) >= 0x40);
}
