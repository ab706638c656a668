/*
 * frames.h - the physical frame allocator: the only allocator there is (PURE: it never touches a frame's content).
 */
#ifndef BASE_FRAMES_H
#define BASE_FRAMES_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/status.h"

/*
 * Give the allocator its book-keeping memory. top is one past the highest physical address ever added.
 * bookkeeping must have frames_bookkeeping_bytes(top) bytes, zeroed, owned by the allocator from now on.
 */
size_t frames_bookkeeping_bytes(hpa_t top);
void frames_init(void *bookkeeping, hpa_t top);

/* Hand a page-aligned range of RAM to the allocator. Frame 0 is silently left out (see HPA_NONE). */
void frames_add(hpa_t base, uint64_t length_bytes);

/* One 4 KiB frame, content undefined; HPA_NONE when there is none. The caller owns it until frames_free. */
hpa_t frames_alloc(void);

/* 512 frames, together and aligned to 2 MiB; HPA_NONE when there are none. Freed by frames_free_large or one by one. */
hpa_t frames_alloc_large(void);

void frames_free(hpa_t frame);
void frames_free_large(hpa_t frame);

/* Frames free now, and frames ever added. */
uint64_t frames_count_free(void);
uint64_t frames_count_total(void);

#endif
