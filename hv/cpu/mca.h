/*
 * mca.h - what the processor's machine-check banks say (PURE). SDM vol. 3 "Machine-Check Architecture".
 */
#ifndef CPU_MCA_H
#define CPU_MCA_H

#include <stddef.h>
#include <stdint.h>

/*
 * Write a clause on each bank that holds an error, as "; bank 4 of 10: uncorrected, status 0x..., address 0x...", as
 * far as there is room. features: EDX of CPUID 1, which says whether there are banks. read: RDMSR.
 */
void mca_describe(char *text, size_t bytes, uint32_t features, uint64_t (*read)(uint32_t msr));

#endif
