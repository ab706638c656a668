/*
 * vmcb.h - the virtual machine control block of SVM: its layout, what is intercepted, and a vcpu put into and taken
 * from it (PURE).
 *
 * Source: AMD64 Architecture Programmer's Manual vol. 2 "Secure Virtual Machine", "Layout of VMCB" (appendix).
 */
#ifndef VPC_SVM_VMCB_H
#define VPC_SVM_VMCB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "vpc/x86/vcpu.h"

struct vmcb_segment {
    uint16_t selector, attributes;
    uint32_t limit;
    uint64_t base;
};

struct vmcb {
    uint16_t intercept_cr_reads, intercept_cr_writes, intercept_dr_reads, intercept_dr_writes;
    uint32_t intercept_exceptions;
    uint32_t intercepts[2];             /* VMCB_INTERCEPT0_*, VMCB_INTERCEPT1_* */
    uint8_t reserved014[0x40 - 0x14];
    uint64_t iopm, msrpm;
    uint64_t tsc_offset;                /* to the host's time stamp counter it makes the guest's */
    uint32_t asid;
    uint8_t tlb_control;                /* VMCB_FLUSH_* */
    uint8_t reserved05d[3];
    uint64_t interrupt_control;         /* VMCB_V_* */
    uint64_t shadow;                    /* bit 0: an interrupt shadow */
    uint64_t exit_code, exit_info1, exit_info2;
    uint32_t exit_event, exit_event_error;      /* what was being delivered: VMCB_EVENT_* */
    uint64_t nested_enable;
    uint8_t reserved098[0xA8 - 0x98];
    uint32_t event, event_error;        /* to be delivered before the first instruction */
    uint64_t nested_root;
    uint8_t reserved0b8[0xC0 - 0xB8];
    uint32_t clean;                     /* VMCB_CLEAN_*: parts that nobody has written to since the guest was left */
    uint8_t reserved0c4[0x400 - 0xC4];
    struct vmcb_segment segments[SEG_COUNT];
    struct vmcb_segment gdtr, ldtr, idtr, tr;
    uint8_t reserved4a0[0x4CB - 0x4A0];
    uint8_t cpl;
    uint8_t reserved4cc[4];
    uint64_t efer;
    uint8_t reserved4d8[0x548 - 0x4D8];
    uint64_t cr4, cr3, cr0, dr7, dr6, rflags, rip;
    uint8_t reserved580[0x5D8 - 0x580];
    uint64_t rsp;
    uint8_t reserved5e0[0x5F8 - 0x5E0];
    uint64_t rax;
    uint8_t reserved600[0x640 - 0x600]; /* of SYSCALL and SYSENTER: zero, so they fault */
    uint64_t cr2;
    uint8_t reserved648[0x668 - 0x648];
    uint64_t pat;
    uint8_t reserved670[0x1000 - 0x670];
};

#define VMCB_AT(field, offset) _Static_assert(offsetof(struct vmcb, field) == (offset), "APM vol. 2: " #field)
VMCB_AT(intercept_exceptions, 0x008);
VMCB_AT(intercepts, 0x00C);
VMCB_AT(iopm, 0x040);
VMCB_AT(msrpm, 0x048);
VMCB_AT(tsc_offset, 0x050);
VMCB_AT(asid, 0x058);
VMCB_AT(tlb_control, 0x05C);
VMCB_AT(interrupt_control, 0x060);
VMCB_AT(shadow, 0x068);
VMCB_AT(exit_code, 0x070);
VMCB_AT(exit_event, 0x088);
VMCB_AT(nested_enable, 0x090);
VMCB_AT(event, 0x0A8);
VMCB_AT(nested_root, 0x0B0);
VMCB_AT(clean, 0x0C0);
VMCB_AT(segments, 0x400);
VMCB_AT(gdtr, 0x460);
VMCB_AT(ldtr, 0x470);
VMCB_AT(idtr, 0x480);
VMCB_AT(tr, 0x490);
VMCB_AT(cpl, 0x4CB);
VMCB_AT(efer, 0x4D0);
VMCB_AT(cr4, 0x548);
VMCB_AT(cr0, 0x558);
VMCB_AT(dr6, 0x568);
VMCB_AT(rip, 0x578);
VMCB_AT(rsp, 0x5D8);
VMCB_AT(rax, 0x5F8);
VMCB_AT(cr2, 0x640);
VMCB_AT(pat, 0x668);
_Static_assert(sizeof(struct vmcb) == 0x1000, "a page");

/* Words 0 and 1 of the intercepts, bits that somebody asks for by name. */
#define VMCB_INTERCEPT0_VINTR (1u << 4)
#define VMCB_INTERCEPT0_RDTSC (1u << 14)
#define VMCB_INTERCEPT0_IRET (1u << 20)

