/*
 * user_enter.c - hv_iret to guest user mode and the traps back: registers, flags, the frame of 24 bytes, esp0.
 *
 * User code is INT SLOT_DONE or a few instructions before it. Every register that goes in must come out in the frame,
 * every flag too; IF in the frame is the virtual flag, while PUSHF reads 1 and POPF changes nothing in user mode. The
 * frame must lie directly below esp0, as given, aligned or not, also across pages, at the ends of the address space,
 * and in whatever page the kernel may write. Then a handler that returns to user mode a thousand times, and the same
 * text run in kernel and in user mode: the mode does not follow from EIP. Last, a kernel that goes to user mode without
 * hv_iret, by far return and by IRET to user mode's own selectors: the hypervisor must treat that as user mode.
 */
#include "lib/paging.h"

#define STACK_PAGES FREE_GVA                        /* four pages for esp0, frames in reverse order */
#define LAST_PAGE (HV_MAX_GVA & ~(PAGE_BYTES - 1))
#define SLOT_COUNT 0x60
#define FLAGS (EFLAGS_CF | EFLAGS_PF | EFLAGS_AF | EFLAGS_ZF | EFLAGS_SF | EFLAGS_DF | EFLAGS_OF)

USER_PIECE(nothing, "", "");
USER_PIECE(push_flags, "", "pushfl; popl %eax");
USER_PIECE(pop_flags, "", "pushl %ecx; popfl; pushfl; popl %eax; cld");
USER_PIECE(clear_flags, "", "pushl $0; popfl; pushfl; popl %eax");
USER_PIECE(selectors, "movl %cs, %eax", "movl %ss, %ebx");
USER_PIECE(count_down, "1:", "int $0x60; decl %ecx; jnz 1b");

static uint32_t pd;

static struct user_state state_make(uint32_t salt, uint32_t eflags)
{
    return (struct user_state){
        .eax = 0xA0A0A0A0 + salt, .ebx = 0xB0B0B0B0 + salt, .ecx = 0xC0C0C0C0 + salt, .edx = 0xD0D0D0D0 + salt,
        .esi = 0x51515151 + salt, .edi = 0xD1D1D1D1 + salt, .ebp = 0xEBEBEBEB + salt, .eflags = eflags,
    };
}

static void frame_check(const struct user_state *state, const uint8_t *code, const uint8_t *next, uint32_t eflags)
{
    CHECK_EQUAL(seen.slot, SLOT_DONE);
    CHECK_EQUAL(seen.address, 0);
    CHECK_EQUAL(seen.error, 0);
    CHECK_EQUAL(seen.eip, USER_CODE + (uint32_t)(next - code) + 2);
    CHECK_EQUAL(seen.mode, HV_MODE_USER);
    CHECK_EQUAL(seen.eflags & ~EFLAGS_RF, eflags);
    CHECK_EQUAL(seen.user_esp, state->esp);
    CHECK_EQUAL(seen_frame, user_esp0 - 24);
    CHECK_EQUAL(seen_live_eflags & (EFLAGS_TF | EFLAGS_RF | EFLAGS_IF), EFLAGS_IF);
}

static void registers_check(uint32_t salt, uint32_t eflags, uint32_t expected_eflags)
{
    struct user_state state = state_make(salt, eflags);

    user_run_code(nothing, nothing_end, &state);
    frame_check(&state, nothing, nothing_next, expected_eflags);
    CHECK_EQUAL(seen.eax, state.eax);
    CHECK_EQUAL(seen.ebx, state.ebx);
    CHECK_EQUAL(seen.ecx, state.ecx);
    CHECK_EQUAL(seen.edx, state.edx);
    CHECK_EQUAL(seen.esi, state.esi);
    CHECK_EQUAL(seen.edi, state.edi);
    CHECK_EQUAL(seen.ebp, state.ebp);
}

