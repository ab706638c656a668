/*
 * interrupts.h - descriptor tables, interrupt gates, and the two 8259 of the kernels of tests/vpc.
 */
#ifndef TESTS_VPC_INTERRUPTS_H
#define TESTS_VPC_INTERRUPTS_H

#include "pc.h"

#define CODE0 0x08u
#define DATA0 0x10u
#define CODE3 0x1Bu
#define DATA3 0x23u
#define PIC_BASE 0x20u              /* vector of line 0 */

struct frame {
    uint32_t es, ds, edi, esi, ebp, esp_ignored, ebx, edx, ecx, eax, vector, error, eip, cs, eflags, esp, ss;
};

typedef void (*handler_t)(struct frame *frame);

/* Flat segments for both privileges, a TSS whose stack is stack0, all gates; the 8259s masked, at PIC_BASE. */
void interrupts_init(uint32_t stack0);
void set_handler(unsigned vector, handler_t handler);
/* A gate that privilege 3 may use. */
void open_gate(unsigned vector);
/* The same, with interrupts on in its handler if they were on before. */
void open_trap_gate(unsigned vector);
void set_stack0(uint32_t stack0);

/* Go on where this frame says, with its registers: the other way out of a handler, and the first one into a task. */
static inline _Noreturn void frame_enter(const struct frame *frame)
{
    __asm__ volatile("movl %0, %%esp; popl %%es; popl %%ds; popal; addl $8, %%esp; iret" : : "r"(frame) : "memory");
    __builtin_unreachable();
}

/* The 8259s again from the start, which forgets what was asked for; all lines masked. */
void pic_init(void);
/* Let a line of the 8259s through, or not. */
void pic_unmask(unsigned line);
void pic_mask_all(void);
void pic_end(unsigned line);

static inline void sti(void) { __asm__ volatile("sti"); }
static inline void cli(void) { __asm__ volatile("cli"); }
static inline void sti_hlt_cli(void) { __asm__ volatile("sti; hlt; cli" : : : "memory"); }

#endif
