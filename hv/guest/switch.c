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
static uint64_t loaded_cs;      /* the mode DS ES FS GS were last set for; 0: not since the switch */

void switch_to(struct guest *guest)
{
    if (guest == loaded)
        return;
    if (loaded)
        insn_fxsave(loaded->fpu);
    gspace_load(&guest->space);
    insn_fxrstor(guest->fpu);
    cpu_set_guest_frame(&guest->frame);
    loaded = guest;
    loaded_cs = 0;
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

bool switch_enter(struct guest *guest)
{
    if (guest->frame.cs != loaded_cs) {
        guest_reload_segments();
        loaded_cs = guest->frame.cs;
    }
    bool has_run = guest_enter(&guest->frame);
    loaded_cs = guest->frame.cs;    /* a guest kernel can drop to ring 3 by its own RETF, and load selectors there */
    return has_run;
}
