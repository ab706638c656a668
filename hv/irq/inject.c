/*
 * inject.c - build an event frame as a value (PURE); deliver.c pushes it.
 */
#include "irq/inject.h"

#include "pebpeb.h"

void inject_build(struct inject_frame *frame, const struct inject_context *context, uint32_t error_word,
                  uint32_t fault_address)
{
    uint32_t stack = context->is_user ? context->esp0 : context->esp;

    frame->word_count = context->is_user ? INJECT_USER_WORDS : INJECT_KERNEL_WORDS;
    frame->words[0] = fault_address;
    frame->words[1] = error_word;
    frame->words[2] = context->eip;
    frame->words[3] = context->is_user ? HV_MODE_USER : HV_MODE_KERNEL;
    frame->words[4] = (context->eflags & INJECT_EFLAGS_SHOWN) | EFLAGS_FIXED | (context->virtual_if ? EFLAGS_IF : 0);
    frame->words[5] = context->esp;
    frame->esp = stack - 4 * frame->word_count;
    frame->eflags = (context->eflags & (EFLAGS_ARITHMETIC | EFLAGS_DF | INJECT_EFLAGS_KEPT)) | INJECT_EFLAGS_FORCED;
}
