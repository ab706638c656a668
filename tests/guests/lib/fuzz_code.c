/*
 * fuzz_code.c - code that the fuzz guest runs in kernel and user mode (fuzz.h): pieces of chance, one after another.
 *
 * Pieces are whole instructions with random operands, where the processor has something to decide: privileged and
 * silent ones, all ways to another CS, SS or EFLAGS, INT, hypercalls, strings, the FPU; and plain random bytes. The
 * byte F1 (ICEBP) is left out: it stops QEMU 7.2's machine as a whole (docs/testing.md).
 */
#include "lib/fuzz.h"

#define CODE_BYTES 200u
#define PIECE_BYTES 40u             /* the longest */

static struct {
    uint8_t *at, *end;
    uint8_t *start;
    uint32_t gva;                   /* of start */
    bool user;
} code;

static void put_bytes(uint32_t bytes, uint32_t count)
{
    for (; count > 0; count--, bytes >>= 8)
        *code.at++ = (uint8_t)bytes == 0xF1 ? 0x90 : (uint8_t)bytes;
}

static void put_push(uint32_t value)
{
    put_bytes(0x68, 1);
    put_bytes(value, 4);
}

/* Where a jump may lead: into this code, or anywhere. In kernel mode most often to its start (goes_on() in fuzz.c). */
static uint32_t target_make(void)
{
    if (!code.user && !random_is_bold())
        return code.gva;
    return random_one_in(4) ? random_value() : code.gva + random_below(CODE_BYTES);
}

static void put_random(void)
{
    for (uint32_t count = 1 + random_below(12); count > 0; count--)
        put_bytes(random_word(), 1);
}

/* Up to three bytes each, low first; 0xFF in the last is a random one. */
static void put_listed(void)
{
    static const uint32_t list[] = {
        0xF4, 0xFA, 0xFB, 0xEC, 0xEE, 0x6C, 0x6F, 0xFFE4, 0xFFE6, 0x060F, 0x080F, 0x090F, 0x300F, 0x320F, 0x330F,
        0x310F, 0xA20F, 0x340F, 0x350F, 0x050F, 0x070F, 0xAA0F, 0x0B0F, 0xFF000F, 0xFF010F, 0xFF010F, 0xFF010F,
        0xFF200F, 0xFF210F, 0xFF220F, 0xFF230F, 0xFF020F, 0xFF030F, 0xFFAE0F, 0xFFAE0F, 0xFFC70F, 0xFF63, 0xFFC8, 0xC9,
        0x60, 0x61, 0x1E, 0x1F, 0x07, 0x17, 0x06, 0x16, 0x0E, 0xA10F, 0xA90F, 0xA00F, 0xFF8E, 0xFF8C, 0xFFD8, 0xFFD9,
        0xFFDA, 0xFFDB, 0xFFDC, 0xFFDD, 0xFFDE, 0xFFDF, 0x9B, 0x770F, 0xFF6F0F, 0xFF580F, 0xFF62, 0xFFCD, 0xCC, 0xCE,
        0xDB87, 0x9C, 0x9D, 0xCF, 0xCB, 0xC3, 0xFC, 0xFD, 0xFFB2F0, 0xFFC4, 0xFFC5, 0xFFB20F, 0xFFB40F, 0xFFB50F,
        0xA4F3, 0xA5F3, 0xAAF3, 0xABF3, 0xADF3, 0xAEF2, 0xA7F3, 0x6CF3, 0x6EF3, 0xFFE2, 0xFEEB, 0xD5, 0xFF0F, 0xFFFF,
        0xFFF7, 0xFFF6, 0xFFC1, 0xFFF0, 0xD4, 0xD7, 0xFF38, 0xB8DE, 0xFFC6, 0xFFD6, 0xFF67, 0xFF66, 0xFF8F,
    };
    static const uint8_t prefixes[] = { 0x66, 0x67, 0xF0, 0xF2, 0xF3, 0x2E, 0x36, 0x3E, 0x26, 0x64, 0x65 };
    uint32_t bytes = list[random_below(sizeof(list) / sizeof(list[0]))];

    while (random_one_in(4))
        put_bytes(prefixes[random_below(sizeof(prefixes))], 1);
    for (; bytes != 0; bytes >>= 8)
        put_bytes(bytes == 0xFF ? random_word() : bytes, 1);
    if (random_one_in(2))
        put_bytes(random_value(), 4);
}

