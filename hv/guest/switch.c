/*
 * switch.c - load and unload guests. FPU state is switched eagerly: that is cheap, and laziness has leaked state
 * before.
 */
#include "guest/switch.h"

#include <stddef.h>

#include "cpu/cpu.h"
#include "cpu/insn.h"
#include "guest/guest.h"
#include "guest/processor.h"
#include "pagetable/hvmap.h"

void switch_save(struct guest *guest)
{
    if (guest->processor)
        insn_fxsave(guest->state.fpu);
}

void switch_to(struct processor *processor, struct guest *guest)
{
    struct guest *before = processor->loaded;

    if (guest == before)
        return;
    if (before) {
        insn_fxsave(before->state.fpu);
        before->processor = NULL;
    }
    gspace_load(&guest->space);
    cpu_load_fpu(guest->state.fpu);
    cpu_set_guest_frame(&processor->cpu, &guest->state.frame);
    guest->processor = processor;
    processor->loaded = guest;
}

void switch_forget(struct guest *guest)
{
    if (!guest->processor)
        return;
    hvmap_load();
    guest->processor->loaded = NULL;
    guest->processor = NULL;
}
