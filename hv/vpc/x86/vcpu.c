/*
 * vcpu.c - a virtual processor after reset (PURE).
 */
#include "vpc/x86/vcpu.h"

#include "base/string.h"
#include "cpu/x86.h"

#define RESET_DR6 0xFFFF0FF0u
#define RESET_DR7 0x400u
#define RESET_SIGNATURE 0x600u      /* EDX: family 6 */

/* FXSAVE area: control word, MXCSR and its mask. SDM vol. 1 "FXSAVE Area"; values of FNINIT and of reset. */
#define FPU_CONTROL_AT 0
#define FPU_MXCSR_AT 24
#define FPU_MXCSR_MASK_AT 28

static void put_little_endian(uint8_t *to, uint32_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        to[i] = (uint8_t)(value >> 8 * i);
}

void vcpu_reset(struct vcpu *cpu)
{
    const struct segment data = { .limit = 0xFFFF, .attributes = ATTR_P | ATTR_S | ATTR_WRITABLE | ATTR_ACCESSED };

    memset(cpu, 0, sizeof(*cpu));
    for (unsigned i = 0; i < SEG_COUNT; i++)
        cpu->segments[i] = data;
    cpu->segments[SEG_CS].selector = 0xF000;
    cpu->segments[SEG_CS].base = 0xFFFF0000u;
    cpu->segments[SEG_CS].attributes |= ATTR_CODE;
    cpu->ldtr = (struct segment){ .limit = 0xFFFF, .attributes = ATTR_P | SYSTEM_LDT };
    cpu->tr = (struct segment){ .limit = 0xFFFF, .attributes = ATTR_P | SYSTEM_TSS16_BUSY };
    cpu->gdtr.limit = cpu->idtr.limit = 0xFFFF;
    cpu->eip = 0xFFF0;
    cpu->eflags = EFLAGS_FIXED;
    cpu->cr0 = CR0_ET | CR0_NW | CR0_CD;
    cpu->dr[6] = RESET_DR6;
    cpu->dr[7] = RESET_DR7;
    cpu->gpr[GPR_EDX] = RESET_SIGNATURE;
    put_little_endian(cpu->fpu + FPU_CONTROL_AT, 0x37F, 2);
    put_little_endian(cpu->fpu + FPU_MXCSR_AT, 0x1F80, 4);
    put_little_endian(cpu->fpu + FPU_MXCSR_MASK_AT, 0xFFFF, 4);
}
