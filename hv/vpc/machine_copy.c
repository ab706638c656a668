/*
 * machine_copy.c - a virtual PC is cloned: its processor, its devices and what it types and shows are copied, its RAM
 * and what it wrote to its disks are shared. What an engine made of RAM (translations, nested tables) is made anew by
 * both.
 */
#include "base/string.h"
#include "guest/guest.h"
#include "pagetable/vmap.h"
#include "vpc/machine_parts.h"
#include "vpc/svm/host.h"

/* Bound: the machine's pages, which are zeroed. */
static struct machine *make_machine(struct guest *source, struct guest *copy)
{
    struct machine *from = source->machine;

    copy->machine = vmap_alloc(sizeof(*from));
    if (copy->machine != NULL)
        interp_flush(&from->vpc.interp);
    return copy->machine;
}

/*
 * copy, which is zeroed, becomes the same disk. False: *steps are used up. Memory may be out: progress->lacks_memory.
 */
static bool share_disk(struct disk *disk, struct disk *copy, struct ram_share *progress,
                       uint32_t *steps)
{
    if (!disk->is_open)
        return true;
    if (!copy->is_open) {
        *copy = (struct disk){ .bytes = disk->bytes, .sectors = disk->sectors, .count = disk->count };
        copy->is_open = ram_create(&copy->written, disk->written.bytes) == STATUS_OK;
        progress->lacks_memory = !copy->is_open;
    }
    return !copy->is_open || ram_share(&disk->written, &copy->written, progress, steps);
}

enum guest_fill machine_share(struct guest *source, struct guest *copy, uint32_t *steps)
{
    struct machine *from = source->machine, *to = copy->machine;

    if (to == NULL)
        to = make_machine(source, copy);
    if (to == NULL)
        return GUEST_FILL_NO_MEMORY;
    if (from->vpc.svm != NULL && !nested_drop(&from->svm.nested, steps))
        return GUEST_FILL_GOES_ON;
    for (unsigned i = 0; i < 2; i++) {
        if (!share_disk(&from->vpc.ide.disks[i], &to->vpc.ide.disks[i], &to->sharing[i], steps))
            return GUEST_FILL_GOES_ON;
        if (to->sharing[i].lacks_memory)
            return GUEST_FILL_NO_MEMORY;
    }
    return GUEST_FILL_DONE;
}

bool machine_copy(struct guest *source, struct guest *copy)
{
    struct machine *from = source->machine, *to = copy->machine;

    to->is_still = true;
    to->stands_at_ns = machine_now_ns(source);
    to->stands_at_tsc = machine_now_tsc(source);
    vpc_copy(&to->vpc, &from->vpc, &copy->ram, copy);
    to->boot = from->boot;
    to->boot.command_line = to->command_line;
    memcpy(to->command_line, from->command_line, sizeof(to->command_line));
    to->display = from->display;
    to->keys = from->keys;
    to->is_started = from->is_started;
    to->is_overheard = from->is_overheard;
    to->vpc.text.console = &copy->console.vcon;
    if (from->vpc.svm == NULL)
        return true;
    if (!svm_host_attach(&to->vpc, &to->svm, machine_set_alarm))
        return false;
    svm_copy(&to->svm, &from->svm);
    return true;
}
