/*
 * null_tr.c - LTR of a null selector is #GP(0), and the TSS stays the one before: a program's INT still finds its
 * kernel's stack. SDM vol. 2 "LTR". QEMU 7.2 takes such a selector, and aborts with the first event that needs a stack:
 * so plain QEMU is not asked, and under SVM LTR leaves the guest.
 */
#include "lib/interrupts.h"

#define CALL 0x80u
#define LTR_BYTES 3u

static uint8_t stack0[4096], stack3[4096];
static struct frame program;

static void on_protection(struct frame *frame)
{
    say("#GP, error %x\n", frame->error);
    frame->eip += LTR_BYTES;
}

static void on_call(struct frame *frame)
{
    say("a call from privilege %u\n", frame->cs & 3);
    outb(0xF4, 42);
}

static void call(void)
{
    __asm__ volatile("int $0x80");
    for (;;)
        ;
}

int main(uint32_t magic, const uint32_t *info)
{
    (void)magic, (void)info;
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    set_handler(13, on_protection);
    set_handler(CALL, on_call);
    open_gate(CALL);
    for (uint16_t selector = 0; selector < 4; selector++)
        __asm__ volatile("ltr %%ax" : : "a"(selector));
    program = (struct frame){ .es = DATA3, .ds = DATA3, .eip = (uint32_t)call, .cs = CODE3, .eflags = 2,
                              .esp = (uint32_t)stack3 + sizeof(stack3), .ss = DATA3 };
    frame_enter(&program);
}
