/*
 * switch.c - load and unload guests. FPU state is switched eagerly: that is cheap, and laziness has leaked state
 * before.
 */
#include "guest/switch.h"

#include <stddef.h>

#include "cpu/cpu.h"
#include "cpu/insn.h"
#include "guest/guest.h"
#include "pagetable/hvmap.h"

static struct guest *loaded;

void switch_save(void)
{
    if (loaded)
        insn_fxsave(loaded->state.fpu);
}

void switch_to(struct guest *guest)
{
    if (guest == loaded)
        return;
    switch_save();
    gspace_load(&guest->space);
    cpu_load_fpu(guest->state.fpu);
    cpu_set_guest_frame(&guest->state.frame);
    loaded = guest;
}

struct guest *switch_loaded(void)
{
    return loaded;
}

void switch_forget(struct guest *guest)
{
    if (guest != loaded)
        return;
    hvmap_load();
    loaded = NULL;
}
