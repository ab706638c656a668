/*
 * frames.c - the physical frame allocator (PURE).
 *
 * Memory is seen as 2 MiB blocks of 512 frames, with one bit per frame (set: free) and a count per block. Blocks with
 * free frames hang in one of two lists: whole (all 512 free) and broken (some free). Single frames come from broken
 * blocks as long as there are any, so that whole ones stay whole. Every call but frames_add takes a bounded number of
 * steps.
 */
#include "base/frames.h"

#include <stdbool.h>

#include "base/check.h"
#include "base/log.h"

#define BLOCK_WORDS (LARGE_PAGE_FRAMES / 64)
#define BLOCK_SHIFT 21
#define NO_BLOCK UINT32_MAX
#define RANGES_MAX 256          /* separate ranges of RAM: a map of 500 entries has no more */

struct block {
    uint32_t next, previous;    /* in its list, by index; NO_BLOCK at the ends */
    uint16_t free_count;
    uint16_t added_count;       /* 512 unless the block has a hole, or is one */
};

/* What frames_add was given, sorted and joined: tells foreign frames from allocated ones in a block with holes. */
struct range {
    uint64_t first, end;        /* frame numbers; end is one past the last */
};

static struct {
    uint64_t (*bits)[BLOCK_WORDS];
    struct block *blocks;
    uint32_t block_count;
    uint32_t whole, broken;     /* list heads */
    uint64_t total_count;
    uint32_t hint_block;      /* the one that frames_hint is about */
    uint32_t first_uses;      /* see frames_count_first_uses */
    bool (*give_back)(void);    /* NULL: nobody */
    bool left_out;              /* more ranges were added than there is room for */
    unsigned range_count;
    struct range ranges[RANGES_MAX];
} frames;
struct frames_at_hand frames_hint;

static uint32_t count_blocks(hpa_t top)
{
    return (uint32_t)((top.v + LARGE_PAGE_SIZE - 1) >> BLOCK_SHIFT);
}

size_t frames_bookkeeping_bytes(hpa_t top)
{
    return count_blocks(top) * (sizeof(*frames.bits) + sizeof(*frames.blocks));
}

void frames_init(void *bookkeeping, hpa_t top)
{
    frames.bits = bookkeeping;
    frames.block_count = count_blocks(top);
    frames.blocks = (struct block *)(frames.bits + frames.block_count);
    frames.whole = frames.broken = NO_BLOCK;
    frames_hint = (struct frames_at_hand){ .bits = frames.bits[0] };
    frames.total_count = 0;
    frames.range_count = 0;
    frames.left_out = false;
}

static void list_push(uint32_t *head, uint32_t index)
{
    struct block *block = &frames.blocks[index];

    block->previous = NO_BLOCK;
    block->next = *head;
    if (*head != NO_BLOCK)
        frames.blocks[*head].previous = index;
    *head = index;
}

static void list_remove(uint32_t *head, uint32_t index)
{
    struct block *block = &frames.blocks[index];

    if (block->previous == NO_BLOCK)
        *head = block->next;
    else
        frames.blocks[block->previous].next = block->next;
    if (block->next != NO_BLOCK)
        frames.blocks[block->next].previous = block->previous;
}

static uint32_t *list_of(uint16_t free_count)
{
    if (free_count == LARGE_PAGE_FRAMES)
        return &frames.whole;
    return free_count != 0 ? &frames.broken : NULL;
}

/* Change a block's free count, in the list that fits. Not inlined: most frames that are freed do without. */
static __attribute__((noinline)) void set_free_count(uint32_t index, uint16_t free_count)
{
    struct block *block = &frames.blocks[index];
    uint32_t *from = list_of(block->free_count);
    uint32_t *to = list_of(free_count);

    frames_hint.free_total += (uint64_t)free_count - block->free_count;
    frames.first_uses += block->free_count == LARGE_PAGE_FRAMES && free_count < LARGE_PAGE_FRAMES;
    block->free_count = free_count;
    if (from == to)
        return;
    if (index == frames.hint_block)
        frames_hint.word = NULL;
    if (from != NULL)
        list_remove(from, index);
    if (to != NULL)
        list_push(to, index);
}

