/*
 * strict_start.c - a guest gets strict mode.
 */
#include <stddef.h>

#include "base/log.h"
#include "base/string.h"
#include "cpu/cpu.h"
#include "guest/guest.h"
#include "guest/image_symbols.h"
#include "guest/strict.h"
#include "pagetable/vmap.h"

/* The SDK's stack, if the image has one: a pattern at its end, that nobody may overwrite. */
static void lay_canary(struct guest *guest, struct strict *strict)
{
    uint8_t canary[STRICT_CANARY_BYTES];
    uint32_t address, bytes;

    memset(canary, STRICT_CANARY, sizeof(canary));
    if (image_symbols_find(&guest->image, "sdk_stack", &address, &bytes) && bytes >= PAGE_SIZE &&
        address % STRICT_CANARY_BYTES == 0 && address < guest->ram.bytes &&
        ram_store(&guest->ram, GPA(address), canary, sizeof(canary)))
        strict->stack = address;
}

void strict_enable(struct guest *guest)
{
    if (guest->kind != &guest_pebpeb || guest->strict != NULL)
        return;
    guest->strict = vmap_alloc(sizeof(*guest->strict));
    if (guest->strict == NULL) {
        log_warn("guest %u %s: no memory for strict mode", guest->life.id, guest->life.name);
        return;
    }
    guest->space.tables_most = TOLD_TABLES;
    lay_canary(guest, guest->strict);
    cpu_watch(CPU_WATCH_SOME);
}

bool strict_copy(struct guest *copy, const struct guest *source)
{
    if (source->strict == NULL)
        return true;
    copy->strict = vmap_alloc(sizeof(*copy->strict));
    if (copy->strict == NULL)
        return false;
    memcpy(copy->strict, source->strict, sizeof(*copy->strict));
    cpu_watch(CPU_WATCH_SOME);
    return true;
}
