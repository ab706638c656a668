/*
 * debug_access.c - what is watched, in the debug registers, and what they say.
 */
#include "guest/debug_access.h"

#include "cpu/context.h"
#include "cpu/cpu.h"
#include "cpu/insn.h"

/* SDM vol. 3 "Debug Status Register (DR6)", "Debug Control Register (DR7)". */
#define DR6_NONE 0xFFFF0FF0u
#define DR6_HITS 0xFu
#define DR6_BS (1u << 14)
#define DR7_NONE 0x400u
#define DR7_ENABLE(i) (1u << (2 * (i)))
#define DR7_READ_OR_WRITE 3u
#define DR7_CONDITION(i, bytes) ((DR7_READ_OR_WRITE | ((bytes) - 1) << 2) << (16 + 4 * (i)))
#define PIECE_BYTES 4u                  /* the most for one register */

unsigned debug_access_used;
static struct {
    uint32_t at, bytes;                 /* what the debugger wants watched */
    uint32_t piece_at, piece_bytes;     /* and this register's part of it */
} registers[DEBUG_ACCESS_REGISTERS];

static uint32_t choose_piece(uint32_t address, uint32_t bytes)
{
    uint32_t piece = PIECE_BYTES;

    while (piece > bytes || address % piece != 0)
        piece /= 2;
    return piece;
}

static unsigned count_pieces(uint32_t address, uint32_t bytes)
{
    unsigned count = 0;

    for (uint32_t piece; bytes > 0 && count <= DEBUG_ACCESS_REGISTERS; address += piece, bytes -= piece, count++)
        piece = choose_piece(address, bytes);
    return count;
}

static void load_registers(void)
{
    uint64_t control = DR7_NONE, linear[DEBUG_ACCESS_REGISTERS] = { 0 };

    for (unsigned i = 0; i < debug_access_used; i++) {
        linear[i] = (uint64_t)GUEST_LINEAR_BASE + registers[i].piece_at;
        control |= DR7_ENABLE(i) | DR7_CONDITION(i, registers[i].piece_bytes);
    }
    insn_write_dr7(DR7_NONE);           /* nothing hits in between */
    insn_write_debug_addresses(linear);
    insn_write_dr6(DR6_NONE);
    insn_write_dr7(control);
}

/* So many are used from now on. The gates lead to C as long as there is one. */
static void use_registers(unsigned count)
{
    if (debug_access_used == 0 && count != 0)
        cpu_watch(CPU_WATCH_ALL);
    else if (debug_access_used != 0 && count == 0)
        cpu_watch_no_more(CPU_WATCH_ALL);
    debug_access_used = count;
    load_registers();
}

bool debug_access_watch(uint32_t address, uint32_t bytes)
{
    unsigned used = debug_access_used, count = count_pieces(address, bytes);

    if (count == 0 || count > DEBUG_ACCESS_REGISTERS - used || address + (bytes - 1) < address)
        return false;
    for (uint32_t at = address, left = bytes; left > 0; used++) {
        uint32_t piece = choose_piece(at, left);
        registers[used].at = address;
        registers[used].bytes = bytes;
        registers[used].piece_at = at;
        registers[used].piece_bytes = piece;
        at += piece;
        left -= piece;
    }
    use_registers(used);
    return true;
}

bool debug_access_unwatch(uint32_t address, uint32_t bytes)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < debug_access_used; i++) {
        if (registers[i].at != address || registers[i].bytes != bytes)
            registers[kept++] = registers[i];
    }
    if (kept == debug_access_used)
        return false;
    use_registers(kept);
    return true;
}

void debug_access_clear(void)
{
    if (debug_access_used != 0)
        use_registers(0);
}

void debug_access_reload(void)
{
    if (debug_access_used != 0)
        load_registers();
}

bool debug_access_take_hit(uint32_t *address)
{
    uint64_t status = debug_access_used != 0 ? insn_read_dr6() : 0;

    for (unsigned i = 0; i < debug_access_used; i++) {
        if ((status & (1u << i)) == 0)
            continue;
        *address = registers[i].at;
        insn_write_dr6(DR6_NONE);
        return true;
    }
    return false;
}

bool debug_access_forget_hits(void)
{
    uint64_t status = insn_read_dr6();

    insn_write_dr6(DR6_NONE);
    return status & DR6_HITS && !(status & DR6_BS);
}
