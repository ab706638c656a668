/*
 * svm_manual.c - see svm_manual.h.
 */
#include "svm_manual.h"

#include <string.h>

#include "cpu/x86.h"
#include "vpc/svm/vmcb.h"

const struct under_way under_way[UNDER_WAYS] = {
    { "nothing", 0, 0, "\x90", false },
    { "nothing, at mov ss", 0, 0, "\x8E\xD0", false },
    { "nothing, at hlt", 0, 0, "\xF4", false },
    { "what is stale", STALE, 0, "\x90", false },
    { "interrupt", 0x80000062, 0, "\x90", false },
    { "nmi", 0x80000202, 0, "\x90", false },
    { "#DE", 0x80000300, 0, "\x90", false },
    { "#DB", 0x80000301, 0, "\x90", false },
    { "#GP", 0x80000B0D, 0x18, "\x90", false },
    { "#PF", 0x80000B0E, 7, "\x90", false },
    { "int 40h", 0x80000440, 0, "\xCD\x40", true },
    { "int3", 0x80000303, 0, "\xCC", true },
    { "into", 0x80000304, 0, "\xCE", true },
};

const struct leaving leavings[LEAVINGS] = {
    { "intr", 0x60, BY_HOST, NULL, 0 }, { "nmi", 0x61, BY_HOST, NULL, 0 }, { "smi", 0x62, BY_HOST, NULL, 0 },
    { "init", 0x63, BY_HOST, NULL, 0 }, { "npf, ram", 0x400, BY_RAM, NULL, 0 },
    { "npf, device", 0x400, BY_DEVICE, "\x8B\x06", 2 }, { "#DB", 0x41, BY_EXCEPTION, NULL, 0 },
    { "#AC", 0x51, BY_EXCEPTION, NULL, 0 }, { "vintr", 0x64, BY_RAM, NULL, 0 }, { "in", 0x7B, BY_PORT, "\xED", 1 },
    { "cpuid", 0x72, BY_INSTRUCTION, "\x0F\xA2", 2 }, { "hlt", 0x78, BY_HALT, "\xF4", 1 },
    { "iret", 0x74, BY_IRET, "\xCF", 1 },
};

void manual_tell(struct story *story, uint32_t vector, int64_t error)
{
    story->begun[story->count++] = (struct begun){ vector, story->eip, error };
    story->eip = HANDLERS + 16 * vector;
}

bool manual_is_valid(const struct scene *of)
{
    return of->under_way->info >> 31;
}

bool manual_may_be_under_way(const struct leaving *leaving)
{
    return leaving->how <= BY_EXCEPTION && leaving->code != SVM_EXIT_VINTR;
}

bool manual_starts_again(const struct scene *of)
{
    return manual_is_valid(of) && of->under_way->starts_again;
}

/* The instruction at EIP is executed, by whomever; is_open: and with it whether interrupts are. */
static void execute(const struct scene *of, struct story *story, bool *is_open)
{
    if (manual_starts_again(of)) {
        unsigned vector = of->under_way->info & 0xFF;
        story->eip += (uint32_t)strlen(of->under_way->code);
        *is_open = false;
        manual_tell(story, vector, -1);
    } else if (of->leaving->how == BY_IRET) {
        story->eip = RETURN;
        story->in_nmi = false;
    } else {
        story->eip += of->leaving->length > 0 ? of->leaving->length : (uint32_t)strlen(of->under_way->code);
        story->waits |= of->waits == WAITS_BY_EXIT;
        story->is_halted = of->leaving->length > 0 ? of->leaving->how == BY_HALT
                                                   : of->under_way->code[0] == (char)0xF4;
    }
}

struct story manual_expect(const struct scene *of)
{
    struct story story = { .eip = CODE, .waits = of->waits == WAITS_BEFORE, .nmi_waits = of->nmi == NMI_WAITS,
                           .in_nmi = of->nmi != NMI_NONE };
    bool is_open = of->is_open, is_shadow = of->is_shadow;
    uint32_t info = of->under_way->info;

    if (manual_is_valid(of) && !of->under_way->starts_again) {
        manual_tell(&story, info & 0xFF, info & 1u << 11 ? (int64_t)of->under_way->error : -1);
        return story;                           /* its gate shuts interrupts off */
    }
    if (of->leaving->how == BY_EXCEPTION) {
        manual_tell(&story, of->leaving->code - 0x40, of->leaving->code == SVM_EXIT_AC ? 0 : -1);
        return story;
    }
    /* What waits, and could have come before, comes before: only a port is read at once, as the processor began to. */
    bool comes_first = story.waits && is_open && !is_shadow && of->leaving->how != BY_PORT;
    if (of->leaving->length > 0 && !comes_first) {
        execute(of, &story, &is_open);
        is_shadow = false;
    }
    if (story.nmi_waits && !story.in_nmi) {     /* before interrupts: vol. 2 "Priorities" */
        story.nmi_waits = is_open = false;
        story.in_nmi = true;
        manual_tell(&story, EXC_NMI, -1);
    }
    if (story.waits && is_open && is_shadow) {
        execute(of, &story, &is_open);
        is_shadow = of->under_way->code[0] == (char)0x8E;       /* which begins another one */
    }
    if (story.waits && is_open && !is_shadow) {
        manual_tell(&story, VECTOR, -1);
        story.waits = story.is_halted = false;
    }
    return story;
}
