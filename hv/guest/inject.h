/*
 * inject.h - the event frame (PURE): what is pushed where, and in which state the handler starts. docs/abi.md "Events".
 *
 * Also the one place that knows which EFLAGS bits cross the border between a guest and its frames. Assembly includes
 * the numbers.
 */
#ifndef GUEST_INJECT_H
#define GUEST_INJECT_H

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include <stdint.h>
#endif

#include "cpu/x86.h"
#include "pebpeb.h"

#define INJECT_KERNEL_WORDS 5   /* 20 bytes: guests nest 40 of them in one 4 KiB stack */
#define INJECT_USER_WORDS 6
#define INJECT_WORD_BYTES 4

/* EFLAGS bits that frames show and hv_iret loads; virtual IF travels beside them in the IF bit. */
#define INJECT_EFLAGS_SHOWN (EFLAGS_ARITHMETIC | EFLAGS_DF | EFLAGS_TF | EFLAGS_RF)
/* Bits that neither a frame nor hv_iret carries and that stay as they are: guests probe the processor with them. */
#define INJECT_EFLAGS_KEPT (EFLAGS_AC | EFLAGS_ID)
/* Always set while a guest runs: virtual IF is kept elsewhere, and host interrupts must come through. */
#define INJECT_EFLAGS_FORCED (EFLAGS_FIXED | EFLAGS_IF)

/* What hv_iret accepts. */
#define INJECT_EFLAGS_ACCEPTED (INJECT_EFLAGS_SHOWN | EFLAGS_IF | EFLAGS_FIXED)
/* What the handler of an event starts with: TF, RF and NT would be about the code that was interrupted. */
#define INJECT_EFLAGS_HANDLER_KEEPS (EFLAGS_ARITHMETIC | EFLAGS_DF | INJECT_EFLAGS_KEPT)

#ifndef __ASSEMBLER__
/* The interrupted context. */
struct inject_context {
    uint32_t eip, esp, eflags;  /* eflags: the real ones */
    uint32_t esp0;              /* the stack for traps from guest user */
    bool is_user;
    bool virtual_if;
};

/* The frame and the handler's state; the handler runs in guest kernel mode with virtual IF off. */
struct inject_frame {
    union {
        uint32_t words[INJECT_USER_WORDS];  /* lowest address first */
        uint64_t pairs[INJECT_USER_WORDS / 2];  /* the same, two in a register */
    };
    uint32_t word_count;
    uint32_t esp;               /* where words[0] goes; may have wrapped: the write then fails */
    uint32_t eflags;            /* the real ones for the handler: TF, RF and NT cleared */
};

/* Inline: every event comes by. */
static inline void inject_build(struct inject_frame *frame, const struct inject_context *context, uint32_t error_word,
                                uint32_t fault_address)
{
    uint32_t stack = context->is_user ? context->esp0 : context->esp;

    frame->word_count = context->is_user ? INJECT_USER_WORDS : INJECT_KERNEL_WORDS;
    uint32_t mode = context->is_user ? HV_MODE_USER : HV_MODE_KERNEL;
    uint32_t virtual_if = context->virtual_if ? EFLAGS_IF : 0;
    uint32_t eflags = (context->eflags & INJECT_EFLAGS_SHOWN) | EFLAGS_FIXED | virtual_if;
    frame->pairs[0] = (uint64_t)error_word << 32 | fault_address;
    frame->pairs[1] = (uint64_t)mode << 32 | context->eip;
    frame->pairs[2] = (uint64_t)context->esp << 32 | eflags;
    frame->esp = stack - INJECT_WORD_BYTES * frame->word_count;
    frame->eflags = (context->eflags & INJECT_EFLAGS_HANDLER_KEEPS) | INJECT_EFLAGS_FORCED;
}
#endif

#endif
