/*
 * opcodes.h - the instructions of guests that the hypervisor knows by their bytes, for C and for assembly. Source: SDM
 * vol. 2 "Opcode Map". (The processor of a virtual PC knows them all: hv/vpc/x86.)
 */
#ifndef CPU_OPCODES_H
#define CPU_OPCODES_H

#define OPCODE_TWO_BYTES 0x0F   /* the next byte is of the second map */
#define OPCODE_POP_EBX 0x5B
#define OPCODE_OPERAND_SIZE 0x66        /* a prefix */
#define OPCODE_INT3 0xCC
#define OPCODE_INT 0xCD         /* and a byte: the vector */
#define OPCODE_INTO 0xCE
#define OPCODE_IRET 0xCF
#define OPCODE_LOCK 0xF0        /* a prefix */
#define OPCODE_HLT 0xF4
#define OPCODE_CLI 0xFA
#define OPCODE_STI 0xFB

#define INT_BYTES 2             /* of INT n, without prefixes: what lies between an INT and the EIP that a trap saves */
#define INT_SHORT_BYTES 1       /* of INT3 and INTO */

/* The second map. Of the groups, the reg field of the ModR/M byte picks the instruction. */
#define OPCODE2_GROUP6 0x00
#define OPCODE2_GROUP7 0x01
#define OPCODE2_CLTS 0x06
#define OPCODE2_MOV_FROM_CR 0x20
#define OPCODE2_MOV_FROM_DR 0x21
#define OPCODE2_MOV_TO_CR 0x22
#define OPCODE2_MOV_TO_DR 0x23
#define OPCODE2_WRMSR 0x30
#define OPCODE2_RDMSR 0x32

#endif
