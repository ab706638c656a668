/*
 * guest.c - a guest's life: made from an image, ended once, mopped up.
 */
#include "guest/guest.h"

#include <stdarg.h>
#include <stddef.h>

#include "base/boot_phases.h"
#include "base/check.h"
#include "base/format.h"
#include "base/log.h"
#include "base/string.h"
#include "base/text.h"
#include "cpu/cpu.h"
#include "cpu/desc.h"
#include "cpu/fpu.h"
#include "cpu/insn.h"
#include "guest/elf32.h"
#include "guest/processor.h"
#include "guest/reclaim.h"
#include "guest/report.h"
#include "guest/switch.h"
#include "irq/timer.h"
#include "pagetable/vmap.h"

static struct guest *guests;
static uint32_t last_id;

static void guest_key(void *owner, uint32_t key_word)
{
    struct guest *guest = guest_holder(owner);
    if (guest->life.activity != GUEST_ENDED)
        virq_raise_key(&guest->state.virq, key_word);
}

static unsigned guest_key_room(const void *owner)
{
    const struct guest *guest = guest_holder((struct guest *)(uintptr_t)owner);
    return guest->life.activity == GUEST_ENDED ? VIRQ_KEYS : VIRQ_KEYS - guest->state.virq.key_count;
}

/* RAM of a guest that is new, and the tables that will show it. False: no memory. */
static bool make_memory(struct guest *guest, uint32_t memory_bytes)
{
    return ram_create(&guest->ram, memory_bytes) == STATUS_OK &&
           gspace_create(&guest->space, &guest->ram, &guest->state.paging, GUEST_LINEAR_BASE) == STATUS_OK;
}

/* It came to nothing, or nobody knows it any more. */
static void bury(struct guest *guest)
{
    guest->life.is_released = true;
    reclaim_add(guest);
}

/* Copy the segments of a checked image to zeroed RAM. False: no memory. */
static bool load_image(struct guest *guest, const void *image, uint64_t image_bytes, const struct elf32_image *parsed)
{
    for (unsigned i = 0; i < parsed->segment_count; i++) {
        const struct elf32_segment *segment = &parsed->segments[i];
        if (!ram_store(&guest->ram, GPA(segment->address), (const uint8_t *)image + segment->file_offset,
                       segment->file_bytes))
            return false;
    }
    guest->image = (struct image_bytes){ image, image_bytes };
    return true;
}

/* docs/abi.md "Launch": the state at the first instruction. */
static void set_launch_state(struct guest *guest, uint32_t entry)
{
    guest->state.frame = (struct trap_frame){
        .eax = HV_LAUNCH_EAX,
        .ebx = guest->ram.frame_count - 1,
        .ecx = HV_MAX_GVA,
        .eip = entry,
        .cs = SEL_GUEST_KERNEL_CS,
        .eflags = HV_LAUNCH_EFLAGS,
        .ss = SEL_GUEST_KERNEL_SS,
    };
}

static bool check_elf(const struct request_start *start, struct elf32_image *parsed, char *reason)
{
    return elf32_parse(start->image, start->image_bytes, start->memory_bytes, parsed, reason, GUEST_REASON_BYTES);
}

static bool load_elf(struct guest *guest, const struct request_start *start, const struct elf32_image *parsed,
                     char *reason)
{
    if (!load_image(guest, start->image, start->image_bytes, parsed)) {
        format_string(reason, GUEST_REASON_BYTES, "not enough free memory for its image");
        return false;
    }
    set_launch_state(guest, parsed->entry);
    /* One guest may start thousands. */
    log_write(start->id ? LOG_DEBUG : LOG_INFO, "guest %u %s: %u KiB, entry 0x%08x",
              start->id ? start->id : last_id + 1, start->name, start->memory_bytes / 1024, parsed->entry);
    return true;
}

const struct guest_kind guest_pebpeb = { .check = check_elf, .load = load_elf, .describe = report_write };

static void insert_guest(struct guest *guest)
{
    struct guest **link = &guests;
    while (*link && (*link)->life.id < guest->life.id)
        link = &(*link)->next;
    guest->next = *link;
    *link = guest;
}

uint32_t guest_new_id(void)
{
    return ++last_id;
}

/* A name, a console, a place among the others. id: 0: the next. */
static void introduce(struct guest *guest, uint32_t id, const char *name)
{
    guest->life.id = id ? id : guest_new_id();
    text_copy(guest->life.name, sizeof(guest->life.name), name);
    guest->life.activity = GUEST_READY;
    guest->life.report = "";
    guest->life.started_ns = timer_now_ns();
    guest->turns.ready_since_ns = guest->life.started_ns;

    vcon_init(&guest->console.vcon);
    vcon_set_time(&guest->console.vcon, guest->life.started_ns);
    guest->console.number = guest->life.id;
    guest->console.owner = guest;
    guest->console.key = guest_key;
    guest->console.room = guest_key_room;
    text_copy(guest->console.name, sizeof(guest->console.name), name);
    text_copy(guest->console.state, sizeof(guest->console.state), "running");
    console_attach(&guest->console);
    insert_guest(guest);
}

