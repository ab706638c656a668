/*
 * fast.c - what guests are left for most often, done at once and without the interpreter (PURE): svm.h.
 *
 * enter.S comes here from each exit with the global interrupt flag off, the host's general registers, and still the
 * guest's FS, GS, LDTR and TR, which no code here needs. What is not plain has changed nothing and is looked at by
 * exits.c.
 */
#include "cpu/x86.h"
#include "pagetable/ram.h"
#include "vpc/svm/pass.h"
#include "vpc/x86/access.h"
#include "vpc/x86/ident.h"

#define TAIL_CALL __attribute__((musttail)) return
#define A_WAY static __attribute__((noinline)) enum svm_next

A_WAY answer_question(struct vpc *vpc, struct vmcb *vmcb)
{
    const struct site *site = site_find(vpc->svm->sites, vmcb);

    if (site == NULL || has_news(vpc, vmcb))
        return SVM_LOOK;
    vmcb->rax = ident_answer(&vpc->interp, (uint32_t)vmcb->rax, vpc->interp.cpu.gpr);
    pass_instruction(vmcb, (uint32_t)vmcb->rip + site->length);
    return look_around(vpc);
}

A_WAY tell_time(struct vpc *vpc, struct vmcb *vmcb)
{
    const struct site *site = site_find(vpc->svm->sites, vmcb);

    if (site == NULL || has_news(vpc, vmcb))
        return SVM_LOOK;
    uint64_t time = ident_time(&vpc->interp);
    vmcb->rax = (uint32_t)time;
    vpc->interp.cpu.gpr[GPR_EDX] = (uint32_t)(time >> 32);
    pass_instruction(vmcb, (uint32_t)vmcb->rip + site->length);
    return look_around(vpc);
}

/* What of EAX a port of so many bytes gets, or gives. */
static const uint32_t port_masks[8] = { [2] = 0xFFFF, [4] = UINT32_MAX };

/* IN and OUT of two or four bytes. The BIOS, which wants all registers, is the interpreter's. */
A_WAY do_port(struct vpc *vpc, struct vmcb *vmcb)
{
    uint32_t info = (uint32_t)vmcb->exit_info1;
    unsigned bytes = info >> SVM_IO_BYTES_SHIFT & 7;
    uint16_t port = (uint16_t)(info >> SVM_IO_PORT_SHIFT);
    uint32_t mask = port_masks[bytes];

    if (info & SVM_IO_STRING)
        TAIL_CALL svm_move_string(vpc, vmcb);
    if (mask == 0 || port - BIOS_PORT < BIOS_CALLS)
        return SVM_LOOK;
    vpc->interp.start_eip = (uint32_t)vmcb->rip;
    pass_instruction(vmcb, (uint32_t)vmcb->exit_info2);
    if (info & SVM_IO_IN) {
        uint32_t value = vpc->bus.port_read(vpc->bus.context, port, bytes);
        vmcb->rax = ((uint32_t)vmcb->rax & ~mask) | (value & mask);
    } else {
        vpc->bus.port_write(vpc->bus.context, port, bytes, (uint32_t)vmcb->rax & mask);
    }
    return look_around(vpc);
}

/* The same of a byte, as most are, to AL. */
A_WAY do_port_read(struct vpc *vpc, struct vmcb *vmcb)
{
    uint16_t port = (uint16_t)((uint32_t)vmcb->exit_info1 >> SVM_IO_PORT_SHIFT);

    vpc->interp.start_eip = (uint32_t)vmcb->rip;
    pass_instruction(vmcb, (uint32_t)vmcb->exit_info2);
    return (enum svm_next)port_device(port)->read(vpc, port, (uint8_t *)&vmcb->rax);
}

static ALWAYS_INLINE enum svm_next do_port_write(struct vpc *vpc, struct vmcb *vmcb, uint16_t port,
                                                 const struct port_device *device)
{
    vpc->interp.start_eip = (uint32_t)vmcb->rip;
    pass_instruction(vmcb, (uint32_t)vmcb->exit_info2);
    return (enum svm_next)device->write(vpc, port, (uint8_t)vmcb->rax);
}

/* Of no group: some of these ports are the BIOS. */
A_WAY do_mixed_write(struct vpc *vpc, struct vmcb *vmcb)
{
    uint16_t port = (uint16_t)(vmcb->exit_info1 >> SVM_IO_PORT_SHIFT);

    return port - BIOS_PORT < BIOS_CALLS ? SVM_LOOK : do_port_write(vpc, vmcb, port, port_devices);
}

/*
 * And from AL. A pause, a byte to a port where nobody is, is counted, as every exit; but it is too frequent and says
 * too little to be among the last in a report.
 */
A_WAY choose_port_write(struct vpc *vpc, struct vmcb *vmcb)
{
    uint32_t port = (uint32_t)vmcb->exit_info1 >> SVM_IO_PORT_SHIFT;

    if (port == PORT_PAUSE) {
        vpc->exits[VPC_EXIT_PORT_WRITE]++;
        pass_instruction(vmcb, (uint32_t)vmcb->exit_info2);
        return look_around(vpc);
    }
    const struct port_device *device = port_device((uint16_t)port);
    if (port_is_mixed(device))
        TAIL_CALL do_mixed_write(vpc, vmcb);
    return do_port_write(vpc, vmcb, (uint16_t)port, device);
}

