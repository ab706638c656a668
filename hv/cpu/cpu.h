/*
 * cpu.h - what a processor has of its own, its state that Cobble sets once, absolutely, and the doors of entry.S.
 */
#ifndef CPU_CPU_H
#define CPU_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "cpu/desc.h"
#include "cpu/insn.h"
#include "cpu/trap_frame.h"

#define CPU_STACK_BYTES 16384
#define CPU_IST_STACKS 3
#define CPU_IST_STACK_BYTES 8192

/*
 * A processor's stacks and tables; what the layers above have for each is with it in guest/processor.h. In the image,
 * page-aligned: entry.S knows its stack and takes RSP in the top 4 GiB for the hypervisor's own. The IDT is no part of
 * it: its gates are the same for all.
 */
struct cpu {
    uint8_t stack_guard[PAGE_SIZE];     /* not mapped: see hvmap.c */
    uint8_t stack[CPU_STACK_BYTES];     /* all of C runs on it, up to the guest that it enters */
    uint8_t ist_stacks[CPU_IST_STACKS][CPU_IST_STACK_BYTES];
    struct tss tss __attribute__((aligned(128)));   /* never across a page */
    uint64_t gdt[GDT_ENTRIES];          /* with the descriptor of this TSS; cpu_this finds the processor by it */
} __attribute__((aligned(PAGE_SIZE)));

/* This processor's GDT, IDT, TSS, control registers, EFER, PAT; SYSCALL, SYSENTER and LDT off. On it, once. */
void cpu_init(struct cpu *cpu);

/*
 * Traps of guests that are watched_from_guest's (entry_calls.h) from here to cpu_watch_no_more, as often: hypercalls,
 * page faults and the timer's interrupt; or all, but those of host devices and what has a stack of its own.
 */
enum cpu_watch { CPU_WATCH_SOME, CPU_WATCH_ALL };
void cpu_watch(enum cpu_watch what);
void cpu_watch_no_more(enum cpu_watch what);

/* The processor that asks. Not for hot paths: whoever has a loaded guest has guest->processor. */
struct cpu *cpu_this(void);

/* Where traps of the guest that runs next on this processor are saved: just below the end of its frame. */
static inline void cpu_set_guest_frame(struct cpu *cpu, struct trap_frame *frame)
{
    cpu->tss.rsp[0] = (uint64_t)(uintptr_t)(frame + 1);
}

/* What a frame looks like when hv itself was interrupted, as trap_from_hv in entry.S pushes it. */
struct hv_trap_frame {
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t vector, error;
    uint64_t rip, cs, rflags, rsp, ss;
};

/*
 * Run the guest whose frame this is, with fresh data segments, until trap_from_guest (trap.h) ends the turn. Its
 * address space, FPU state and frame must be loaded. By insn_call_entry only.
 */
void guest_enter(struct trap_frame *frame);
/* The same at the handler of a tick that guest/tick.h says may be delivered so: tick_is_all. */
void guest_enter_tick(struct trap_frame *frame);

/* Copy where either side may fault. Returns the number of bytes not copied (0: all went well). */
size_t copy_with_fixup(void *to, const void *from, size_t bytes);

/*
 * Store three pairs of words, unless six without the last word, where the store may fault. False: it did, and some
 * words may have been stored.
 */
bool push_with_fixup(void *to, uint64_t first, uint64_t second, uint64_t third, bool six);

/* If rip is an instruction that may fault, the address to go on at; else 0. */
uint64_t cpu_find_fixup(uint64_t rip);

extern bool cpu_keeps_error_pointers;       /* fpu_keeps_error_pointers of this processor */

/* Load x87, MMX and SSE state (fpu.h), so that nothing is left of what was loaded before. */
static inline void cpu_load_fpu(const void *area)
{
    if (cpu_keeps_error_pointers)
        insn_fninit();      /* APM vol. 5 "FINIT, FNINIT": clears the three pointers */
    insn_fxrstor(area);
}

#endif
