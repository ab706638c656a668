/*
 * test_svm_events.c - what was under way when a guest was left, over every exit, with everything that may wait besides:
 * it begins once, first, as it was, and what waits begins when it may. The processor is told what to do; what is to
 * come of it is written down a second time, in svm_manual.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/frames.h"
#include "cpu/x86.h"
#include "fake_mmu.h"
#include "fake_svm_host.h"
#include "svm_manual.h"
#include "vpc/svm/svm.h"

#define RAM_FRAMES 64u
#define STACK 0x30000u
#define GDT 0x1000u
#define IDT 0x2000u
#define FAULT_ADDRESS 0x12345000u

static struct vpc vpc;
static struct svm svm;
static struct ram ram;
static struct asid_pool pool = { .count = 4 };
static const struct scene *scene;
static struct story seen;
static unsigned entries;
static bool raises;

static uint32_t word_at(uint32_t address)
{
    const uint8_t *page = vpc.bus.page(&vpc, GPA(address), false);
    uint32_t word;

    memcpy(&word, page + (address & PAGE_MASK), sizeof(word));
    return word;
}

static bool has_error(uint32_t vector)
{
    return vector == EXC_DF || (vector >= EXC_TS && vector <= EXC_PF) || vector == EXC_AC;
}

/* The events that the interpreter began, by their frames, outermost first; saved flags have RF for faults only. */
static void read_frames(uint32_t eip, uint32_t esp)
{
    struct begun found[BEGUN_MOST];
    unsigned count = 0;

    while (eip >= HANDLERS && eip < HANDLERS + 16 * 256 && count < BEGUN_MOST) {
        uint32_t vector = (eip - HANDLERS) / 16;
        found[count].vector = vector;
        found[count].error = has_error(vector) ? (int64_t)word_at(esp) : -1;
        esp += has_error(vector) ? 4 : 0;
        found[count].eip = eip = word_at(esp);
        bool is_fault = vector < 32 && vector != EXC_DB && vector != EXC_NMI && vector != EXC_BP && vector != EXC_OF;
        assert_int_equal((word_at(esp + 8) & EFLAGS_RF) != 0, is_fault);
        esp += 12;
        count++;
    }
    for (unsigned i = 0; i < count; i++)
        seen.begun[seen.count++] = found[count - 1 - i];
}

static void look(const struct vmcb *vmcb)
{
    assert_false(vpc.interp.cpu.is_halted);
    read_frames((uint32_t)vmcb->rip, (uint32_t)vmcb->rsp);
    if (seen.count > 0)
        assert_false(vmcb->shadow & 1);
    seen.eip = (uint32_t)vmcb->rip;
    assert_int_equal(vmcb->cr2, FAULT_ADDRESS);
    if (vmcb->event & VMCB_EVENT_VALID) {
        uint32_t vector = vmcb->event & 0xFF, type = vmcb->event & VMCB_EVENT_TYPE;
        bool is_mine = vector == VECTOR, is_error = vmcb->event & VMCB_EVENT_HAS_ERROR;
        assert_int_equal(type, is_mine ? 0 : manual_is_valid(scene) && !scene->under_way->starts_again
                                             ? scene->under_way->info & VMCB_EVENT_TYPE : 0x300);
        assert_int_equal(vmcb->event & ~0x80000FFFu, 0);
        assert_true(!is_mine || vmcb->rflags & EFLAGS_IF);
        assert_false(vmcb->shadow & 1);         /* its instruction's, if there was one, is over */
        manual_tell(&seen, vector, is_error ? (int64_t)vmcb->event_error : -1);
    }
    seen.waits = vpc.interp.cpu.has_interrupt;
    assert_int_equal((vmcb->interrupt_control & VMCB_V_IRQ) != 0, seen.waits);
    assert_int_equal((vmcb->intercepts[0] & VMCB_INTERCEPT0_VINTR) != 0, seen.waits);
    assert_int_equal((vmcb->intercepts[0] & VMCB_INTERCEPT0_IRET) != 0, vpc.interp.cpu.is_in_nmi);
}

