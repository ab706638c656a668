/*
 * fuzz_svm.c - a processor that leaves its guest for any reason, in any state that a guest can bring about: whatever it
 * does, the engine goes on or ends this guest; the block keeps what is never the guest's, and the nested tables show
 * this guest's frames only.
 *
 * The input: how to begin (struct head), how the guest is left each time (struct leave), then what fills its RAM.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "base/frames.h"
#include "cpu/x86.h"
#include "fake_svm_host.h"
#include "host_ram.h"
#include "pagetable/host_table.h"
#include "vpc/svm/svm.h"

#define RAM_BYTES (2u << 20)
#define RAM_FILLED 0x20000u
#define LEAVES_MOST 32u
#define RUNS_MOST 200u
#define ONES HPA(0x7000)
#define EXIT_MC 0x52u           /* a machine check is the machine's own, and its end */
#define EXIT_CODES 0x410u
#define CR4_OSXSAVE (1u << 18)
/* What the interpreter, which writes them for the guest, lets be in them. */
#define CR0_FREE (CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG)
#define FLAGS_FREE 0x3F7FD5u

struct head {
    uint8_t leaves, moves, filler[2];
    uint32_t dr7, cr4, eflags;
};

struct leave {
    uint16_t code;              /* above 0x8000: the block is refused */
    uint8_t what, number;       /* what of the guest's state changed meanwhile: STATE_*; of a register or segment */
    uint32_t info1, info2, event, error, rip, rflags, value;
};
_Static_assert(sizeof(struct head) == 16 && sizeof(struct leave) == 32, "as seeds_svm.py writes them");

