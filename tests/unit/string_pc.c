/*
 * string_pc.c - see string_pc.h.
 */
#include "string_pc.h"

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

const uint32_t data_frames[PAGES] = { 0x30, 0x35, 0x31, 0x3A };

struct vpc vpc;
static struct svm svm;
struct ram ram;
static struct asid_pool pool;
struct vmcb *block;
uint8_t file[SECTORS * DISK_SECTOR_BYTES];
const struct form *form;
unsigned entries, by_itself;
struct state before, by_svm, by_interp;

static uint64_t get_now(void *owner)
{
    (void)owner;
    return 0;
}

/* A processor that leaves at the instruction, as often as it stands there, and else by an interrupt of the host's. */
static enum svm_next enter(struct vpc *entered, hpa_t vmcb)
{
    enum svm_next next;

    (void)vmcb;
    do {
        entered->interp.cpu.gpr[GPR_EAX] = entered->interp.cpu.gpr[GPR_ESP] = 0x5A5A5A5A;
        bool is_there = block->rip == CODE;
        entries += is_there;
        block->exit_code = is_there ? SVM_EXIT_IOIO : SVM_EXIT_INTR;
        block->exit_info1 = (uint32_t)PORT << SVM_IO_PORT_SHIFT | (uint32_t)form->element << SVM_IO_BYTES_SHIFT |
                            SVM_IO_STRING | (form->repeats ? SVM_IO_REP : 0) | (form->is_in ? SVM_IO_IN : 0);
        block->exit_info2 = CODE + form->length;
        block->exit_event = 0;
        next = after_exit(entered, block);
        by_itself += next != SVM_LOOK;
    } while (next == SVM_AGAIN);
    return next;
}

void store_word(uint32_t at, uint32_t value)
{
    assert_true(ram_store(&ram, GPA(at), &value, sizeof(value)));
}

static uint8_t *page_of(uint32_t frame)
{
    return hpa_to_ptr(ram_back(&ram, frame));
}

int string_pc_start(void **state)
{
    static const struct svm_host host = { .begin = do_nothing, .end = do_nothing, .enter = enter,
                                          .load_fpu = ignore_image, .save_fpu = keep_image, .set_alarm = no_alarm,
                                          .asids = &pool };
    const struct vpc_clock clock = { .now_ns = get_now };

    machine_start(state);
    assert_int_equal(ram_create(&ram, RAM_FRAMES << PAGE_SHIFT), STATUS_OK);
    memset(&vpc, 0, sizeof(vpc));
    for (uint32_t i = 0; i < sizeof(file); i++)
        file[i] = (uint8_t)(i * 7 + i / DISK_SECTOR_BYTES);
    vpc_init(&vpc, &ram, &clock, &vpc_bus, NULL);
    assert_true(disk_open(&vpc.ide.disks[0], file, sizeof(file)));
    hpa_t vmcb = frames_alloc(), apic = frames_alloc();
    block = hpa_to_ptr(vmcb);
    memset(block, 0, PAGE_SIZE);
    pool = (struct asid_pool){ .count = 1000 };
    assert_true(svm_attach(&vpc, &svm, &host, vmcb, apic, HPA(0)));
    return 0;
}

int string_pc_stop(void **state)
{
    uint32_t steps = UINT32_MAX;

    assert_true(nested_destroy(&svm.nested, &steps));
    frames_free(ptr_to_hpa(block));
    frames_free(ptr_to_hpa(svm.apic_page));
    assert_true(disk_close(&vpc.ide.disks[0], &steps));
    machine_unmake_ram(&ram);
    return machine_stop(state);
}

void set_up(const struct form *chosen)
{
    struct vcpu *cpu = &vpc.interp.cpu;

    form = chosen;
    vcpu_reset(cpu);
    for (unsigned i = 0; i < SEG_COUNT; i++)
        cpu->segments[i] = (struct segment){ .selector = 0x18, .attributes = DATA32, .limit = UINT32_MAX };
    cpu->segments[SEG_CS] = (struct segment){ .selector = 0x10, .attributes = CODE32, .limit = UINT32_MAX };
    cpu->cr0 = CR0_PG | CR0_PE;
    cpu->cr3 = DIRECTORY;
    cpu->cr4 = CR4_PSE;
    cpu->eip = CODE;
    cpu->gpr[GPR_EDX] = PORT;
    assert_true(ram_store(&ram, GPA(CODE), form->bytes, form->length));
    store_word(DIRECTORY, TABLE | USUAL);
    store_word(LARGE_PDE, LARGE_PAGE | USUAL);
    store_word(TABLE + (CODE >> PAGE_SHIFT) * 4, CODE | USUAL);
    for (uint32_t i = 0; i < PAGES; i++)
        store_word(TABLE + ((DATA >> PAGE_SHIFT) + i) * 4, data_frames[i] << PAGE_SHIFT | USUAL);
    memset(&vpc.exits, 0, sizeof(vpc.exits));
    ide_reset(&vpc.ide);
    vpc_settle_lines(&vpc);
    entries = by_itself = 0;
}

