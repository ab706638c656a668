/*
 * svm.h - the engine that has a virtual PC's processor executed by the real one, under SVM with nested paging (PURE).
 *
 * The vcpu in vpc->interp is true between runs; during one, the control block is, until something is to be emulated:
 * then the vcpu is taken from it, the interpreter executes one instruction, and the vcpu is put back. So each
 * instruction that leaves the guest means exactly what it means to the interpreter.
 */
#ifndef VPC_SVM_SVM_H
#define VPC_SVM_SVM_H

#include <stdbool.h>
#include <stdint.h>

#include "vpc/svm/asid.h"
#include "vpc/svm/nested.h"
#include "vpc/svm/site.h"
#include "vpc/svm/vmcb.h"
#include "vpc/vpc.h"

#define SVM_MOVES_AT_RANDOM UINT32_MAX

/*
 * A run ends after so many exits to devices, so that what is typed arrives while it goes on; for no other reason, as an
 * interrupt of the host's ends it at the next entry. In a run of the interpreter's it is VPC_RUN_EXITS.
 */
#define SVM_RUN_EXITS 1024u

/* What becomes of a guest that was left. enter.S knows the first two. */
enum svm_next {
    SVM_AGAIN,              /* what it was left for is done: it goes on */
    SVM_STIRRED,            /* the same, and something may have come up: svm_look_closely tells (vpc_wants_look) */
    SVM_DONE,               /* the same, and something has come up besides */
    SVM_LOOK,               /* nothing was done: svm_handle */
};

/* What of the real processor the engine needs: host.c, and on the build host a test. */
struct svm_host {
    /* Around a run: the processor is made ready for the next, and as everybody else wants it. */
    void (*begin)(void);
    void (*end)(void);
    /*
     * Enter the guest, and again as long as svm_fast, or after SVM_STIRRED svm_look_closely, says SVM_AGAIN; what else
     * they say is returned. Every register but RAX, RSP and those of the block is in the vcpu when they are asked.
     */
    enum svm_next (*enter)(struct vpc *vpc, hpa_t vmcb);
    /* The unit from an image, and back. */
    void (*load_fpu)(const void *image);
    void (*save_fpu)(void *image);
    /* Have an interrupt of the host's end the turn at this time of the PC's, at the latest. */
    void (*set_alarm)(void *owner, uint64_t due_ns);
    struct asid_pool *asids;
    /* For lockstep.c: the real breakpoint 0 is where code begins to run there; 0: nowhere. */
    void (*break_at)(uint32_t linear);
};

struct svm {
    const struct svm_host *host;
    struct vmcb *vmcb;
    struct nested nested;
    struct asid asid;
    uint32_t event, event_error;    /* to be delivered next, as EVENTINJ; 0: nothing */
    bool is_unit_loaded;            /* the floating-point unit holds the guest's state */
    bool is_interrupted;            /* the run ended by an interrupt of the host's: so does the turn */
    uint64_t exits, runs;
    uint32_t moves;                 /* for tests: to the interpreter after so many exits, back after so many
                                       instructions; or SVM_MOVES_AT_RANDOM. 0: never */
    uint32_t move_random, exits_to_move;
    /* Who executes them then: svm_step, or lockstep_run. */
    enum exit_reason (*steps_by)(struct vpc *vpc, uint64_t instructions);
    uint32_t compared;              /* steps of lockstep_run */
    uint64_t alarm_ns;              /* what was last asked of set_alarm */
    uint32_t *apic_page;            /* a page of memory that may be shown as the local APIC's */
    uint64_t text_exit;             /* which of the exits was the last for a store to the text page, */
    uint32_t text_run;              /* and how many of them there were in a row before it */
    struct site sites[SITES];
    uint32_t moves_seen;            /* nested.move_count when the sites were learned */
};

/*
 * After vpc_init: the PC is executed by this engine from now on. vmcb and apic: zeroed pages; ones: see vmcb_init.
 * False: memory is out.
 */
bool svm_attach(struct vpc *vpc, struct svm *svm, const struct svm_host *host, hpa_t vmcb, hpa_t apic, hpa_t ones);

/* What is pending, and how often what happened, of a PC that the other is a copy of; svm_attach was before. */
void svm_copy(struct svm *copy, const struct svm *svm);

/*
 * For files of this folder: the interpreter executes so many instructions, or delivers what is pending. No interrupt of
 * the host's comes in meanwhile, so they are fewer than in a piece of an interpreted turn.
 */
#define SVM_BURST 200u

enum exit_reason svm_step(struct vpc *vpc, uint64_t instructions);

/*
 * For them: enter the guest, with what the block says is to be delivered; keep what was under way when it was left.
 */
enum svm_next svm_enter_guest(struct vpc *vpc);
void svm_keep_event(struct svm *svm);

/* For them: who runs the PC is to look around: a device has moved its time, a stop was asked for, or it has ended. */
bool svm_is_over(const struct vpc *vpc);

/*
 * For them: the guest was left for a store to the text page. True: it does that again and again, with nothing in
 * between. Asked again of the same exit it says the same.
 */
#define SVM_TEXT_RUN 8u

static inline bool svm_fills_text(struct svm *svm)
{
    uint64_t since = svm->exits - svm->text_exit;

    svm->text_run = since > 1 ? 0 : svm->text_run + (uint32_t)since;
    svm->text_exit = svm->exits;
    return svm->text_run >= SVM_TEXT_RUN;
}

/*
 * For enter.S: the guest was left, and this is its block. And after SVM_STIRRED: is it the guest's to go on, or
 * somebody else's turn? Never SVM_STIRRED.
 */
enum svm_next svm_fast(struct vpc *vpc, struct vmcb *vmcb);
enum svm_next svm_look_closely(struct vpc *vpc);

/* For fast.c: it was for INS or OUTS. */
enum svm_next svm_move_string(struct vpc *vpc, struct vmcb *vmcb);

/* For files of this folder: what is shown of the local APIC is what it would say, or nothing; the latter for all. */
void svm_remake_apic(struct vpc *vpc);

static inline void svm_refresh_apic(struct vpc *vpc)
{
    uint32_t changed = vpc->svm->nested.device_page.v ? vpc->lapic.changed : 0;

    if (changed & LAPIC_CHANGED_ALL)
        svm_remake_apic(vpc);
    else if (changed != 0)
        lapic_refresh_some(&vpc->lapic, vpc->svm->apic_page);
}

/* For them: the floating-point unit's state is in the image again. */
void svm_store_unit(struct vpc *vpc);

/*
 * For them: the guest's RDTSC is the processor's, host TSC and offset, where the PC's counter is the host's; else it
 * leaves the guest. So it does in lock-step, which would compare two moments.
 */
void svm_put_tsc(struct vpc *vpc);

/* See to why the guest was left. EXIT_BUDGET: it goes on. */
enum exit_reason svm_handle(struct vpc *vpc);

#endif
