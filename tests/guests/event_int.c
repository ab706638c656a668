/*
 * event_int.c - INT n from guest kernel, for every n, through its slot; INT 0xDE stays the hypercall.
 *
 * The instruction is written into memory as CD n C3 and called. Each must arrive in slot n with error code 0 (also for
 * the vectors whose exceptions push one) and with EIP behind the INT, whether the slot is privileged or not. All 256
 * slots are filled, as guests do; vector 0xDE must return the magic number in spite of that.
 */
#include "test.h"

static uint8_t code[] = { 0xCD, 0, 0xC3 };
static struct event seen;
static uint32_t seen_count;

static void handler(struct event *event)
{
    memcpy(&seen, event, offsetof(struct event, user_esp));
    seen_count++;
}

static void code_run(uint32_t eax)
{
    __asm__ volatile("call *%1" : "+a"(eax) : "r"(code) : "ecx", "edx", "memory", "cc");
}

static void vector_check(uint32_t vector)
{
    code[1] = (uint8_t)vector;
    seen_count = 0;
    code_run(0xABCD0000 | vector);
    CHECK_EQUAL(seen_count, 1);
    CHECK_EQUAL(seen.slot, vector);
    CHECK_EQUAL(seen.eax, 0xABCD0000 | vector);
    CHECK_EQUAL(seen.eip, code + 2);
    CHECK_EQUAL(seen.error, 0);
    CHECK_EQUAL(seen.address, 0);
    CHECK_EQUAL(seen.mode, HV_MODE_KERNEL);
    CHECK_EQUAL(seen.eflags & EFLAGS_IF, 0);
}

int main(void)
{
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t slot = 0; slot < HV_IDT_SLOTS; slot++)
            event_handle(slot, handler, round != 0);
        for (uint32_t vector = 0; vector < HV_IDT_SLOTS; vector++) {
            if (vector != HV_INT_VECTOR)
                vector_check(vector);
        }
        seen_count = 0;
        CHECK_EQUAL(hv_magic(), HV_MAGIC);
        CHECK_EQUAL(seen_count, 0);
    }
    return test_result();
}
