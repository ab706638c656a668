/*
 * user_privileged.c - guest user mode tries what it may not: privileged instructions, ports, control registers,
 * selectors.
 *
 * Each privileged instruction is #GP(0) with EIP at it; a few are #UD where the processor does not have them or they
 * are switched off. Then every selector of the descriptor table, with each RPL, is loaded into DS, ES, FS, GS and SS,
 * and jumped, called and returned to, from user mode: what fails is #GP (or #NP, #SS) with the selector as error code,
 * what works must leave user mode in user mode. After each of them the kernel's own data accesses and a hypercall must
 * work, null selectors included, and user mode must have its usual segments again.
 */
#include "lib/paging.h"

#define PRIVILEGED(name, instruction) USER_PIECE(name, "", instruction)

PRIVILEGED(cli, "cli");
PRIVILEGED(sti, "sti");
PRIVILEGED(halt, "hlt");
PRIVILEGED(lgdt, "lgdt (%edi)");
PRIVILEGED(lidt, "lidt (%edi)");
PRIVILEGED(lldt, "lldt %ax");
PRIVILEGED(ltr, "ltr %ax");
PRIVILEGED(lmsw, "lmsw %ax");
PRIVILEGED(clts, "clts");
PRIVILEGED(read_cr0, "movl %cr0, %eax");
PRIVILEGED(read_cr2, "movl %cr2, %eax");
PRIVILEGED(read_cr3, "movl %cr3, %eax");
PRIVILEGED(read_cr4, "movl %cr4, %eax");
PRIVILEGED(write_cr0, "movl %eax, %cr0");
PRIVILEGED(write_cr2, "movl %eax, %cr2");
PRIVILEGED(write_cr3, "movl %eax, %cr3");
PRIVILEGED(write_cr4, "movl %eax, %cr4");
PRIVILEGED(read_dr0, "movl %dr0, %eax");
PRIVILEGED(read_dr7, "movl %dr7, %eax");
PRIVILEGED(write_dr0, "movl %eax, %dr0");
PRIVILEGED(write_dr6, "movl %eax, %dr6");
PRIVILEGED(write_dr7, "movl %eax, %dr7");
PRIVILEGED(rdmsr, "rdmsr");
PRIVILEGED(wrmsr, "wrmsr");
PRIVILEGED(rdpmc, "rdpmc");
PRIVILEGED(invd, "invd");
PRIVILEGED(wbinvd, "wbinvd");
PRIVILEGED(invlpg, "invlpg (%edi)");
PRIVILEGED(sysexit, "sysexit");
PRIVILEGED(in_byte, "inb $0x60, %al");
PRIVILEGED(in_byte_dx, "inb %dx, %al");
PRIVILEGED(in_word, "inw %dx, %ax");
PRIVILEGED(in_dword, "inl %dx, %eax");
PRIVILEGED(out_byte, "outb %al, $0x80");
PRIVILEGED(out_byte_dx, "outb %al, %dx");
PRIVILEGED(out_word, "outw %ax, %dx");
PRIVILEGED(out_dword, "outl %eax, %dx");
PRIVILEGED(ins, "insb");
PRIVILEGED(outs, "outsb");
PRIVILEGED(rep_ins, "rep insl");
PRIVILEGED(rep_outs, "rep outsw");
PRIVILEGED(syscall, "syscall");
PRIVILEGED(sysret, "sysretl");
PRIVILEGED(sysenter, "sysenter");
PRIVILEGED(undefined, "ud2");

struct attempt {
    const uint8_t *code, *at, *end;
    bool may_be_undefined;
};

#define ATTEMPT(name) { name, name##_at, name##_end, false }
#define ODD(name) { name, name##_at, name##_end, true }

static void attempt_check(const struct attempt *attempt, uint32_t edx)
{
    struct user_state state = { .ecx = 2, .edx = edx, .esi = USER_DATA, .edi = USER_DATA, .eflags = 0x202 };

    user_run_code(attempt->code, attempt->end, &state);
    while (seen.slot == HV_SLOT_TIMER)
        user_run_code(attempt->code, attempt->end, &state);
    if (!(attempt->may_be_undefined && seen.slot == 6))
        CHECK_EQUAL(seen.slot, 13);
    CHECK_EQUAL(seen.error, 0);
    CHECK_EQUAL(seen.address, 0);
    CHECK_EQUAL(seen.eip, USER_CODE + (uint32_t)(attempt->at - attempt->code));
    CHECK_EQUAL(seen.mode, HV_MODE_USER);
    CHECK_EQUAL(seen.ecx, state.ecx);
    CHECK_EQUAL(seen.edi, state.edi);
    CHECK_EQUAL(seen.eflags & (EFLAGS_IF | EFLAGS_TF), EFLAGS_IF);
}

