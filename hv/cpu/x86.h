/*
 * x86.h - the processor's constants that Cobble uses, each with the table it is taken from (Intel SDM unless said).
 *
 * Assembly includes this, too: what it uses has no suffix.
 */
#ifndef CPU_X86_H
#define CPU_X86_H

/* Exceptions: SDM vol. 3 "Protected-Mode Exceptions and Interrupts". */
#define EXC_DE 0
#define EXC_DB 1
#define EXC_NMI 2
#define EXC_BP 3
#define EXC_OF 4
#define EXC_BR 5
#define EXC_UD 6
#define EXC_NM 7
#define EXC_DF 8
#define EXC_TS 10
#define EXC_NP 11
#define EXC_SS 12
#define EXC_GP 13
#define EXC_PF 14
#define EXC_MF 16
#define EXC_AC 17
#define EXC_MC 18
#define EXC_XM 19
#define EXC_CP 21
#define EXC_VC 29       /* this and #SX: AMD APM vol. 2 "Exceptions and Interrupts" */
#define EXC_SX 30
#define EXC_COUNT 32

/* #PF error code: SDM vol. 3 "Page-Fault Exceptions". */
#define PF_PRESENT 0x1
#define PF_WRITE 0x2
#define PF_USER 0x4
#define PF_RESERVED 0x8

/* EFLAGS: SDM vol. 1 "EFLAGS Register". */
#define EFLAGS_CF 0x1
#define EFLAGS_FIXED 0x2       /* bit 1 always reads 1 */
#define EFLAGS_PF 0x4
#define EFLAGS_AF 0x10
#define EFLAGS_ZF 0x40
#define EFLAGS_SF 0x80
#define EFLAGS_TF 0x100
#define EFLAGS_IF 0x200
#define EFLAGS_DF 0x400
#define EFLAGS_OF 0x800
#define EFLAGS_IOPL 0x3000
#define EFLAGS_NT 0x4000
#define EFLAGS_RF 0x10000
#define EFLAGS_VM 0x20000
#define EFLAGS_AC 0x40000
#define EFLAGS_VIF 0x80000
#define EFLAGS_VIP 0x100000
#define EFLAGS_ID 0x200000
#define EFLAGS_ARITHMETIC (EFLAGS_CF | EFLAGS_PF | EFLAGS_AF | EFLAGS_ZF | EFLAGS_SF | EFLAGS_OF)

/* Control registers: SDM vol. 3 "Control Registers". Cobble sets them absolutely; see docs/architecture.md. */
#define CR0_PE (1u << 0)
#define CR0_MP (1u << 1)
#define CR0_EM (1u << 2)
#define CR0_TS (1u << 3)
#define CR0_ET (1u << 4)
#define CR0_NE (1u << 5)
#define CR0_WP (1u << 16)
#define CR0_AM (1u << 18)
#define CR0_NW (1u << 29)
#define CR0_CD (1u << 30)
#define CR0_PG (1u << 31)
#define CR4_TSD (1u << 2)
#define CR4_DE (1u << 3)
#define CR4_PSE (1u << 4)
#define CR4_PAE (1u << 5)
#define CR4_MCE (1u << 6)
#define CR4_PGE (1u << 7)
#define CR4_PCE (1u << 8)
#define CR4_OSFXSR (1u << 9)
#define CR4_OSXMMEXCPT (1u << 10)
#define CR4_UMIP (1u << 11)

/* Page-table entries: SDM vol. 3 "4-Level Paging and 5-Level Paging". */
#define PTE_P 0x1ull
#define PTE_W 0x2ull
#define PTE_U 0x4ull
#define PTE_PWT 0x8ull
#define PTE_PCD 0x10ull
#define PTE_A 0x20ull
#define PTE_D 0x40ull
#define PTE_PS 0x80ull
#define PTE_G 0x100ull
#define PTE_AVAILABLE 0x200ull        /* ignored by the processor */
#define PTE_NX (1ull << 63)
#define PTE_PAT_4K 0x80ull          /* in a 4 KiB entry, bit 7 is PAT */
#define PTE_PAT_LARGE 0x1000ull     /* in a 2 MiB or 1 GiB entry, bit 12 is */
#define PTE_ADDRESS 0x000FFFFFFFFFF000ull

/* Model-specific registers: SDM vol. 4. */
#define MSR_APIC_BASE 0x1Bu
#define MSR_SYSENTER_CS 0x174u
#define MSR_PAT 0x277u
#define MSR_EFER 0xC0000080u
#define EFER_LME (1u << 8)
#define EFER_LMA (1u << 10)
#define EFER_NXE (1u << 11)
#define EFER_SVME (1u << 12)    /* AMD APM vol. 2 "Extended Feature Enable Register (EFER)" */

/* CPUID: SDM vol. 2 "CPUID". */
#define CPUID_1_ECX_HYPERVISOR (1u << 31)
#define CPUID_7_ECX_UMIP (1u << 2)
#define CPUID_80000001_EDX_NX (1u << 20)
#define CPUID_POWER 0x80000007u
#define CPUID_POWER_EDX_STEADY_TSC (1u << 8)    /* "invariant TSC" */

#endif
