/*
 * detect.c - see detect.h (PURE).
 */
#include "vpc/svm/detect.h"

#include <stddef.h>

#define MAX_LEAF 0x80000000u
#define FEATURE_VMX (1u << 5)           /* CPUID 1, ECX: Intel's extension */
#define FEATURE_SVM (1u << 2)
#define FEATURE_NESTED_PAGING (1u << 0)
#define VM_CR_SVMDIS (1u << 4)

enum { EAX, EBX, ECX, EDX };

const char *svm_find_obstacle(const struct svm_probe *probe, uint32_t *asids)
{
    uint32_t out[4];

    probe->cpuid(MAX_LEAF, 0, out);
    uint32_t max_leaf = out[EAX];
    out[ECX] = 0;
    if (max_leaf >= CPUID_EXTENDED_FEATURES && max_leaf < 0x80010000u)
        probe->cpuid(CPUID_EXTENDED_FEATURES, 0, out);
    if (!(out[ECX] & FEATURE_SVM)) {
        probe->cpuid(1, 0, out);
        return out[ECX] & FEATURE_VMX ? "this processor has VT-x, which Cobble does not use, and no SVM"
                                      : "this processor has no SVM";
    }
    if (probe->read_msr(MSR_VM_CR) & VM_CR_SVMDIS)
        return "the firmware has turned this processor's SVM off: look for \"SVM mode\" in its set-up";
    if (max_leaf < CPUID_SVM)
        return "this processor's SVM has no nested paging";
    probe->cpuid(CPUID_SVM, 0, out);
    if (!(out[EDX] & FEATURE_NESTED_PAGING) || out[EBX] < 2)
        return "this processor's SVM has no nested paging";
    *asids = out[EBX];
    return NULL;
}
