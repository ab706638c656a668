/*
 * debug_stop.c - stop a guest for its debugger, and its memory as the debugger sees it.
 */
#include "guest/debug_stop.h"

#include <stddef.h>

#include "base/string.h"
#include "base/text.h"
#include "cpu/opcodes.h"
#include "cpu/x86.h"
#include "guest/debug_access.h"
#include "guest/gmem_find.h"
#include "guest/guest.h"
#include "pagetable/gspace.h"
#include "pagetable/ram.h"

#define IRET_EFLAGS 4               /* where that word of hv_iret is, from ESP: docs/abi.md */

struct guest_debugger debug_stop;
static char wanted[GUEST_NAME_BYTES];

void debug_stop_want(const char *name)
{
    (void)text_copy(wanted, sizeof(wanted), name);
}

/* The run loop gives no turn to a guest that is paused, and `resume` lets it go on, too. */
static void stop(enum debug_why why)
{
    debug_stop.why = why;
    debug_stop.guest->life.paused |= GUEST_PAUSED_BY_OPERATOR;
    guest_stir(debug_stop.guest);
}

void debug_stop_new(struct guest *guest)
{
    if (debug_stop.guest != NULL || guest->kind->turn != NULL || !text_equal_nocase(guest->life.name, wanted))
        return;
    debug_stop = (struct guest_debugger){ .guest = guest };
    stop(DEBUG_BEGINS);
}

void debug_stop_forget(const struct guest *guest)
{
    if (debug_stop.guest != guest)
        return;
    debug_access_clear();
    debug_stop.guest = NULL;
}

static int find(uint32_t address)
{
    for (unsigned i = 0; i < debug_stop.count; i++)
        if (debug_stop.breakpoints[i].at == address)
            return (int)i;
    return -1;
}

/* Takes the new value for the old one. */
static bool has_watched_changed(void)
{
    uint8_t now[DEBUG_WATCH_BYTES];
    bool changed = false;

    for (unsigned i = 0; i < debug_stop.watch_count && !changed; i++) {
        struct debug_watch *watch = &debug_stop.watches[i];
        if (debug_stop_read(watch->at, now, watch->bytes) != watch->bytes || memcmp(now, watch->was, watch->bytes) == 0)
            continue;
        memcpy(watch->was, now, watch->bytes);
        debug_stop.changed = watch->at;
        changed = true;
    }
    return changed;
}

/*
 * TF stays set. But hv_iret, where that is next, loads EFLAGS from the guest's stack: TF goes there, too, or the guest
 * would be lost. (Into a handler TF does not go, and comes back with the frame that the guest was interrupted with.)
 */
static void keep_stepping(struct trap_frame *frame)
{
    static const uint8_t call[] = { OPCODE_INT, HV_INT_VECTOR };
    uint32_t at = (uint32_t)frame->esp + IRET_EFLAGS;
    uint8_t bytes[sizeof(call)];
    uint32_t eflags;

    frame->eflags |= EFLAGS_TF;
    if (frame->eax != HV_CALL_IRET || debug_stop_read((uint32_t)frame->eip, bytes, sizeof(bytes)) != sizeof(bytes) ||
        memcmp(bytes, call, sizeof(bytes)) != 0 ||
        debug_stop_read(at, (uint8_t *)&eflags, sizeof(eflags)) != sizeof(eflags))
        return;
    eflags |= EFLAGS_TF;
    (void)debug_stop_write(at, (const uint8_t *)&eflags, sizeof(eflags));
}

static void stop_accessed(uint32_t address)
{
    debug_stop.changed = address;
    debug_stop.guest->state.frame.eflags &= ~(uint64_t)EFLAGS_TF;
    debug_stop.steps = false;
    stop(DEBUG_ACCESSED);
}

/* Whose a hit was that came while guests were prepared is not known any more. */
bool debug_stop_before(const struct guest *guest)
{
    bool is_debug = guest->state.frame.vector == EXC_DB;

    if (is_debug && guest == debug_stop.guest)
        return false;                   /* debug_stop_trap takes it */
    return debug_access_forget_hits() && is_debug;
}

bool debug_stop_after(const struct guest *guest)
{
    uint32_t address;

    if (guest != debug_stop.guest || guest->life.activity == GUEST_ENDED || debug_stop.why != DEBUG_RUNS ||
        !debug_access_take_hit(&address))
        return false;
    stop_accessed(address);
    return true;
}

/*
 * TF is the debugger's alone here: of a handler that ran meanwhile the guest may bring it back by hv_iret, and a #DB
 * that nobody waits for means nothing.
 */
bool debug_stop_trap(struct guest *guest)
{
    struct trap_frame *frame = &guest->state.frame;
    uint32_t accessed;
    bool has_hit = frame->vector == EXC_DB && debug_access_take_hit(&accessed);

    if (frame->vector == EXC_DB && (has_hit || frame->eflags & EFLAGS_TF || debug_stop.steps)) {
        if (has_watched_changed())
            stop(DEBUG_WATCHED);
        else if (has_hit)
            stop_accessed(accessed);
        else if (debug_stop.steps)
            stop(DEBUG_STEPPED);
        else if (debug_stop.watch_count > 0) {
            keep_stepping(frame);
            return true;
        }
        frame->eflags &= ~(uint64_t)EFLAGS_TF;
        debug_stop.steps = false;
        return true;
    }
    if (frame->vector != EXC_GP || find((uint32_t)frame->eip) < 0)
        return false;
    frame->eflags &= ~(uint64_t)EFLAGS_TF;
    debug_stop.steps = false;
    stop(DEBUG_BREAKPOINT);
    return true;
}

