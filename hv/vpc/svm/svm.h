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
#include "vpc/svm/vmcb.h"
#include "vpc/vpc.h"

/* What of the real processor the engine needs: host.c, and on the build host a test. */
struct svm_host {
    /* Around a run: the processor is made ready for the next, and as everybody else wants it. */
    void (*begin)(void);
    void (*end)(void);
    /* Enter the guest, and leave it: every register but RAX, RSP and those of the block is in gpr. */
    void (*enter)(uint32_t *gpr, hpa_t vmcb);
    /* The unit from an image, and back. */
    void (*load_fpu)(const void *image);
    void (*save_fpu)(void *image);
    /* Have an interrupt of the host's end the turn at this time of the PC's, at the latest. */
    void (*set_alarm)(void *owner, uint64_t due_ns);
    struct asid_pool *asids;
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
    bool moves;                     /* for tests: to and fro between this engine and the interpreter */
    uint32_t move_random, exits_to_move;
    uint64_t alarm_ns;              /* what was last asked of set_alarm */
};

/*
 * After vpc_init: the PC is executed by this engine from now on. vmcb: a zeroed page; ones: see vmcb_init. False:
 * memory is out.
 */
bool svm_attach(struct vpc *vpc, struct svm *svm, const struct svm_host *host, hpa_t vmcb, hpa_t ones);

/* For files of this folder: the interpreter executes so many instructions, or delivers what is pending. */
enum exit_reason svm_step(struct vpc *vpc, uint64_t instructions);

/* See to why the guest was left. EXIT_BUDGET: it goes on. */
enum exit_reason svm_handle(struct vpc *vpc);

#endif