static void attempts_check(void)
{
    static const struct attempt attempts[] = {
        ATTEMPT(cli), ATTEMPT(sti), ATTEMPT(halt), ATTEMPT(lgdt), ATTEMPT(lidt), ATTEMPT(lldt), ATTEMPT(ltr),
        ATTEMPT(lmsw), ATTEMPT(clts), ATTEMPT(read_cr0), ATTEMPT(read_cr2), ATTEMPT(read_cr3), ATTEMPT(read_cr4),
        ATTEMPT(write_cr0), ATTEMPT(write_cr2), ATTEMPT(write_cr3), ATTEMPT(write_cr4), ATTEMPT(read_dr0),
        ATTEMPT(read_dr7), ATTEMPT(write_dr0), ATTEMPT(write_dr6), ATTEMPT(write_dr7), ATTEMPT(rdmsr),
        ATTEMPT(wrmsr), ATTEMPT(rdpmc), ATTEMPT(invd), ATTEMPT(wbinvd), ATTEMPT(invlpg), ODD(sysexit),
        ATTEMPT(in_byte), ATTEMPT(in_byte_dx), ATTEMPT(in_word), ATTEMPT(in_dword), ATTEMPT(out_byte),
        ATTEMPT(out_byte_dx), ATTEMPT(out_word), ATTEMPT(out_dword), ATTEMPT(ins), ATTEMPT(outs),
        ATTEMPT(rep_ins), ATTEMPT(rep_outs), ODD(syscall), ODD(sysret), ODD(sysenter), ODD(undefined),
    };

    for (uint32_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
        attempt_check(&attempts[i], 0x3F8);
        attempt_check(&attempts[i], 0xCF8);
    }
}

/* The selector is in EAX, a far pointer to FAR_TARGET in (EDI). */
#define FAR_TARGET (USER_CODE + 0x80)
USER_PIECE(load_ds, "", "movw %ax, %ds");
USER_PIECE(load_es, "", "movw %ax, %es");
USER_PIECE(load_fs, "", "movw %ax, %fs");
USER_PIECE(load_gs, "", "movw %ax, %gs");
USER_PIECE(load_ss, "", "movw %ax, %ss");
USER_PIECE(load_all, "movw %ax, %es; movw %ax, %fs; movw %ax, %gs", "movw %ax, %ds");
USER_PIECE(far_jump, "", "ljmpl *(%edi)");
USER_PIECE(far_call, "", "lcall *(%edi)");
USER_PIECE(far_return, "pushl %eax; pushl (%edi)", "lretl");
USER_PIECE(far_iret, "pushfl; pushl %eax; pushl (%edi)", "iretl");

static uint32_t user_data_frame;

/* Kernel data, stack and calls still work, and so does user data. */
static void health_check(void)
{
    volatile uint32_t word = 0x600D;

    CHECK_EQUAL(word, 0x600D);
    CHECK_EQUAL(hv_magic(), HV_MAGIC);
    CHECK_EQUAL(user_get(USER_DATA + 0x100), 0x1234);
    CHECK_EQUAL(kernel_get(USER_DATA + 0x100), 0x1234);
}

static void selector_check(const uint8_t *code, const uint8_t *at, const uint8_t *end, uint32_t selector)
{
    static uint8_t text[0xA0];
    struct user_state state = { .eax = selector, .edi = USER_DATA, .eflags = EFLAGS_RESERVED_1 };

    memset(text, 0x90, sizeof(text));
    memcpy(text, code, (size_t)(end - code));
    text[0x80] = 0xCD;
    text[0x81] = SLOT_DONE;
    frame_words(user_data_frame)[0] = FAR_TARGET;
    frame_words(user_data_frame)[1] = selector;
    user_run_code(text, text + sizeof(text), &state);
    CHECK_EQUAL(seen.mode, HV_MODE_USER);
    if (seen.slot != SLOT_DONE) {
        CHECK(seen.slot >= 11 && seen.slot <= 13);
        CHECK_EQUAL(seen.error, selector & 0xFFFC);
        CHECK_EQUAL(seen.eip, USER_CODE + (uint32_t)(at - code));
    }
    health_check();
}

#define SELECTOR_CHECK(name, selector) selector_check(name, name##_at, name##_end, selector)

static void selectors_check(void)
{
    for (uint32_t selector = 0; selector < 0x110; selector++) {
        SELECTOR_CHECK(load_ds, selector);
        SELECTOR_CHECK(load_es, selector);
        SELECTOR_CHECK(load_fs, selector);
        SELECTOR_CHECK(load_gs, selector);
        SELECTOR_CHECK(load_ss, selector);
        SELECTOR_CHECK(far_jump, selector);
        SELECTOR_CHECK(far_call, selector);
        SELECTOR_CHECK(far_return, selector);
        SELECTOR_CHECK(far_iret, selector);
    }
    SELECTOR_CHECK(far_jump, 0xFFF8);
    SELECTOR_CHECK(far_return, 0xFFFC);
    SELECTOR_CHECK(load_ds, 0xFFFF);
}

/* Null everywhere, before a trap, a fault and an interrupt: the kernel must not inherit it. */
static void nulls_check(void)
{
    struct user_state state = { .edi = USER_DATA, .eflags = EFLAGS_RESERVED_1 };

    user_run_code(load_all, load_all_end, &state);
    CHECK_EQUAL(seen.slot, SLOT_DONE);
    health_check();
    SELECTOR_CHECK(load_all, 0);
    SELECTOR_CHECK(load_all, 3);
}

int main(void)
{
    uint32_t pd = pd_make();

    traps_record(true);
    user_data_frame = *pt_entry(pd, USER_DATA) & ~(PAGE_BYTES - 1);
    frame_words(user_data_frame)[0x40] = 0x1234;
    hv_setpd(pd, 0);
    attempts_check();
    selectors_check();
    nulls_check();
    return test_result();
}
