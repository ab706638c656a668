/*
 * event_fault.c - a guest's own page faults, to the last register, and what they must be crashed for.
 *
 * The hypervisor answers them without saving a frame, so all that it holds elsewhere meanwhile is looked at: general
 * registers and flags, in the event and after it, and after faults that the guest never sees; segments, when user mode
 * had its own; frames at every distance from the boundary of two pages, which are there, or are filled by the push.
 */
#include "lib/paging.h"

#define MISSING 0x70001234u
#define REGION FREE_GVA
#define BOUNDARY (REGION + PAGE_BYTES)
#define FRESH (FREE_GVA + TABLE_SPAN)
#define FRESH_PAGES 64u
#define FLAGS_ALL (EFLAGS_CF | EFLAGS_PF | EFLAGS_AF | EFLAGS_ZF | EFLAGS_SF | EFLAGS_DF | EFLAGS_OF)

struct registers {
    uint32_t eax, ebx, ecx, edx, esi, edi, ebp, eflags;
};

/* Loads all from *registers, reads (EAX), and stores all back. */
void touch(struct registers *registers);
extern const uint8_t touch_at[], touch_next[];
__asm__(".pushsection .text\n.globl touch, touch_at, touch_next\n"
        "touch: pusha; pushfl; movl 40(%esp), %eax; movl %eax, touch_block\n"
        "    pushl 28(%eax); popfl\n"
        "    movl 4(%eax), %ebx; movl 8(%eax), %ecx; movl 12(%eax), %edx; movl 16(%eax), %esi\n"
        "    movl 20(%eax), %edi; movl 24(%eax), %ebp; movl (%eax), %eax\n"
        "touch_at: movb (%eax), %ah\n"
        "touch_next: pushfl; pushl %eax; movl touch_block, %eax\n"
        "    popl (%eax); popl 28(%eax)\n"
        "    movl %ebx, 4(%eax); movl %ecx, 8(%eax); movl %edx, 12(%eax); movl %esi, 16(%eax)\n"
        "    movl %edi, 20(%eax); movl %ebp, 24(%eax)\n"
        "    popfl; popa; ret\n"
        ".local touch_block\n.comm touch_block, 4\n.popsection\n");

/* Writes a zero. */
void write_zero(uint32_t address);
extern const uint8_t write_zero_at[], write_zero_next[];
__asm__(".pushsection .text\n.globl write_zero, write_zero_at, write_zero_next\n"
        "write_zero: movl 4(%esp), %eax\n"
        "write_zero_at: movb $0, (%eax)\n"
        "write_zero_next: ret\n.popsection\n");

USER_PIECE(user_touch, "xorl %eax, %eax; movw %ax, %es; movw %ax, %fs; movw %ax, %gs", "movl 0x70001234, %eax");

static struct event last;
static uint32_t last_frame, last_live, count, ticks;

/* Goes on behind the instruction. */
static void skip(struct event *event)
{
    memcpy(&last, event, offsetof(struct event, user_esp));
    last_frame = address_of(&event->address);
    last_live = eflags_read();
    count++;
    event->eip = address_of(last.eip == address_of(write_zero_at) ? write_zero_next : touch_next);
    event->eflags &= ~(EFLAGS_TF | EFLAGS_RF);
}

/* TF stays on, up to the fault. */
static void step(struct event *event)
{
    CHECK_EQUAL(event->eflags & EFLAGS_TF, EFLAGS_TF);
}

static void tick(struct event *event)
{
    CHECK_EQUAL(event->mode, HV_MODE_KERNEL);
    ticks++;
}

/* Paging is off: RAM ends between two bytes, and what is behind is not there. */
static void end_check(void)
{
    uint32_t end = sdk_memory_bytes(), before = count;

    write_zero(end - 1);
    CHECK_EQUAL(count, before);
    write_zero(end);
    CHECK_EQUAL(count, before + 1);
    CHECK_EQUAL(last.eip, write_zero_at);
    CHECK_EQUAL(last.address, end);
    CHECK_EQUAL(last.error, PF_W);
}

static void touch_check(uint32_t address, uint32_t flags)
{
    struct registers in = { address, 0xB0B0, 0xC0C0, 0xD0D0, 0x5151, 0xD1D1, 0xEBEB, flags | EFLAGS_RESERVED_1 };
    struct registers out = in;
    uint32_t before = count;

    touch(&out);
    if (address == MISSING) {
        CHECK_EQUAL(count, before + 1);
        CHECK_EQUAL(last.eip, touch_at);
        CHECK_EQUAL(last.address, MISSING);
        CHECK_EQUAL(last.error, 0);
        CHECK_EQUAL(last.mode, HV_MODE_KERNEL);
        CHECK_EQUAL(last.eflags & ~(EFLAGS_RF | EFLAGS_IF), in.eflags);
        CHECK_EQUAL(last_live & EFLAGS_TF, 0);
    } else {
        CHECK_EQUAL(count, before);
        in.eax &= ~0xFF00u;                     /* a fresh page */
    }
    out.eflags &= ~EFLAGS_IF;
    in.eflags &= ~EFLAGS_TF;
    CHECK(memcmp(&in, &out, sizeof(in)) == 0);
}