struct guest *guest_create(const struct request_start *start)
{
    const struct guest_kind *kind = start->kind != NULL ? start->kind : &guest_pebpeb;
    struct elf32_image parsed;
    char *reason = start->reason;

    boot_phases_lap(BOOT_PHASE_MONITOR, insn_rdtsc());
    if (!kind->check(start, &parsed, reason))
        return NULL;
    struct guest *guest = vmap_alloc(sizeof(*guest));
    if (!guest) {
        format_string(reason, GUEST_REASON_BYTES, "no memory left for another guest");
        return NULL;
    }
    if (!make_memory(guest, start->memory_bytes)) {
        format_string(reason, GUEST_REASON_BYTES, "not enough free memory for the records of %u KiB of guest RAM",
                      start->memory_bytes / 1024);
        bury(guest);
        return NULL;
    }
    guest->state.version = GUEST_STATE_VERSION;
    fpu_fresh(guest->state.fpu);
    virq_init(&guest->state.virq);
    guest->kind = kind;
    if (!kind->load(guest, start, &parsed, reason)) {
        bury(guest);
        return NULL;
    }
    introduce(guest, start->id, start->name);
    boot_phases_lap(BOOT_PHASE_LOAD, insn_rdtsc());
    return guest;
}

/* The first end wins. Memory goes back: an ended guest costs its console only. */
static void end_guest(struct guest *guest, enum guest_end end, int32_t status, const char *state)
{
    guest->life.end = end;
    guest->life.status = status;
    guest->life.activity = GUEST_ENDED;
    guest->life.ended_ns = timer_now_ns();
    text_copy(guest->console.state, sizeof(guest->console.state), state);
    switch_forget(guest);
    reclaim_add(guest);
    if (guest->family.ended)
        guest->family.ended(guest);
}

void guest_end_exit(struct guest *guest, int32_t status)
{
    char state[32];
    if (guest->life.activity == GUEST_ENDED)
        return;
    format_string(state, sizeof(state), "exit %d", status);
    end_guest(guest, GUEST_END_EXIT, status, state);
}

static char report_bytes[GUEST_REPORT_BYTES];

/* The report reads the guest's memory through its own mapping. */
static struct report_texts make_report(struct guest *guest, enum report_kind kind, const char *reason)
{
    struct report_texts texts;

    switch_to(processor_this(), guest);
    guest->kind->describe(guest, kind, reason, report_bytes, sizeof(report_bytes), &texts);
    return texts;
}

/* Only guests that end so pay for a report. It has room: the guest's own memory is on its way back. */
static void keep_report(struct guest *guest, const struct report_texts *texts)
{
    char *kept = vmap_alloc(texts->bytes);

    CHECK(kept);
    memcpy(kept, texts->report, texts->bytes);
    guest->life.report = kept;
}

void guest_crash(struct guest *guest, const char *format, ...)
{
    va_list arguments;
    if (guest->life.activity == GUEST_ENDED)
        return;
    va_start(arguments, format);
    format_string_v(guest->life.reason, sizeof(guest->life.reason), format, arguments);
    va_end(arguments);
    struct report_texts texts = make_report(guest, REPORT_CRASH, guest->life.reason);
    end_guest(guest, GUEST_END_CRASH, (int32_t)HV_STATUS_CRASH, "crashed");
    keep_report(guest, &texts);
}

void guest_end_timeout(struct guest *guest)
{
    if (guest->life.activity == GUEST_ENDED)
        return;
    struct report_texts texts = make_report(guest, REPORT_TIMEOUT, "its time was up");
    end_guest(guest, GUEST_END_TIMEOUT, 0, "timed out");
    keep_report(guest, &texts);
}

const char *guest_describe(struct guest *guest, const char **rest)
{
    if (guest->life.activity == GUEST_ENDED) {
        *rest = guest_report_rest(guest);
        return guest->life.report;
    }
    struct report_texts texts = make_report(guest, REPORT_LIVE, "");
    *rest = texts.rest;
    return texts.report;
}

void guest_kill(struct guest *guest)
{
    if (guest->life.activity != GUEST_ENDED)
        end_guest(guest, GUEST_END_KILL, 0, "killed");
}

void guest_release(struct guest *guest)
{
    CHECK(guest->life.activity == GUEST_ENDED);
    CHECK(!guest->family.record && !guest->family.children);
    CHECK(!guest->processor);   /* else the next guest at this address would be taken for loaded, FPU and all */
    for (struct guest **link = &guests; *link; link = &(*link)->next) {
        if (*link == guest) {
            *link = guest->next;
            console_detach(&guest->console);
            bury(guest);
            return;
        }
    }
    panic("guest %u is not in the list of guests", guest->life.id);
}

struct guest *guest_first(void)
{
    return guests;
}

struct guest *guest_find(uint32_t id)
{
    struct guest *guest = guests;
    while (guest && guest->life.id != id)
        guest = guest->next;
    return guest;
}
