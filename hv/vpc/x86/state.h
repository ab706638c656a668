/*
 * state.h - changes of a processor's state that the engine keeps copies of: who makes one calls here (PURE).
 */
#ifndef VPC_X86_STATE_H
#define VPC_X86_STATE_H

#include "vpc/x86/interp.h"

/* After cpu.segments[number] changed: what can be reached by it; of CS the code window, of SS the width of ESP. */
void state_refresh_segment(struct interp *interp, unsigned number);

/* After CR0, the alignment checks or all segments changed. */
void state_refresh_segments(struct interp *interp);

void state_set_cpl(struct interp *interp, uint8_t cpl);

/* EFLAGS, and what hangs on its bits. The caller decides which may change. */
void state_set_eflags(struct interp *interp, uint32_t eflags);

/* All translations. INVLPG forgets one page, whatever its size. */
void state_forget_translations(struct interp *interp);
void state_forget_page(struct interp *interp, uint32_t linear);

/* Sets has_attention from what it stands for. */
void state_refresh_attention(struct interp *interp);

#endif
