/*
 * lean_check.c - proves at build time that lean.h says what the structures and the contract say.
 */
#include <stddef.h>

#include "cpu/desc.h"
#include "guest/guest.h"
#include "guest/lean.h"
#include "guest/inject.h"
#include "pagetable/gwalk.h"
#include "pagetable/shadow.h"

#define AT(offset, field) _Static_assert((offset) == offsetof(struct guest, field), #field)

_Static_assert(offsetof(struct guest, state.frame) == 0, "entry.S and trap.c take a frame for its guest");
AT(CONTEXT_RESUME, resume_rsp);
AT(FRAME_EIP + LEAN_CS, state.frame.cs);
AT(FRAME_EIP + LEAN_EFLAGS, state.frame.eflags);
AT(FRAME_EIP + LEAN_ESP, state.frame.esp);
AT(FRAME_EIP + LEAN_SS, state.frame.ss);
AT(LEAN_VIRQ_ENABLED, state.virq.enabled);
AT(LEAN_VIRQ_PENDING, state.virq.pending);
_Static_assert(LEAN_TIMER_PENDING == VIRQ_MASK(VIRQ_TIMER) && LEAN_TIMER_SOURCE == VIRQ_TIMER, "virq.pending");
_Static_assert(offsetof(struct virq, timer_yields) == offsetof(struct virq, enabled) + 1 &&
               offsetof(struct virq, pending) == offsetof(struct virq, enabled) + 2, "read as one word");
AT(LEAN_ACTIVITY, life.activity);
_Static_assert(sizeof(enum guest_activity) == 4 && LEAN_HALTED == GUEST_HALTED, "written as such");
AT(LEAN_PAGING, state.paging.is_on);
AT(LEAN_SPACE, space);
AT(LEAN_RAM_BYTES, ram.bytes);
AT(LEAN_FRAME_COUNT, ram.frame_count);
AT(LEAN_FRAMES, ram.frames);
AT(LEAN_WP, state.paging.wp);
AT(LEAN_SHADOWS, space.shadows);
AT(LEAN_HIDDEN_FAULTS, hidden_fault_count);
AT(LEAN_ESP0, state.esp0);
AT(LEAN_EVENT_COUNT, event_count);
AT(LEAN_EVENTS, events.next_bytes);
AT(LEAN_EVENTS_RING, events.ring);
AT(LEAN_IDT, state.idt);

_Static_assert(sizeof(struct guest_gate) == 8 && offsetof(struct guest_gate, privileged) == 4, "scaled by 8");
_Static_assert(sizeof(struct guest_event) == 16 && offsetof(struct guest_event, eip) == 8, "a record");
_Static_assert(LEAN_EVENT_BYTES * GUEST_EVENTS == 256 && LEAN_EVENT_CALL == GUEST_EVENT_CALL, "the ring");
_Static_assert(LEAN_FILLED == GFAULT_FILLED, "gspace_fault");
_Static_assert(GPTE_W == ACCESS_WRITE && GPTE_U == ACCESS_USER, "same bits");
_Static_assert(LEAN_DIRECT_MAP == BOOT_DIRECT_MAP_BASE && GPTE_FRAME_SHIFT == PAGE_SHIFT, "host frames");
_Static_assert(sizeof(struct gframe) == 1u << LEAN_GFRAME_SHIFT && offsetof(struct gframe, host) == 0, "scaled");
_Static_assert(offsetof(struct shadow_pool, known_regions) == LEAN_POOL_REGIONS &&
               KNOWN_REGIONS == LEAN_REGION_MASK + 1 &&
               1u << LEAN_REGION_SHIFT == LARGE_PAGE_SIZE, "the regions remembered");
_Static_assert(offsetof(struct shadow_pool, current) == LEAN_POOL_CURRENT &&
               offsetof(struct shadow_pool, known) == LEAN_POOL_KNOWN &&
               sizeof(struct known_region) == LEAN_REGION_BYTES, "the pool");
_Static_assert(offsetof(struct shadow_directory, entries) == LEAN_DIRECTORY_ENTRIES, "the directory");
_Static_assert(1u << LEAN_IF_SHIFT == EFLAGS_IF, "EFLAGS");
