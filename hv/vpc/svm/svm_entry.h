/*
 * svm_entry.h - where enter.S finds general registers: vcpu.h, "Registers by their numbers in an instruction".
 */
#ifndef VPC_SVM_SVM_ENTRY_H
#define VPC_SVM_SVM_ENTRY_H

#define GPR_AT_ECX 4
#define GPR_AT_EDX 8
#define GPR_AT_EBX 12
#define GPR_AT_EBP 20
#define GPR_AT_ESI 24
#define GPR_AT_EDI 28

#endif
