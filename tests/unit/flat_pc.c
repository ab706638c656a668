/*
 * flat_pc.c - see flat_pc.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flat_pc.h"

struct fake_pc pc;
struct vcpu *const cpu = &pc.interp.cpu;

void set_up(uint8_t cpl)
{
    fake_pc_init(&pc);
    fake_pc_protect(&pc, cpl);
    cpu->gpr[GPR_ESP] = 0x30000;
    cpu->eip = CODE;
}

enum exit_reason run(const char *bytes, size_t length, uint64_t instructions)
{
    memcpy(pc.ram + CODE, bytes, length);
    return interp_run(&pc.interp, instructions);
}
void expect_event(int vector, uint32_t eip)
{
    struct fake_event event = fake_pc_event(&pc);

    assert_int_equal(event.vector, vector);
    assert_int_equal(event.eip, eip);
}

void raise_interrupt(uint8_t vector)
{
    cpu->has_interrupt = true;
    pc.vector = vector;
}
