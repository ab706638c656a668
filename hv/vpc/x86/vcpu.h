/*
 * vcpu.h - the processor of a virtual PC: everything that its own software can see of it, in its own terms (PURE).
 *
 * Flat and without pointers, so that a copy is a snapshot and any engine can go on where another one stopped. Between
 * runs every field is true; what an engine keeps besides (translations, decoded instructions) can be thrown away.
 *
 * Source: SDM vol. 1 "Basic Execution Environment", vol. 3 "System Architecture Overview".
 */
#ifndef VPC_X86_VCPU_H
#define VPC_X86_VCPU_H

#include <stdbool.h>
#include <stdint.h>

/* Registers by their numbers in an instruction. */
enum { GPR_EAX, GPR_ECX, GPR_EDX, GPR_EBX, GPR_ESP, GPR_EBP, GPR_ESI, GPR_EDI, GPR_NONE };
enum { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS, SEG_COUNT };

/*
 * Attributes: the descriptor's bits 40-47 below, 52-55 above; SVM's save area has the same. SDM vol. 3 "Segment
 * Descriptors".
 */
#define ATTR_ACCESSED 0x001u
#define ATTR_WRITABLE 0x002u        /* data */
#define ATTR_READABLE 0x002u        /* code */
#define ATTR_EXPAND_DOWN 0x004u     /* data */
#define ATTR_CONFORMING 0x004u      /* code */
#define ATTR_CODE 0x008u
#define ATTR_TYPE 0x00Fu
#define ATTR_S 0x010u               /* code or data, not a system descriptor */
#define ATTR_DPL_SHIFT 5u
#define ATTR_DPL 0x060u
#define ATTR_P 0x080u
#define ATTR_DB 0x400u              /* 32-bit code or stack */
#define ATTR_G 0x800u

/* Types of system descriptors: SDM vol. 3 "System Descriptor Types". */
enum {
    SYSTEM_TSS16 = 1, SYSTEM_LDT = 2, SYSTEM_TSS16_BUSY = 3, SYSTEM_CALL_GATE16 = 4, SYSTEM_TASK_GATE = 5,
    SYSTEM_INTERRUPT_GATE16 = 6, SYSTEM_TRAP_GATE16 = 7, SYSTEM_TSS32 = 9, SYSTEM_TSS32_BUSY = 11,
    SYSTEM_CALL_GATE32 = 12, SYSTEM_INTERRUPT_GATE32 = 14, SYSTEM_TRAP_GATE32 = 15,
};

/* A segment register with its hidden part. Attributes 0: unusable (a null selector). The limit is in bytes. */
struct segment {
    uint32_t base, limit;
    uint16_t selector, attributes;
};

struct table_register {
    uint32_t base;
    uint16_t limit;
};

/* What keeps an interrupt away until the next instruction is done: SDM vol. 3 "Masking Exceptions and Interrupts". */
enum { SHADOW_NONE, SHADOW_STI, SHADOW_SS };

/* What this processor was asked and does not have; guests are told #UD or #GP, and the owner can read it here. */
struct vcpu_refusals {
    uint32_t undefined;             /* instructions that are not there: #UD */
    uint32_t virtual_8086;          /* ways into virtual-8086 mode: #GP */
    uint32_t task_switches;         /* the engine stopped with EXIT_UNSUPPORTED */
    uint32_t msrs;                  /* model-specific registers that nobody has: #GP */
    uint8_t last_map, last_opcode, last_reg;    /* of the last undefined instruction: see instruction.h */
};

#define FPU_IMAGE_BYTES 512u

struct vcpu {
    _Alignas(16) uint8_t fpu[FPU_IMAGE_BYTES];      /* as FXSAVE has it: SDM vol. 1 "FXSAVE Area" */
    uint32_t gpr[9];                /* [GPR_NONE] is always 0: an address without a base or an index adds it */
    uint32_t eip, eflags;
    struct segment segments[SEG_COUNT], ldtr, tr;
    struct table_register gdtr, idtr;
    uint32_t cr0, cr2, cr3, cr4;
    uint32_t dr[8];                 /* 4 and 5 stand for 6 and 7 */
    uint64_t tsc_offset;            /* added to the bus's time */
    uint64_t retired;               /* instructions done; a string instruction counts once */
    uint8_t cpl;                    /* 0 in real mode */
    uint8_t shadow;                 /* SHADOW_* */
    bool is_halted;
    bool has_just_halted;           /* HLT was executed: whoever counts it clears this */
    bool has_interrupt;             /* the interrupt controller's line: whoever owns that sets and clears it */
    bool has_nmi, is_in_nmi;        /* one is pending; they wait for the next IRET */
    uint8_t data_hits;              /* DR6's B0-B3 of a breakpoint on data whose trap is still to come */
    struct vcpu_refusals refusals;
};

/* As after power-on or INIT: real mode at F000:FFF0 with base 0xFFFF0000. SDM vol. 3 "Processor State After Reset". */
void vcpu_reset(struct vcpu *cpu);

static inline bool vcpu_is_protected(const struct vcpu *cpu)
{
    return cpu->cr0 & 1;
}

#endif