/* IRET, RETF and POPF with words made for them; sometimes as 16-bit operations. */
static void put_return(void)
{
    uint32_t selector = random_selector(), kind = random_below(4);

    if (kind != 3 && random_one_in(2)) {            /* to an outer ring there is a stack, too; RETF has no flags */
        put_push(random_selector());
        put_push(random_value());
    }
    if (kind != 2)
        put_push(random_flags());
    if (kind != 3) {
        put_push(selector);
        put_push(target_make());
    }
    if (random_one_in(16))
        put_bytes(0x66, 1);
    put_bytes(kind < 2 ? 0xCF : kind == 2 ? 0xCB : 0x9D, 1);
}

/* ModRM of an operand at a fixed address. An event on a wild stack is a kernel's end: it seldom loads ESP. */
static void put_fixed_operand(void)
{
    uint32_t reg = random_below(8);

    if (reg == 4 && !code.user && !random_is_bold())
        reg = 0;
    put_bytes(0x05 | reg << 3, 1);
    put_bytes(random_value(), 4);
}

/* JMP and CALL far, and selectors for every segment register. */
static void put_far(void)
{
    switch (random_below(3)) {
    case 0:
        put_bytes(random_one_in(2) ? 0xEA : 0x9A, 1);
        put_bytes(target_make(), 4);
        put_bytes(random_selector(), 2);
        return;
    case 1:                                         /* MOV EAX, selector; MOV Sreg, EAX */
        put_bytes(0xB8, 1);
        put_bytes(random_selector(), 4);
        put_bytes(0x8E, 1);
        put_bytes(0xC0 | random_below(6) << 3, 1);
        return;
    default:                                        /* LSS, LFS, LGS; JMP and CALL through memory: of a pool frame */
        if (random_one_in(2)) {
            put_bytes(random_one_in(2) ? 0x2DFF : 0x1DFF, 2);
            put_bytes(random_value(), 4);
            return;
        }
        put_bytes(code.user || random_is_bold() ? 0xB20F : 0xB40F | random_below(2) << 8, 2);
        put_fixed_operand();
    }
}

static void put_access(void)
{
    static const uint8_t opcodes[] = { 0x8A, 0x8B, 0x88, 0x89, 0x87, 0x01, 0x03, 0xFF, 0x8F, 0xC7, 0xF7 };

    if (random_one_in(8))
        put_bytes(0xF0, 1);
    put_bytes(opcodes[random_below(sizeof(opcodes))], 1);
    put_fixed_operand();
}

/* A hypercall with wild words on its stack; in kernel mode that is most often the end, as is a jump behind the MOV. */
static void put_call(void)
{
    if (!code.user && !random_one_in(16))
        return;
    if (!code.user && !random_is_bold()) {
        put_bytes(0xB8, 1);
        put_bytes(random_one_in(2) ? HV_CALL_MAGIC : HV_CALL_ENABLE_INTERRUPTS, 4);
    } else {
        put_push(random_value());
        put_push(random_value());
        put_bytes(0xB8, 1);
        put_bytes(random_below(0x30), 4);
    }
    put_bytes(0xCD | HV_INT_VECTOR << 8, 2);
}

static void put_int(void)
{
    uint32_t slot = random_below(HV_IDT_SLOTS);

    put_bytes(0xCD | (slot == HV_INT_VECTOR ? 0x80 : slot) << 8, 2);
}

void code_make(uint8_t *page, uint32_t gva, bool user)
{
    static void (*const pieces[])(void) = { put_listed, put_listed, put_return, put_far, put_access, put_access,
                                            put_int, put_call };
    /* In kernel mode bytes of chance soon end the guest. */
    bool is_random = user ? random_one_in(3) : random_is_bold();

    code.start = code.at = page;
    code.end = page + 1 + random_below(CODE_BYTES - PIECE_BYTES);
    code.gva = gva;
    code.user = user;
    while (code.at < code.end)
        (is_random ? put_random : pieces[random_below(sizeof(pieces) / sizeof(pieces[0]))])();
    put_bytes(0xCD | FUZZ_SLOT_DONE << 8, 2);
}
