/*
 * call_registers.c - what a hypercall leaves in the registers.
 *
 * Only calls that return something change EAX; every other register, and every flag the guest can see, survives. Each
 * register is loaded with a value of its own, the call is made with ESP at a static argument block, and all are stored
 * again. The flags go in once all clear and once with CF PF AF ZF SF DF OF all set.
 */
#include "test.h"

#define FLAGS_ALL (EFLAGS_CF | EFLAGS_PF | EFLAGS_AF | EFLAGS_ZF | EFLAGS_SF | EFLAGS_DF | EFLAGS_OF)

struct registers {
    uint32_t eax, ebx, ecx, edx, esi, edi, ebp, esp, eflags;
};

void call_raw(struct registers *registers);

/* Loads all nine from *registers, makes the call, stores all nine back. Nothing but MOV and PUSHF in between. */
__asm__(".pushsection .text\n"
        ".type call_raw, @function\n"
        "call_raw:\n"
        "    pusha\n"
        "    pushfl\n"
        "    movl %esp, saved_esp\n"
        "    movl 40(%esp), %eax\n"
        "    movl %eax, block\n"
        "    pushl 32(%eax)\n"
        "    popfl\n"
        "    movl 4(%eax), %ebx\n"
        "    movl 8(%eax), %ecx\n"
        "    movl 12(%eax), %edx\n"
        "    movl 16(%eax), %esi\n"
        "    movl 20(%eax), %edi\n"
        "    movl 24(%eax), %ebp\n"
        "    movl 28(%eax), %esp\n"
        "    movl 0(%eax), %eax\n"
        "    int $0xDE\n"
        "    movl %eax, after_eax\n"
        "    movl %esp, after_esp\n"
        "    movl saved_esp, %esp\n"
        "    pushfl\n"
        "    movl block, %eax\n"
        "    popl 32(%eax)\n"
        "    movl %ebx, 4(%eax)\n"
        "    movl %ecx, 8(%eax)\n"
        "    movl %edx, 12(%eax)\n"
        "    movl %esi, 16(%eax)\n"
        "    movl %edi, 20(%eax)\n"
        "    movl %ebp, 24(%eax)\n"
        "    movl after_esp, %ecx\n"
        "    movl %ecx, 28(%eax)\n"
        "    movl after_eax, %ecx\n"
        "    movl %ecx, 0(%eax)\n"
        "    popfl\n"
        "    popa\n"
        "    ret\n"
        ".size call_raw, . - call_raw\n"
        ".local saved_esp, block, after_eax, after_esp\n"
        ".comm saved_esp, 4\n"
        ".comm block, 4\n"
        ".comm after_eax, 4\n"
        ".comm after_esp, 4\n"
        ".popsection\n");

static uint32_t row, column;
static const char text[] = "x";

static void call_check(uint32_t number, const uint32_t *arguments, uint32_t expected_eax, uint32_t flags)
{
    struct registers registers = {
        .eax = number, .ebx = 0xB1B2B3B4, .ecx = 0xC1C2C3C4, .edx = 0xD1D2D3D4, .esi = 0xE1E2E3E4, .edi = 0xF1F2F3F4,
        .ebp = 0xA1A2A3A4, .esp = (uint32_t)(uintptr_t)arguments, .eflags = flags | EFLAGS_RESERVED_1,
    };

    call_raw(&registers);
    CHECK_EQUAL(registers.eax, expected_eax);
    CHECK_EQUAL(registers.ebx, 0xB1B2B3B4);
    CHECK_EQUAL(registers.ecx, 0xC1C2C3C4);
    CHECK_EQUAL(registers.edx, 0xD1D2D3D4);
    CHECK_EQUAL(registers.esi, 0xE1E2E3E4);
    CHECK_EQUAL(registers.edi, 0xF1F2F3F4);
    CHECK_EQUAL(registers.ebp, 0xA1A2A3A4);
    CHECK_EQUAL(registers.esp, arguments);
    CHECK_EQUAL(registers.eflags, flags | EFLAGS_RESERVED_1 | EFLAGS_IF);
}

int main(void)
{
    const uint32_t print[] = { 1, (uint32_t)(uintptr_t)text };
    const uint32_t colour[] = { 7 };
    const uint32_t cursor[] = { 2, 3 };
    const uint32_t get_cursor[] = { (uint32_t)(uintptr_t)&row, (uint32_t)(uintptr_t)&column };
    const uint32_t print_at[] = { 1, (uint32_t)(uintptr_t)text, 9, 9, 7 };

    for (uint32_t flags = 0; flags <= FLAGS_ALL; flags += FLAGS_ALL) {
        call_check(HV_CALL_MAGIC, NULL, HV_MAGIC, flags);
        call_check(HV_CALL_PRINT, print, HV_CALL_PRINT, flags);
        call_check(HV_CALL_CONS_SET_TERM_COLOR, colour, HV_CALL_CONS_SET_TERM_COLOR, flags);
        call_check(HV_CALL_CONS_SET_CURSOR_POS, cursor, HV_CALL_CONS_SET_CURSOR_POS, flags);
        call_check(HV_CALL_CONS_GET_CURSOR_POS, get_cursor, HV_CALL_CONS_GET_CURSOR_POS, flags);
        call_check(HV_CALL_PRINT_AT, print_at, HV_CALL_PRINT_AT, flags);
    }
    CHECK_EQUAL(row, 2);
    CHECK_EQUAL(column, 3);
    return test_result();
}
