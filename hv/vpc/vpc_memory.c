/*
 * vpc_memory.c - memory of a virtual PC as its firmware finds it (PURE): vpc.h. Its addresses are the guest's choice,
 * who keeps the bases of its segments when it leaves protected mode: so each is looked at here, before ram.h, which
 * trusts whoever asks.
 */
#include "base/string.h"
#include "vpc/vpc.h"

#define ABSENT_BYTE 0xFFu
#define TEXT_PIECE 4u               /* bytes: as much as an instruction stores at once */

static uint8_t load_byte(const struct vpc *vpc, uint32_t at)
{
    uint32_t frame = at >> PAGE_SHIFT;

    if (frame >= vpc->ram->frame_count)
        return ABSENT_BYTE;
    const uint8_t *page = ram_peek(vpc->ram, frame);
    return page != NULL ? page[at & PAGE_MASK] : 0;
}

uint32_t vpc_load(const struct vpc *vpc, uint32_t at, unsigned count)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < count; i++)
        value |= (uint32_t)load_byte(vpc, at + i) << 8 * i;
    return value;
}

static bool store_text_bytes(struct vpc *vpc, uint32_t at, const uint8_t *from, uint32_t count)
{
    uint8_t *memory = vpc_own_page(vpc, TEXT_PAGE_BASE >> PAGE_SHIFT);

    for (uint32_t piece; memory != NULL && count > 0; at += piece, from += piece, count -= piece) {
        uint32_t value = 0;
        piece = count < TEXT_PIECE ? count : TEXT_PIECE;
        memcpy(&value, from, piece);
        text_page_store(&vpc->text, memory, at, piece, value);
    }
    return memory != NULL;
}

/* Within a page. */
static bool store_part(struct vpc *vpc, uint32_t at, const uint8_t *from, uint32_t count)
{
    uint32_t frame = at >> PAGE_SHIFT;

    if (frame >= vpc->ram->frame_count)
        return true;
    if (frame == TEXT_PAGE_BASE >> PAGE_SHIFT)
        return store_text_bytes(vpc, at & PAGE_MASK, from, count);
    bool is_stored = ram_store(vpc->ram, GPA(at), from, count);
    if (vpc->ram->is_sharing)
        interp_forget(&vpc->interp);
    return is_stored;
}

bool vpc_store(struct vpc *vpc, uint32_t at, const void *from, uint32_t count)
{
    const uint8_t *bytes = from;

    while (count > 0) {
        uint32_t room = PAGE_SIZE - (at & PAGE_MASK), part = count < room ? count : room;
        if (!store_part(vpc, at, bytes, part)) {
            vpc_lack_memory(vpc);
            return false;
        }
        at += part;
        bytes += part;
        count -= part;
    }
    return true;
}
