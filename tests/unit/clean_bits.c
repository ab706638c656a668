/*
 * clean_bits.c - what a processor keeps of a block, for clean_bits.h.
 */
#include "clean_bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct vmcb kept;

#define KEEPS(part, field) if (vmcb->clean & (part)) assert_memory_equal(&vmcb->field, &kept.field, sizeof(kept.field))

void believe(const struct vmcb *vmcb)
{
    KEEPS(VMCB_CLEAN_INTERCEPTS, intercepts);
    KEEPS(VMCB_CLEAN_INTERCEPTS, intercept_exceptions);
    KEEPS(VMCB_CLEAN_INTERCEPTS, intercept_cr_writes);
    KEEPS(VMCB_CLEAN_INTERCEPTS, tsc_offset);
    KEEPS(VMCB_CLEAN_ASID, asid);
    KEEPS(VMCB_CLEAN_VIRTUAL, interrupt_control);
    KEEPS(VMCB_CLEAN_ALL, iopm);
    KEEPS(VMCB_CLEAN_ALL, msrpm);
    KEEPS(VMCB_CLEAN_ALL, nested_enable);
    KEEPS(VMCB_CLEAN_ALL, nested_root);
    KEEPS(VMCB_CLEAN_CONTROL, cr0);
    KEEPS(VMCB_CLEAN_CONTROL, cr3);
    KEEPS(VMCB_CLEAN_CONTROL, cr4);
    KEEPS(VMCB_CLEAN_CONTROL, efer);
    KEEPS(VMCB_CLEAN_DEBUG, dr6);
    KEEPS(VMCB_CLEAN_DEBUG, dr7);
    KEEPS(VMCB_CLEAN_TABLES, gdtr);
    KEEPS(VMCB_CLEAN_TABLES, idtr);
    KEEPS(VMCB_CLEAN_SEGMENTS, segments);
    KEEPS(VMCB_CLEAN_SEGMENTS, cpl);
    KEEPS(VMCB_CLEAN_CR2, cr2);
}

void remember(const struct vmcb *vmcb)
{
    kept = *vmcb;
}
