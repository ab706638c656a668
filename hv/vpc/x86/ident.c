/*
 * ident.c - what the processor says of itself, its time, its model-specific registers (PURE). SDM vol. 2 "CPUID",
 * "RDTSC", "RDMSR", "WRMSR", "RDPMC".
 *
 * What CPUID shows is what there is, whatever the machine below has: a guest moved elsewhere must find the same
 * processor. What it does not show faults as on a processor without it, and is counted in refusals, so that one can
 * learn what a guest would want.
 */
#include "vpc/x86/access.h"
#include "vpc/x86/ident.h"
#include "vpc/x86/operations.h"

#define MSR_TSC 0x10u

/* CPUID 1, EDX. */
#define FEATURE_FPU (1u << 0)
#define FEATURE_DE (1u << 2)
#define FEATURE_PSE (1u << 3)
#define FEATURE_TSC (1u << 4)
#define FEATURE_MSR (1u << 5)
#define FEATURE_CX8 (1u << 8)
#define FEATURE_PGE (1u << 13)
#define FEATURE_CMOV (1u << 15)
#define FEATURE_MMX (1u << 23)
#define FEATURE_FXSR (1u << 24)
#define FEATURE_SSE (1u << 25)
#define FEATURE_SSE2 (1u << 26)
#define FEATURES (FEATURE_DE | FEATURE_PSE | FEATURE_TSC | FEATURE_MSR | FEATURE_CX8 | FEATURE_PGE | FEATURE_CMOV)
#define FEATURES_FPU (FEATURE_FPU | FEATURE_MMX | FEATURE_FXSR | FEATURE_SSE | FEATURE_SSE2)
#define SIGNATURE 0x633u        /* a family 6 with everything above; its own maker, so nobody expects more */
#define MAKER(a, b, c, d) ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

/* The maker's name is in EBX, EDX, ECX. */
const uint32_t ident_rows[IDENT_ROWS][4] = {
    [IDENT_MAKER] = { [GPR_EAX] = 1, [GPR_EBX] = MAKER('C', 'o', 'b', 'b'), [GPR_EDX] = MAKER('l', 'e', 'V', 'i'),
                      [GPR_ECX] = MAKER('r', 't', 'P', 'C') },
    [IDENT_FEATURES] = { [GPR_EAX] = SIGNATURE, [GPR_EDX] = FEATURES | FEATURES_FPU },
    [IDENT_FEATURES_WITHOUT_UNIT] = { [GPR_EAX] = SIGNATURE, [GPR_EDX] = FEATURES },
    [IDENT_EXTENDED] = { [GPR_EAX] = 0x80000000u },
};

static bool cpuid(struct interp *interp, const struct instruction *insn)
{
    (void)insn;
    interp->cpu.gpr[GPR_EAX] = ident_answer(interp, interp->cpu.gpr[GPR_EAX], interp->cpu.gpr);
    return true;
}

static void set_edx_eax(struct interp *interp, uint64_t value)
{
    interp->cpu.gpr[GPR_EAX] = (uint32_t)value;
    interp->cpu.gpr[GPR_EDX] = (uint32_t)(value >> 32);
}

uint64_t ident_time(const struct interp *interp)
{
    return interp->bus->time(interp->bus->context) + interp->cpu.tsc_offset;
}

static bool rdtsc(struct interp *interp, const struct instruction *insn)
{
    (void)insn;
    if (interp->cpu.cpl != 0 && interp->cpu.cr4 & CR4_TSD)
        return general_protection(interp);
    set_edx_eax(interp, ident_time(interp));
    return true;
}

static bool refuse_msr(struct interp *interp)
{
    interp->cpu.refusals.msrs++;
    return general_protection(interp);
}

static bool rdmsr(struct interp *interp, const struct instruction *insn)
{
    const struct bus *bus = interp->bus;
    uint32_t number = interp->cpu.gpr[GPR_ECX];
    uint64_t value;

    (void)insn;
    if (interp->cpu.cpl != 0)
        return general_protection(interp);
    if (number == MSR_TSC)
        value = ident_time(interp);
    else if (!bus->msr_read(bus->context, number, &value))
        return refuse_msr(interp);
    set_edx_eax(interp, value);
    return true;
}

static bool wrmsr(struct interp *interp, const struct instruction *insn)
{
    const struct bus *bus = interp->bus;
    uint32_t *gpr = interp->cpu.gpr, number = gpr[GPR_ECX];
    uint64_t value = (uint64_t)gpr[GPR_EDX] << 32 | gpr[GPR_EAX];

    (void)insn;
    if (interp->cpu.cpl != 0)
        return general_protection(interp);
    if (number == MSR_TSC)
        interp->cpu.tsc_offset += value - ident_time(interp);
    else if (!bus->msr_write(bus->context, number, value))
        return refuse_msr(interp);
    return true;
}

/* There are no performance counters. */
static bool rdpmc(struct interp *interp, const struct instruction *insn)
{
    (void)insn;
    return refuse_msr(interp);
}

handler_t ident_find(const struct instruction *insn)
{
    switch (insn->opcode) {
    case 0x30:
        return wrmsr;
    case 0x31:
        return rdtsc;
    case 0x32:
        return rdmsr;
    case 0x33:
        return rdpmc;
    case 0xA2:
        return cpuid;
    default:
        return NULL;
    }
}