/* The place of the first range that ends after frame. */
static unsigned find_range(uint64_t frame)
{
    unsigned low = 0, high = frames.range_count;

    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (frames.ranges[middle].end > frame)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static bool is_added(uint64_t frame)
{
    unsigned at = find_range(frame);
    return at < frames.range_count && frames.ranges[at].first <= frame;
}

/* Note a new range. False when there are too many to remember. */
static bool insert_range(uint64_t first, uint64_t end)
{
    unsigned at = find_range(first);
    CHECK(at == frames.range_count || end <= frames.ranges[at].first);

    if (at > 0 && frames.ranges[at - 1].end == first) {
        frames.ranges[at - 1].end = end;
        return true;
    }
    if (at < frames.range_count && frames.ranges[at].first == end) {
        frames.ranges[at].first = first;
        return true;
    }
    if (frames.range_count == RANGES_MAX)
        return false;
    for (unsigned i = frames.range_count++; i > at; i--)
        frames.ranges[i] = frames.ranges[i - 1];
    frames.ranges[at] = (struct range){ first, end };
    return true;
}

/* Add frames [first, end), all in one block. */
static void add_to_block(uint64_t first, uint64_t end)
{
    uint32_t index = (uint32_t)(first / LARGE_PAGE_FRAMES);
    unsigned from = first % LARGE_PAGE_FRAMES;
    unsigned to = from + (unsigned)(end - first);
    struct block *block = &frames.blocks[index];

    for (unsigned bit = from; bit < to;) {
        unsigned count = 64 - bit % 64 < to - bit ? 64 - bit % 64 : to - bit;
        frames.bits[index][bit / 64] |= (count == 64 ? ~0ull : (1ull << count) - 1) << bit % 64;
        bit += count;
    }
    block->added_count = (uint16_t)(block->added_count + (to - from));
    set_free_count(index, (uint16_t)(block->free_count + (to - from)));
}

void frames_add(hpa_t base, uint64_t length_bytes)
{
    uint64_t first = base.v >> PAGE_SHIFT;
    uint64_t end = first + (length_bytes >> PAGE_SHIFT);

    CHECK((base.v & PAGE_MASK) == 0 && (length_bytes & PAGE_MASK) == 0);
    CHECK(end <= (uint64_t)frames.block_count * LARGE_PAGE_FRAMES);
    if (first == 0)
        first = 1;
    if (first >= end)
        return;
    if (!insert_range(first, end)) {
        if (!frames.left_out)
            log_warn("RAM left out from 0x%lx on: more than %u separate ranges", base.v, RANGES_MAX);
        frames.left_out = true;
        return;
    }
    frames.total_count += end - first;
    while (first < end) {
        uint64_t block_end = (first / LARGE_PAGE_FRAMES + 1) * LARGE_PAGE_FRAMES;
        uint64_t stop = block_end < end ? block_end : end;
        add_to_block(first, stop);
        first = stop;
    }
}

static hpa_t alloc_searched(void)
{
    uint32_t index = frames.broken != NO_BLOCK ? frames.broken : frames.whole;
    unsigned word = 0;

    if (index == NO_BLOCK)
        return HPA_NONE;
    uint64_t *bits = frames.bits[index];
    while (bits[word] == 0)
        word++;
    unsigned bit = (unsigned)__builtin_ctzll(bits[word]);
    bits[word] &= bits[word] - 1;
    set_free_count(index, (uint16_t)(frames.blocks[index].free_count - 1));
    frames.hint_block = index;
    frames_hint.word = &bits[word];
    frames_hint.free_count = &frames.blocks[index].free_count;
    return HPA(((uint64_t)index * LARGE_PAGE_FRAMES + word * 64 + bit) << PAGE_SHIFT);
}

void frames_on_shortage(bool (*give_back)(void))
{
    frames.give_back = give_back;
}

bool frames_ask_back(void)
{
    return frames.give_back && frames.give_back();
}

hpa_t frames_alloc(void)
{
    hpa_t frame = frames_alloc_quick();

    if (!frame.v)
        frame = alloc_searched();
    if (!frame.v && frames_ask_back())
        frame = alloc_searched();
    return frame;
}

hpa_t frames_alloc_large(void)
{
    uint32_t index = frames.whole;

    if (index == NO_BLOCK || frames_hint.free_total <= frames.total_count / 2)
        return HPA_NONE;
    for (unsigned word = 0; word < BLOCK_WORDS; word++)
        frames.bits[index][word] = 0;
    set_free_count(index, 0);
    return HPA((uint64_t)index << BLOCK_SHIFT);
}

void frames_free(hpa_t frame)
{
    uint64_t number = frame.v >> PAGE_SHIFT;
    uint64_t index = number / LARGE_PAGE_FRAMES;
    unsigned bit = number % LARGE_PAGE_FRAMES;

    CHECK((frame.v & PAGE_MASK) == 0 && index < frames.block_count);
    struct block *block = &frames.blocks[index];
    uint64_t *word = &frames.bits[index][bit / 64];
    CHECK(block->added_count == LARGE_PAGE_FRAMES || is_added(number));
    CHECK((*word & 1ull << bit % 64) == 0);     /* else it is free already */

    *word |= 1ull << bit % 64;
    if (index == frames.hint_block && frames_hint.word && word < frames_hint.word)
        frames_hint.word = word;
    if (block->free_count > 0 && block->free_count < LARGE_PAGE_FRAMES - 1) {
        block->free_count++;
        frames_hint.free_total++;
    } else {
        set_free_count((uint32_t)index, (uint16_t)(block->free_count + 1));
    }
}

uint32_t frames_count_blocks(void)
{
    return frames.block_count;
}

bool frames_is_block_used(uint32_t block)
{
    if (block >= frames.block_count)
        return false;
    const struct block *of = &frames.blocks[block];

    return of->free_count < of->added_count || (of->added_count > 0 && of->added_count < LARGE_PAGE_FRAMES);
}

uint32_t frames_count_first_uses(void)
{
    return frames.first_uses;
}

uint64_t frames_count_free(void)
{
    return frames_hint.free_total;
}

uint64_t frames_count_total(void)
{
    return frames.total_count;
}
