/*
 * mca.c - read the machine-check banks; nothing is changed in them, so that the firmware finds them after the reset.
 */
#include "cpu/mca.h"

#include "base/format.h"

#define CPUID_1_EDX_MCA (1u << 14)
#define MSR_MCG_CAP 0x179u
#define MCG_CAP_COUNT 0xFFu
#define MSR_BANKS 0x400u            /* of each bank four MSRs: control, status, address, more */
#define BANK_MSRS 4u
#define BANK_STATUS 1u
#define BANK_ADDRESS 2u
#define BANKS_MAX 32u               /* what lies above in the MSRs is something else */
#define STATUS_VALID (1ull << 63)
#define STATUS_OVERFLOW (1ull << 62)
#define STATUS_UNCORRECTED (1ull << 61)
#define STATUS_HAS_ADDRESS (1ull << 58)

static size_t describe_bank(char *text, size_t bytes, unsigned bank, unsigned count, uint64_t status,
                            uint64_t (*read)(uint32_t msr))
{
    size_t used = format_string(text, bytes, "; bank %u of %u: %s%s, status 0x%016llx", bank, count,
                                status & STATUS_UNCORRECTED ? "uncorrected" : "corrected",
                                status & STATUS_OVERFLOW ? ", one of several" : "", (unsigned long long)status);
    if (status & STATUS_HAS_ADDRESS && used < bytes)
        used += format_string(text + used, bytes - used, ", address 0x%llx",
                              (unsigned long long)read(MSR_BANKS + BANK_MSRS * bank + BANK_ADDRESS));
    return used;
}

void mca_describe(char *text, size_t bytes, uint32_t features, uint64_t (*read)(uint32_t msr))
{
    size_t used = 0;

    text[0] = '\0';
    if (!(features & CPUID_1_EDX_MCA))
        return;
    unsigned count = (unsigned)(read(MSR_MCG_CAP) & MCG_CAP_COUNT);
    for (unsigned bank = 0; bank < count && bank < BANKS_MAX && used < bytes; bank++) {
        uint64_t status = read(MSR_BANKS + BANK_MSRS * bank + BANK_STATUS);
        if (status & STATUS_VALID)
            used += describe_bank(text + used, bytes - used, bank, count, status, read);
    }
    if (used == 0)
        format_string(text, bytes, "; no bank of %u tells of an error", count);
}