/* The processor: leaves as the scene says, is looked at the second time, and has nothing to deliver the third time. */
static void run_guest(struct vmcb *vmcb)
{
    entries++;
    if (entries == 1) {
        vmcb->exit_code = scene->leaving->code;
        vmcb->exit_info1 = scene->leaving->how == BY_PORT ? 0x00800041 : 0;     /* IN of EAX */
        vmcb->exit_info2 = scene->leaving->how == BY_PORT ? CODE + 1 :
                           scene->leaving->how == BY_DEVICE ? 0xFEC00000 : 0x5000;
        vmcb->exit_event = scene->under_way->info;
        vmcb->exit_event_error = scene->under_way->error;
        vpc.interp.cpu.has_interrupt = scene->waits == WAITS_BEFORE;
        vpc.is_stirred |= vpc.interp.cpu.has_interrupt;         /* whoever has raised it has settled its line */
        return;
    }
    if (entries == 2)
        look(vmcb);
    else
        assert_false(vmcb->event & VMCB_EVENT_VALID);
    if (vmcb->event & VMCB_EVENT_VALID) {
        vmcb->rip = seen.eip;
        vmcb->rflags &= ~(uint64_t)EFLAGS_IF;
        vmcb->shadow = 0;
    }
    vmcb->exit_code = SVM_EXIT_INTR;
    vmcb->exit_event = STALE;
}

static enum svm_next enter(struct vpc *entered, hpa_t block)
{
    return enter_until_looked_at(entered, hpa_to_ptr(block), run_guest);
}

static uint64_t get_now(void *owner)
{
    (void)owner;
    return 0;
}

static uint8_t acknowledge(void *context)
{
    (void)context;
    vpc.interp.cpu.has_interrupt = false;
    return VECTOR;
}

static void raise_now(void)
{
    if (!raises)
        return;
    raises = false;
    vpc.interp.cpu.has_interrupt = vpc.is_stirred = true;
    interp_notice(&vpc.interp);
}

static uint32_t read_port(void *context, uint16_t port, unsigned bytes)
{
    (void)context, (void)port, (void)bytes;
    raise_now();
    return 0;
}

static uint32_t read_device(void *context, gpa_t address, unsigned bytes)
{
    (void)context, (void)address, (void)bytes;
    raise_now();
    return 0;
}

static void put(uint32_t address, const void *bytes, size_t count)
{
    assert_true(ram_store(&ram, GPA(address), bytes, (uint32_t)count));
}

static void set_segment(unsigned number, uint16_t selector, uint16_t attributes)
{
    vpc.interp.cpu.segments[number] = (struct segment){ .limit = UINT32_MAX, .selector = selector,
                                                        .attributes = attributes };
}

static void put_tables(void)
{
    static const uint64_t gdt[] = { 0, 0x00CF9B000000FFFFull, 0x00CF93000000FFFFull };
    static uint8_t nops[PAGE_SIZE];

    put(GDT, gdt, sizeof(gdt));
    for (uint32_t vector = 0; vector < 256; vector++) {
        uint64_t gate = 0x00008E0000080000ull | ((HANDLERS + 16 * vector) & 0xFFFF) |
                        (uint64_t)((HANDLERS + 16 * vector) >> 16) << 48;
        put(IDT + 8 * vector, &gate, sizeof(gate));
    }
    memset(nops, 0x90, sizeof(nops));
    put(CODE, nops, sizeof(nops));
    put(RETURN, nops, sizeof(nops));
}

static void set_up(void)
{
    struct vcpu *cpu = &vpc.interp.cpu;
    uint32_t flags = EFLAGS_FIXED | EFLAGS_OF | (scene->is_open ? EFLAGS_IF : 0);
    uint32_t frame[] = { RETURN, 8, flags };
    bool is_leaving = scene->leaving->length > 0 && !manual_starts_again(scene);
    const char *code = is_leaving ? scene->leaving->bytes : scene->under_way->code;
    char bytes[4] = { (char)0x90, (char)0x90, (char)0x90, (char)0x90 };

    vcpu_reset(cpu);
    cpu->cr0 |= CR0_PE;
    cpu->cr2 = FAULT_ADDRESS;
    cpu->gdtr = (struct table_register){ GDT, 23 };
    cpu->idtr = (struct table_register){ IDT, 0x7FF };
    for (unsigned i = 0; i < SEG_COUNT; i++)
        set_segment(i, i == SEG_CS ? 8 : 16, i == SEG_CS ? 0xC9B : 0xC93);
    cpu->gpr[GPR_ESP] = STACK;
    cpu->gpr[GPR_EAX] = 16;
    cpu->gpr[GPR_ESI] = 0xFEC00000;
    cpu->eip = CODE;
    cpu->eflags = flags;
    cpu->shadow = scene->is_shadow ? SHADOW_SS : SHADOW_NONE;
    cpu->has_nmi = scene->nmi == NMI_WAITS;
    cpu->is_in_nmi = scene->nmi != NMI_NONE;
    cpu->is_halted = false;
    raises = scene->waits == WAITS_BY_EXIT;
    memcpy(bytes, code, strlen(code));
    put(CODE, bytes, sizeof(bytes));
    put(STACK, frame, sizeof(frame));
    interp_flush(&vpc.interp);
    entries = 0;
    seen = (struct story){ 0 };
}

