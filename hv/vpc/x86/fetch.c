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
#include "vpc/x86/state.h"
#include "vpc/x86/threaded.h"

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

    if (entry->read_page != (linear & ~PAGE_MASK) || cs->limit < INSTRUCTION_MAX_BYTES)
        return;
    if (last > cs->limit - INSTRUCTION_MAX_BYTES)           /* a byte before that: EIP does not wrap in a window */
        last = cs->limit - INSTRUCTION_MAX_BYTES;
    if (last < eip)
        return;
    /* By linear, not by the base: their sum wraps at 4 GiB. */
    interp->code = (struct code_window){ .delta = entry->delta + linear - eip, .end_eip = last + 1, .first_eip = first,
                                         .count = (uint32_t)(last - first) + 1 };
    *window_slot(interp, eip) = (struct kept_window){ .window = interp->code, .place = code_place(interp),
                                                      .generation = interp->generation };
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

/* The memo of what was decoded at EIP. */
static struct memo *note_memo(struct interp *interp, const struct instruction *insn, handler_t handler,
                              const uint8_t *bytes)
{
    uint32_t eip = interp->cpu.eip;
    struct memo *memo = memo_slot(interp, eip);

    if (interp->memos == interp->memos32 && memo->insn.length <= MEMO_BYTES)
        *old_memo_slot(interp, eip) = *memo;
    memo->next = memo_slot(interp, eip + insn->length);
    memo->step = handler == op_undefined ? step_generally : threaded_find(insn);
    memo->handler = handler;
    memo->insn = *insn;
    fill_memo(memo, bytes);
    if (insn->length <= MEMO_BYTES)
        return memo;
    struct long_memo *slot = long_slot(interp, eip);
    slot->memo = *memo;
    slot->rest_mask = mask_of(insn->length - 7u);
    memcpy(&slot->rest, bytes + 7, sizeof(slot->rest));
    memo->step = step_long;
    return &slot->memo;
}

static void forget_memos(struct memo *memos, unsigned count, const struct memo *nop)
{
    for (unsigned i = 0; i < count; i++) {
        memos[i] = *nop;
        memos[i].next = &memos[(i + 1) & (count - 1)];
    }
}

void fetch_forget(struct interp *interp)
{
    static const uint8_t nop[MEMO_BYTES] = { 0x90 };
    struct memo memo = { .step = step_generally };

    /*
     * Memos of nothing are memos of NOP: the short way compares bytes only, so whatever an entry holds must be true of
     * its bytes.
     */
    instruction_decode(nop, 1, true, &memo.insn);
    memo.handler = dispatch_find(&memo.insn);
    fill_memo(&memo, nop);
    forget_memos(interp->memos16, MEMO_ENTRIES16, &memo);
    memo.step = threaded_find(&memo.insn);      /* a guest's own NOPs find these, and nothing else ever */
    forget_memos(interp->memos32, MEMO_ENTRIES, &memo);
    forget_memos(interp->old_memos, OLD_MEMO_ENTRIES, &memo);
    memo.step = step_generally;                 /* a NOP and fourteen zeroes */
    memo.mask = UINT64_MAX;
    memo.next = interp->memos32;
    for (unsigned i = 0; i < LONG_MEMO_ENTRIES; i++)
        interp->long_memos16[i] = interp->long_memos32[i] = (struct long_memo){ .memo = memo,
                                                                                .rest_mask = UINT64_MAX };
}

/* In the window, as it is or as it can be opened without a walk. */
static const struct memo *find_in_window(struct interp *interp)
{
    uint32_t eip = interp->cpu.eip, linear = interp->cpu.segments[SEG_CS].base + eip;

    if (!code_window_has(interp, eip) && !code_window_reopen(interp, eip)) {
        state_close_window(interp);     /* what is decoded next may lie below the old one: NEXT would believe it */
        if (softtlb_slot(interp->tlb, linear)->read_page != (linear & ~PAGE_MASK))
            access_refill(interp, linear, interp->cpu.cpl == 3);
        open_window(interp);
    }
    if (!code_window_has(interp, eip))
        return NULL;
    const struct memo *memo = memo_slot(interp, eip), *old = old_memo_slot(interp, eip);
    uint64_t bytes = code_bytes(interp, eip);
    if (memo->insn.length <= MEMO_BYTES && memo_has(memo, bytes))
        return memo;
    const struct long_memo *slot = long_slot(interp, eip);
    if (long_memo_has(slot, interp, eip))
        return &slot->memo;
    return interp->memos == interp->memos32 && memo_has(old, bytes) ? old : NULL;
}

/* Where no window is, at the end of a page. */
static const struct memo *find_at_edge(struct interp *interp, const uint8_t *bytes, unsigned count)
{
    const struct memo *memo = memo_slot(interp, interp->cpu.eip);
    bool is_there = memo->insn.length <= MEMO_BYTES && memo->insn.length <= count &&
                    memo_has(memo, *(const loose64_t *)bytes);

    return is_there ? memo : NULL;
}

const struct memo *fetch_slowly(struct interp *interp)
{
    bool is_32bit = interp->cpu.segments[SEG_CS].attributes & ATTR_DB;
    const struct memo *known = find_in_window(interp);
    uint8_t bytes[INSTRUCTION_MAX_BYTES] = { 0 };
    struct instruction insn;

    if (known != NULL)
        return known;
    unsigned count = read_first_bytes(interp, bytes);
    if (count == 0)
        return NULL;
    if (interp->code.count == 0)
        open_window(interp);            /* the page was not translated yet: now it is */
    known = find_at_edge(interp, bytes, count);
    if (known != NULL)
        return known;
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
    return note_memo(interp, &insn, status == INSTRUCTION_UNDEFINED ? op_undefined : dispatch_find(&insn), bytes);
}
