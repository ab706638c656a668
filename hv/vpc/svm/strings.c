/*
 * strings.c - INS and OUTS: as many elements as a device has at once and lie in one page, without the interpreter
 * (PURE): svm.h.
 *
 * The processor has asked for the guest's right to the port, and tells port, width, REP and the EIP that follows; of
 * the memory it tells nothing, as it has not touched it. What is not plain there (another page begins, a right is not
 * given or an accessed bit not set, so that the guest's tables would change) has changed nothing and is the
 * interpreter's.
 */
#include "cpu/x86.h"
#include "vpc/svm/pass.h"
#include "vpc/x86/pagewalk.h"

/* Data, which is there and does not expand down. */
#define TYPE_LOOKED_AT (ATTR_P | ATTR_S | ATTR_CODE | ATTR_EXPAND_DOWN)
#define TYPE_DATA (ATTR_P | ATTR_S)

/*
 * REP and the opcode, and of two bytes 66 with them: an instruction of so many bytes has no other prefix, so in 32-bit
 * code its addresses have 32 bits, and OUTS reads by DS.
 */
static bool is_short(const struct vmcb *vmcb, unsigned bytes)
{
    uint32_t length = (uint32_t)vmcb->exit_info2 - (uint32_t)vmcb->rip;

    return (uint32_t)vmcb->exit_info1 & SVM_IO_REP && length == (bytes == 2 ? 3 : 2) &&
           vmcb->segments[SEG_CS].attributes & ATTR_DB && !(vmcb->rflags & EFLAGS_DF);
}

/* An entry of the guest's tables. They are in RAM that is backed: the processor has just been led by others there. */
static uint32_t entry_at(const struct ram *ram, uint32_t address)
{
    uint32_t frame = address >> PAGE_SHIFT;
    const uint8_t *page = frame < ram->frame_count ? ram_peek(ram, frame) : NULL;

    return page != NULL ? *(const uint32_t *)(page + (address & PAGE_MASK)) : 0;
}

/* The physical address, if all bits of wanted are set in each entry on the way, D in the last. */
static bool find_physical(const struct vpc *vpc, const struct vmcb *vmcb, uint32_t linear, uint32_t wanted,
                          gpa_t *physical)
{
    *physical = GPA(linear);
    if (!(vmcb->cr0 & CR0_PG))
        return true;
    uint32_t upper = wanted & ~PTE_D;
    uint32_t pde = entry_at(vpc->ram, ((uint32_t)vmcb->cr3 & ~PAGE_MASK) | (linear >> 20 & 0xFFC));
    if ((pde & upper) != upper)
        return false;
    if (pde & PDE_LARGE && vmcb->cr4 & CR4_PSE) {
        *physical = GPA((pde & 0xFFC00000u) | (linear & 0x003FFFFFu));
        return (pde & wanted) == wanted && !(pde & PDE_LARGE_RESERVED);
    }
    uint32_t pte = entry_at(vpc->ram, (pde & ~PAGE_MASK) | (linear >> 10 & 0xFFC));
    *physical = GPA((pte & ~PAGE_MASK) | (linear & PAGE_MASK));
    return (pte & wanted) == wanted;
}

/* Where the operand lies in the host. NULL: not in RAM, or not plain. */
static uint8_t *find_operand(struct vpc *vpc, const struct vmcb *vmcb, uint32_t linear, bool is_write)
{
    uint32_t wanted = PTE_P | PTE_A | (is_write ? PTE_W | PTE_D : 0) | (vmcb->cpl == 3 ? PTE_U : 0);
    gpa_t physical;

    if (!find_physical(vpc, vmcb, linear, wanted, &physical))
        return NULL;
    uint8_t *page = vpc->bus.page(vpc->bus.context, physical, is_write);
    return page != NULL ? page + (physical.v & PAGE_MASK) : NULL;
}

/*
 * Elements from an offset on, at most count, that lie in one page. 0: not in the segment, or none lies in one page and
 * at a multiple of its length, as #AC may be asked for.
 */
static uint32_t count_in_page(const struct vmcb_segment *segment, bool is_write, uint32_t offset, unsigned bytes,
                              uint32_t count)
{
    uint32_t linear = (uint32_t)segment->base + offset, room = (PAGE_SIZE - (linear & PAGE_MASK)) / bytes;
    uint32_t right = is_write ? ATTR_WRITABLE : 0;

    if ((segment->attributes & (TYPE_LOOKED_AT | right)) != (TYPE_DATA | right) || linear & (bytes - 1))
        return 0;
    if (count > room)
        count = room;
    return (uint64_t)offset + count * bytes > (uint64_t)segment->limit + 1 ? 0 : count;
}

/* The instruction is over when ECX is 0; else the guest begins it again, as after an interrupt in its midst. */
enum svm_next svm_move_string(struct vpc *vpc, struct vmcb *vmcb)
{
    uint32_t info = (uint32_t)vmcb->exit_info1, *gpr = vpc->interp.cpu.gpr;
    unsigned bytes = info >> SVM_IO_BYTES_SHIFT & 7;
    uint16_t port = (uint16_t)(info >> SVM_IO_PORT_SHIFT);
    bool is_in = info & SVM_IO_IN;
    uint32_t *offset = &gpr[is_in ? GPR_EDI : GPR_ESI];
    const struct vmcb_segment *segment = &vmcb->segments[is_in ? SEG_ES : SEG_DS];

    if (bytes == 0 || !is_short(vmcb, bytes))
        return SVM_LOOK;
    uint32_t count = count_in_page(segment, is_in, *offset, bytes, gpr[GPR_ECX]);
    uint8_t *at = count > 0 ? find_operand(vpc, vmcb, (uint32_t)segment->base + *offset, is_in) : NULL;
    if (at == NULL)
        return SVM_LOOK;
    vpc->interp.start_eip = (uint32_t)vmcb->rip;
    uint32_t done = is_in ? vpc->bus.port_read_string(vpc->bus.context, port, bytes, at, count)
                          : vpc->bus.port_write_string(vpc->bus.context, port, bytes, at, count);
    if (done == 0)
        return SVM_LOOK;
    *offset += done * bytes;
    gpr[GPR_ECX] -= done;
    pass_instruction(vmcb, (uint32_t)(gpr[GPR_ECX] == 0 ? vmcb->exit_info2 : vmcb->rip));
    return look_around_memory(vpc);
}
