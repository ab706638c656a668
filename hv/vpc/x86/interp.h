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

#define SOFTTLB_ENTRIES 512u
#define MEMO_ENTRIES 4096u
#define MEMO_ENTRIES16 512u             /* of 16-bit code: what boots, and then nothing */
#define OLD_MEMO_ENTRIES 2048u
#define LONG_MEMO_ENTRIES 256u
#define KNOWN_USES 4u
#define KNOWN_OF_USE 16u
#define KNOWN_GATES 16u
#define FILLED_MAX 96u
#define WINDOWS 32u
#define LARGE_PAGES 1024u
#define KNOWN_WALKS 128u
#define SPACES 16u
#define SPACE_WALKS 24u
#define VIEWS 4u
#define VIEW_CHECKS 64u
#define TABLE_PAGES 8u
#define TABLE_FRAMES 16u
#define BOUNCE_BYTES 512u

struct interp;
struct memo;

/* Executes one instruction. false: interp->trouble says why it did not happen. */
typedef bool (*handler_t)(struct interp *interp, const struct instruction *insn);

/* Executes it and those behind it: threaded.h. eip: of the next one; delta: the code window's. */
typedef bool (*step_t)(struct interp *interp, const struct memo *memo, uint64_t eip, uintptr_t delta);

/* Why a run came back. */
enum exit_reason {
    EXIT_BUDGET,                /* the instructions asked for are done */
    EXIT_STOP,                  /* interp_stop; or string instructions did so much that the run was long enough */
    EXIT_HLT,                   /* halted, and no interrupt to wake it: run again when there is one */
    EXIT_WINDOW,                /* interrupts can be taken now, as asked by wants_window */
    EXIT_SHUTDOWN,              /* a fault while a double fault was delivered: only vcpu_reset helps */
    EXIT_UNSUPPORTED,           /* a task switch; EIP is at the instruction, or the event is lost. Told in refusals */
};

#define INTERP_PAUSE_STOP 1u    /* interp_stop was called */
#define INTERP_PAUSE_WATCH 2u   /* a breakpoint of the debug registers is on */

#define INTERP_LOOK_WATCH 2u    /* of looks_closely: as INTERP_PAUSE_WATCH; 1 is for alignment alone */

/* One page that was translated, by the linear address of its first byte. */
#define SOFTTLB_NONE 1u
struct softtlb_entry {
    uint32_t read_page, write_page;
    uintptr_t delta;            /* from a linear address to where it lies in the host */
};

/*
 * A translation that was made once, and what it was made of. The same entries give the same translation again, so it
 * is good in its address space for as long as they stand there as they stood: a load of CR3 need not drop it.
 */
struct known_walk {
    uint64_t question;          /* directory, page, privilege: known_walk.h; 0: nothing */
    const void *pde_at, *pte_at;        /* in the host; the same for a page of 4 MiB */
    uint32_t pde, pte;          /* with A and, in that of a page that may be written, D */
    uint32_t generation;        /* as long as interp.walk_generation is this, frames lie where they lay */
    uint32_t joined;            /* interp.generation when its space was told last: known_walk_join */
    uint16_t slot;              /* of interp.tlbs */
    bool is_large;
    struct softtlb_entry entry;
};

/* Which of them an address space used since it was made anew: the next time they are looked at and taken at once. */
struct space {
    uint32_t directory;         /* as CR3 has it, without the low bits */
    bool is_crowded;            /* there were more: the next time begins with none */
    uint8_t count, walks[SPACE_WALKS];
    uint64_t has[KNOWN_WALKS / 64];     /* bit n: n is among them, or there was no room for it */
};

/* Where a frame that the guest has page tables in lies in the host. */
struct table_frame {
    uint32_t number;
    uint32_t generation;        /* as long as interp.walk_generation is this */
    const uint8_t *host;
};

/* A page that some of GDT, IDT and TSS lies in, and where that is in the host: as delta of a translation. */
struct table_page {
    uint32_t page;
    uintptr_t delta;
};

