/*
 * fetch.c - the long way to the instruction at EIP (PURE).
 */
#include "vpc/x86/fetch.h"

#include "base/string.h"
#include "vpc/x86/access.h"
#include "vpc/x86/operations.h"

#define MEMO_BYTES 8u           /* longer ones are decoded each time */

/* From EIP to the end of its page and of CS, at most an instruction's length. 0: a fault was noted. */
static unsigned read_first(struct interp *interp, uint8_t *bytes)
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

/* Is the instruction longer than its page, the next one is looked at. count: bytes so far. 0: a fault was noted. */
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

/* The page of EIP, if it is RAM, but for its last bytes: there an instruction may go on in the next page. */
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

static void fill_memo(struct memo *memo, const uint8_t *bytes)
{
    unsigned length = memo->insn.length;

    memo->mask = length > MEMO_BYTES ? 0 : UINT64_MAX >> 8 * (MEMO_BYTES - length);
    memcpy(&memo->bytes, bytes, MEMO_BYTES);
    memo->bytes &= memo->mask;
}

void fetch_forget(struct interp *interp)
{
    static const uint8_t nop[MEMO_BYTES] = { 0x90 };
    struct memo memo;

    instruction_decode(nop, 1, true, &memo.insn);
    memo.handler = dispatch_find(&memo.insn);
    fill_memo(&memo, nop);
    for (unsigned i = 0; i < MEMO_ENTRIES; i++)
        interp->memos16[i] = interp->memos32[i] = memo;
}

const struct memo *fetch_slowly(struct interp *interp)
{
    bool is_32bit = interp->cpu.segments[SEG_CS].attributes & ATTR_DB;
    struct memo *memo = fetch_slot(interp);
    uint8_t bytes[INSTRUCTION_MAX_BYTES] = { 0 };
    unsigned count = read_first(interp, bytes);
    struct instruction insn;

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
        memo = &interp->long_memo;
    memo->insn = insn;
    memo->handler = status == INSTRUCTION_UNDEFINED ? op_undefined : dispatch_find(&insn);
    fill_memo(memo, bytes);
    open_window(interp);
    return memo;
}
