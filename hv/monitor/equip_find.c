/*
 * equip_find.c - the files of a virtual PC, and the request that it is asked for with.
 */
#include "base/format.h"
#include "guest/guest.h"
#include "guest/images.h"
#include "monitor/equip.h"
#include "vpc/machine.h"

/* NULL is no file, which is fine. */
static bool find_equip_file(const char *word, const char *name, struct guest_file *found, char *reason)
{
    struct image_file file;

    *found = (struct guest_file){ 0 };
    if (name == NULL)
        return true;
    if (!images_find(name, &file)) {
        format_string(reason, GUEST_REASON_BYTES, "%s%.64s: no file of this name, neither in \\guests\\ on the boot "
                      "volume nor in the ramdisk", word, name);
        return false;
    }
    *found = (struct guest_file){ file.image, file.image_bytes };
    return true;
}

bool equip_find(const struct equip *equip, struct request_start *start, struct guest_equipment *equipment,
                char *reason)
{
    if (!equip->is_machine)
        return true;
    uint32_t moves = !equip->is_moving ? 0 : equip->moves != 0 ? equip->moves : GUEST_MOVES_AT_RANDOM;
    *equipment = (struct guest_equipment){ .takes_serial_input = equip->takes_serial_input,
                                           .counts_time = equip->counts_time, .moves = moves,
                                           .compares = equip->compares,
                                           .command_line = equip->texts[EQUIP_CMDLINE] };
    start->kind = equip->wants_svm ? &machine_svm : &machine_interp;
    start->equipment = equipment;
    return find_equip_file("initrd=", equip->texts[EQUIP_INITRD], &equipment->initrd, reason) &&
           find_equip_file("disk=", equip->texts[EQUIP_DISK0], &equipment->disks[0], reason) &&
           find_equip_file("disk=", equip->texts[EQUIP_DISK1], &equipment->disks[1], reason);
}
