/*
 * audit_frame.c - in the audit build, called by cpu/guest_iretq.inc before each IRETQ to a guest: is this its frame?
 */
#include "base/check.h"
#include "cpu/trap_frame.h"

void audit_frame(const struct trap_frame *frame);

void audit_frame(const struct trap_frame *frame)
{
    if (!trap_frame_is_guests(frame))
        panic("audit: a guest would go on with eip 0x%lx cs 0x%lx eflags 0x%lx ss 0x%lx", (unsigned long)frame->eip,
              (unsigned long)frame->cs, (unsigned long)frame->eflags, (unsigned long)frame->ss);
}