static enum svm_next choose_port(struct vpc *vpc, struct vmcb *vmcb)
{
    uint32_t what = (uint32_t)vmcb->exit_info1 & SVM_IO_WHAT;

    if (what == SVM_IO_BYTE)
        TAIL_CALL choose_port_write(vpc, vmcb);
    if (what == (SVM_IO_BYTE | SVM_IO_IN))
        TAIL_CALL do_port_read(vpc, vmcb);
    TAIL_CALL do_port(vpc, vmcb);
}

/* MOV to memory, where the guest was left before. NULL: it is not known to be that. */
static const struct site *find_store(const struct vpc *vpc, const struct vmcb *vmcb)
{
    const struct site *site = site_find(vpc->svm->sites, vmcb);

    return site != NULL && site_is_wide(vmcb) && site_ends(site) ? site : NULL;
}

/* Above its bytes is whatever there is. */
static uint32_t stored_value(const struct vpc *vpc, const struct vmcb *vmcb, const struct site *site)
{
    switch (site->source) {
    case GPR_NONE: return (uint32_t)(site->last >> (64 - 8 * site->bytes));
    case GPR_EAX: return (uint32_t)vmcb->rax;
    case GPR_ESP: return (uint32_t)vmcb->rsp;
    default: return vpc->interp.cpu.gpr[site->source];
    }
}

/* It was left for a write of its operand. The processor has checked all of the guest's own rights. */
static bool is_operand_written(const struct vmcb *vmcb)
{
    return (vmcb->exit_info1 & (SVM_NPF_OPERAND | PF_WRITE)) == (SVM_NPF_OPERAND | PF_WRITE);
}

/*
 * MOV to the first word of a register of the local APIC. A command may send an NMI to the guest, which the interpreter
 * begins. There is no register at 0: that may be the end of a store that began on the page before.
 */
A_WAY store_to_apic(struct vpc *vpc, struct vmcb *vmcb)
{
    uint32_t offset = (uint32_t)vmcb->exit_info2 & PAGE_MASK;

    if (offset == 0 || offset & 15 || lapic_is_command(offset) || !is_operand_written(vmcb))
        return SVM_LOOK;
    const struct site *site = find_store(vpc, vmcb);
    if (site == NULL || site->bytes != 4)
        return SVM_LOOK;
    vpc->interp.start_eip = (uint32_t)vmcb->rip;
    pass_instruction(vmcb, (uint32_t)vmcb->rip + site->length);
    vpc_write_apic(vpc, offset, stored_value(vpc, vmcb, site));
    svm_refresh_apic(vpc);
    return look_around(vpc);
}

/*
 * MOV to a cell of the text page, which is the guest's own. The first byte of it may be the end of a store that began
 * on the page before; who fills the page is interpreted.
 */
A_WAY store_to_text(struct vpc *vpc, struct vmcb *vmcb)
{
    uint32_t at = (uint32_t)vmcb->exit_info2 & PAGE_MASK;
    uint8_t *memory = ram_poke(vpc->ram, TEXT_PAGE_BASE >> PAGE_SHIFT);

    if (!is_operand_written(vmcb) || at == 0 || memory == NULL)
        return SVM_LOOK;
    const struct site *site = find_store(vpc, vmcb);
    if (site == NULL || at > PAGE_SIZE - site->bytes || svm_fills_text(vpc->svm))
        return SVM_LOOK;
    pass_instruction(vmcb, (uint32_t)vmcb->rip + site->length);
    vpc_count(vpc, VPC_EXIT_WRITE);
    text_page_store(&vpc->text, memory, at, site->bytes, stored_value(vpc, vmcb, site));
    return look_around(vpc);
}

static enum svm_next choose_store(struct vpc *vpc, struct vmcb *vmcb)
{
    switch (vmcb->exit_info2 >> PAGE_SHIFT) {
    case LAPIC_BASE >> PAGE_SHIFT: TAIL_CALL store_to_apic(vpc, vmcb);
    case TEXT_PAGE_BASE >> PAGE_SHIFT: TAIL_CALL store_to_text(vpc, vmcb);
    default: return SVM_LOOK;
    }
}

/* By jumps: what each way needs of the stack it takes itself. */
enum svm_next svm_fast(struct vpc *vpc, struct vmcb *vmcb)
{
    nested_check(&vpc->svm->nested);            /* what the exit before has left, and the guest ran with */
    vpc->svm->exits++;
    vmcb->clean = VMCB_CLEAN_ALL;
    vmcb->tlb_control = 0;
    if (vmcb->exit_event & VMCB_EVENT_VALID || vmcb->rflags & (EFLAGS_TF | EFLAGS_VM))
        return SVM_LOOK;
    vmcb->event = 0;
    uint32_t code = (uint32_t)vmcb->exit_code;
    if (__builtin_expect(code == SVM_EXIT_IOIO, true))
        TAIL_CALL choose_port(vpc, vmcb);
    if (code == SVM_EXIT_NPF)
        TAIL_CALL choose_store(vpc, vmcb);
    if (code == SVM_EXIT_CPUID)
        TAIL_CALL answer_question(vpc, vmcb);
    if (code == SVM_EXIT_RDTSC)
        TAIL_CALL tell_time(vpc, vmcb);
    return SVM_LOOK;
}
