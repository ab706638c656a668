/*
 * causes.c - proves: each way to go wrong reaches the handler under its own number, with its error code and the address
 * of the right instruction: at it for faults, behind it for traps.
 *
 * Left out is what QEMU does not do as a processor: ICEBP, an access across the limit or by a null segment.
 */
#include "catch.h"
#include "check.h"

/* X(cause, error code, address, offset of EIP in the code, name, code that ends in a return if nothing happens) */
#define WRONGS(X)                                                                                       \
    X(0, 0, 0, 0, divide_by_zero, "divl zero_word")                                                     \
    X(0, 0, 0, 7, quotient_too_big, "xorl %eax, %eax\n movl $1, %edx\n divl one_word")                  \
    X(3, 0, 0, 1, int3, "int3")                                                                         \
    X(4, 0, 0, 6, into, "movb $0x7F, %al\n addb $1, %al\n nop\n into")                                  \
    X(5, 0, 0, 2, bound, "xorl %eax, %eax\n .byte 0x62, 0x05\n .long ones")                             \
    X(6, 0, 0, 0, ud2, "ud2")                                                                           \
    X(6, 0, 0, 0, ud0, ".byte 0x0F, 0xFF, 0xC0")                                                        \
    X(6, 0, 0, 0, lock_on_register, ".byte 0xF0, 0x01, 0xC0")                                           \
    X(6, 0, 0, 0, bad_modrm, ".byte 0xFE, 0xFF")                                                        \
    X(6, 0, 0, 0, lea_of_register, ".byte 0x8D, 0xC0")                                                  \
    X(13, 0, 0, 0, instruction_too_long, ".rept 16\n .byte 0x2E\n .endr\n nop")                         \
    X(13, 0, 0, 0, beyond_limit, "movl 0xFF000000, %eax")                                               \
    X(13, 0, 0, 0, wraps_around, "movl 0xFFFFFFFE, %eax")                                               \
    X(13, 0, 0, 5, jump_beyond_limit, "pushl $0xFF000000\n ret")                                        \
    X(14, 4, 0x50000000, 0, read_nothing, "movl 0x50000000, %eax")                                      \
    X(14, 6, 0x50000000, 0, write_nothing, "movl %eax, 0x50000000")                                     \
    X(14, 5, 0x100000, 0, read_kernel, "movl 0x100000, %eax")                                           \
    X(14, 7, 0x1000000, 0, write_constant, "movl %eax, 0x1000000")

#define X(cause, error, address, offset, name, code)                                                    \
    __asm__(".section .text.wrong_" #name ",\"ax\",@progbits\nwrong_" #name ":\n" code "\nret\n");      \
    extern const char wrong_##name[];
WRONGS(X)
#undef X
__asm__(".section .rodata\n.balign 8\nzero_word: .long 0\none_word: .long 1\nones: .long 1, 1\n.text\n");

static const struct {
    const char *name, *code;
    uint32_t cause, error, address, offset;
} wrongs[] = {
#define X(cause, error, address, offset, name, code) { #name, wrong_##name, cause, error, address, offset },
    WRONGS(X)
#undef X
};

static void run(void *code)
{
    ((void (*)(void))(uintptr_t)code)();
}

/* A jump beyond the limit faults at the jump, or, in an emulator, where it went. */
static bool eip_is_right(uint32_t eip, unsigned i)
{
    return eip == (uint32_t)(uintptr_t)wrongs[i].code + wrongs[i].offset ||
           (eip == 0xFF000000 && wrongs[i].code == wrong_jump_beyond_limit);
}

static void check_wrong(unsigned i)
{
    ureg_t ureg = { 0 };
    uint32_t code = (uint32_t)(uintptr_t)wrongs[i].code;
    bool good = CHECK_EQUAL(catch_exception(run, (void *)(uintptr_t)code, &ureg), (int)wrongs[i].cause) &&
                CHECK_EQUAL(ureg.error_code, wrongs[i].error) &&
                CHECK(eip_is_right(ureg.eip, i));

    if (!good)
        printf("... by %s, eip 0x%x + %d\n", wrongs[i].name, code, (int)(ureg.eip - code));
    CHECK_EQUAL(ureg.cr2, wrongs[i].address);
}

int main(void)
{
    for (unsigned i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++)
        check_wrong(i);
    return check_result();
}
