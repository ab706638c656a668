/*
 * paging_model.h - a guest on the machine of fake_mmu.h, and what the contract allows it to see: it remembers its RAM,
 * and every store since the last hv_setpd, so that an old entry may be seen exactly where a TLB could still hold it.
 *
 * Each operation is done on the real thing, compared with the model, and followed by audit_space. A difference fails
 * the running test.
 */
#ifndef PAGING_MODEL_H
#define PAGING_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "fake_mmu.h"

#define MODEL_FRAMES_MAX 128u
#define MODEL_WORDS 1024u       /* in a frame */

extern struct gspace model_space;
extern uint32_t model_ram[MODEL_FRAMES_MAX][MODEL_WORDS];
extern uint32_t model_directory;    /* frame; valid when model_space.paging->is_on */
extern bool model_wp;

/* Shown with each failure. */
extern uint64_t model_step, model_seed;

/* The audit follows each operation whose number divides by this; 1 at first. */
extern uint32_t model_audit_interval;

/* How often things happened, for tests that must have met them. */
struct model_counts {
    uint64_t done, reflected, bad_entries, no_memory, hidden_faults, traced_writes, stale, setpds, adjusts, given;
};
extern struct model_counts model_counts;

/* A new guest whose paging is off, on the machine as it is. False: no memory, and nothing is left behind. */
bool model_start(uint32_t frame_count);
/* Its end; RAM is compared once more. */
void model_stop(void);

/* Guest code stores or loads an aligned word. */
enum access_end model_store(gva_t address, bool is_user, uint32_t value);
enum access_end model_load(gva_t address, bool is_user);

/* A word of RAM changes by nobody's instruction: ram_store. False: no memory. */
bool model_device_store(uint32_t frame, uint32_t word, uint32_t value);

/* hv_give_back, in pieces of so many steps. */
void model_give_back(uint32_t frame, uint32_t count, uint32_t steps);

/* The guest's kernel writes a word of a frame that it sees at its own address. */
void model_put(uint32_t frame, uint32_t word, uint32_t value);

/* hv_setpd; false: no memory. All of it may then be checked with model_check_page. */
bool model_setpd(uint32_t directory_frame, bool wp);
void model_adjustpg(gva_t address);
/* The processor looks at a page, and nobody asked it to. */
void model_prefetch(gva_t address, bool is_user);

/* What the loaded tables allow at this page is no more than the contract does. */
void model_check_page(gva_t address);
/* Audit, and no traced frame is writable through the TLB. After anything done behind the model's back. */
void model_check_all(void);

#endif
