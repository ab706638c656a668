/*
 * swexn_fuzz.c - proves: swexn takes exactly the registers that pebbles/abi.h allows, sets all of them as given, and a
 * thread sent astray by them comes into its handler with them. Registers are drawn by lot.
 */
#include "check.h"
#include "random.h"

#define ROUNDS 3000
#define STACK_BYTES 4096
#define FLAG_TRAP 0x100u
#define FLAGS_SEEN 0xCD5u       /* arithmetic and direction: what must arrive as it was given */
#define FLAG_INTERRUPT 0x200u
#define ASTRAY 0x50000000u      /* nothing is mapped from here on */

/*
 * swexn with this packet: its negative result, or 0 when the thread has been at landing, which stores its registers in
 * arrived, or in the handler, which leads it to back.
 */
int try_registers(const uint32_t *packet);
extern const char landing[], back[];
extern uint32_t saved_esp, arrived[9];      /* edi esi ebp esp ebx edx ecx eax eflags */

__asm__(".text\n"
        "try_registers:\n"
        "   pushal\n"
        "   movl %esp, saved_esp\n"
        "   movl 36(%esp), %esi\n"
        "   int $0x74\n"
        "   jmp back_with_eax\n"
        "landing:\n"
        "   movl %esp, arrived + 12\n"
        "   movl saved_esp, %esp\n"
        "   pushfl\n"
        "   popl arrived + 32\n"
        "   movl %edi, arrived\n"
        "   movl %esi, arrived + 4\n"
        "   movl %ebp, arrived + 8\n"
        "   movl %ebx, arrived + 16\n"
        "   movl %edx, arrived + 20\n"
        "   movl %ecx, arrived + 24\n"
        "   movl %eax, arrived + 28\n"
        "back:\n"
        "   movl saved_esp, %esp\n"
        "   xorl %eax, %eax\n"
        "back_with_eax:\n"
        "   pushl $2\n"
        "   popfl\n"
        "   movl %eax, 28(%esp)\n"
        "   popal\n"
        "   ret\n"
        ".bss\n.balign 4\nsaved_esp: .skip 4\narrived: .skip 36\n.text\n");

static char stack[STACK_BYTES] __attribute__((aligned(16)));
static ureg_t given, caught;
static bool was_caught;

static void handler(void *argument, ureg_t *ureg)
{
    ureg_t home = { .eip = (uint32_t)(uintptr_t)back, .eflags = 2 };

    CHECK(argument == &given);
    caught = *ureg;
    was_caught = true;
    int error = swexn(NULL, NULL, NULL, &home);
    printf("swexn does not lead home: %d\n", error);
    task_vanish(1);
}

/* Three in four times good, as far as one word decides it. */
static void draw_registers(uint32_t *state)
{
    uint32_t *words = (uint32_t *)&given, how = random_next(state) % 8;

    for (unsigned i = 0; i < sizeof(given) / sizeof(*words); i++)
        words[i] = random_next(state);
    given.eip = how < 5 ? (uint32_t)(uintptr_t)landing : how == 5 ? ASTRAY + given.eip % 0x10000000 : given.eip;
    if (random_next(state) % 4 != 0)
        given.eflags &= PEBBLES_EFLAGS_ALLOWED;
    if (random_next(state) % 4 != 0)
        given.eflags &= ~FLAG_TRAP;
}

static bool is_legal(void)
{
    return given.eip >= PEBBLES_USER_START && given.eip < PEBBLES_USER_END &&
           (given.eflags & ~PEBBLES_EFLAGS_ALLOWED) == 0;
}

static void check_arrived(void)
{
    const uint32_t expected[8] = {
        given.edi, given.esi, given.ebp, given.esp, given.ebx, given.edx, given.ecx, given.eax,
    };

    for (int i = 0; i < 8; i++)
        CHECK_EQUAL(arrived[i], expected[i]);
    CHECK_EQUAL(arrived[8] & (FLAGS_SEEN | FLAG_INTERRUPT), (given.eflags & FLAGS_SEEN) | FLAG_INTERRUPT);
}

/* By a page fault where there is nothing, or after one step. */
static void check_caught(void)
{
    CHECK_EQUAL(caught.eax, given.eax);
    CHECK_EQUAL(caught.ecx, given.ecx);
    CHECK_EQUAL(caught.edx, given.edx);
    CHECK_EQUAL(caught.ebx, given.ebx);
    CHECK_EQUAL(caught.ebp, given.ebp);
    CHECK_EQUAL(caught.esi, given.esi);
    CHECK_EQUAL(caught.edi, given.edi);
    CHECK_EQUAL(caught.esp, given.esp);
    CHECK_EQUAL(caught.eflags & (FLAGS_SEEN | FLAG_INTERRUPT), (given.eflags & FLAGS_SEEN) | FLAG_INTERRUPT);
    if (given.eip == (uint32_t)(uintptr_t)landing) {
        CHECK_EQUAL(caught.cause, 1);
        CHECK((given.eflags & FLAG_TRAP) != 0);
        CHECK(caught.eip > given.eip && caught.eip < given.eip + 16);
    } else {
        CHECK_EQUAL(caught.cause, 14);
        CHECK_EQUAL(caught.eip, given.eip);
        CHECK_EQUAL(caught.cr2, given.eip);
    }
}

static void one_round(uint32_t *state)
{
    const uint32_t packet[4] = {
        (uint32_t)(uintptr_t)(stack + STACK_BYTES), (uint32_t)(uintptr_t)handler, (uint32_t)(uintptr_t)&given,
        (uint32_t)(uintptr_t)&given,
    };

    do {
        draw_registers(state);      /* not into the program itself or its stack: who knows what would run there */
    } while (is_legal() && given.eip != (uint32_t)(uintptr_t)landing && given.eip - ASTRAY >= 0x10000000);
    was_caught = false;
    int result = try_registers(packet);
    if (!CHECK_EQUAL(result < 0, !is_legal()))
        printf("... eip 0x%x, eflags 0x%x\n", given.eip, given.eflags);
    if (result < 0)
        CHECK(!was_caught);
    else if (was_caught)
        check_caught();
    else if (CHECK((given.eflags & FLAG_TRAP) == 0))
        check_arrived();
}

int main(void)
{
    uint32_t state = 0x9E3779B9;

    for (int i = 0; i < ROUNDS; i++)
        one_round(&state);
    return check_result();
}
