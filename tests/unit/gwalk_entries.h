/*
 * gwalk_entries.h - pairs of guest entries for what judges a walk: all that can matter, and all low bits.
 */
#ifndef GWALK_ENTRIES_H
#define GWALK_ENTRIES_H

#include <stdint.h>

#include "pagetable/gwalk.h"

#define FRAMES 16u
#define TABLE 4u
#define EMPTY 5u                    /* never touched */
#define ADDRESS GVA(0x7F3FE123)     /* PDE 0x1FC, PTE 0x3FE */
#define MEANING 0x87u               /* P, W, U and bit 7 */

/* Entries that matter times all values of those that do not, once for each of the two entries. */
static inline void for_all_entries(void (*check)(uint32_t pde, uint32_t pte))
{
    static const uint32_t pde_frames[] = { TABLE, EMPTY, FRAMES - 1, FRAMES, 0xFFFFF };
    static const uint32_t pte_frames[] = { 0, FRAMES - 1, FRAMES, 0xFFFFF };
    static const uint32_t others[] = { 0, 0xFFF & ~MEANING };

    for (uint32_t i = 0; i < 5 * 4; i++) {
        uint32_t pde_frame = pde_frames[i / 4] << 12, pte_frame = pte_frames[i % 4] << 12;
        for (uint32_t all = 0; all < 0x1000; all++) {
            for (uint32_t some = 0; some < 0x100; some += (some & 7) == 7 ? 0x80 - 7 : 1) {
                check(pde_frame | all, pte_frame | some | others[all & 1]);
                check(pde_frame | some | others[all >> 1 & 1], pte_frame | all);
            }
        }
    }
}

#endif
