/*
 * shadow_choices.h - what the walk of test_shadow.c chooses from: few frames and few words, so that they are often
 * several things at once, and pages that the TLB may still hold.
 */
#ifndef SHADOW_CHOICES_H
#define SHADOW_CHOICES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

#define DIRECTORIES 6u      /* frames 0 .. 5 */
#define WINDOW_FRAME 6u
#define TABLES 9u           /* frames 7 .. 15 */
#define FIRST_TABLE 7u
#define WINDOW_PDE 3u

/* Entries that the walk uses: at the edges of halves, of host page directories, and of the segment. */
#define PDE_WORDS 11u
#define PTE_WORDS 12u
extern const uint16_t pde_words[PDE_WORDS], pte_words[PTE_WORDS];

#define RECENT_PAGES 6u
extern gva_t recent[RECENT_PAGES];  /* pages accessed lately: what the TLB holds is worth an edit */
extern uint32_t spread;             /* percent of choices among all frames */

void random_start(uint64_t seed);
uint32_t random_below(uint32_t limit);
bool chance(uint32_t percent);

uint32_t any_frame(void);
uint32_t some_directory(void);
uint32_t some_table(void);
uint32_t some_word(void);
gva_t some_page(void);
uint32_t some_pde(void);
uint32_t some_pte(void);

#endif
