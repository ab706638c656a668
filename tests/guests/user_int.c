/*
 * user_int.c - INT n from guest user mode, for every n.
 *
 * Unprivileged slot: delivered there, error code 0 also for the vectors whose exceptions push one, EIP behind the INT,
 * 24 bytes. Privileged slot: #GP with error n*8+2 and EIP at the INT. INT 0xDE is #GP 0x6F2 whatever is in slot 0xDE.
 * The one-byte forms count as INT 3 and INT 4. Some are done again with the instruction across two pages whose frames
 * are not neighbours. A #GP that only looks alike (a bad selector with the same error code) keeps its own EIP.
 */
#include "lib/paging.h"

#define ACROSS (FREE_GVA + PAGE_BYTES)

static const uint8_t vector[] = { 0xCD, 0, 0xCD, SLOT_DONE };
USER_PIECE(breakpoint, "", "int3");
USER_PIECE(overflow, "movb $0x7F, %al; incb %al", "into");
USER_PIECE(no_overflow, "xorl %eax, %eax", "into");

static uint8_t code[sizeof(vector)];

static void arrival_check(uint32_t slot, uint32_t error, uint32_t eip)
{
    CHECK_EQUAL(seen.slot, slot);
    CHECK_EQUAL(seen.error, error);
    CHECK_EQUAL(seen.eip, eip);
    CHECK_EQUAL(seen.address, 0);
    CHECK_EQUAL(seen.mode, HV_MODE_USER);
    CHECK_EQUAL(seen.user_esp, USER_STACK);
    CHECK_EQUAL(seen.eax, 0xABCD1234);
    CHECK_EQUAL(seen_frame, user_esp0 - 24);
    CHECK_EQUAL(seen.eflags & (EFLAGS_IF | EFLAGS_TF), 0);
}

/* INT n at eip, whose bytes are in place. */
static void int_check(uint32_t n, uint32_t eip, bool privileged)
{
    struct user_state state = { .eax = 0xABCD1234, .esp = USER_STACK, .eip = eip, .eflags = EFLAGS_RESERVED_1 };

    user_run(&state);
    if (n == HV_INT_VECTOR || (privileged && n != SLOT_DONE))
        arrival_check(13, n * 8 + 2, eip);
    else
        arrival_check(n, 0, eip + 2);
}

static void vectors_check(bool privileged)
{
    struct user_state state = { .eflags = EFLAGS_RESERVED_1 };

    for (uint32_t n = 0; n < HV_IDT_SLOTS; n++) {
        memcpy(code, vector, sizeof(vector));
        code[1] = (uint8_t)n;
        user_run_code(code, code + sizeof(code), &state);      /* puts the bytes in place */
        int_check(n, USER_CODE, privileged);
    }
}

/* Privileged is whatever is not 0, whichever bit it is. */
static void privilege_check(void)
{
    for (uint32_t bit = 0; bit < 32; bit++) {
        hv_setidt(0x60, HV_MAX_GVA, 1u << bit);
        code[1] = 0x60;
        struct user_state state = { .eflags = EFLAGS_RESERVED_1 };
        user_run_code(code, code + sizeof(code), &state);
        CHECK_EQUAL(seen.slot, 13);
        CHECK_EQUAL(seen.error, 0x60 * 8 + 2);
    }
}

static void across_check(uint32_t first, uint32_t second, bool privileged)
{
    for (uint32_t n = 0; n < HV_IDT_SLOTS; n += 7) {
        ((uint8_t *)frame_words(first))[PAGE_BYTES - 1] = 0xCD;
        ((uint8_t *)frame_words(second))[0] = (uint8_t)n;
        int_check(n, ACROSS - 1, privileged);
    }
}

static void piece_check(const uint8_t *piece, const uint8_t *end, uint32_t slot, uint32_t error, uint32_t offset)
{
    struct user_state state = { .eflags = EFLAGS_RESERVED_1 };

    user_run_code(piece, end, &state);
    CHECK_EQUAL(seen.slot, slot);
    CHECK_EQUAL(seen.error, error);
    CHECK_EQUAL(seen.eip, USER_CODE + offset);
    CHECK_EQUAL(seen.mode, HV_MODE_USER);
}

static void one_byte_check(bool privileged)
{
    uint32_t at = (uint32_t)(overflow_at - overflow), done = (uint32_t)(no_overflow_end - no_overflow);

    if (privileged) {
        piece_check(breakpoint, breakpoint_end, 13, 3 * 8 + 2, 0);
        piece_check(overflow, overflow_end, 13, 4 * 8 + 2, at);
    } else {
        piece_check(breakpoint, breakpoint_end, 3, 0, 1);
        piece_check(overflow, overflow_end, 4, 0, at + 1);
    }
    piece_check(no_overflow, no_overflow_end, SLOT_DONE, 0, done);
}

/* MOV to ES of the selector that makes the error code of INT n (TI is bit 2, IDT bit 1 cannot be had). */
static void alike_check(void)
{
    static const uint8_t load[] = { 0x8E, 0xC0, 0xCD, SLOT_DONE };      /* MOV ES, EAX */

    for (uint32_t selector = 0x1000; selector < 0x10000; selector += 0x1110) {
        struct user_state state = { .eax = selector, .eflags = EFLAGS_RESERVED_1 };

        user_run_code(load, load + sizeof(load), &state);
        CHECK_EQUAL(seen.slot, 13);
        CHECK_EQUAL(seen.error, selector & 0xFFFC);
        CHECK_EQUAL(seen.eip, USER_CODE);
    }
}

int main(void)
{
    uint32_t pd = pd_make(), second = frame_take(), first = frame_take();

    page_map(pd, ACROSS - PAGE_BYTES, first, ENTRY_USER_READ);
    page_map(pd, ACROSS, second, ENTRY_USER_READ);
    for (uint32_t privileged = 0; privileged < 2; privileged++) {
        traps_record(privileged != 0);
        hv_setpd(pd, privileged);
        vectors_check(privileged != 0);
        across_check(first, second, privileged != 0);
        one_byte_check(privileged != 0);
        alike_check();
    }
    privilege_check();
    return test_result();
}