bool debug_stop_crash(struct guest *guest)
{
    if (guest != debug_stop.guest || debug_stop.may_crash)
        return false;
    stop(DEBUG_CRASHES);
    guest->life.activity = GUEST_PAUSED;        /* whoever found out goes no further */
    return true;
}

void debug_stop_ask(void)
{
    if (debug_stop.guest != NULL && debug_stop.why == DEBUG_RUNS)
        stop(DEBUG_ASKED);
}

const char *debug_stop_go(bool one_instruction)
{
    struct guest *guest = debug_stop.guest;

    if (debug_stop.why == DEBUG_CRASHES) {
        debug_stop.may_crash = true;
        (void)text_copy(debug_stop.reason, sizeof(debug_stop.reason), guest->life.reason);
    } else if (one_instruction || debug_stop.watch_count > 0) {
        debug_stop.steps = one_instruction;
        keep_stepping(&guest->state.frame);
    }
    debug_stop.why = DEBUG_RUNS;
    guest->life.paused &= (uint8_t)~GUEST_PAUSED_BY_OPERATOR;
    guest_stir(guest);
    return debug_stop.may_crash ? debug_stop.reason : NULL;
}

const char *debug_stop_leave(void)
{
    debug_access_clear();
    if (debug_stop.guest == NULL || debug_stop.guest->life.activity == GUEST_ENDED)
        return NULL;
    debug_stop.watch_count = 0;
    while (debug_stop.count > 0)
        (void)debug_stop_remove(debug_stop.breakpoints[debug_stop.count - 1].at);
    debug_stop.guest->state.frame.eflags &= ~(uint64_t)EFLAGS_TF;
    return debug_stop_go(false);
}

/* So many bytes of the range lie in one page, and there is memory behind them. 0: there is none. */
static uint32_t find_piece(uint32_t address, uint32_t bytes, gpa_t *physical)
{
    uint32_t left = (uint32_t)PAGE_SIZE - (address & PAGE_MASK);

    if (debug_stop.guest == NULL || debug_stop.guest->life.activity == GUEST_ENDED || address > HV_MAX_GVA ||
        !gmem_find(debug_stop.guest, GVA(address), physical))
        return 0;
    return bytes < left ? bytes : left;
}

uint32_t debug_stop_read(uint32_t address, uint8_t *to, uint32_t bytes)
{
    uint32_t done = 0, piece;
    gpa_t physical;

    for (; done < bytes && (piece = find_piece(address + done, bytes - done, &physical)) > 0; done += piece)
        gmem_find_read(debug_stop.guest, physical, to + done, piece);
    for (unsigned i = 0; i < debug_stop.count; i++)
        if (debug_stop.breakpoints[i].at - address < done)
            to[debug_stop.breakpoints[i].at - address] = debug_stop.breakpoints[i].was;
    return done;
}

static bool store_bytes(uint32_t address, const uint8_t *from, uint32_t bytes)
{
    gpa_t physical;

    if (find_piece(address, bytes, &physical) != bytes || !ram_store(&debug_stop.guest->ram, physical, from, bytes))
        return false;
    if (debug_stop.guest->processor != NULL)        /* it is loaded still, and the frame may be another now */
        gspace_load(&debug_stop.guest->space);
    return true;
}

uint32_t debug_stop_write(uint32_t address, const uint8_t *from, uint32_t bytes)
{
    for (uint32_t done = 0; done < bytes; done++) {
        int breakpoint = find(address + done);
        if (breakpoint >= 0)
            debug_stop.breakpoints[breakpoint].was = from[done];
        else if (!store_bytes(address + done, from + done, 1))
            return done;
    }
    return bytes;
}

bool debug_stop_set(uint32_t address)
{
    static const uint8_t cli = OPCODE_CLI;
    uint8_t was;

    if (find(address) >= 0)
        return true;
    if (debug_stop.count == DEBUG_BREAKPOINTS_MAX || debug_stop_read(address, &was, 1) == 0 ||
        !store_bytes(address, &cli, 1))
        return false;
    debug_stop.breakpoints[debug_stop.count].at = address;
    debug_stop.breakpoints[debug_stop.count++].was = was;
    return true;
}

bool debug_stop_remove(uint32_t address)
{
    int index = find(address);

    if (index < 0)
        return false;
    uint8_t was = debug_stop.breakpoints[index].was;
    debug_stop.breakpoints[index] = debug_stop.breakpoints[--debug_stop.count];
    return store_bytes(address, &was, 1);
}

bool debug_stop_copy(const struct guest *source, struct guest *copy)
{
    gpa_t physical;

    if (debug_stop.guest != source)
        return true;
    copy->state.frame.eflags &= ~(uint64_t)EFLAGS_TF;
    for (unsigned i = 0; i < debug_stop.count; i++)
        if (gmem_find(source, GVA(debug_stop.breakpoints[i].at), &physical) &&
            !ram_store(&copy->ram, physical, &debug_stop.breakpoints[i].was, 1))
            return false;
    return true;
}

bool debug_stop_watch(uint32_t address, uint32_t bytes)
{
    if (debug_stop.watch_count == DEBUG_WATCHES_MAX || bytes == 0 || bytes > DEBUG_WATCH_BYTES)
        return false;
    struct debug_watch *watch = &debug_stop.watches[debug_stop.watch_count];
    if (debug_stop_read(address, watch->was, bytes) != bytes)
        return false;
    watch->at = address;
    watch->bytes = bytes;
    debug_stop.watch_count++;
    return true;
}

bool debug_stop_unwatch(uint32_t address, uint32_t bytes)
{
    for (unsigned i = 0; i < debug_stop.watch_count; i++) {
        if (debug_stop.watches[i].at != address || debug_stop.watches[i].bytes != bytes)
            continue;
        debug_stop.watches[i] = debug_stop.watches[--debug_stop.watch_count];
        return true;
    }
    return false;
}
