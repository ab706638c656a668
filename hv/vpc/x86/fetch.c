/*
 * fetch.c - the long way to the instruction at EIP (PURE).
 *
 * The short way (fetch.h) needs two things that are made here. The code window: the rest of EIP's page as host memory,
 * so that no walk and no limit check are needed. And the memo of that EIP: the instruction as it was decoded last,
 * which is right wherever the same bytes stand, since they are compared each time. So nothing must be thrown away when
 * a guest writes to its code: bytes that changed do not compare.
 */
#include "vpc/x86/fetch.h"

#include "base/string.h"
#include "vpc/x86/access.h"
#include "vpc/x86/operations.h"

#define MEMO_BYTES 8u

/*
 * From EIP to the end of its page and of CS, at most an instruction's length: no byte behind it is touched that the
 * instruction may not have, as the next page may be missing. 0: a fault was noted.
 */
static unsigned read_first_bytes(struct interp *interp, uint8_t *bytes)
{
    const struct segment *cs = &interp->cpu.segments[SEG_CS];
    uint32_t eip = interp->cpu.eip, linear = cs->base + eip;
    uint64_t count = PAGE_SIZE - (linear & PAGE_MASK);

    if (eip > cs->limit) {
        general_protection(interp);
        return 0;
    }
    if (count > (uint64_t)cs->limit + 1 - eip)
        count = (uint64_t)cs->limit + 1 - eip;
    if (count > INSTRUCTION_MAX_BYTES)
        count = INSTRUCTION_MAX_BYTES;
    const void *from = access_linear(interp, linear, (unsigned)count, ACCESS_TO_READ, interp->cpu.cpl == 3);
    if (from == NULL)
        return 0;
    memcpy(bytes, from, count);
    return (unsigned)count;
}

/*
 * The instruction is longer than its page: now the next one is read, and may fault, as on a processor. count: bytes so
 * far. 0: a fault was noted.
 */
static unsigned read_rest(struct interp *interp, uint8_t *bytes, unsigned count)
{
    const struct segment *cs = &interp->cpu.segments[SEG_CS];
    uint64_t next = (uint64_t)interp->cpu.eip + count;
    uint64_t more = INSTRUCTION_MAX_BYTES - count;

    if (next > cs->limit) {
        general_protection(interp);
        return 0;
    }
    if (more > cs->limit + 1ull - next)
        more = cs->limit + 1ull - next;
    const void *from = access_linear(interp, cs->base + (uint32_t)next, (unsigned)more, ACCESS_TO_READ,
                                     interp->cpu.cpl == 3);
    if (from == NULL)
        return 0;
    memcpy(bytes + count, from, more);
    return count + (unsigned)more;
}

/*
 * Open the window on EIP's page, if that is RAM. It ends 15 bytes, the longest instruction, before the page and the
 * limit of CS do: an instruction that begins in the window ends in both, and needs no check. The last bytes of a page
 * take the long way each time.
 */
static void open_window(struct interp *interp)
{
    const struct segment *cs = &interp->cpu.segments[SEG_CS];
    uint32_t eip = interp->cpu.eip, linear = cs->base + eip, into_page = linear & PAGE_MASK;
    const struct softtlb_entry *entry = softtlb_slot(interp->tlb, linear);
    uint32_t before = into_page < eip ? into_page : eip;
    uint32_t first = eip - before;
    uint64_t last = (uint64_t)first + PAGE_SIZE - (into_page - before) - INSTRUCTION_MAX_BYTES;

    interp->code.count = 0;
    if (entry->read_page != (linear & ~PAGE_MASK) || cs->limit < INSTRUCTION_MAX_BYTES)
        return;
    if (last > cs->limit + 1ull - INSTRUCTION_MAX_BYTES)
        last = cs->limit + 1ull - INSTRUCTION_MAX_BYTES;
    if (last < eip)
        return;
    interp->code.host = entry->host + into_page - before;
    interp->code.first_eip = first;
    interp->code.count = (uint32_t)(last - first) + 1;
}