static void flags_check(void)
{
    struct user_state state;

    registers_check(1, EFLAGS_RESERVED_1, EFLAGS_RESERVED_1);
    registers_check(2, 0, EFLAGS_RESERVED_1);
    registers_check(3, EFLAGS_RF, EFLAGS_RESERVED_1);
    registers_check(4, FLAGS, FLAGS | EFLAGS_RESERVED_1);
    for (uint32_t bit = 1; bit <= EFLAGS_OF; bit <<= 1) {
        if ((FLAGS & bit) != 0)
            registers_check(bit, bit | EFLAGS_RESERVED_1, bit | EFLAGS_RESERVED_1);
    }
    state = state_make(5, EFLAGS_RESERVED_1 | EFLAGS_CF);
    user_run_code(push_flags, push_flags_end, &state);
    CHECK_EQUAL(seen.eax, EFLAGS_IF | EFLAGS_RESERVED_1 | EFLAGS_CF);
    state = state_make(6, EFLAGS_RESERVED_1);
    state.ecx = EFLAGS_IF | EFLAGS_IOPL | EFLAGS_ZF | EFLAGS_DF;
    user_run_code(pop_flags, pop_flags_end, &state);
    CHECK_EQUAL(seen.eax, EFLAGS_IF | EFLAGS_RESERVED_1 | EFLAGS_ZF | EFLAGS_DF);
    CHECK_EQUAL(seen.eflags & EFLAGS_IF, 0);
    state = state_make(7, EFLAGS_RESERVED_1);
    user_run_code(clear_flags, clear_flags_end, &state);
    CHECK_EQUAL(seen.eax, EFLAGS_IF | EFLAGS_RESERVED_1);
    /* AC and ID are the processor's own; a frame must not show them, so that hv_iret takes it. */
    state = state_make(8, EFLAGS_RESERVED_1);
    state.ecx = EFLAGS_AC | EFLAGS_ID | EFLAGS_NT;
    user_run_code(pop_flags, pop_flags_end, &state);
    CHECK_EQUAL(seen.eax & (EFLAGS_AC | EFLAGS_ID), EFLAGS_AC | EFLAGS_ID);
    CHECK_EQUAL(seen.eflags & ~FLAGS, EFLAGS_RESERVED_1);
}

static void esp0_check(uint32_t esp0, uint32_t salt)
{
    user_esp0 = esp0;
    registers_check(salt, EFLAGS_RESERVED_1 | EFLAGS_CF, EFLAGS_RESERVED_1 | EFLAGS_CF);
}

/* The pages of the stack with the rights given; every distance from a page boundary. */
static void esp0_pages_check(uint32_t rights, uint32_t wp)
{
    static uint32_t frames[4];

    for (uint32_t i = 0; i < 4; i++) {
        if (frames[i] == 0)
            frames[i] = frame_take();
        page_map(pd, STACK_PAGES + i * PAGE_BYTES, frames[3 - i], rights);
    }
    page_map(pd, LAST_PAGE, frames[1], rights);
    hv_setpd(pd, wp);
    uint32_t own = user_esp0;
    for (uint32_t i = 0; i < 28; i++)
        esp0_check(STACK_PAGES + 3 * PAGE_BYTES + i, i);
    esp0_check(STACK_PAGES + 4 * PAGE_BYTES, 30);
    esp0_check(HV_MAX_GVA + 1, 31);                 /* the frame's last byte is the last legal one */
    esp0_check(HV_MAX_GVA - 2, 32);
    user_esp0 = own;
}

static uint32_t count;

static void counter(struct event *event)
{
    CHECK_EQUAL(event->mode, HV_MODE_USER);
    CHECK_EQUAL(event->ebx, 0xB0B0B0B9);
    CHECK_EQUAL(event->user_esp, USER_STACK);
    event->eax++;
    count++;
}

static void returns_check(void)
{
    struct user_state state = state_make(9, EFLAGS_RESERVED_1 | EFLAGS_CF);

    event_handle(SLOT_COUNT, counter, false);
    state.ecx = 1000;
    state.eax = 7;
    user_run_code(count_down, count_down_end, &state);
    CHECK_EQUAL(count, 1000);
    CHECK_EQUAL(seen.eax, 1007);
    CHECK_EQUAL(seen.ecx, 0);
    CHECK_EQUAL(seen.esi, state.esi);
    CHECK_EQUAL(seen.edi, state.edi);
    CHECK_EQUAL(seen.ebp, state.ebp);
    CHECK_EQUAL(seen.user_esp, USER_STACK);
    CHECK_EQUAL(seen.eflags & EFLAGS_CF, EFLAGS_CF);       /* DEC leaves it */
}

