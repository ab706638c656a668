/*
 * operations.h - who executes which instruction: each file finds the handler of the opcodes that are its own (PURE).
 *
 * A finder gives NULL for an encoding that does not exist. opcode_files.c knows which file has which opcode.
 */
#ifndef VPC_X86_OPERATIONS_H
#define VPC_X86_OPERATIONS_H

#include "vpc/x86/instruction.h"
#include "vpc/x86/interp.h"

typedef handler_t (*finder_t)(const struct instruction *insn);

handler_t arith_find(const struct instruction *insn);       /* ADD to CMP, TEST, INC, DEC, NOT, NEG */
handler_t muldiv_find(const struct instruction *insn);      /* MUL, IMUL, DIV, IDIV */
handler_t shift_find(const struct instruction *insn);       /* ROL to SAR, SHLD, SHRD */
handler_t bits_find(const struct instruction *insn);        /* BT to BTC, BSF, BSR */
handler_t bcd_find(const struct instruction *insn);         /* DAA to AAD */
handler_t move_find(const struct instruction *insn);        /* MOV, LEA, MOVZX, CMOVcc, SETcc, XLAT, CBW, BSWAP */
handler_t exchange_find(const struct instruction *insn);    /* XCHG, XADD, CMPXCHG, CMPXCHG8B */
handler_t stack_find(const struct instruction *insn);       /* PUSH, POP, PUSHA, POPA, ENTER, LEAVE */
handler_t flagop_find(const struct instruction *insn);      /* CLC to STD, CLI, STI, PUSHF, POPF, LAHF, SAHF */
handler_t branch_find(const struct instruction *insn);      /* Jcc, LOOP, JMP, CALL and RET in one segment, BOUND */
handler_t stringop_find(const struct instruction *insn);    /* MOVS, CMPS, STOS, LODS, SCAS */
handler_t portio_find(const struct instruction *insn);      /* IN, OUT, INS, OUTS */
handler_t segop_find(const struct instruction *insn);       /* MOV, PUSH, POP of segments, LDS, LAR, LSL, VERR, ARPL */
handler_t far_find(const struct instruction *insn);         /* JMP, CALL, RET to other segments, INT, IRET */
handler_t sysreg_find(const struct instruction *insn);      /* control and debug registers, LGDT, LLDT, LTR, HLT */
handler_t ident_find(const struct instruction *insn);       /* CPUID, RDTSC, RDMSR, WRMSR */
handler_t fpu_find(const struct instruction *insn);         /* x87, MMX, SSE, SSE2 */

/* #UD, for what this processor does not have. */
bool op_undefined(struct interp *interp, const struct instruction *insn);

/* The handler of any instruction; op_undefined where there is none. */
handler_t dispatch_find(const struct instruction *insn);

#endif
