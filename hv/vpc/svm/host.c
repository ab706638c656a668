/*
 * host.c - see host.h. What all PCs share (five pages) is there while there is one of them.
 *
 * EFER.SVME is on in a run only: for everybody else SVM's instructions are #UD, as if there were none.
 */
#include "vpc/svm/host.h"

#include "base/frames.h"
#include "base/string.h"
#include "cpu/cpu.h"
#include "cpu/insn.h"
#include "cpu/x86.h"
#include "guest/debug_access.h"
#include "pagetable/host_table.h"
#include "vpc/svm/detect.h"
#include "vpc/svm/svm_entry.h"

#define MSR_VM_HSAVE_PA 0xC0010117u
#define ONES_PAGES 3u               /* the map of ports has 12 KiB in a row, and a word behind its last bit is read */
#define ONES_TRIES 64u

enum svm_next svm_enter(struct vpc *vpc, uint64_t vmcb, uint64_t host, struct vmcb *mapped);
void svm_save_host(uint64_t host);

#define AT(number) (offsetof(struct vpc, interp.cpu.gpr) + 4 * (number))
_Static_assert(AT(GPR_ECX) == GPR_AT_ECX && AT(GPR_EDX) == GPR_AT_EDX && AT(GPR_EBX) == GPR_AT_EBX &&
               AT(GPR_EBP) == GPR_AT_EBP && AT(GPR_ESI) == GPR_AT_ESI && AT(GPR_EDI) == GPR_AT_EDI, "enter.S");

static struct {
    unsigned users;
    hpa_t saved_by_vmrun, saved_by_vmsave, ones;
    struct asid_pool asids;
    struct svm_host host;
} shared;

const char *svm_host_obstacle(void)
{
    const struct svm_probe probe = { insn_cpuid, insn_rdmsr };
    uint32_t asids;

    return svm_find_obstacle(&probe, &asids);
}

static void begin_run(void)
{
    insn_wrmsr(MSR_EFER, insn_rdmsr(MSR_EFER) | EFER_SVME);
    insn_wrmsr(MSR_VM_HSAVE_PA, shared.saved_by_vmrun.v);
    svm_save_host(shared.saved_by_vmsave.v);
}

/* #VMEXIT has turned all breakpoints off, and DR6 is the guest's: APM vol. 2 "#VMEXIT". */
static void end_run(void)
{
    insn_wrmsr(MSR_EFER, insn_rdmsr(MSR_EFER) & ~(uint64_t)EFER_SVME);
    debug_access_reload();
}

static enum svm_next enter_block(struct vpc *vpc, hpa_t vmcb)
{
    return svm_enter(vpc, vmcb.v, shared.saved_by_vmsave.v, hpa_to_ptr(vmcb));
}

static void load_fpu(const void *image)
{
    cpu_load_fpu(image);
}

static void save_fpu(void *image)
{
    insn_fxsave(image);
}

#ifdef COBBLE_AUDIT
/* QEMU has what MOV to DR7 said also in a guest, whose own DR7 is in its block: both say the same. */
static void break_at(uint32_t linear)
{
    insn_write_debug_addresses((const uint64_t[4]){ linear });
    insn_write_dr7(linear != 0 ? 0x402 : 0x400);
}
#endif

/*
 * Pages in a row: what is taken on the way to them goes back. Frames are handed out in ascending order, mostly.
 */
static hpa_t take_row(void)
{
    hpa_t taken[ONES_TRIES], first = HPA_NONE;
    unsigned count = 0, row = 0;

    while (row < ONES_PAGES && count < ONES_TRIES) {
        hpa_t frame = frames_alloc();
        if (!frame.v)
            break;
        row = count > 0 && frame.v == taken[count - 1].v + PAGE_SIZE ? row + 1 : 1;
        taken[count++] = frame;
    }
    unsigned kept = row == ONES_PAGES ? ONES_PAGES : 0;
    if (kept)
        first = taken[count - kept];
    for (unsigned i = 0; i < count - kept; i++)
        frames_free(taken[i]);
    return first;
}

static void release_shared(void)
{
    for (unsigned i = 0; i < ONES_PAGES && shared.ones.v; i++)
        frames_free(HPA(shared.ones.v + i * PAGE_SIZE));
    if (shared.saved_by_vmrun.v)
        frames_free(shared.saved_by_vmrun);
    if (shared.saved_by_vmsave.v)
        frames_free(shared.saved_by_vmsave);
    shared.ones = shared.saved_by_vmrun = shared.saved_by_vmsave = HPA_NONE;
}

static bool take_shared(void (*set_alarm)(void *owner, uint64_t due_ns))
{
    const struct svm_probe probe = { insn_cpuid, insn_rdmsr };

    shared.host = (struct svm_host){
        .begin = begin_run, .end = end_run, .enter = enter_block, .load_fpu = load_fpu, .save_fpu = save_fpu,
        .set_alarm = set_alarm, .asids = &shared.asids,
    };
#ifdef COBBLE_AUDIT
    shared.host.break_at = break_at;
#endif
    if (shared.users > 0)
        return true;
    if (svm_find_obstacle(&probe, &shared.asids.count) != NULL)
        return false;
    shared.saved_by_vmrun = table_alloc();
    shared.saved_by_vmsave = table_alloc();
    shared.ones = take_row();
    if (!shared.saved_by_vmrun.v || !shared.saved_by_vmsave.v || !shared.ones.v) {
        release_shared();
        return false;
    }
    memset(hpa_to_ptr(shared.ones), 0xFF, ONES_PAGES * PAGE_SIZE);
    return true;
}

bool svm_host_attach(struct vpc *vpc, struct svm *svm, void (*set_alarm)(void *owner, uint64_t due_ns))
{
    if (!take_shared(set_alarm))
        return false;
    hpa_t vmcb = table_alloc(), apic = table_alloc();
    if (vmcb.v && apic.v && svm_attach(vpc, svm, &shared.host, vmcb, apic, shared.ones)) {
        shared.users++;
        return true;
    }
    if (vmcb.v)
        frames_free(vmcb);
    if (apic.v)
        frames_free(apic);
    if (shared.users == 0)
        release_shared();
    return false;
}

bool svm_host_detach(struct vpc *vpc, uint32_t *steps)
{
    struct svm *svm = vpc->svm;

    if (svm == NULL)
        return true;
    if (!nested_destroy(&svm->nested, steps))
        return false;
    frames_free(ptr_to_hpa(svm->vmcb));
    frames_free(ptr_to_hpa(svm->apic_page));
    vpc->svm = NULL;
    if (--shared.users == 0)
        release_shared();
    return true;
}