enum { STATE_SEGMENT = 1, STATE_CR = 2, STATE_TABLES = 4, STATE_GPR = 8, STATE_SHADOW = 16, STATE_RAISES = 32,
       STATE_BEYOND = 64, STATE_NMI = 128 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static struct vpc vpc;
static struct svm svm;
static struct ram ram;
static struct asid_pool pool;
static const uint8_t *next, *end;
static unsigned leaves_left;
static uint64_t now_ns;

static uint64_t get_now(void *owner)
{
    (void)owner;
    return now_ns;
}

static void change_segment(struct vmcb *vmcb, const struct leave *leave)
{
    struct vmcb_segment *segments[] = { &vmcb->segments[0], &vmcb->segments[1], &vmcb->segments[2], &vmcb->segments[3],
                                        &vmcb->segments[4], &vmcb->segments[5], &vmcb->ldtr, &vmcb->tr };

    *segments[leave->number % 8] = (struct vmcb_segment){
        .selector = (uint16_t)leave->value, .attributes = (uint16_t)(leave->value >> 16 & 0xCFF),
        .limit = leave->error, .base = leave->info1 & 0xFFFFF };
}

static void change_state(struct vmcb *vmcb, const struct leave *leave)
{
    uint32_t *gpr = vpc.interp.cpu.gpr;
    unsigned what = leave->what;

    vmcb->rip = leave->rip;
    vmcb->rflags = (leave->rflags & FLAGS_FREE) | EFLAGS_FIXED;
    vmcb->cpl = vmcb->cr0 & CR0_PE ? leave->number >> 4 & 3 : 0;
    vmcb->shadow = what & STATE_SHADOW ? 1 : 0;
    if (what & STATE_SEGMENT)
        change_segment(vmcb, leave);
    if (what & STATE_CR) {
        vmcb->cr0 = (leave->value & CR0_FREE) | CR0_ET | (leave->value & CR0_PG ? CR0_PE : 0);
        vmcb->cr2 = leave->error;
        vmcb->cr3 = leave->info2 & 0x3F000;
    }
    if (what & STATE_TABLES) {
        vmcb->idtr.base = leave->value & 0x1FFFF;
        vmcb->gdtr.base = leave->error & 0x1FFFF;
        vmcb->idtr.limit = vmcb->gdtr.limit = (uint16_t)leave->info1;
    }
    if (what & STATE_GPR) {
        vmcb->rax = vmcb->rsp = leave->value;
        for (unsigned i = 0; i < GPR_NONE; i++)
            gpr[i] = leave->value >> (i * 3 & 31) ^ leave->info2;
    }
    if (what & STATE_RAISES)
        vpc.interp.cpu.has_interrupt = true;
    if (what & STATE_NMI)
        vpc.interp.cpu.is_in_nmi = true;
}

static void check_block(const struct vmcb *vmcb)
{
    CHECK(vmcb->asid != 0 && vmcb->asid < pool.count && vmcb->tlb_control <= 1);
    CHECK(vmcb->iopm == ONES.v && vmcb->msrpm == ONES.v && vmcb->nested_root == svm.nested.root.v);
    CHECK(vmcb->nested_enable == 1 && vmcb->efer == EFER_SVME && vmcb->dr7 == 0x400 && vmcb->cr4 & CR4_MCE);
    CHECK(!(vmcb->cr4 & CR4_OSXSAVE));
    CHECK(vmcb->interrupt_control & VMCB_V_MASKING && (vmcb->intercepts[1] & 0x7FFF) == 0x7FFF);
    CHECK((vmcb->intercept_exceptions & (1u << EXC_DB | 1u << EXC_AC | 1u << EXC_MC)) != 0);
    CHECK(vmcb->intercept_dr_writes == 0xFFFF && vmcb->intercept_cr_writes & 1u << 4);
}

/* The guest runs, and is left: as the input says, and when that is at an end by an interrupt of the host's. */
static void run_guest(struct vmcb *vmcb)
{
    struct leave leave = { .code = SVM_EXIT_INTR };

    check_block(vmcb);
    now_ns += 1000;
    vmcb->exit_event = 0;
    vmcb->exit_code = SVM_EXIT_INTR;
    if (leaves_left == 0 || (size_t)(end - next) < sizeof(leave))
        return;
    leaves_left--;
    memcpy(&leave, next, sizeof(leave));
    next += sizeof(leave);
    vmcb->exit_code = leave.code & 0x8000 ? UINT64_MAX : leave.code % EXIT_CODES;
    if (vmcb->exit_code == EXIT_MC)
        vmcb->exit_code = SVM_EXIT_NPF;
    vmcb->exit_info1 = leave.info1;
    if (vmcb->exit_code == SVM_EXIT_IOIO)           /* of the three bits for a width a processor sets one */
        vmcb->exit_info1 = (leave.info1 & ~0x70u) | 0x10u << (leave.info1 >> 4 & 7) % 3;
    vmcb->exit_info2 = leave.info2 | (uint64_t)(leave.what & STATE_BEYOND) << 26;
    vmcb->exit_event = leave.event;
    vmcb->exit_event_error = leave.error;
    change_state(vmcb, &leave);
}

static enum svm_next enter(struct vpc *entered, hpa_t block)
{
    return enter_until_looked_at(entered, hpa_to_ptr(block), run_guest);
}

static void fill(const uint8_t *bytes, size_t size)
{
    for (size_t at = 0, step; at < RAM_FILLED && size > 0; at += step) {
        step = size < RAM_FILLED - at ? size : RAM_FILLED - at;
        CHECK(ram_store(&ram, GPA((uint32_t)at), bytes, step));
    }
}

static void begin(const struct head *head)
{
    static const struct svm_host host = { .begin = do_nothing, .end = do_nothing, .enter = enter,
                                          .load_fpu = ignore_image, .save_fpu = keep_image, .set_alarm = no_alarm,
                                          .asids = &pool };
    const struct vpc_clock clock = { .now_ns = get_now };
    hpa_t block, page;

    host_ram_begin();
    pool = (struct asid_pool){ .count = 3 };
    CHECK(ram_create(&ram, RAM_BYTES) == STATUS_OK);
    vpc_init(&vpc, &ram, &clock, &vpc_bus, NULL);
    block = table_alloc();
    page = table_alloc();
    CHECK(svm_attach(&vpc, &svm, &host, block, page, ONES));
    svm.moves = head->moves & 1;
    vpc.interp.cpu.dr[7] = head->moves & 2 ? (head->dr7 & 0xFFFF2BFFu) | 0x400 : 0x400;
    vpc.interp.cpu.cr4 = head->cr4 & (CR4_TSD | CR4_DE | CR4_PSE | CR4_PGE | CR4_PCE);
    vpc.interp.cpu.eflags = (head->eflags & FLAGS_FREE) | EFLAGS_FIXED;
    interp_flush(&vpc.interp);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct head head;
    char why[160];

    if (size < sizeof(head))
        return 0;
    memcpy(&head, bytes, sizeof(head));
    now_ns = 5000000;
    begin(&head);
    leaves_left = head.leaves % (LEAVES_MOST + 1);
    next = bytes + sizeof(head);
    end = bytes + size;
    size_t said = leaves_left * sizeof(struct leave);
    if (said < (size_t)(end - next))
        fill(next + said, (size_t)(end - next) - said);
    for (unsigned runs = 0; runs < RUNS_MOST && leaves_left > 0; runs++) {
        (void)vpc_run(&vpc, 0);
        if (!nested_audit(&svm.nested, why, sizeof(why)))
            panic("%s", why);
        vpc.end = VPC_END_NONE;             /* one that ended goes on here, so that what follows is tried, too */
        vpc.keyboard.wants_reset = false;
        vpc.interp.cpu.is_halted = false;
        vpc.output_count = 0;
    }
    return 0;
}
