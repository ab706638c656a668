/*
 * fake_memory.h - the memory of fake_mmu.h's machine: RAM in one mapping, the real frame allocator over it, and
 * allocations that fail on request.
 *
 * Frames that are free are poisoned: a walk through a table that was given back is an AddressSanitizer report.
 */
#ifndef FAKE_MEMORY_H
#define FAKE_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#define MACHINE_FRAMES 1024u    /* 4 MiB of host RAM; frame 0 is never handed out */
#define MACHINE_NEVER UINT64_MAX

/* All frames free, no allocation fails; and the end of it. machine_start and machine_stop call them. */
void memory_start(void);
void memory_stop(void);

/* Allocations (frames, and vmap's) made so far; those numbered first_failing .. first_failing + count - 1 fail. */
extern uint64_t machine_allocations;
void machine_fail(uint64_t first_failing, uint64_t count);
/* The next frame is at hand: frames_alloc_quick has it, if nobody else takes one before. */
void machine_hint(void);
/* Allocate frames until only this many are free, or give such frames back. */
void machine_leave_free(uint64_t count);
/* vmap_alloc without vmap_free, so far. */
extern unsigned machine_vmaps;

/* Nothing grows in its place any more (vmap_grow). */
extern bool machine_growth_fails;

#endif
