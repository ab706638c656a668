/*
 * event_nested.c - forty deliveries nested on one 4 KiB stack, by ticks and by INT.
 *
 * The contract's arithmetic: a frame from kernel mode is 20 bytes, so the last ESP is 800 bytes below the first
 * and nothing below that is touched. The handler is in assembly and pushes nothing of its own: it notes ESP, unmasks
 * and waits for the next tick (or INTs again) until there are forty, then goes back by hv_iret, building its five
 * argument words exactly over the five words of the frame. One more tick may come between two returns.
 */
#include "test.h"

#define DEPTH 40
#define FRAME_BYTES 20
#define SLOT_INT 0x80

extern uint8_t nested_tick[], nested_int[];
extern volatile uint32_t nested_depth;
extern uint32_t nested_esp[DEPTH + 1];
void nested_run(uint32_t stack_top, uint32_t by_int);

__asm__(".pushsection .text\n"
        ".globl nested_tick, nested_int, nested_run, nested_depth, nested_esp\n"
        "nested_tick:\n"
        "    movl %eax, nested_eax\n"
        "    call nested_note\n"
        "    jae nested_return\n"
        "    movl %eax, %ecx\n"
        "    movl $5, %eax\n"                   /* enable */
        "    int $0xDE\n"
        "1:  cmpl nested_depth, %ecx\n"
        "    je 1b\n"
        "    movl $4, %eax\n"                   /* disable */
        "    int $0xDE\n"
        "    jmp nested_return\n"
        "nested_int:\n"
        "    call nested_note\n"
        "    jae nested_return\n"
        "    int $0x80\n"
        "nested_return:\n"
        "    movl 8(%esp), %eax\n"              /* EIP */
        "    movl %eax, 0(%esp)\n"
        "    movl 16(%esp), %eax\n"             /* EFLAGS */
        "    movl %eax, 4(%esp)\n"
        "    leal 20(%esp), %eax\n"
        "    movl %eax, 8(%esp)\n"
        "    movl $0, 12(%esp)\n"
        "    movl nested_eax, %eax\n"          /* of a delivery that returns at once: nothing came between */
        "    movl %eax, 16(%esp)\n"
        "    movl $2, %eax\n"
        "    int $0xDE\n"
        /* Count, and note ESP of the first forty. EAX = depth, CF clear when that is enough. */
        "nested_note:\n"
        "    incl nested_depth\n"
        "    movl nested_depth, %eax\n"
        "    cmpl $40, %eax\n"
        "    ja 1f\n"
        "    leal 4(%esp), %edx\n"
        "    movl %edx, nested_esp(,%eax,4)\n"
        "1:  cmpl $40, %eax\n"
        "    ret\n"
        "nested_run:\n"
        "    pusha\n"
        "    movl 36(%esp), %eax\n"
        "    movl 40(%esp), %edx\n"
        "    movl %esp, nested_saved_esp\n"
        "    movl %eax, %esp\n"
        "    testl %edx, %edx\n"
        "    jnz 2f\n"
        "    movl $5, %eax\n"
        "    int $0xDE\n"
        "1:  cmpl $40, nested_depth\n"
        "    jb 1b\n"
        "    movl $4, %eax\n"
        "    int $0xDE\n"
        "    jmp 3f\n"
        "2:  int $0x80\n"
        "3:  movl nested_saved_esp, %esp\n"
        "    popa\n"
        "    ret\n"
        ".comm nested_depth, 4, 4\n"
        ".comm nested_esp, 164, 4\n"
        ".local nested_saved_esp, nested_eax\n"
        ".comm nested_eax, 4, 4\n"
        ".comm nested_saved_esp, 4, 4\n"
        ".popsection\n");

static uint8_t stack[4096] __attribute__((aligned(4096)));

/* slack: bytes below the forty frames that may be used as well. */
static void nested_check(bool by_int, uint32_t slack)
{
    uint32_t top = (uint32_t)(uintptr_t)stack + sizeof(stack);
    uint32_t touched = 0;

    memset(stack, 0xCC, sizeof(stack));
    nested_depth = 0;
    nested_run(top, by_int);
    for (uint32_t i = 1; i <= DEPTH; i++)
        CHECK_EQUAL(nested_esp[i], top - i * FRAME_BYTES);
    for (uint32_t i = 0; i < sizeof(stack) - DEPTH * FRAME_BYTES - slack; i++)
        touched += stack[i] != 0xCC;
    CHECK_EQUAL(touched, 0);
    printf("%u deliveries\n", nested_depth);
}

int main(void)
{
    hv_setidt(HV_SLOT_TIMER, (uint32_t)(uintptr_t)nested_tick, 1);
    hv_setidt(SLOT_INT, (uint32_t)(uintptr_t)nested_int, 1);
    nested_check(true, 4);                      /* nested_note's return address */
    CHECK_EQUAL(nested_depth, DEPTH);
    nested_check(false, FRAME_BYTES + 4);
    return test_result();
}
