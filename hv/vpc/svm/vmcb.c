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
 * Word 0: VINTR is asked for when it is needed; SMI is the firmware's; descriptor tables are the guest's own, but for
 * LTR, which is seldom, and of which QEMU 7.2 takes a null selector and aborts when it needs that TSS; and IRET, INT n,
 * PUSHF, POPF, INVLPG and PAUSE do only what concerns the guest; FERR_FREEZE is for CR0.NE = 0, as without hypervisor.
 */
#define INTERCEPT0_FREE (1u << 2 | VMCB_INTERCEPT0_VINTR | 0x7Fu << 6 | 1u << 16 | 1u << 17 | \
                         VMCB_INTERCEPT0_IRET | 1u << 21 | 1u << 23 | 1u << 25 | 1u << 30)
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

/* Store, and have the processor read that part of the block if it is another. */
#define PUT(field, value, part)         \
    do {                                \
        if (vmcb->field != (value))     \
            vmcb->clean &= ~(part);     \
        vmcb->field = (value);          \
    } while (0)

static void put_segment(struct vmcb *vmcb, struct vmcb_segment *to, const struct segment *from)
{
    bool is_same = to->selector == from->selector && to->attributes == from->attributes && to->limit == from->limit &&
                   to->base == from->base;

    if (is_same)
        return;
    vmcb->clean &= ~VMCB_CLEAN_SEGMENTS;
    *to = (struct vmcb_segment){ .selector = from->selector, .attributes = from->attributes, .limit = from->limit,
                                 .base = from->base };
}

static struct segment get_segment(const struct vmcb_segment *from)
{
    return (struct segment){ .base = (uint32_t)from->base, .limit = from->limit, .selector = from->selector,
                             .attributes = from->attributes };
}

static void put_table(struct vmcb *vmcb, struct vmcb_segment *to, const struct table_register *from)
{
    if (to->base != from->base || to->limit != from->limit)
        vmcb->clean &= ~VMCB_CLEAN_TABLES;
    to->base = from->base;
    to->limit = from->limit;
}

static struct table_register get_table(const struct vmcb_segment *from)
{
    return (struct table_register){ .base = (uint32_t)from->base, .limit = (uint16_t)from->limit };
}

void vmcb_put(struct vmcb *vmcb, const struct vcpu *cpu)
{
    struct segment tr = cpu->tr;

    tr.attributes &= (uint16_t)~TR_BUSY;
    for (unsigned i = 0; i < SEG_COUNT; i++)
        put_segment(vmcb, &vmcb->segments[i], &cpu->segments[i]);
    put_segment(vmcb, &vmcb->ldtr, &cpu->ldtr);
    put_segment(vmcb, &vmcb->tr, &tr);
    put_table(vmcb, &vmcb->gdtr, &cpu->gdtr);
    put_table(vmcb, &vmcb->idtr, &cpu->idtr);
    PUT(cpl, cpu->cpl, VMCB_CLEAN_SEGMENTS);
    PUT(cr0, cpu->cr0, VMCB_CLEAN_CONTROL);
    PUT(cr2, cpu->cr2, VMCB_CLEAN_CR2);
    PUT(cr3, cpu->cr3, VMCB_CLEAN_CONTROL);
    PUT(cr4, cpu->cr4 | CR4_MCE, VMCB_CLEAN_CONTROL);       /* a machine check without it would be a shutdown */
    PUT(dr6, cpu->dr[6], VMCB_CLEAN_DEBUG);
    vmcb->rflags = cpu->eflags;
    vmcb->rip = cpu->eip;
    vmcb->rsp = cpu->gpr[GPR_ESP];
    vmcb->rax = cpu->gpr[GPR_EAX];
    vmcb->shadow = cpu->shadow != SHADOW_NONE;
    uint32_t others = vmcb->intercepts[0] & ~VMCB_INTERCEPT0_IRET;
    /* Until IRET the next NMI waits: the interpreter's. */
    PUT(intercepts[0], others | (cpu->is_in_nmi ? VMCB_INTERCEPT0_IRET : 0), VMCB_CLEAN_INTERCEPTS);
}

void vmcb_put_tsc(struct vmcb *vmcb, uint64_t offset, bool is_intercepted)
{
    uint32_t others = vmcb->intercepts[0] & ~VMCB_INTERCEPT0_RDTSC;

    PUT(intercepts[0], others | (is_intercepted ? VMCB_INTERCEPT0_RDTSC : 0), VMCB_CLEAN_INTERCEPTS);
    PUT(tsc_offset, offset, VMCB_CLEAN_INTERCEPTS);
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
