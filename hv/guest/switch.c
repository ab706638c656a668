/*
 * switch.c - load and unload guests: what of a guest is in the processor between its turns.
 *
 * A guest stays loaded when its turn ends, and nothing is done if it is the next one, too. FPU state is switched
 * eagerly: that is cheap, and laziness has leaked one owner's registers to another before (the "LazyFP" flaw of
 * processors, CVE-2018-3665). General registers need no switching: they are in each guest's own frame.
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
    /*
     * CR3 may change here: the hypervisor and all that it uses lie in the upper half, which is the same in every root.
     */
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
    /* Its page tables are about to be freed, and the processor would go on walking them. */
    hvmap_load();
    guest->processor->loaded = NULL;
    guest->processor = NULL;
}