static bool is_scene(const struct scene *of)
{
    if (manual_is_valid(of) && !manual_may_be_under_way(of->leaving))
        return false;
    /* What is raised by the exit needs one that reaches a device, and no event that goes first. */
    return of->waits != WAITS_BY_EXIT || of->leaving->how == BY_PORT ||
           (of->leaving->how == BY_DEVICE && !manual_is_valid(of));
}

static void say_scene(const char *what)
{
    print_message("# %s: %s by %s; IF %d, shadow %d, waits %d, nmi %d: eip 0x%x", what, scene->under_way->name,
                  scene->leaving->name, scene->is_open, scene->is_shadow, scene->waits, scene->nmi, seen.eip);
    for (unsigned i = 0; i < seen.count; i++)
        print_message(", 0x%x at 0x%x error %lld", seen.begun[i].vector, seen.begun[i].eip,
                      (long long)seen.begun[i].error);
    print_message("\n");
}

static bool is_as_told(const struct story *told)
{
    bool is_equal = told->count == seen.count && told->eip == seen.eip && told->waits == seen.waits &&
                    told->is_halted == vpc.interp.cpu.is_halted && told->nmi_waits == vpc.interp.cpu.has_nmi &&
                    told->in_nmi == vpc.interp.cpu.is_in_nmi;

    for (unsigned i = 0; i < told->count && is_equal; i++)
        is_equal = told->begun[i].vector == seen.begun[i].vector && told->begun[i].eip == seen.begun[i].eip &&
                   told->begun[i].error == seen.begun[i].error;
    return is_equal;
}

static void play(void)
{
    struct story told = manual_expect(scene);
    enum exit_reason reason = EXIT_BUDGET;

    set_up();
    for (unsigned i = 0; i < 4 && entries < 3 && reason == EXIT_BUDGET; i++) {
        reason = vpc.engine(&vpc, 0);
        if (entries == 2) {
            if (!is_as_told(&told))
                say_scene("not as told");
            assert_true(is_as_told(&told));
            vpc.interp.cpu.has_interrupt = false;
        }
    }
    if (!told.is_halted) {
        assert_int_equal(entries, 3);
        return;
    }
    assert_int_equal(reason, EXIT_HLT);
    assert_int_equal(entries, 1);
    assert_int_equal(vpc.interp.cpu.eip, told.eip);
    assert_int_equal(vpc.interp.cpu.has_interrupt, told.waits);
}

/* All that can be, from all that can be written down. */
static void test_every_exit(void **state)
{
    struct scene any;
    unsigned played = 0;

    (void)state;
    for (unsigned way = 0; way < UNDER_WAYS; way++)
        for (unsigned exit = 0; exit < LEAVINGS; exit++)
            for (unsigned dice = 0; dice < 2 * 2 * WAITINGS * NMIS; dice++) {
                any = (struct scene){ &under_way[way], &leavings[exit], dice & 1, dice >> 1 & 1,
                                      (enum waits)(dice / 4 % WAITINGS), (enum nmi)(dice / 4 / WAITINGS) };
                scene = &any;
                if (!is_scene(scene))
                    continue;
                play();
                played++;
            }
    assert_true(played > 2000);
}

static int start(void **state)
{
    static const struct svm_host host = { .begin = do_nothing, .end = do_nothing, .enter = enter,
                                          .load_fpu = ignore_image, .save_fpu = keep_image, .set_alarm = no_alarm,
                                          .asids = &pool };
    const struct vpc_clock clock = { .now_ns = get_now };

    machine_start(state);
    assert_int_equal(ram_create(&ram, RAM_FRAMES << PAGE_SHIFT), STATUS_OK);
    vpc_init(&vpc, &ram, &clock, &vpc_bus, NULL);
    vpc.bus.acknowledge = acknowledge;
    vpc.bus.port_read = read_port;
    vpc.bus.read = read_device;
    hpa_t block = frames_alloc();
    memset(hpa_to_ptr(block), 0, PAGE_SIZE);
    assert_true(svm_attach(&vpc, &svm, &host, block, HPA(0), HPA(0)));
    put_tables();
    return 0;
}

static int stop(void **state)
{
    uint32_t steps = UINT32_MAX;

    assert_true(nested_destroy(&svm.nested, &steps));
    frames_free(ptr_to_hpa(svm.vmcb));
    machine_unmake_ram(&ram);
    return machine_stop(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(test_every_exit, start, stop) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
