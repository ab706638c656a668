/*
 * left_guest.c - a virtual PC under SVM that is left at one place, for left_guest.h.
 */
#include "left_guest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/frames.h"
#include "cpu/x86.h"
#include "fake_svm_host.h"

#define RAM_FRAMES 256u
#define LAPIC_PAGES (0xFEC00000u | 0x83u)
#define CODE32 (ATTR_P | ATTR_S | ATTR_CODE | ATTR_READABLE | ATTR_ACCESSED | ATTR_DB | ATTR_G)
#define DATA32 (ATTR_P | ATTR_S | ATTR_WRITABLE | ATTR_ACCESSED | ATTR_DB | ATTR_G)

struct vpc vpc;
struct svm svm;
struct ram ram;
static struct asid_pool pool;
static struct vmcb *block;
uint64_t now_ns;
static struct { uint64_t code, info1, info2; } leaves;
uint32_t event_left;
unsigned entries, by_itself;

static uint64_t get_now(void *owner)
{
    (void)owner;
    return now_ns;
}

static enum svm_next enter(struct vpc *entered, hpa_t vmcb)
{
    enum svm_next next;

    assert_ptr_equal(hpa_to_ptr(vmcb), block);
    do {
        entered->interp.cpu.gpr[GPR_EAX] = entered->interp.cpu.gpr[GPR_ESP] = 0x5A5A5A5A;
        bool is_first = entries++ == 0;
        block->exit_code = is_first ? leaves.code : SVM_EXIT_INTR;
        block->exit_info1 = leaves.info1;
        block->exit_info2 = leaves.info2;
        block->exit_event = is_first ? event_left : 0;
        next = after_exit(entered, block);
        by_itself += next != SVM_LOOK;
    } while (next == SVM_AGAIN);
    return next;
}

void store_bytes(uint32_t at, const void *bytes, size_t count)
{
    assert_true(ram_store(&ram, GPA(at), bytes, count));
}

void store_word(uint32_t at, uint32_t value)
{
    store_bytes(at, &value, sizeof(value));
}

bool leave(uint64_t code, uint64_t info1, uint64_t info2)
{
    entries = by_itself = 0;
    leaves.code = code;
    leaves.info1 = info1;
    leaves.info2 = info2;
    vpc.interp.cpu.eip = CODE;
    (void)vpc.engine(&vpc, 0);
    return by_itself > 0;
}

bool leave_at(const char *bytes, size_t count, uint64_t code, uint64_t info1, uint64_t info2)
{
    store_bytes(CODE, bytes, count);
    bool is_fast = leave(code, info1, info2);
    assert_int_equal(vpc.interp.cpu.eip, CODE + count);
    return is_fast;
}

static void use_flat_segments(struct vcpu *cpu)
{
    for (unsigned i = 0; i < SEG_COUNT; i++)
        cpu->segments[i] = (struct segment){ .selector = 0x18, .attributes = DATA32, .limit = UINT32_MAX };
    cpu->segments[SEG_CS] = (struct segment){ .selector = 0x10, .attributes = CODE32, .limit = UINT32_MAX };
    cpu->cr0 = 0x80000000u | 1;
    cpu->cr3 = DIRECTORY;
    cpu->cr4 = CR4_PSE;
    cpu->gpr[GPR_ESP] = 0x7000;
}

int left_start(void **state)
{
    static const struct svm_host host = { .begin = do_nothing, .end = do_nothing, .enter = enter,
                                          .load_fpu = ignore_image, .save_fpu = keep_image, .set_alarm = no_alarm,
                                          .asids = &pool };
    const struct vpc_clock clock = { .now_ns = get_now };

    machine_start(state);
    assert_int_equal(ram_create(&ram, RAM_FRAMES << PAGE_SHIFT), STATUS_OK);
    memset(&vpc, 0, sizeof(vpc));
    vpc_init(&vpc, &ram, &clock, &vpc_bus, NULL);
    hpa_t vmcb = frames_alloc(), apic = frames_alloc();
    block = hpa_to_ptr(vmcb);
    memset(block, 0, PAGE_SIZE);
    pool = (struct asid_pool){ .count = 1000 };
    event_left = 0;
    assert_true(svm_attach(&vpc, &svm, &host, vmcb, apic, HPA(0)));
    use_flat_segments(&vpc.interp.cpu);
    for (uint32_t directory = DIRECTORY; directory <= OTHER_DIRECTORY; directory += OTHER_DIRECTORY - DIRECTORY) {
        store_word(directory, TABLE | PTE_P | PTE_W | PTE_A);
        store_word(directory + (LAPIC_BASE >> 22) * 4, LAPIC_PAGES);
    }
    for (uint32_t i = 0; i < RAM_FRAMES; i++) {
        store_word(TABLE + 4 * i, i << PAGE_SHIFT | PTE_P | PTE_W | PTE_A | PTE_D);
        store_word(OTHER_TABLE + 4 * i, (i == CODE >> PAGE_SHIFT ? OTHER_CODE : i << PAGE_SHIFT) | PTE_P | PTE_W);
    }
    store_bytes(OTHER_CODE, "\x3E" CPUID, 3);
    return 0;
}

int left_stop(void **state)
{
    uint32_t steps = UINT32_MAX;

    assert_true(nested_destroy(&svm.nested, &steps));
    frames_free(ptr_to_hpa(block));
    frames_free(ptr_to_hpa(svm.apic_page));
    machine_unmake_ram(&ram);
    return machine_stop(state);
}