static void registers_check(void)
{
    touch_check(MISSING, 0);
    touch_check(MISSING, FLAGS_ALL);
    touch_check(MISSING, EFLAGS_TF);
    for (uint32_t i = 0; i < FRESH_PAGES; i++)
        touch_check(FRESH + i * PAGE_BYTES, i % 2 != 0 ? FLAGS_ALL : 0);
}

/* The way back from fault_on(), which keeps its own ESP in EBX. */
static void unwind(struct event *event)
{
    memcpy(&last, event, offsetof(struct event, user_esp));
    last_frame = address_of(&event->address);
    __asm__ volatile("movl %0, %%esp; popl %%ebp; popl %%edi; popl %%esi; popl %%ebx; ret" : : "r"(event->ebx));
}

/* touch_at with this ESP; returns by unwind(). */
void fault_on(uint32_t esp);
__asm__(".pushsection .text\n.globl fault_on\n"
        "fault_on: movl 4(%esp), %ecx; movl $0x70001234, %eax; pushl %ebx; pushl %esi; pushl %edi; pushl %ebp\n"
        "    movl %esp, %ebx; movl %ecx, %esp; jmp touch_at\n.popsection\n");

/* fresh: the page tables are read again each time, so that the push itself must be filled. */
static void frames_check(uint32_t pd, bool fresh)
{
    event_handle(14, unwind, true);
    for (uint32_t esp = BOUNDARY - 8; esp <= BOUNDARY + 28; esp++) {
        memset((void *)(uintptr_t)(esp - 40), 0xEE, 60);
        if (fresh) {
            for (uint32_t i = 0; i < 2; i++)
                hv_adjustpg(REGION + i * PAGE_BYTES);
            hv_setpd(pd, 1);
        }
        fault_on(esp);
        CHECK_EQUAL(last_frame, esp - 20);
        CHECK_EQUAL(last.address, MISSING);
        CHECK_EQUAL(last.eip, touch_at);
        CHECK_EQUAL(*(const uint32_t *)(uintptr_t)esp, 0xEEEEEEEE);
    }
    event_handle(14, skip, true);
}

/* Faults and ticks at once: neither loses anything of the other's. */
static void ticks_check(void)
{
    event_handle(HV_SLOT_TIMER, tick, true);
    hv_enable_interrupts();
    for (ticks = 0; ticks < 5;) {
        touch_check(MISSING, EFLAGS_CF);
        CHECK_EQUAL(last.eflags & EFLAGS_IF, EFLAGS_IF);
    }
    hv_disable_interrupts();
}

static void user_check(void)
{
    struct user_state state = { .ebx = 0xB0B0, .ecx = 0xC0C0, .edx = 0xD0D0, .esi = 0x5151, .edi = 0xD1D1,
                                .ebp = 0xEBEB, .eflags = EFLAGS_RESERVED_1 };
    uint16_t es, fs, gs;

    traps_record(true);
    for (uint32_t flags = 0; flags <= EFLAGS_DF; flags += EFLAGS_DF) {
        state.eflags = EFLAGS_RESERVED_1 | flags;
        user_run_code(user_touch, user_touch_end, &state);
        __asm__ volatile("movw %%es, %0; movw %%fs, %1; movw %%gs, %2" : "=r"(es), "=r"(fs), "=r"(gs));
        CHECK(es == 0x33 && fs == 0x33 && gs == 0x33);
        CHECK_EQUAL(seen.slot, 14);
        CHECK_EQUAL(seen.address, MISSING);
        CHECK_EQUAL(seen.error, PF_U);
        CHECK_EQUAL(seen.mode, HV_MODE_USER);
        CHECK_EQUAL(seen.user_esp, USER_STACK);
        CHECK_EQUAL(seen_frame, user_esp0 - 24);
        CHECK_EQUAL(seen.eflags & (EFLAGS_IF | EFLAGS_DF), flags);
        CHECK(seen.ebx == 0xB0B0 && seen.ecx == 0xC0C0 && seen.edx == 0xD0D0 && seen.esi == 0x5151);
        CHECK(seen.edi == 0xD1D1 && seen.ebp == 0xEBEB);
    }
}

CASE(all)
{
    uint32_t pd = pd_make();

    event_handle(1, step, true);
    event_handle(14, skip, true);
    touch_check(MISSING, 0);                    /* paging is off */
    end_check();
    for (uint32_t i = 0; i < 2; i++)
        page_map(pd, REGION + i * PAGE_BYTES, frame_take(), ENTRY_KERNEL);
    for (uint32_t i = 0; i < FRESH_PAGES; i++)
        page_map(pd, FRESH + i * PAGE_BYTES, frame_take_new(), ENTRY_KERNEL);
    hv_setpd(pd, 1);
    registers_check();
    frames_check(pd, false);
    frames_check(pd, true);
    ticks_check();
    user_check();
    hv_exit(test_result());
}

CASE(far_handler)
{
    hv_setidt(14, HV_MAX_GVA + 1, 0);
    deadly_read(MISSING);
}

CASE(bad_stack)
{
    event_handle(14, skip, true);
    fault_on(0x60000000);
}

/* Two that were handled are in the report of what comes after. */
CASE(record)
{
    struct registers registers = { .eax = MISSING, .eflags = EFLAGS_RESERVED_1 };

    event_handle(14, skip, true);
    touch(&registers);
    __asm__ volatile("ud2");
}

int main(void)
{
    test_case();
    test_survived();
}