static uint64_t mask_of(unsigned bytes)
{
    return bytes >= MEMO_BYTES ? UINT64_MAX : (1ull << 8 * bytes) - 1;
}

static void fill_memo(struct memo *memo, const uint8_t *bytes)
{
    memo->mask = mask_of(memo->insn.length);
    memcpy(&memo->bytes, bytes, MEMO_BYTES);
}

static struct long_memo *long_slot(struct interp *interp)
{
    struct long_memo *memos = interp->memos == interp->memos32 ? interp->long_memos32 : interp->long_memos16;

    return &memos[interp->cpu.eip & (LONG_MEMO_ENTRIES - 1)];
}

/* Inside the code window, like the short way. */
static const struct memo *find_long(struct interp *interp)
{
    uint32_t at = interp->cpu.eip - interp->code.first_eip;

    if (at >= interp->code.count)
        return NULL;
    const struct long_memo *slot = long_slot(interp);
    const loose64_t *words = (const loose64_t *)(interp->code.host + at);
    /* The window leaves 15 bytes behind EIP: the second word begins at the eighth, so as not to go beyond them. */
    bool is_there = words[0] == slot->memo.bytes &&
                    ((*(const loose64_t *)(interp->code.host + at + 7) ^ slot->rest) & slot->rest_mask) == 0;
    return is_there ? &slot->memo : NULL;
}

static void fill_long(struct long_memo *slot, const uint8_t *bytes)
{
    fill_memo(&slot->memo, bytes);
    slot->rest_mask = mask_of(slot->memo.insn.length - 7u);
    memcpy(&slot->rest, bytes + 7, sizeof(slot->rest));
}

void fetch_forget(struct interp *interp)
{
    static const uint8_t nop[MEMO_BYTES] = { 0x90 };
    struct memo memo = { 0 };

    /*
     * Memos of nothing are memos of NOP: the short way compares bytes only, so whatever an entry holds must be true of
     * its bytes.
     */
    instruction_decode(nop, 1, true, &memo.insn);
    memo.handler = dispatch_find(&memo.insn);
    fill_memo(&memo, nop);
    for (unsigned i = 0; i < MEMO_ENTRIES; i++)
        interp->memos16[i] = interp->memos32[i] = memo;
    /* A NOP and fourteen zeroes. */
    memo.mask = UINT64_MAX;
    for (unsigned i = 0; i < LONG_MEMO_ENTRIES; i++)
        interp->long_memos16[i] = interp->long_memos32[i] = (struct long_memo){ .memo = memo,
                                                                                .rest_mask = UINT64_MAX };
}

const struct memo *fetch_slowly(struct interp *interp)
{
    bool is_32bit = interp->cpu.segments[SEG_CS].attributes & ATTR_DB;
    const struct memo *known = find_long(interp);
    struct memo *memo = fetch_slot(interp);
    uint8_t bytes[INSTRUCTION_MAX_BYTES] = { 0 };
    struct instruction insn;

    if (known != NULL)
        return known;
    unsigned count = read_first_bytes(interp, bytes);
    if (count == 0)
        return NULL;
    enum instruction_status status = instruction_decode(bytes, count, is_32bit, &insn);
    if (status == INSTRUCTION_CUT) {
        count = read_rest(interp, bytes, count);
        if (count == 0)
            return NULL;
        status = instruction_decode(bytes, count, is_32bit, &insn);
    }
    if (status == INSTRUCTION_CUT || status == INSTRUCTION_TOO_LONG) {
        general_protection(interp);
        return NULL;
    }
    if (insn.length > MEMO_BYTES)
        memo = &long_slot(interp)->memo;
    memo->insn = insn;
    memo->handler = status == INSTRUCTION_UNDEFINED ? op_undefined : dispatch_find(&insn);
    if (insn.length > MEMO_BYTES)
        fill_long(long_slot(interp), bytes);
    else
        fill_memo(memo, bytes);
    open_window(interp);
    return memo;
}
