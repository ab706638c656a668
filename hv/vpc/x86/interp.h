/*
 * interp.h - the engine that executes a virtual processor's instructions one by one, in software (PURE).
 *
 * It reaches guest memory only by the guest's own segments and page tables, with the guest's own rights. It needs
 * nothing of the processor it runs on but the floating-point unit behind bus.fpu_execute. What is kept here besides
 * the vcpu are copies: interp_flush throws them away.
 */
#ifndef VPC_X86_INTERP_H
#define VPC_X86_INTERP_H

#include <stdbool.h>
#include <stdint.h>

#include "vpc/x86/bus.h"
#include "vpc/x86/instruction.h"
#include "vpc/x86/vcpu.h"

#define SOFTTLB_ENTRIES 256u
#define MEMO_ENTRIES 4096u
#define MEMO_ENTRIES16 512u             /* of 16-bit code: what boots, and then nothing */
#define OLD_MEMO_ENTRIES 2048u
#define LONG_MEMO_ENTRIES 256u
#define BOUNCE_BYTES 512u

struct interp;
struct memo;

/* Executes one instruction. false: interp->trouble says why it did not happen. */
typedef bool (*handler_t)(struct interp *interp, const struct instruction *insn);

/* Executes it and those behind it: threaded.h. eip: of the next one. */
typedef bool (*step_t)(struct interp *interp, const struct memo *memo, uint64_t eip);

/* Why a run came back. */
enum exit_reason {
    EXIT_BUDGET,                /* the instructions asked for are done */
    EXIT_STOP,                  /* interp_stop */
    EXIT_HLT,                   /* halted, and no interrupt to wake it: run again when there is one */
    EXIT_WINDOW,                /* interrupts can be taken now, as asked by wants_window */
    EXIT_SHUTDOWN,              /* a fault while a double fault was delivered: only vcpu_reset helps */
    EXIT_UNSUPPORTED,           /* a task switch; EIP is at the instruction, or the event is lost. Told in refusals */
};

/* One page that was translated, by the linear address of its first byte. */
#define SOFTTLB_NONE 1u
struct softtlb_entry {
    uint32_t read_page, write_page;
    uintptr_t delta;            /* from a linear address to where it lies in the host */
};

/* The bytes at EIP that can be had without a walk: the rest of one page, as far as the limit of CS allows. */
struct code_window {
    uintptr_t delta;            /* from EIP to where it lies in the host */
    uint64_t end_eip;           /* first_eip + count */
    uint32_t first_eip, count;  /* an instruction that begins in here ends in the page and the limit; 0: closed */
};

/* An instruction as it was decoded last; good wherever the same bytes stand. */
struct memo {
    uint64_t bytes, mask;       /* mask selects the instruction's bytes: 8 at most */
    struct memo *next;          /* the place of the instruction behind it, whatever is there */
    step_t step;
    handler_t handler;
    struct instruction insn;
};

/* The same for one that is longer than 8 bytes: both words must stand there. Its mask is all ones. */
struct long_memo {
    struct memo memo;
    uint64_t rest, rest_mask;
};

/* What of a segment can be touched without a closer look; last is -1 where everything needs one. */
struct reach {
    int64_t read_last, write_last;
    uint32_t base;
};

/* An operand that is not in one page of RAM lies here meanwhile. */
struct bounce {
    uint8_t bytes[BOUNCE_BYTES];
    uint32_t count, first_count;        /* all bytes; those in the first page */
    gpa_t first, second;
};

struct trouble {
    enum { TROUBLE_FAULT, TROUBLE_EXIT } kind;
    enum exit_reason reason;
    uint8_t vector;
    bool has_error;
    uint32_t error;
};

struct interp {
    struct vcpu cpu;            /* true between runs; during one, flags_read knows the arithmetic flags,
                                   interp_retired how many instructions are done, and only a handler EIP */
    const struct bus *bus;
    bool wants_window;          /* set by the owner: leave with EXIT_WINDOW when an interrupt could be taken */

    /* For the files of this folder only. */
    bool has_attention;         /* something is to be seen to before the next instruction */
    bool is_stopping, checks_alignment, has_large_pages;
    uint32_t start_eip;         /* of the instruction being executed */
    uint32_t stack_mask;        /* 0xFFFF or 0xFFFFFFFF */
    int64_t flag_result;        /* flags.h */
    uint64_t flag_carries;
    uint64_t fuel;              /* how many instructions this run may still execute, with the one being executed */
    struct code_window code;
    struct memo *memos;         /* those of the code segment's size */
    uint32_t memo_mask;
    struct softtlb_entry *tlb;  /* those of the current privilege */
    struct reach reach[SEG_COUNT];
    void *operand;              /* of access_slowly */
    struct trouble trouble;
    struct bounce bounce;
    struct softtlb_entry tlb_supervisor[SOFTTLB_ENTRIES], tlb_user[SOFTTLB_ENTRIES];
    struct memo memos16[MEMO_ENTRIES16], memos32[MEMO_ENTRIES];
    struct memo old_memos[OLD_MEMO_ENTRIES];    /* of 32-bit code, that had to give way to others */
    struct long_memo long_memos16[LONG_MEMO_ENTRIES], long_memos32[LONG_MEMO_ENTRIES];
};

/* A processor after reset on a bus, which must outlive it. */
void interp_init(struct interp *interp, const struct bus *bus);

/* Whoever wrote interp->cpu, or changed what bus.page says, calls this before the next run. */
void interp_flush(struct interp *interp);

/* Execute at most that many instructions. A string instruction is cut after 4 KiB and goes on with the next turn. */
enum exit_reason interp_run(struct interp *interp, uint64_t instructions);

/*
 * Between runs: begin an event that another engine had not finished: an interrupt from outside, or an exception with
 * its error code (NULL: none). EXIT_BUDGET: its handler comes next.
 */
enum exit_reason interp_deliver(struct interp *interp, uint8_t vector, bool is_interrupt, const uint32_t *error);

/* cpu.retired, also during a run: then that is what it will be at the end, if nothing stops it before. */
static inline uint64_t interp_retired(const struct interp *interp)
{
    return interp->cpu.retired - interp->fuel;
}

/* From a bus operation: end the run after this instruction. */
void interp_stop(struct interp *interp);

/* From a bus operation, after it changed cpu.has_interrupt or cpu.has_nmi: look at them after this instruction. */
void interp_notice(struct interp *interp);

#endif