void command(uint8_t number, uint8_t sector, uint8_t count, uint32_t done)
{
    vpc.ide.multiple = 4;
    ide_write(&vpc.ide, 6, 0xE0);
    ide_write(&vpc.ide, 2, count);
    ide_write(&vpc.ide, 3, sector);
    ide_write(&vpc.ide, 7, number);
    for (uint32_t i = 0; i < done; i++) {
        if (form->is_in)
            (void)ide_read_data(&vpc.ide, 1);
        else
            ide_write_data(&vpc.ide, 1, i);
    }
    vpc_settle_lines(&vpc);
}

/* Where frames of the state's memory are. */
static uint32_t frame_at(unsigned number)
{
    return number < PAGES ? data_frames[number] : (number == PAGES ? DIRECTORY : TABLE) >> PAGE_SHIFT;
}

static void keep(struct state *state)
{
    state->cpu = vpc.interp.cpu;
    state->ide = vpc.ide;
    state->pic = vpc.pic;
    state->lines = vpc.lines;
    for (unsigned i = 0; i < PAGES + 2; i++)
        memcpy(state->memory[i], page_of(frame_at(i)), PAGE_SIZE);
    for (uint32_t i = 0; i < SECTORS; i++)
        disk_read(&vpc.ide.disks[0], i, state->sectors + i * DISK_SECTOR_BYTES);
}

static void put_back(const struct state *state)
{
    const struct disk disk = vpc.ide.disks[0];

    vpc.interp.cpu = state->cpu;
    vpc.ide = state->ide;
    vpc.ide.disks[0] = disk;
    vpc.pic = state->pic;
    vpc.lines = state->lines;
    for (unsigned i = 0; i < PAGES + 2; i++)
        memcpy(page_of(frame_at(i)), state->memory[i], PAGE_SIZE);
    for (uint32_t i = 0; i < SECTORS; i++)
        assert_true(disk_write(&vpc.ide.disks[0], i, state->sectors + i * DISK_SECTOR_BYTES));
    vpc_settle_lines(&vpc);
    interp_flush(&vpc.interp);
}

static void assert_same(void)
{
    const struct vcpu *left = &by_svm.cpu, *right = &by_interp.cpu;
    size_t disks = offsetof(struct ide, features);

    assert_memory_equal(left->gpr, right->gpr, sizeof(left->gpr));
    assert_int_equal(left->eip, right->eip);
    assert_int_equal(left->eflags, right->eflags);
    assert_int_equal(left->cr2, right->cr2);
    assert_int_equal(left->has_interrupt, right->has_interrupt);
    assert_memory_equal((uint8_t *)&by_svm.ide + disks, (uint8_t *)&by_interp.ide + disks, sizeof(struct ide) - disks);
    assert_memory_equal(&by_svm.pic, &by_interp.pic, sizeof(by_svm.pic));
    assert_int_equal(by_svm.lines, by_interp.lines);
    assert_memory_equal(by_svm.memory, by_interp.memory, sizeof(by_svm.memory));
    assert_memory_equal(by_svm.sectors, by_interp.sectors, sizeof(by_svm.sectors));
}

enum exit_reason finish_by_svm(void)
{
    enum exit_reason reason = EXIT_BUDGET;

    while (reason != EXIT_SHUTDOWN && vpc.interp.cpu.eip == CODE)
        reason = vpc.engine(&vpc, 0);
    return reason == EXIT_SHUTDOWN ? reason : EXIT_BUDGET;
}

static enum exit_reason finish_by_interp(void)
{
    enum exit_reason reason = EXIT_BUDGET;

    while (reason != EXIT_SHUTDOWN && vpc.interp.cpu.eip == CODE)
        reason = interp_run(&vpc.interp, 1);
    return reason == EXIT_SHUTDOWN ? reason : EXIT_BUDGET;
}

void compare(void)
{
    interp_flush(&vpc.interp);
    keep(&before);
    entries = by_itself = 0;
    enum exit_reason svm_reason = finish_by_svm();
    keep(&by_svm);
    put_back(&before);
    enum exit_reason reason = finish_by_interp();
    keep(&by_interp);
    assert_int_equal(svm_reason, reason);
    assert_same();
}

void set_index(uint32_t address, uint32_t count)
{
    vpc.interp.cpu.gpr[form->is_in ? GPR_EDI : GPR_ESI] = address;
    vpc.interp.cpu.gpr[GPR_ECX] = count;
}
