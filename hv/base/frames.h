/*
 * frames.h - the physical frame allocator: the only allocator there is (PURE: it never touches a frame's content).
 */
#ifndef BASE_FRAMES_H
#define BASE_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/codegen.h"
#include "base/status.h"

/*
 * Give the allocator its book-keeping memory. top is one past the highest physical address ever added.
 * bookkeeping must have frames_bookkeeping_bytes(top) bytes, zeroed, owned by the allocator from now on.
 */
size_t frames_bookkeeping_bytes(hpa_t top);
void frames_init(void *bookkeeping, hpa_t top);

/* Hand a page-aligned range of RAM to the allocator. Frame 0 is silently left out (see HPA_NONE). */
void frames_add(hpa_t base, uint64_t length_bytes);

/*
 * Who can be asked for frames when there are none left: it frees one at least, or returns false. It may come in the
 * middle of any allocation.
 */
void frames_on_shortage(bool (*give_back)(void));
/* The same for who lacks something else that memory on its way back holds: addresses. */
bool frames_ask_back(void);

/* One 4 KiB frame, content undefined; HPA_NONE when there is none. The caller owns it until frames_free. */
hpa_t frames_alloc(void);

/*
 * LARGE_PAGE_FRAMES frames in a row, at a multiple of their size, each to be freed by itself; HPA_NONE unless there are
 * some and more than half of all memory is free: whoever takes more than is asked of him leaves the rest to others.
 */
hpa_t frames_alloc_large(void);

/* For frames_alloc_quick only: a block with free frames, in which those before a word are taken. */
struct frames_at_hand {
    uint64_t *word;         /* 64 frames, set: free. NULL: there is none */
    uint16_t *free_count;   /* of the block */
    const uint64_t *bits;   /* the first word of all */
    uint64_t free_total;
};
extern struct frames_at_hand frames_hint;

/* The same without a call, for first touches; HPA_NONE also when it takes more: frames_alloc may have one then. */
static inline hpa_t frames_alloc_quick(void)
{
    uint64_t *word = frames_hint.word;

    if (!word || *frames_hint.free_count < 2)
        return HPA_NONE;
    while (*word == 0)
        word++;
    WORK_OUT_HERE(word);
    unsigned bit = (unsigned)__builtin_ctzll(*word);
    *word &= *word - 1;
    frames_hint.word = word;
    --*frames_hint.free_count;
    frames_hint.free_total--;
    return HPA(((uint64_t)(word - frames_hint.bits) * 64 + bit) << PAGE_SHIFT);
}

void frames_free(hpa_t frame);

/*
 * Blocks of 512 frames, from address 0 to the top, and whether a frame of one is taken; of one with a hole always. A
 * block beyond has none. While the number of first uses is the same, no other block has become used (it wraps).
 */
uint32_t frames_count_blocks(void);
bool frames_is_block_used(uint32_t block);
uint32_t frames_count_first_uses(void);

/* Frames free now, and frames ever added. */
uint64_t frames_count_free(void);
uint64_t frames_count_total(void);

#endif
