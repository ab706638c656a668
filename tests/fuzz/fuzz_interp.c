/*
 * fuzz_interp.c - any bytes as code, tables and registers of a virtual processor: whatever a guest does, the
 * interpreter comes back, with a state that a processor can have; and without paging, it does the same when it forgets
 * everything it keeps after each instruction.
 *
 * The input: how to begin (16 bytes), then what fills the RAM, again and again.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "cpu/x86.h"
#include "fake_pc.h"

#define HEAD_BYTES 16u
#define RAM_USED 0x20000u           /* what is filled, and compared */
#define INSTRUCTIONS 200u

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static struct fake_pc kept, forgetful;

static void fill(uint8_t *ram, const uint8_t *bytes, size_t size)
{
    size_t step;

    for (size_t at = 0; at < RAM_USED && size > 0; at += step) {
        step = size < RAM_USED - at ? size : RAM_USED - at;
        memcpy(ram + at, bytes, step);
    }
}

/* Real mode, or protected mode of one of two privileges with good tables or the input's, or that with paging. */
static void begin(struct fake_pc *pc, const uint8_t *head, const uint8_t *bytes, size_t size)
{
    struct vcpu *cpu = &pc->interp.cpu;
    uint8_t how = head[0];

    fake_pc_init(pc);
    fill(pc->ram, bytes, size);
    if (how & 1)
        fake_pc_protect(pc, how & 2 ? 3 : 0);
    if (how & 4) {
        fill(pc->ram, bytes, size);
        cpu->gdtr.base = cpu->idtr.base = cpu->tr.base = cpu->ldtr.base = 0x1000;
    }
    for (unsigned i = 0; i < 8; i++)
        cpu->gpr[i] = (uint32_t)(head[8 + i] << (how & 8 ? 8 : 0)) | (uint32_t)(head[8 + (i + 3) % 8] << 16 & 0x10000);
    cpu->gpr[GPR_ESP] = 0x8000 + head[4];
    cpu->eip = head[1] | (uint32_t)head[2] << 8;
    cpu->eflags = EFLAGS_FIXED | ((uint32_t)(head[3] | head[4] << 8) & 0x7FD5);
    if (how & 16) {
        cpu->cr0 |= CR0_PG | CR0_PE | (how & 32 ? CR0_WP : 0);
        cpu->cr4 = how & 64 ? CR4_PSE : 0;
        cpu->cr3 = (uint32_t)head[5] << 12 & 0x1F000;
    }
    cpu->has_interrupt = how & 128;
    pc->vector = head[6];
    pc->input = head[7] * 0x01010101u;
    interp_flush(&pc->interp);
}

static void check_state(const struct vcpu *cpu)
{
    CHECK(cpu->cpl <= 3 && cpu->gpr[GPR_NONE] == 0);
    CHECK(cpu->eflags & EFLAGS_FIXED && !(cpu->eflags & EFLAGS_VM));
    CHECK(!(cpu->cr0 & CR0_PG) || cpu->cr0 & CR0_PE);
    CHECK(cpu->retired <= INSTRUCTIONS && cpu->shadow <= SHADOW_SS);
}

/* The other way to the same end. */
static void check_without_memory(const uint8_t *head, const uint8_t *bytes, size_t size, enum exit_reason reason)
{
    begin(&forgetful, head, bytes, size);
    struct interp *interp = &forgetful.interp;
    enum exit_reason other = EXIT_BUDGET;

    for (unsigned i = 0; i < INSTRUCTIONS && other == EXIT_BUDGET; i++) {
        if (interp->cpu.cr0 & CR0_PG)
            return;                 /* translations may be kept, and need not be */
        interp_flush(interp);
        other = interp_run(interp, 1);
    }
    if (kept.interp.cpu.cr0 & CR0_PG)
        return;
    CHECK(reason == other);
    CHECK(memcmp(&kept.interp.cpu, &interp->cpu, sizeof(interp->cpu)) == 0);
    CHECK(memcmp(kept.ram, forgetful.ram, RAM_USED) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size <= HEAD_BYTES)
        return 0;
    begin(&kept, bytes, bytes + HEAD_BYTES, size - HEAD_BYTES);
    enum exit_reason reason = interp_run(&kept.interp, INSTRUCTIONS);
    check_state(&kept.interp.cpu);
    CHECK(reason <= EXIT_UNSUPPORTED);
    /* Long string instructions end a run (EXIT_STOP), never one of a single instruction: nothing to compare. */
    if (reason != EXIT_STOP && !(kept.interp.cpu.cr0 & CR0_PG) && !(bytes[0] & 16))
        check_without_memory(bytes, bytes + HEAD_BYTES, size - HEAD_BYTES, reason);
    return 0;
}