/* A page of the guest kernel's image, opened to user mode: the same three bytes run in both modes in turn. */
static void same_text_check(void)
{
    static const uint8_t text[] = { 0xCD, SLOT_DONE, 0xC3 };
    struct user_state state = state_make(10, EFLAGS_RESERVED_1);
    uint32_t *pde = pd_entry(pd, address_of(text)), *pte = pt_entry(pd, address_of(text));

    *pde |= ENTRY_U;
    *pte |= ENTRY_U;
    hv_setpd(pd, 0);
    for (uint32_t round = 0; round < 4; round++) {
        state.eip = address_of(text);
        state.esp = USER_STACK;
        user_run(&state);
        CHECK_EQUAL(seen.eip, address_of(text) + 2);
        CHECK_EQUAL(seen.mode, HV_MODE_USER);
        CHECK_EQUAL(seen_frame, user_esp0 - 24);
        __asm__ volatile("call *%0" : : "r"(text) : "memory");
        CHECK_EQUAL(seen.eip, address_of(text) + 2);
        CHECK_EQUAL(seen.mode, HV_MODE_KERNEL);
        CHECK_EQUAL(seen.slot, SLOT_DONE);
        CHECK_EQUAL(seen.error, 0);
    }
    *pde &= ~ENTRY_U;
    *pte &= ~ENTRY_U;
    hv_setpd(pd, 0);
    CHECK_EQUAL(user_execute(address_of(text)), PF(PF_U | PF_P));
}

uint32_t drop_home;
void drop_handler(void);
__asm__(".pushsection .text\n.globl drop_handler\n"
        "drop_handler: movl drop_home, %esp; popa; ret\n.popsection\n");

/* RETF or IRET to user mode; the trap comes back by a handler that takes the kernel's stack up where it was. */
static void drop(uint32_t cs, uint32_t ss, bool by_iret)
{
    uint32_t frame[] = { USER_CODE, cs, by_iret ? EFLAGS_RESERVED_1 : USER_STACK, by_iret ? USER_STACK : ss, ss };

    __asm__ volatile("call 1f; jmp 3f; 1: pusha; movl %%esp, drop_home; movl %0, %%esp; testl %1, %1; jnz 2f; lretl;"
                     "2: iretl; 3:" : : "a"(frame), "c"((uint32_t)by_iret) : "memory", "cc");
}

/* What drops lands at USER_CODE, in INT 0x61; its frame lies below the esp0 of the last hv_iret. */
static void drop_check(void)
{
    struct user_state state = { .eflags = EFLAGS_RESERVED_1 };
    static const uint8_t text[] = { 0xCD, 0x61 };

    user_run_code(selectors, selectors_end, &state);
    uint32_t cs = seen.eax & 0xFFFF, ss = seen.ebx & 0xFFFF;
    CHECK_EQUAL(cs & 3, 3);
    CHECK_EQUAL(ss & 3, 3);
    hv_setidt(0x61, address_of(&drop_handler), 0);
    memcpy(frame_words(*pt_entry(pd, USER_CODE) & ~(PAGE_BYTES - 1)), text, sizeof(text));
    for (uint32_t round = 0; round < 4; round++) {
        const uint32_t *frame = (const uint32_t *)(uintptr_t)(user_esp0 - 24);

        memset((void *)(uintptr_t)(user_esp0 - 24), 0xEE, 24);
        drop(cs, ss, (round & 1) != 0);
        CHECK_EQUAL(frame[2], USER_CODE + 2);
        CHECK_EQUAL(frame[3], HV_MODE_USER);
        CHECK_EQUAL(frame[5], USER_STACK);
        CHECK_EQUAL(hv_magic(), HV_MAGIC);
        CHECK_EQUAL(user_get(0x100000), PF(PF_U | PF_P));
        memcpy(frame_words(*pt_entry(pd, USER_CODE) & ~(PAGE_BYTES - 1)), text, sizeof(text));
    }
}

int main(void)
{
    traps_record(true);
    pd = pd_make();
    hv_setpd(pd, 0);
    flags_check();
    returns_check();
    esp0_pages_check(ENTRY_KERNEL, 1);
    esp0_pages_check(ENTRY_USER, 1);
    esp0_pages_check(ENTRY_P, 0);
    esp0_pages_check(ENTRY_USER_READ, 0);
    same_text_check();
    drop_check();
    return test_result();
}
