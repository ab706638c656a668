/*
 * vmcb.c - see vmcb.h (PURE).
 *
 * What is intercepted is everything, less what is listed here with the reason why the guest may have it. A guest that
 * does something unforeseen then comes back, and the interpreter says what its processor does: #UD, mostly.
 */
#include "vpc/svm/vmcb.h"

#include "cpu/x86.h"

#define PAT_RESET 0x0007040600070406ull     /* SDM vol. 3 "Page Attribute Table (PAT)" */
#define DR7_RESET 0x400u                    /* no breakpoint ever hits, whatever the guest's DR7 says */

/* Reads of CR0, CR2 and CR3, writes of CR2 and CR3; CR0's TS and MP, too, by "selective" CR0 writes. */
#define CR_READS_FREE (1u << 0 | 1u << 2 | 1u << 3)
#define CR_WRITES_FREE (1u << 0 | 1u << 2 | 1u << 3)

/*
 * Word 0: VINTR is asked for when it is needed; SMI is the firmware's; descriptor tables are the guest's own, and IRET,
 * INT n, PUSHF, POPF, INVLPG and PAUSE do only what concerns the guest; FERR_FREEZE is for CR0.NE = 0, as without
 * hypervisor.
 */
#define INTERCEPT0_FREE (1u << 2 | VMCB_INTERCEPT0_VINTR | 0xFFu << 6 | 1u << 16 | 1u << 17 | 1u << 20 | 1u << 21 | \
                         1u << 23 | 1u << 25 | 1u << 30)
/* Word 1: traps behind a write of CR and EFER, which come too late; what is reserved. VMRUN must be intercepted. */
#define INTERCEPT1_KNOWN 0x7FFFu

#define EXCEPTIONS (1u << EXC_DB | 1u << EXC_AC | 1u << EXC_MC)     /* endless ones, and the host's own */

void vmcb_init(struct vmcb *vmcb, hpa_t ones, hpa_t nested_root)
{
    vmcb->intercept_cr_reads = (uint16_t)~CR_READS_FREE;
    vmcb->intercept_cr_writes = (uint16_t)~CR_WRITES_FREE;
    vmcb->intercept_dr_reads = vmcb->intercept_dr_writes = 0xFFFF;
    vmcb->intercept_exceptions = EXCEPTIONS;
    vmcb->intercepts[0] = ~INTERCEPT0_FREE;
    vmcb->intercepts[1] = INTERCEPT1_KNOWN;
    vmcb->iopm = vmcb->msrpm = ones.v;
    vmcb->interrupt_control = VMCB_V_MASKING | VMCB_V_IGNORE_TPR | VMCB_V_PRIORITY;
    vmcb->nested_enable = 1;
    vmcb->nested_root = nested_root.v;
    vmcb->efer = EFER_SVME;                 /* the processor wants it; WRMSR and RDMSR do not reach it */
    vmcb->pat = PAT_RESET;
    vmcb->dr7 = DR7_RESET;
}

/*
 * The block has a task register that is not busy, as AMD's processors save it; QEMU ends by itself at the first change
 * of stacks when told of a busy one. To software it is busy always.
 */
#define TR_BUSY (SYSTEM_TSS32_BUSY ^ SYSTEM_TSS32)

static void put_segment(struct vmcb_segment *to, const struct segment *from)
{
    *to = (struct vmcb_segment){ .selector = from->selector, .attributes = from->attributes, .limit = from->limit,
                                 .base = from->base };
}

static struct segment get_segment(const struct vmcb_segment *from)
{
    return (struct segment){ .base = (uint32_t)from->base, .limit = from->limit, .selector = from->selector,
                             .attributes = from->attributes };
}

static void put_table(struct vmcb_segment *to, const struct table_register *from)
{
    to->base = from->base;
    to->limit = from->limit;
}

static struct table_register get_table(const struct vmcb_segment *from)
{
    return (struct table_register){ .base = (uint32_t)from->base, .limit = (uint16_t)from->limit };
}

void vmcb_put(struct vmcb *vmcb, const struct vcpu *cpu)
{
    for (unsigned i = 0; i < SEG_COUNT; i++)
        put_segment(&vmcb->segments[i], &cpu->segments[i]);
    put_segment(&vmcb->ldtr, &cpu->ldtr);
    put_segment(&vmcb->tr, &cpu->tr);
    vmcb->tr.attributes &= (uint16_t)~TR_BUSY;
    put_table(&vmcb->gdtr, &cpu->gdtr);
    put_table(&vmcb->idtr, &cpu->idtr);
    vmcb->cpl = cpu->cpl;
    vmcb->cr0 = cpu->cr0;
    vmcb->cr2 = cpu->cr2;
    vmcb->cr3 = cpu->cr3;
    vmcb->cr4 = cpu->cr4 | CR4_MCE;         /* a machine check without it would be a shutdown */
    vmcb->dr6 = cpu->dr[6];
    vmcb->rflags = cpu->eflags;
    vmcb->rip = cpu->eip;
    vmcb->rsp = cpu->gpr[GPR_ESP];
    vmcb->rax = cpu->gpr[GPR_EAX];
    vmcb->shadow = cpu->shadow != SHADOW_NONE;
}

void vmcb_get(const struct vmcb *vmcb, struct vcpu *cpu)
{
    for (unsigned i = 0; i < SEG_COUNT; i++)
        cpu->segments[i] = get_segment(&vmcb->segments[i]);
    cpu->ldtr = get_segment(&vmcb->ldtr);
    cpu->tr = get_segment(&vmcb->tr);
    cpu->tr.attributes |= TR_BUSY;
    cpu->gdtr = get_table(&vmcb->gdtr);
    cpu->idtr = get_table(&vmcb->idtr);
    cpu->cpl = vmcb->cpl;
    cpu->cr0 = (uint32_t)vmcb->cr0;
    cpu->cr2 = (uint32_t)vmcb->cr2;
    cpu->cr3 = (uint32_t)vmcb->cr3;
    cpu->dr[6] = (uint32_t)vmcb->dr6;
    cpu->eflags = (uint32_t)vmcb->rflags;
    cpu->eip = (uint32_t)vmcb->rip;
    cpu->gpr[GPR_ESP] = (uint32_t)vmcb->rsp;
    cpu->gpr[GPR_EAX] = (uint32_t)vmcb->rax;
    cpu->shadow = vmcb->shadow & 1 ? SHADOW_SS : SHADOW_NONE;   /* which of both is not told: the stronger one */
}
