/*
 * strict.c - look at a guest in each trap that matters, before the trap is answered as always.
 *
 * Everything is certain, or nothing is said: what is refused here is wrong whatever the guest means by it, or would be
 * wrong on any processor with a TLB that keeps what it may.
 */
#include "guest/strict.h"

#include <stddef.h>

#include "cpu/entry_calls.h"
#include "cpu/insn.h"
#include "cpu/opcodes.h"
#include "cpu/vectors.h"
#include "cpu/x86.h"
#include "guest/gmem.h"
#include "guest/guest.h"
#include "guest/report_names.h"
#include "irq/irq.h"
#include "pagetable/gwalk.h"

#define FAULTS_MAX 2u
#define BELOW_STACK_BYTES PAGE_SIZE     /* ESP so far below the SDK's stack has left it */

static bool canary_lives(const struct guest *guest, const struct strict *strict)
{
    const uint8_t *page = ram_peek(&guest->ram, strict->stack >> PAGE_SHIFT);

    for (unsigned i = 0; page != NULL && i < STRICT_CANARY_BYTES; i++)
        if (page[(strict->stack & PAGE_MASK) + i] != STRICT_CANARY)
            return false;
    return page != NULL;
}

/* False: the guest has ended. So do the others below. */
static bool check_stack(struct guest *guest, const struct strict *strict)
{
    uint32_t esp = (uint32_t)guest->state.frame.esp;
    bool is_below = !guest_is_user(guest) && strict->stack - esp - 1 < BELOW_STACK_BYTES;

    if (strict->stack == 0 || (!is_below && canary_lives(guest, strict)))
        return true;
    guest->strict_advice = "deep recursion, big local variables, or handlers that nest: the SDK's stack is full, and "
                           "what lies below it is being overwritten. STACK_BYTES in crt0.S is its size.";
    guest_crash(guest, "strict: the SDK's stack has overflowed its end at 0x%08x (ESP 0x%08x)", strict->stack, esp);
    return false;
}

/* An access that the guest makes, or has made, or asks for. */
static bool check_use(struct guest *guest, uint32_t address, uint32_t access)
{
    struct told_entry before;
    struct gspace_entry now;

    if (!told_is_broken(&guest->strict->told, &guest->space, GVA(address), access, &before, &now))
        return true;
    guest->strict_advice = "the code that changed the entry: it must call hv_adjustpg for the page, or hv_setpd, "
                           "before the page is used again. Until then either translation may be used.";
    guest_crash(guest, "strict: %s of 0x%08x through a changed entry: PDE 0x%08x PTE 0x%08x when last told, PDE "
                "0x%08x PTE 0x%08x now", access & ACCESS_WRITE ? "write" : "read or fetch", address, before.pde,
                before.pte, now.pde, now.pte);
    return false;
}

/* Bound: the pages of a print. */
static bool check_uses(struct guest *guest, uint32_t from, uint32_t bytes)
{
    for (uint32_t done = 0; done < bytes && done <= HV_PRINT_MAX_BYTES; done += PAGE_SIZE)
        if (!check_use(guest, from + done, 0))
            return false;
    return bytes == 0 || check_use(guest, from + bytes - 1, 0);
}

static bool is_user_page(const struct guest *guest, uint32_t address)
{
    struct gspace_entry entry = gspace_look(&guest->space, GVA(address));

    return entry.found == GSPACE_PAGE && (entry.pde & entry.pte & GPTE_U) != 0;
}

static bool is_kernel_page(const struct guest *guest, uint32_t address)
{
    struct gspace_entry entry = gspace_look(&guest->space, GVA(address));

    return entry.found == GSPACE_PAGE && (entry.pde & entry.pte & GPTE_U) == 0;
}

static bool check_iret(struct guest *guest, const uint32_t *words)
{
    uint32_t eip = words[0], esp = words[2], esp0 = words[3];

    /* Kernels may run code of their image in either mode. */
    if (esp0 == 0 && !image_has_code(&guest->image, eip) && is_user_page(guest, eip) &&
        is_kernel_page(guest, (uint32_t)guest->state.frame.eip)) {
        guest->strict_advice = "esp0, the fourth word of hv_iret: 0 means guest kernel, and eip lies in a page for "
                               "user. User code runs with esp0 = the kernel's stack for its traps.";
        guest_crash(guest, "strict: hv_iret goes on in guest kernel (esp0 = 0) at 0x%08x, a page for user", eip);
        return false;
    }
    if (esp0 != 0 && is_kernel_page(guest, esp - 1) && is_user_page(guest, esp0 - 1)) {
        guest->strict_advice = "the order of the words of hv_iret: eip, eflags, esp, esp0, eax. esp is the user's "
                               "stack, esp0 the kernel's.";
        guest_crash(guest, "strict: hv_iret with esp 0x%08x in a page of the kernel, and esp0 0x%08x in a page for "
                    "user", esp, esp0);
        return false;
    }
    return true;
}

