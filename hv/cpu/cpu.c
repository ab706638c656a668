/*
 * cpu.c - load descriptor tables and set every control register to a known value.
 */
#include "cpu/cpu.h"

#include "base/check.h"
#include "base/string.h"
#include "cpu/desc.h"
#include "cpu/fpu.h"
#include "cpu/insn.h"
#include "cpu/quirks.h"
#include "cpu/vectors.h"
#include "cpu/x86.h"

/* PAT entries as after reset, but entry 4 write-combining: SDM vol. 3 "Page Attribute Table (PAT)". */
#define PAT_VALUE 0x0007040100070406ull

struct extable_entry {
    uint64_t rip, fixup;
};

extern const char trap_entry_points[];
extern const struct extable_entry extable_start[], extable_end[];

bool cpu_keeps_error_pointers;
static uint32_t watchers[CPU_WATCH_ALL + 1];
static struct idt_gate idt[VECTOR_COUNT] __attribute__((aligned(16)));

_Static_assert(offsetof(struct cpu, stack) + CPU_STACK_BYTES == CPU_STACK_TOP, "hv_start's stack");

static void load_tables(struct cpu *cpu)
{
    for (unsigned i = 0; i < CPU_IST_STACKS; i++)
        cpu->tss.ist[i] = (uint64_t)(uintptr_t)(cpu->ist_stacks[i] + CPU_IST_STACK_BYTES);
    cpu->tss.io_map_base = sizeof(cpu->tss);
    desc_build_gdt(cpu->gdt, (uint64_t)(uintptr_t)&cpu->tss);
    desc_build_idt(idt, (uint64_t)(uintptr_t)trap_entry_points, ENTRY_POINT_BYTES);

    struct insn_table_register gdtr = { sizeof(cpu->gdt) - 1, (uint64_t)(uintptr_t)cpu->gdt };
    struct insn_table_register idtr = { sizeof(idt) - 1, (uint64_t)(uintptr_t)idt };
    /*
     * In this order: selectors name entries of the new GDT, gates name the new code selector, TR an entry of the GDT
     * again.
     */
    insn_lgdt(&gdtr);
    insn_load_hv_segments(SEL_HV_CS, SEL_HV_DS);
    insn_lidt(&idtr);
    insn_ltr(SEL_TSS);
    insn_lldt(0);       /* else a guest's selector with TI = 1 would read descriptors at linear 0 */
}

static void lead_gates(void)
{
    for (unsigned vector = 0; vector <= VECTOR_TIMER; vector++) {
        bool is_some = vector == HV_INT_VECTOR || vector == EXC_PF || vector == VECTOR_TIMER;
        bool is_watched = watchers[CPU_WATCH_ALL] != 0 || (is_some && watchers[CPU_WATCH_SOME] != 0);
        if (idt[vector].ist == 0)
            desc_lead_gate(&idt[vector], (uint64_t)(uintptr_t)trap_entry_points + vector * ENTRY_POINT_BYTES +
                                             (is_watched ? ENTRY_POINT_WATCHED : 0));
    }
}

void cpu_watch(enum cpu_watch what)
{
    watchers[what]++;
    lead_gates();
}

void cpu_watch_no_more(enum cpu_watch what)
{
    watchers[what]--;
    lead_gates();
}

static void find_habits(void)
{
    uint32_t vendor[4], version[4], extended[4], sizes[4] = { 0 };
    char name[12];

    insn_cpuid(0, 0, vendor);
    memcpy(name, &vendor[1], 4);
    memcpy(name + 4, &vendor[3], 4);
    memcpy(name + 8, &vendor[2], 4);
    insn_cpuid(1, 0, version);
    if (quirks_must_leave_c1e(name, version[0], version[2]))
        insn_wrmsr(QUIRK_MSR_C1E, insn_rdmsr(QUIRK_MSR_C1E) & ~QUIRK_C1E_ENABLE);
    insn_cpuid(0x80000000, 0, extended);
    if (extended[0] >= 0x80000008)
        insn_cpuid(0x80000008, 0, sizes);
    cpu_keeps_error_pointers = fpu_keeps_error_pointers(name, extended[0], sizes[1]);
}

void cpu_init(struct cpu *cpu)
{
    uint32_t out[4];

    CHECK((uintptr_t)cpu >> 32 == UINT32_MAX);      /* trap_from_hv tells its stacks from a guest's frame so */
    insn_cpuid(0, 0, out);
    uint32_t leaf_max = out[0];
    bool have_umip = false;
    if (leaf_max >= 7) {
        insn_cpuid(7, 0, out);
        have_umip = out[2] & CPUID_7_ECX_UMIP;
    }
    insn_cpuid(0x80000001, 0, out);
    bool have_nx = out[3] & CPUID_80000001_EDX_NX;

    /* Absolute values, whatever the firmware left: no SMEP, SMAP, PCIDE, FSGSBASE, OSXSAVE, PKE, CET, ... */
    insn_write_cr0(CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG);
    insn_write_cr4(CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT | (have_umip ? CR4_UMIP : 0));
    insn_wrmsr(MSR_EFER, EFER_LME | EFER_LMA | (have_nx ? EFER_NXE : 0));
    insn_wrmsr(MSR_SYSENTER_CS, 0);
    insn_wrmsr(MSR_PAT, PAT_VALUE);
    insn_write_dr7(0x400);      /* bit 10 always reads 1; no breakpoint */
    find_habits();
    load_tables(cpu);
}

struct cpu *cpu_this(void)
{
    struct insn_table_register gdtr;
    insn_sgdt(&gdtr);
    return (struct cpu *)(uintptr_t)(gdtr.base - offsetof(struct cpu, gdt));
}

uint64_t cpu_find_fixup(uint64_t rip)
{
    /*
     * Not sorted and not many; a fault that comes here ends a guest or starts a path over, which costs more than the
     * search.
     */
    for (const struct extable_entry *entry = extable_start; entry < extable_end; entry++)
        if (entry->rip == rip)
            return entry->fixup;
    return 0;
}