/* The bytes at EIP that can be had without a walk: the rest of one page, as far as the limit of CS allows. */
struct code_window {
    uintptr_t delta;            /* from EIP to where it lies in the host */
    uint64_t end_eip;           /* first_eip + count */
    uint32_t first_eip, count;  /* an instruction that begins in here ends in the page and the limit; 0: closed */
};

/* One that was open before. */
struct kept_window {
    struct code_window window;
    uint64_t place;             /* base and limit of CS when it was opened: code_place */
    uint64_t generation;        /* interp.generation when its page's translation was seen last */
};

/*
 * A page of a 32-bit stack that can be read and written without a look at its segment or translation. It lies in the
 * segment whole.
 */
struct stack_window {
    uintptr_t delta;            /* from an offset in SS to where it lies in the host */
    uint64_t first;             /* offset of the page's first byte; STACK_CLOSED, which none is near */
};
#define STACK_CLOSED (1ull << 63)

/* As long as generation is that of the view, these are the windows of a gate's inner stack and of its handler. */
struct gate_windows {
    uint32_t generation;
    struct code_window code;
    struct stack_window stack;
};

/* What of a segment can be touched without a closer look; last is -1 where everything needs one. */
struct reach {
    int64_t read_last, write_last;
    uint32_t base;
};

/*
 * An IRET from privilege 0 to a program, as it was last: good as long as the same bytes stand in both descriptors, and
 * these lie where they lay, and while generation is that of the view: then the windows are the program's.
 */
struct known_return {
    uint32_t generation, table_generation;
    uint64_t code_bytes, stack_bytes;
    const void *code_at, *stack_at;
    struct segment code, stack;
    struct reach code_reach, stack_reach;
    struct code_window code_window;
    struct stack_window stack_window;
};

/* An entry of the guest's tables, in the host, and what stood there when translations were made of it. */
struct table_check {
    const void *at;
    uint32_t value;
};

/*
 * All that is translated in an address space, and all that was opened by it. It stays when CR3 names another one: who
 * comes back looks at each entry of the tables that it was made of, and where all stand as they stood, so does all of
 * this. A processor drops its translations and would find the same again (space.c).
 */
