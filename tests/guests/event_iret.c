/*
 * event_iret.c - hv_iret that stays in kernel mode: what it loads, and where a pending tick lands.
 *
 * The arguments lie in a static block, with ESP pointing at it: not a stack. Case by case: EIP, ESP, EAX and the flags
 * are loaded, all other registers survive. IF in the argument becomes the virtual flag, while PUSHF reads 1 either way.
 * RF and a clear bit 1 are accepted. A tick that is pending is delivered in the *new* context: its frame lies below the
 * new ESP with the new EIP in it, and the words around the argument block are untouched.
 */
#include "ticks.h"

struct landed {
    uint32_t eax, ebx, ecx, edx, esi, edi, ebp, esp, eflags;
};
struct landed landed;
uint32_t landed_stack[256];
uint32_t iret_block[2 + 5 + 2];
uint32_t iret_home;
void iret_run(void);
extern const uint8_t iret_target[];

/* Gives every register a value of its own, makes the call on iret_block[2..6], and notes what arrived. */
__asm__(".pushsection .text\n"
        ".globl iret_run, iret_target\n"
        "iret_run:\n"
        "    pusha\n"
        "    movl %esp, iret_home\n"
        "    movl $0xB1B2B3B4, %ebx\n"
        "    movl $0xC1C2C3C4, %ecx\n"
        "    movl $0xD1D2D3D4, %edx\n"
        "    movl $0xE1E2E3E4, %esi\n"
        "    movl $0xF1F2F3F4, %edi\n"
        "    movl $0xA1A2A3A4, %ebp\n"
        "    movl $iret_block + 8, %esp\n"
        "    movl $2, %eax\n"
        "    int $0xDE\n"
        "iret_target:\n"
        "    movl %eax, landed + 0\n"
        "    movl %ebx, landed + 4\n"
        "    movl %ecx, landed + 8\n"
        "    movl %edx, landed + 12\n"
        "    movl %esi, landed + 16\n"
        "    movl %edi, landed + 20\n"
        "    movl %ebp, landed + 24\n"
        "    movl %esp, landed + 28\n"
        "    pushfl\n"
        "    popl landed + 32\n"
        "    cld\n"
        "    movl iret_home, %esp\n"
        "    popa\n"
        "    ret\n"
        ".popsection\n");

static struct event tick_event;
static uint32_t tick_event_esp;

static void tick_noted(struct event *event)
{
    if (tick_count++ == 0) {
        memcpy(&tick_event, event, offsetof(struct event, user_esp));
        tick_event_esp = event_interrupted_esp(event);
    }
}

static void iret_check(uint32_t eflags, uint32_t expected_eflags)
{
    uint32_t top = (uint32_t)(uintptr_t)(landed_stack + 256);
    const uint32_t block[] = { 0x11111111, 0x22222222, (uint32_t)(uintptr_t)iret_target, eflags, top, 0, 0x0EA0EA0E,
                               0x33333333, 0x44444444 };

    memcpy(iret_block, block, sizeof(block));
    memset(&landed, 0, sizeof(landed));
    iret_run();
    hv_disable_interrupts();
    CHECK(memcmp(iret_block, block, sizeof(block)) == 0);
    CHECK_EQUAL(landed.eax, 0x0EA0EA0E);
    CHECK_EQUAL(landed.ebx, 0xB1B2B3B4);
    CHECK_EQUAL(landed.ecx, 0xC1C2C3C4);
    CHECK_EQUAL(landed.edx, 0xD1D2D3D4);
    CHECK_EQUAL(landed.esi, 0xE1E2E3E4);
    CHECK_EQUAL(landed.edi, 0xF1F2F3F4);
    CHECK_EQUAL(landed.ebp, 0xA1A2A3A4);
    CHECK_EQUAL(landed.esp, top);
    CHECK_EQUAL(landed.eflags & ~EFLAGS_RF, expected_eflags);
}

static void flags_check(void)
{
    const uint32_t all = EFLAGS_CF | EFLAGS_PF | EFLAGS_AF | EFLAGS_ZF | EFLAGS_SF | EFLAGS_DF | EFLAGS_OF;
    uint32_t pushed = eflags_read();

    iret_check(EFLAGS_RESERVED_1, 0x202);
    iret_check(0, 0x202);
    iret_check(EFLAGS_RESERVED_1 | EFLAGS_RF, 0x202);
    iret_check(EFLAGS_RESERVED_1 | all, 0x202 | all);
    iret_check(pushed & ~EFLAGS_IF, pushed);
    for (uint32_t bit = 1; bit <= EFLAGS_OF; bit <<= 1) {
        if ((all & bit) != 0)
            iret_check(EFLAGS_RESERVED_1 | bit, 0x202 | bit);
    }
}

/* IF off: the pending tick stays pending. IF on: it is there before the first instruction at the target. */
static void pending_check(void)
{
    event_handle(HV_SLOT_TIMER, tick_noted, true);
    ticks_spin(3);
    tick_count = 0;
    iret_check(EFLAGS_RESERVED_1, 0x202);
    CHECK_EQUAL(tick_count, 0);
    iret_check(EFLAGS_RESERVED_1 | EFLAGS_IF | EFLAGS_CF, 0x203);
    CHECK(tick_count > 0);
    CHECK_EQUAL(tick_event.eip, iret_target);
    CHECK_EQUAL(tick_event_esp, landed_stack + 256);
    CHECK_EQUAL(tick_event.eflags & ~EFLAGS_RF, 0x203);
    CHECK_EQUAL(tick_event.eax, 0x0EA0EA0E);
    CHECK_EQUAL(tick_event.esi, 0xE1E2E3E4);
}

int main(void)
{
    ticks_start();
    flags_check();
    pending_check();
    return test_result();
}
