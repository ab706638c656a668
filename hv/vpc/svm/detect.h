/*
 * detect.h - can this processor run a virtual PC by SVM with nested paging? (PURE)
 *
 * Source: AMD64 Architecture Programmer's Manual vol. 2 "Determining Support for Secure Virtual Machine Extensions".
 */
#ifndef VPC_SVM_DETECT_H
#define VPC_SVM_DETECT_H

#include <stdint.h>

#define CPUID_EXTENDED_FEATURES 0x80000001u     /* ECX: bit 2 SVM */
#define CPUID_SVM 0x8000000Au                   /* EBX: ASIDs, EDX: bit 0 nested paging */
#define MSR_VM_CR 0xC0010114u                   /* bit 4: SVMDIS */

/* The processor as who asks it sees it. */
struct svm_probe {
    void (*cpuid)(uint32_t leaf, uint32_t subleaf, uint32_t out[4]);
    uint64_t (*read_msr)(uint32_t number);
};

/* NULL: it can, with ASIDs below *asids. Or what is missing, in words. */
const char *svm_find_obstacle(const struct svm_probe *probe, uint32_t *asids);

#endif
