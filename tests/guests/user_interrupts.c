/*
 * user_interrupts.c - timer and keyboard interrupts that find the processor in user mode.
 *
 * User mode spins with the virtual flag on and known values in every register, in the FPU and in XMM0-7, and stops by
 * itself after 30 ticks: everything must be as it was. Each tick's frame has 24 bytes, mode, ESP and EFLAGS of the
 * user. A tick that is pending when hv_iret turns the flag on is delivered in user mode, before its first instruction.
 * With the flag off no tick comes, however long user mode spins. A key ("a", typed to the guest) arrives with its word.
 */
#include "lib/paging.h"
#include "ticks.h"

#define STOP USER_DATA                              /* user mode spins until this word is not 0 */
#define VECTORS (USER_DATA + 0x100)
#define SPIN_TICKS 30u

USER_PIECE(spin, "1: cmpl $0, (%edi)", "je 1b");
USER_PIECE(spin_float,
           "fninit; fldcw 8(%esi); fldpi; fildl (%esi); ldmxcsr 4(%esi);\n"
           "movups 16(%esi), %xmm0; movups 32(%esi), %xmm7\n"
           "1: cmpl $0, (%edi); je 1b",
           "movups %xmm0, 64(%esi); movups %xmm7, 80(%esi); stmxcsr 96(%esi); fnstcw 100(%esi); fistpl 104(%esi);"
           "fldpi; fcompp; fnstsw 108(%esi)");
USER_PIECE(wait_tsc, "rdtsc; movl %eax, %ebx\n1: rdtsc; subl %ebx, %eax; cmpl %ecx, %eax", "jb 1b");

static uint32_t *words;                             /* USER_DATA's frame */
static uint32_t keys[2], key_count;

static void frame_check(const struct event *event)
{
    CHECK_EQUAL(event->address, 0);
    CHECK_EQUAL(event->mode, HV_MODE_USER);
    CHECK_EQUAL(event->user_esp, USER_STACK);
    CHECK_EQUAL(event->eflags & (EFLAGS_IF | EFLAGS_TF | EFLAGS_DF), EFLAGS_IF);
    CHECK_EQUAL(event->eflags & EFLAGS_IOPL, 0);
    CHECK_EQUAL(address_of(&event->address), user_esp0 - 24);
    CHECK(event->eip >= USER_CODE && event->eip < USER_CODE + 0x80);
}

static void tick(struct event *event)
{
    frame_check(event);
    CHECK_EQUAL(event->error, 0);
    CHECK_EQUAL(event->ebx, 0xB1B2B3B4);
    if (++tick_count >= SPIN_TICKS)
        words[0] = 1;
}

static void key(struct event *event)
{
    frame_check(event);
    if (key_count < 2)
        keys[key_count] = event->error;
    if (++key_count == 2)
        words[0] = 1;
}

static void spin_run(const uint8_t *code, const uint8_t *end, uint32_t slot)
{
    struct user_state state = { .eax = 0xA1A2A3A4, .ebx = 0xB1B2B3B4, .ecx = 0xC1C2C3C4, .edx = 0xD1D2D3D4,
                                .esi = VECTORS, .edi = STOP, .ebp = 0xE1E2E3E4, .eflags = 0x202 };

    words[0] = 0;
    tick_count = key_count = 0;
    user_run_code(code, end, &state);
    CHECK_EQUAL(seen.slot, SLOT_DONE);
    CHECK_EQUAL(slot == HV_SLOT_TIMER ? tick_count : key_count, slot == HV_SLOT_TIMER ? SPIN_TICKS : 2);
    CHECK_EQUAL(seen.eax, 0xA1A2A3A4);
    CHECK_EQUAL(seen.ebx, 0xB1B2B3B4);
    CHECK_EQUAL(seen.ecx, 0xC1C2C3C4);
    CHECK_EQUAL(seen.edx, 0xD1D2D3D4);
    CHECK_EQUAL(seen.esi, VECTORS);
    CHECK_EQUAL(seen.edi, STOP);
    CHECK_EQUAL(seen.ebp, 0xE1E2E3E4);
    CHECK_EQUAL(seen.user_esp, USER_STACK);
}

static void float_check(void)
{
    uint32_t *vectors = words + (VECTORS - USER_DATA) / 4;

    memset(vectors, 0, 128);
    vectors[0] = 0x0600D00D;
    vectors[1] = 0x1FC0;                            /* MXCSR: DAZ set */
    vectors[2] = 0x077F;                            /* control word: round down, for FLDPI too */
    for (uint32_t i = 0; i < 8; i++)
        vectors[4 + i] = 0x01010101 * (i + 1);
    spin_run(spin_float, spin_float_end, HV_SLOT_TIMER);
    for (uint32_t i = 0; i < 8; i++)
        CHECK_EQUAL(vectors[16 + i], 0x01010101 * (i + 1));
    CHECK_EQUAL(vectors[24], 0x1FC0);
    CHECK_EQUAL(vectors[25] & 0xFFFF, 0x077F);
    CHECK_EQUAL(vectors[26], 0x0600D00D);
    CHECK_EQUAL(vectors[27] & 0x4500, 0x4000);      /* C3: what was below it equals pi */
}

static void pending_tick(struct event *event)
{
    tick_count++;
    CHECK_EQUAL(event->mode, HV_MODE_USER);
    CHECK_EQUAL(event->eip, USER_CODE);
    CHECK_EQUAL(event->user_esp, USER_STACK);
    CHECK_EQUAL(event->eax, 0x0EA0EA0E);
    CHECK_EQUAL(event->eflags & ~EFLAGS_RF, 0x203);
    CHECK_EQUAL(address_of(&event->address), user_esp0 - 24);
    words[0] = 1;
    event->eflags &= ~EFLAGS_IF;
}

/* Off: the pending tick waits through user mode. On: it is there before the first instruction. */
static void pending_check(void)
{
    struct user_state state = { .eax = 0x0EA0EA0E, .edi = STOP, .eflags = EFLAGS_RESERVED_1 | EFLAGS_CF };

    event_handle(HV_SLOT_TIMER, pending_tick, true);
    tick_count = 0;
    state.ecx = (uint32_t)tick_cycles * 5;
    user_run_code(wait_tsc, wait_tsc_end, &state);
    CHECK_EQUAL(seen.slot, SLOT_DONE);
    CHECK_EQUAL(seen.eflags & EFLAGS_IF, 0);
    CHECK_EQUAL(tick_count, 0);
    ticks_spin(2);
    words[0] = 0;
    state.eflags |= EFLAGS_IF;
    user_run_code(spin, spin_end, &state);
    CHECK_EQUAL(tick_count, 1);
    CHECK_EQUAL(seen.slot, SLOT_DONE);
    CHECK_EQUAL(seen.eflags & EFLAGS_IF, 0);
}

static void idle_tick(struct event *event)
{
    (void)event;
}

int main(void)
{
    uint32_t pd = pd_make();

    ticks_start();
    traps_record(true);
    words = frame_words(*pt_entry(pd, USER_DATA) & ~(PAGE_BYTES - 1));
    hv_setpd(pd, 0);
    event_handle(HV_SLOT_TIMER, tick, true);
    event_handle(HV_SLOT_KEYBOARD, key, true);
    spin_run(spin, spin_end, HV_SLOT_TIMER);
    float_check();
    pending_check();
    event_handle(HV_SLOT_TIMER, idle_tick, true);
    spin_run(spin, spin_end, HV_SLOT_KEYBOARD);
    CHECK_EQUAL(keys[0], 0x000D6161);
    CHECK_EQUAL(keys[1], 0x000C6161);
    return test_result();
}