struct view {
    uint32_t directory;         /* as CR3 has it, without the low bits */
    uint32_t walk_generation;   /* as long as interp.walk_generation is this, frames lie where they lay */
    uint32_t generation;        /* interp.generation while it is the current one; no two views ever have the same */
    uint32_t table_generation, table_count;     /* the interp's, when it was seen that all tables lie where they lay */
    bool is_loose;              /* something hangs on what is not among checks: it is not to be come back to */
    unsigned check_count;
    struct table_check checks[VIEW_CHECKS];
    uint8_t check_at[VIEW_CHECKS];      /* by their address, the one that was noted last */
    unsigned filled_count;              /* more than FILLED_MAX: any may have been */
    uint16_t filled[FILLED_MAX];        /* which entries of tlbs were filled since they were cleared */
    uint64_t large_pages[LARGE_PAGES / 64];     /* bit n: some were filled from a page of 4 MiB at n * 4 MiB */
    struct kept_window windows_supervisor[WINDOWS], windows_user[WINDOWS];  /* by the page of their EIP */
    struct gate_windows gates[KNOWN_GATES];
    struct known_return back;
    struct softtlb_entry tlbs[2 * SOFTTLB_ENTRIES];     /* the supervisor's, and then the user's */
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

/*
 * A descriptor that was found good for a use once: whoever asks the same of the same bytes (descriptor.h) gets the same
 * hidden part. So nothing must be thrown away when a guest changes its tables.
 */
struct known_segment {
    uint64_t bytes;
    uint32_t question;
    uint32_t generation;        /* as long as interp.table_generation is this, it lies in the GDT at: */
    const void *at;
    struct segment segment;
    struct reach reach;
};

/*
 * What is needed to begin an event: of a plain gate that was found good for a vector and a privilege once. Good as long
 * as the same bytes stand in the IDT and in the segments' descriptors, and the same SS in the TSS.
 */
struct known_gate {
    uint64_t bytes, code_bytes, stack_bytes;
    uint32_t question;          /* vector, who asks, and whether it is INT n */
    uint32_t generation;        /* as long as interp.table_generation is this, all of these lie where they lay */
    const void *at, *code_at, *stack_at;        /* the gate, and the descriptors */
    const void *top_at;         /* ESP and SS in the TSS; NULL: the privilege stays, and so does the stack */
    uint32_t eip, kept_flags;
    uint8_t cpl;
    struct segment code, stack;
    struct reach code_reach, stack_reach;
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
    uint8_t pauses;             /* INTERP_PAUSE_*: what keeps has_attention set */
    uint8_t looks_closely;      /* not 0: no access is plain */
    uint32_t long_turns;        /* of string instructions, in this run: strings.h */
    uint32_t start_eip;         /* of the instruction that a handler executes; steps do not set it */
    uint32_t stack_mask;        /* 0xFFFF or 0xFFFFFFFF */
    uint32_t asker;             /* CPL, as known_segment.h asks; 0: nothing is known in this mode */
    int64_t flag_result;        /* flags.h */
    uint64_t flag_carries;
    uint64_t fuel;              /* how many instructions this run may still execute, with the one being executed */
    struct code_window code;
    struct stack_window stack;
    struct memo *memos;         /* those of the code segment's size */
    uint32_t memo_mask;
    struct view *view;          /* of the address space that CR3 names */
    struct softtlb_entry *tlb;  /* the view's, of the current privilege */
    struct kept_window *windows;
    struct reach reach[SEG_COUNT];
    void *operand;              /* of access_slowly */
    struct trouble trouble;
    struct bounce bounce;
    uint32_t generation;        /* of translations: another since any was forgotten; the view's */
    uint32_t last_generation;   /* that any view had */
    uint32_t flushes;           /* how often translations were forgotten, as a processor would */
    uint32_t table_generation;  /* of where GDT, IDT and TSS lie: another since that may have changed */
    struct table_page tables[TABLE_PAGES];      /* those that anybody went by since then */
    unsigned table_count;
    struct known_segment known_segments[KNOWN_USES][KNOWN_OF_USE];
    struct known_gate known_gates[KNOWN_GATES];
    struct known_walk known_walks[KNOWN_WALKS];
    struct space spaces[SPACES], *space;        /* the last is that of CR3 */
    unsigned next_view;         /* the one that gives way next */
    struct table_frame table_frames[TABLE_FRAMES];
    uint32_t walk_generation;   /* another since frames moved, or since tables are read otherwise than they were */
    struct view views[VIEWS];
    struct memo memos16[MEMO_ENTRIES16], memos32[MEMO_ENTRIES];
    struct memo old_memos[OLD_MEMO_ENTRIES];    /* of 32-bit code, that had to give way to others */
    struct long_memo long_memos16[LONG_MEMO_ENTRIES], long_memos32[LONG_MEMO_ENTRIES];
};

/* Another number since the processor forgot translations, by whatever instruction. */
static inline uint32_t interp_flushes(const struct interp *interp)
{
    return interp->flushes;
}

/* A processor after reset on a bus, which must outlive it. */
void interp_init(struct interp *interp, const struct bus *bus);

/* Whoever wrote interp->cpu, or changed what bus.page says, calls this before the next run. */
void interp_flush(struct interp *interp);

/* From a bus operation: what bus.page said is not so any more. What was opened stays good to be read and finished. */
void interp_forget(struct interp *interp);

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
static inline void interp_stop(struct interp *interp)
{
    interp->pauses |= INTERP_PAUSE_STOP;
    interp->has_attention = true;
}

/* Was it called in this run? */
static inline bool interp_is_stopping(const struct interp *interp)
{
    return interp->pauses & INTERP_PAUSE_STOP;
}

/* Is a breakpoint of the debug registers on? */
static inline bool interp_is_watched(const struct interp *interp)
{
    return interp->pauses & INTERP_PAUSE_WATCH;
}

/* From a bus operation, after it changed cpu.has_interrupt or cpu.has_nmi: look at them after this instruction. */
void interp_notice(struct interp *interp);

#endif
