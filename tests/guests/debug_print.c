/*
 * debug_print.c - the simulator's debug print, in both of its known shapes: what it prints, and what it must not do.
 *
 * Every case must end with 0 whether debug-print=on was asked for or not, but for "returned", which tells the register
 * that shows the difference. What stands in the stream is looked at by tests/system/debug_print_tests.py.
 */
#include "lib/paging.h"

#define MAGIC 0x04100002u
#define VECTOR_FIRST 0xF0
#define FLOOD 3000
#define TEXT_AT (FREE_GVA + PAGE_BYTES - 8)     /* the page behind is not there */

/* As course kernels have it: B8 00 00 00 00 87 DB 5B C3. */
uint32_t kernel_shape(uint32_t code, const char *text);
/* The same with INT 0xF0, as an image may have it of its own. */
uint32_t own_interrupt(uint32_t code, const char *text);
__asm__(".text\n"
        ".globl kernel_shape, own_interrupt\n"
        "kernel_shape: pushl %ebx; movl 8(%esp), %ebx; movl 12(%esp), %ecx\n"
        "movl $0, %eax; .byte 0x87, 0xDB; popl %ebx; ret\n"
        "own_interrupt: pushl %ebx; movl 8(%esp), %ebx; movl 12(%esp), %ecx\n"
        "movl $0, %eax; .byte 0xCD, 0xF0; popl %ebx; ret\n");

USER_PIECE(user_shape, "pushl %ebx; movl %ebx, %edi; movl %ecx, %esi", ".byte 0x87, 0xDB; popl %ebx");

static uint32_t interrupts, last_slot, steps;
static char long_text[300];

static void count_interrupt(struct event *event)
{
    interrupts++;
    last_slot = event->slot;
}

static void count_step(struct event *event)
{
    (void)event;
    steps++;
}

static uint32_t debug_print(const char *text)
{
    return kernel_shape(MAGIC, text);
}

CASE(kernel)
{
    for (uint32_t i = 0; i + 1 < sizeof(long_text); i++)
        long_text[i] = (char)('a' + i % 26);
    printf("before\n");
    CHECK_EQUAL(debug_print("first\n"), 0);
    printf("between\n");
    CHECK_EQUAL(debug_print("x\nok 1 - forged\r\n# leaked frames: 9\x1b[2J"), 0);
    CHECK_EQUAL(debug_print(long_text), 0);
    CHECK_EQUAL(debug_print(""), 0);
    CHECK_EQUAL(kernel_shape(MAGIC + 1, "another code"), 0);
    CHECK_EQUAL(debug_print((const char *)(uintptr_t)0xFEFFFFF0), 0);
    CHECK_EQUAL(debug_print((const char *)(uintptr_t)0xFFFFFFF0), 0);
    CHECK_EQUAL(debug_print((const char *)(uintptr_t)(sdk_memory_bytes() - 4)), 0);
    debug_print("last");
}

/* The user's registers after the print of a text, from a state with this EBX. */
static void user_print(uint32_t code, uint32_t text)
{
    struct user_state state = { .eax = 0x5555, .ebx = code, .ecx = text, .eflags = EFLAGS_RESERVED_1 };

    user_run_code(user_shape, user_shape_end, &state);
    CHECK_EQUAL(seen.slot, SLOT_DONE);
    CHECK_EQUAL(seen.mode, HV_MODE_USER);
}

CASE(user)
{
    static const char kernel_text[] = "kernel's own";
    uint32_t pd = pd_make(), frame = frame_take();

    traps_record(true);
    page_map(pd, FREE_GVA, frame, ENTRY_USER);
    hv_setpd(pd, 1);
    memcpy((char *)frame_words(frame), "from user", 10);
    memcpy((char *)frame_words(frame) + PAGE_BYTES - 8, "straddle", 8);
    user_print(MAGIC, FREE_GVA);
    user_print(MAGIC, TEXT_AT);
    user_print(MAGIC, address_of(kernel_text));
    user_print(MAGIC + 1, FREE_GVA);
    debug_print(kernel_text);
    *pt_entry(pd, FREE_GVA) = frame | ENTRY_KERNEL;
    hv_adjustpg(FREE_GVA);
    user_print(MAGIC, FREE_GVA);
    page_map(pd, FREE_GVA, 0xFFFFF000, ENTRY_USER);     /* outside RAM: reading it would end the guest */
    hv_adjustpg(FREE_GVA);
    user_print(MAGIC, FREE_GVA);
    debug_print((const char *)(uintptr_t)FREE_GVA);
}

CASE(returned)
{
    traps_record(true);
    hv_setpd(pd_make(), 1);
    user_print(MAGIC + 1, 0);
    CHECK_EQUAL(seen.eax, 0x5555);
    user_print(MAGIC, 0);
    CHECK_EQUAL(seen.eax, 0);
}

/* INT through every vector that may be the private one: from code of the image, and from code made now. */
CASE(interrupts)
{
    static uint8_t made[5] = { 0x53, 0xCD, 0, 0x5B, 0xC3 };

    for (uint32_t slot = VECTOR_FIRST; slot < HV_IDT_SLOTS; slot++)
        event_handle(slot, count_interrupt, true);
    CHECK_EQUAL(own_interrupt(MAGIC, "never printed"), 0);
    CHECK_EQUAL(interrupts, 1);
    CHECK_EQUAL(last_slot, VECTOR_FIRST);
    for (uint32_t slot = VECTOR_FIRST; slot < HV_IDT_SLOTS; slot++) {
        made[2] = (uint8_t)slot;
        __asm__ volatile("call *%0" : : "r"(made), "b"(MAGIC), "c"("never printed") : "eax", "memory");
        CHECK_EQUAL(last_slot, slot);
    }
    CHECK_EQUAL(interrupts, 1 + HV_IDT_SLOTS - VECTOR_FIRST);
    debug_print("printed");
}

/* Single steps through it are as many as through XCHG. */
CASE(steps)
{
    event_handle(1, count_step, true);
    __asm__ volatile("pushfl; orl $0x100, (%%esp); popfl; nop; pushl %%ebx; movl %%ebx, %%ebx; movl %%ecx, %%ecx;"
                     "movl $0, %%eax; .byte 0x87, 0xDB; popl %%ebx; pushfl; andl $~0x100, (%%esp); popfl"
                     : : "b"(MAGIC), "c"("a step") : "eax", "memory", "cc");
    CHECK_EQUAL(steps, 10);
}

CASE(flood)
{
    for (uint32_t i = 0; i < FLOOD; i++) {
        debug_print("all work and no play");
        if (i % 100 == 0)
            printf("row %u\n", i);
    }
    CHECK(true);
}

int main(void)
{
    test_case();
    return test_result();
}
