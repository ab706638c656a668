/*
 * svm_entry.h - where enter.S finds general registers in a struct vpc: vcpu.h, "Registers by their numbers in an
 * instruction".
 */
#ifndef VPC_SVM_SVM_ENTRY_H
#define VPC_SVM_SVM_ENTRY_H

#define GPR_AT_ECX 516
#define GPR_AT_EDX 520
#define GPR_AT_EBX 524
#define GPR_AT_EBP 532
#define GPR_AT_ESI 536
#define GPR_AT_EDI 540

#endif