/* What a call is about to do, by its words. */
static bool check_call(struct guest *guest)
{
    uint32_t number = (uint32_t)guest->state.frame.eax, esp = (uint32_t)guest->state.frame.esp;
    uint32_t words[REPORT_CALL_WORDS] = { 0 };
    uint32_t count = report_call_word_count(number, guest->family.rights.control);
    bool is_print = number == HV_CALL_PRINT || number == HV_CALL_PRINT_AT;

    if (count != 0 && esp < PAGE_SIZE) {
        guest->strict_advice = "ESP: a call takes its words from there, and a guest starts with ESP = 0. Set a stack "
                               "first.";
        guest_crash(guest, "strict: hv_%s with ESP 0x%08x: its words are read at the beginning of memory",
                    report_call_name(number, guest->family.rights.control), esp);
        return false;
    }
    if (!check_uses(guest, esp, 4 * count))
        return false;
    if (!gmem_peek(guest, GVA(esp), words, 4 * count, NULL))
        return true;            /* the call will say so */
    if (number == HV_CALL_ADJUSTPG)
        told_page(&guest->strict->told, &guest->space, GVA(words[0]));
    return (number != HV_CALL_IRET || check_iret(guest, words)) &&
           (!is_print || words[0] > HV_PRINT_MAX_BYTES || check_uses(guest, words[1], words[0]));
}

/* The report shows the INT, not what follows it. */
static bool check_hypercall(struct guest *guest)
{
    guest->state.frame.eip = (uint32_t)(guest->state.frame.eip - INT_BYTES);
    bool is_good = check_call(guest);
    if (is_good)
        guest->state.frame.eip += INT_BYTES;
    return is_good;
}

/*
 * An instruction that needs several pages, of which each fault would take others away, would never be done: after so
 * many faults in a row it is let through.
 */
static bool is_trying_again(const struct strict *strict)
{
    return strict->faults > FAULTS_MAX;
}

static void count_faults(const struct guest *guest, struct strict *strict)
{
    uint32_t eip = (uint32_t)guest->state.frame.eip;
    bool is_again = guest->state.frame.vector == EXC_PF && eip == strict->fault_eip;

    strict->faults = guest->state.frame.vector != EXC_PF ? 0 : is_again ? strict->faults + 1 : 1;
    strict->fault_eip = eip;
}

static bool check_page_fault(struct guest *guest)
{
    uint64_t linear = insn_read_cr2();
    uint32_t access = (uint32_t)guest->state.frame.error & (ACCESS_WRITE | ACCESS_USER);

    if (linear < guest->space.linear_base || linear > UINT32_MAX)
        return true;
    uint32_t address = (uint32_t)(linear - guest->space.linear_base);
    uint32_t before = guest->fault_address;
    guest->fault_address = address;     /* for the report, if it comes to one */
    if (!check_use(guest, address, access))
        return false;
    guest->fault_address = before;
    if (access & ACCESS_WRITE && !is_trying_again(guest->strict))
        told_before_write(&guest->strict->told, &guest->space, GVA(address));
    told_learn(&guest->strict->told, &guest->space, GVA(address), access);
    return true;
}

/* False: the guest has ended. */
static bool check_trap(struct guest *guest)
{
    uint64_t vector = guest->state.frame.vector;

    count_faults(guest, guest->strict);
    if (!check_stack(guest, guest->strict))
        return false;
    if (!guest->state.paging.is_on)
        return vector != HV_INT_VECTOR || check_hypercall(guest);
    if (!check_use(guest, (uint32_t)guest->state.frame.eip, guest_is_user(guest) ? ACCESS_USER : 0))
        return false;
    if ((vector == HV_INT_VECTOR && !check_hypercall(guest)) || (vector == EXC_PF && !check_page_fault(guest)))
        return false;
    if (!is_trying_again(guest->strict))
        told_watch(&guest->strict->told, &guest->space);
    return true;
}

static bool answer_trap(struct guest *guest)
{
    switch (guest->state.frame.vector) {
    case EXC_PF: return page_fault_from_guest(guest);
    case VECTOR_TIMER: return timer_from_guest(guest);
    default: return trap_from_guest(guest);
    }
}

bool strict_from_guest(struct guest *guest)
{
    bool is_setpd = guest->state.frame.vector == HV_INT_VECTOR && guest->state.frame.eax == HV_CALL_SETPD;

    if (guest->strict == NULL)
        return answer_trap(guest);
    if (!check_trap(guest)) {
        if (guest->state.frame.vector == VECTOR_TIMER)
            irq_acknowledge(VECTOR_TIMER);
        return false;
    }
    bool goes_on = answer_trap(guest);
    if (is_setpd && guest->life.activity != GUEST_ENDED)
        told_all(&guest->strict->told, &guest->space);
    return goes_on;
}