#define VMCB_V_IRQ (1ull << 8)
#define VMCB_V_PRIORITY (15ull << 16)
#define VMCB_V_IGNORE_TPR (1ull << 20)
#define VMCB_V_MASKING (1ull << 24)     /* the host's IF decides of the host's interrupts, not the guest's */

/*
 * Parts that a processor may keep from one run to the next: APM vol. 2 "VMCB Clean Bits". What is in none of them it
 * reads at each entry. Zero after vmcb_init; who writes to a part clears its bit.
 */
#define VMCB_CLEAN_INTERCEPTS (1u << 0) /* and the TSC's offset */
#define VMCB_CLEAN_ASID (1u << 2)
#define VMCB_CLEAN_VIRTUAL (1u << 3)    /* V_IRQ and its like */
#define VMCB_CLEAN_CONTROL (1u << 5)    /* CR0, CR3, CR4, EFER */
#define VMCB_CLEAN_DEBUG (1u << 6)      /* DR6, DR7 */
#define VMCB_CLEAN_TABLES (1u << 7)     /* GDT, IDT */
#define VMCB_CLEAN_SEGMENTS (1u << 8)   /* ES, CS, SS, DS, CPL */
#define VMCB_CLEAN_CR2 (1u << 9)
#define VMCB_CLEAN_ALL 0x3FFu           /* with maps and nested paging, which never change */

#define VMCB_FLUSH_ALL 1u               /* of every ASID: what each SVM processor has */

/* EVENTINJ and EXITINTINFO. */
#define VMCB_EVENT_VECTOR 0xFFu
#define VMCB_EVENT_TYPE 0x700u
#define VMCB_EVENT_INTERRUPT 0x000u
#define VMCB_EVENT_EXCEPTION 0x300u
#define VMCB_EVENT_SOFTWARE 0x400u
#define VMCB_EVENT_HAS_ERROR (1u << 11)
#define VMCB_EVENT_VALID (1u << 31)

/* Exit codes: APM vol. 2 "SVM Intercept Codes". All others are instructions, which the interpreter executes. */
enum {
    SVM_EXIT_DB = 0x41, SVM_EXIT_AC = 0x51, SVM_EXIT_MC = 0x52, SVM_EXIT_INTR = 0x60, SVM_EXIT_NMI = 0x61,
    SVM_EXIT_SMI = 0x62, SVM_EXIT_INIT = 0x63, SVM_EXIT_VINTR = 0x64, SVM_EXIT_RDTSC = 0x6E, SVM_EXIT_CPUID = 0x72,
    SVM_EXIT_IOIO = 0x7B, SVM_EXIT_TASK = 0x7D, SVM_EXIT_SHUTDOWN = 0x7F, SVM_EXIT_NPF = 0x400,
};
#define SVM_EXIT_INVALID 0xFFFFFFFFu    /* as its lower half: the processor refuses the block */

/* EXITINFO1 of IOIO: APM vol. 2 "IOIO Intercepts". EXITINFO2 is the EIP that follows. */
#define SVM_IO_IN 0x1u
#define SVM_IO_STRING 0x4u
#define SVM_IO_REP 0x8u
#define SVM_IO_BYTES_SHIFT 4u           /* three bits, one of which is set: 1, 2 or 4 bytes */
#define SVM_IO_BYTE (1u << SVM_IO_BYTES_SHIFT)
#define SVM_IO_PORT_SHIFT 16u
#define SVM_IO_WHAT 0x75u               /* which way, a string or not, how many bytes */

/*
 * EXITINFO1 of NPF: APM vol. 2 "Nested versus Guest Page Faults, Fault Ordering". Besides the bits of a page fault: it
 * was the operand that was reached for, not one of the guest's own tables.
 */
#define SVM_NPF_OPERAND (1ull << 32)

/*
 * Fill a zeroed block for a virtual PC: everything is intercepted but what is named in vmcb.c. ones: 12 KiB of ones,
 * for the maps of ports and of model-specific registers both. nested_root: of its nested tables.
 */
void vmcb_init(struct vmcb *vmcb, hpa_t ones, hpa_t nested_root);

/*
 * Everything that the block holds of a processor. vmcb_put clears the clean bits of what is another; vmcb_get leaves
 * alone what it does not hold: other general registers, floating point, CR4 and DR0-3 and 7 (nobody changes them
 * without an exit), what is pending.
 */
void vmcb_put(struct vmcb *vmcb, const struct vcpu *cpu);
void vmcb_get(const struct vmcb *vmcb, struct vcpu *cpu);

/* The guest's RDTSC: by the processor, which adds this to the host's counter, or intercepted. Clean bits likewise. */
void vmcb_put_tsc(struct vmcb *vmcb, uint64_t offset, bool is_intercepted);

#endif
