/*
 * test_svm_fast.c - what is done for a guest without the interpreter is what the interpreter does; and what is known of
 * the place where a guest was left is not used where anything of it is another by now.
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
#include "random.h"
#include "vpc/ports.h"
#include "vpc/svm/svm.h"

#define RAM_FRAMES 256u
#define CODE 0x8000u
#define OTHER_CODE 0x9000u
#define DIRECTORY 0x10000u
#define OTHER_DIRECTORY 0x12000u
#define TABLE 0x11000u
#define OTHER_TABLE 0x13000u
#define LAPIC_PAGES (0xFEC00000u | 0x83u)
#define TPR (LAPIC_BASE + 0x80)
#define NPF_WRITE (SVM_NPF_OPERAND | PF_WRITE)
#define CODE32 (ATTR_P | ATTR_S | ATTR_CODE | ATTR_READABLE | ATTR_ACCESSED | ATTR_DB | ATTR_G)
#define DATA32 (ATTR_P | ATTR_S | ATTR_WRITABLE | ATTR_ACCESSED | ATTR_DB | ATTR_G)
#define CPUID "\x0F\xA2"
#define RDTSC "\x0F\x31"

static struct vpc vpc;
static struct svm svm;
static struct ram ram;
static struct asid_pool pool;
static struct vmcb *block;
static uint64_t now_ns;
static struct { uint64_t code, info1, info2; uint32_t event; } leaves;
static unsigned entries, by_itself;

static uint64_t get_now(void *owner)
{
    (void)owner;
    return now_ns;
}

static void do_nothing(void)
{
}

static void no_alarm(void *owner, uint64_t due_ns)
{
    (void)owner;
    (void)due_ns;
}

static void load_nothing(const void *image)
{
    (void)image;
}

static void save_nothing(void *image)
{
    (void)image;
}

/*
 * Leaves once as was asked for; if it is entered again, by an interrupt of the host's. EAX and ESP are nowhere but in
 * the block.
 */
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
        block->exit_event = is_first ? leaves.event : 0;
        next = svm_fast(entered, block);
        by_itself += next != SVM_LOOK;
    } while (next == SVM_AGAIN);
    return next;
}

static void store_bytes(uint32_t at, const void *bytes, size_t count)
{
    assert_true(ram_store(&ram, GPA(at), bytes, count));
}

static void store_word(uint32_t at, uint32_t value)
{
    store_bytes(at, &value, sizeof(value));
}

/* The guest leaves at CODE. Was it seen to without the interpreter? */
static bool leave(uint64_t code, uint64_t info1, uint64_t info2)
{
    entries = by_itself = 0;
    leaves.code = code;
    leaves.info1 = info1;
    leaves.info2 = info2;
    vpc.interp.cpu.eip = CODE;
    (void)vpc.engine(&vpc, 0);
    return by_itself > 0;
}

/* The same with these bytes there; it goes on behind them. */
static bool leave_at(const char *bytes, size_t count, uint64_t code, uint64_t info1, uint64_t info2)
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

static int start(void **state)
{
    static const struct svm_host host = { .begin = do_nothing, .end = do_nothing, .enter = enter,
                                          .load_fpu = load_nothing, .save_fpu = save_nothing, .set_alarm = no_alarm,
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
    leaves.event = 0;
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

static int stop(void **state)
{
    uint32_t steps = UINT32_MAX;

    assert_true(nested_destroy(&svm.nested, &steps));
    frames_free(ptr_to_hpa(block));
    frames_free(ptr_to_hpa(svm.apic_page));
    machine_unmake_ram(&ram);
    return machine_stop(state);
}

/* The first time the interpreter answers, the second time nobody has to ask it. */
static void test_cpuid_says_the_same_without_the_interpreter(void **state)
{
    static const uint32_t questions[] = { 0, 1, 2, 3, 4, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFF };
    uint32_t *gpr = vpc.interp.cpu.gpr, said[4];

    (void)state;
    for (unsigned i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        sites_forget(svm.sites);
        for (unsigned pass = 0; pass < 2; pass++) {
            gpr[GPR_ECX] = gpr[GPR_EDX] = gpr[GPR_EBX] = 0x55555555;
            gpr[GPR_EAX] = questions[i];
            vpc.interp.cpu.eflags |= EFLAGS_RF;
            assert_int_equal(leave_at(CPUID, 2, SVM_EXIT_CPUID, 0, 0), pass == 1);
            if (pass == 1) {
                assert_memory_equal(said, gpr, sizeof(said));
                assert_false(vpc.interp.cpu.eflags & EFLAGS_RF);
            }
            memcpy(said, gpr, sizeof(said));
        }
    }
}

static void test_time_is_the_same_without_the_interpreter(void **state)
{
    (void)state;
    for (unsigned pass = 0; pass < 3; pass++) {
        now_ns = 0x123456789ABull + pass;
        vpc.interp.cpu.tsc_offset = 0x1000;
        vpc.due_ns = svm.alarm_ns;
        assert_int_equal(leave_at(RDTSC, 2, SVM_EXIT_RDTSC, 0, 0), pass > 0);
        assert_int_equal(vpc.interp.cpu.gpr[GPR_EAX], (uint32_t)(now_ns + 0x1000));
        assert_int_equal(vpc.interp.cpu.gpr[GPR_EDX], (now_ns + 0x1000) >> 32);
    }
    now_ns = 0;
}

#define TPR_BYTES "\x80\x00\xE0\xFE"

/* Every register, and immediates, of which one has more than eight bytes. */
static void test_stores_to_the_apic(void **state)
{
    static const struct { const char *bytes; size_t count; unsigned source; } forms[] = {
        { "\xA3" TPR_BYTES, 5, GPR_EAX }, { "\x89\x0D" TPR_BYTES, 6, GPR_ECX }, { "\x89\x15" TPR_BYTES, 6, GPR_EDX },
        { "\x89\x1D" TPR_BYTES, 6, GPR_EBX }, { "\x89\x25" TPR_BYTES, 6, GPR_ESP },
        { "\x89\x2D" TPR_BYTES, 6, GPR_EBP }, { "\x89\x35" TPR_BYTES, 6, GPR_ESI },
        { "\x3E\x89\x3D" TPR_BYTES, 7, GPR_EDI }, { "\xC7\x05" TPR_BYTES "\x30\x00\x00\x00", 10, GPR_NONE },
        { "\xC7\x00\x30\x00\x00\x00", 6, GPR_NONE },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        for (unsigned pass = 0; pass < 2; pass++) {
            vpc.lapic.tpr = 0;
            vpc.interp.cpu.gpr[GPR_EAX] = TPR;
            if (forms[i].source != GPR_NONE)
                vpc.interp.cpu.gpr[forms[i].source] = 0x30;
            assert_int_equal(leave_at(forms[i].bytes, forms[i].count, SVM_EXIT_NPF, NPF_WRITE, TPR), pass == 1);
            assert_int_equal(vpc.lapic.tpr, 0x30);
        }
    }
}

#define CELL (TEXT_PAGE_BASE + 0x10)
#define CELL_BYTES "\x10\x80\x0B\x00"

static uint32_t cell_now(void)
{
    uint32_t value;

    memcpy(&value, ram_peek(&ram, TEXT_PAGE_BASE >> PAGE_SHIFT) + (CELL & PAGE_MASK), sizeof(value));
    return value;
}

/* Of each width and source; one immediate is the end of more than eight bytes. BH is no register by its number. */
static void test_stores_to_the_text_page(void **state)
{
    static const struct { const char *bytes; size_t count; uint32_t stored; bool is_plain; } forms[] = {
        { "\xA2" CELL_BYTES, 5, 0xFFFFFF44, true }, { "\x66\xA3" CELL_BYTES, 6, 0xFFFF3344, true },
        { "\xA3" CELL_BYTES, 5, 0x11223344, true }, { "\x88\x1D" CELL_BYTES, 6, 0xFFFFFF88, true },
        { "\x88\x3D" CELL_BYTES, 6, 0xFFFFFF77, false }, { "\x66\x89\x1D" CELL_BYTES, 7, 0xFFFF7788, true },
        { "\xC6\x05" CELL_BYTES "\x99", 7, 0xFFFFFF99, true },
        { "\x66\xC7\x05" CELL_BYTES "\x98\x97", 9, 0xFFFF9798, true },
        { "\xC7\x05" CELL_BYTES "\x96\x95\x94\x93", 10, 0x93949596, true },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        for (unsigned pass = 0; pass < 2; pass++) {
            store_word(CELL, UINT32_MAX);
            vpc.interp.cpu.gpr[GPR_EAX] = 0x11223344;
            vpc.interp.cpu.gpr[GPR_EBX] = 0x55667788;
            bool is_fast = leave_at(forms[i].bytes, forms[i].count, SVM_EXIT_NPF, NPF_WRITE, CELL);
            assert_int_equal(is_fast, pass == 1 && forms[i].is_plain);
            assert_int_equal(cell_now(), forms[i].stored);
        }
    }
    assert_int_equal(vpc.exits[VPC_EXIT_WRITE], 2 * sizeof(forms) / sizeof(forms[0]));
}

/* At the page's first byte ends, perhaps, a store that began on the page before. */
static void test_the_first_byte_of_the_text_page_is_looked_at(void **state)
{
    static const char across[] = "\x66\xA3\xFF\x7F\x0B\x00";

    (void)state;
    for (unsigned pass = 0; pass < 2; pass++) {
        vpc.interp.cpu.gpr[GPR_EAX] = 0x1234;
        assert_false(leave_at(across, 6, SVM_EXIT_NPF, NPF_WRITE, TEXT_PAGE_BASE));
        assert_int_equal(*(const uint8_t *)ram_peek(&ram, TEXT_PAGE_BASE >> PAGE_SHIFT), 0x12);
    }
}

/* One exit after the other: the interpreter goes on, and does more than the one. With another between it does not. */
static void test_who_fills_the_text_page_is_interpreted(void **state)
{
    static const char store_and_stay[] = "\x66\xA3" CELL_BYTES "\x40\xEB\xFD";

    (void)state;
    store_bytes(CODE, store_and_stay, sizeof(store_and_stay));
    (void)leave(SVM_EXIT_NPF, NPF_WRITE, CELL);
    for (unsigned before = SVM_TEXT_RUN - 2; before <= SVM_TEXT_RUN; before++) {
        bool fills = before == SVM_TEXT_RUN - 1;
        svm.text_run = before;
        svm.text_exit = svm.exits - (before == SVM_TEXT_RUN);
        vpc.interp.cpu.gpr[GPR_EAX] = 0;
        assert_int_equal(leave(SVM_EXIT_NPF, NPF_WRITE, CELL), !fills);
        assert_int_equal(vpc.interp.cpu.gpr[GPR_EAX] > 100, fills);
    }
}

/* An interrupt that waits for a guest that is closed to it, and of which a window will tell, is in nobody's way. */
static void test_an_interrupt_that_waits(void **state)
{
    const uint64_t port = 0x21ull << SVM_IO_PORT_SHIFT | 1u << SVM_IO_BYTES_SHIFT | SVM_IO_IN;

    (void)state;
    (void)leave_at(RDTSC, 2, SVM_EXIT_RDTSC, 0, 0);
    vpc.interp.cpu.has_interrupt = vpc.pic_asks = true;
    assert_true(leave_at(RDTSC, 2, SVM_EXIT_RDTSC, 0, 0));
    assert_int_equal(entries, 2);
    assert_true(leave(SVM_EXIT_IOIO, port, CODE + 1));
    assert_int_equal(entries, 2);
    vpc.interp.cpu.eflags |= EFLAGS_IF;
    vpc.interp.cpu.shadow = SHADOW_STI;
    assert_false(leave(SVM_EXIT_RDTSC, 0, 0));
}

/* Bytes, what is no plain store, what reaches for a table, single steps, and what was on its way. */
static void test_what_is_not_plain_is_looked_at(void **state)
{
    static const char store[] = "\xA3" TPR_BYTES, byte[] = "\xA2" TPR_BYTES, added[] = "\x01\x0D" TPR_BYTES;

    (void)state;
    for (unsigned pass = 0; pass < 2; pass++) {
        vpc.interp.cpu.gpr[GPR_ECX] = 0;
        assert_false(leave_at(byte, 5, SVM_EXIT_NPF, NPF_WRITE, TPR));
        assert_false(leave_at(added, 6, SVM_EXIT_NPF, NPF_WRITE, TPR));
    }
    (void)leave_at(store, 5, SVM_EXIT_NPF, NPF_WRITE, TPR);
    assert_true(leave_at(store, 5, SVM_EXIT_NPF, NPF_WRITE, TPR));
    assert_false(leave_at(store, 5, SVM_EXIT_NPF, PF_WRITE | 1ull << 33, TPR));
    assert_false(leave_at(store, 5, SVM_EXIT_NPF, NPF_WRITE, TPR + 1));
    assert_false(leave_at(store, 5, SVM_EXIT_NPF, NPF_WRITE, I82093_BASE));
    assert_false(leave_at(store, 5, SVM_EXIT_NPF, NPF_WRITE, LAPIC_BASE + 0x300));
    vpc.interp.cpu.eflags |= EFLAGS_TF;
    entries = by_itself = 0;
    (void)leave(SVM_EXIT_NPF, NPF_WRITE, TPR);
    assert_int_equal(by_itself, 0);
}

static void learn_cpuid(void)
{
    (void)leave_at(CPUID, 2, SVM_EXIT_CPUID, 0, 0);
    assert_true(leave_at(CPUID, 2, SVM_EXIT_CPUID, 0, 0));
}

/* The guest's code, tables and directory change without anybody's being told. */
static void test_other_code_is_not_the_same(void **state)
{
    (void)state;
    learn_cpuid();
    vpc.interp.cpu.gpr[GPR_EAX] = 77;
    store_bytes(CODE, "\x40\x40", 2);                      /* INC EAX: one is done */
    assert_false(leave(SVM_EXIT_CPUID, 0, 0));
    assert_int_equal(vpc.interp.cpu.gpr[GPR_EAX], 78);
}

static void test_another_page_is_not_the_same(void **state)
{
    (void)state;
    learn_cpuid();
    store_word(TABLE + 4 * (CODE >> PAGE_SHIFT), OTHER_CODE | PTE_P | PTE_W | PTE_A);
    assert_false(leave(SVM_EXIT_CPUID, 0, 0));
    assert_int_equal(vpc.interp.cpu.eip, CODE + 3);
}

static void test_another_table_is_not_the_same(void **state)
{
    (void)state;
    learn_cpuid();
    store_word(DIRECTORY, OTHER_TABLE | PTE_P | PTE_W | PTE_A);
    assert_false(leave(SVM_EXIT_CPUID, 0, 0));
    assert_int_equal(vpc.interp.cpu.eip, CODE + 3);
}

static void test_another_directory_is_not_the_same(void **state)
{
    (void)state;
    learn_cpuid();
    vpc.interp.cpu.cr3 = OTHER_DIRECTORY;
    assert_false(leave(SVM_EXIT_CPUID, 0, 0));
}

static void test_16_bit_code_is_not_the_same(void **state)
{
    (void)state;
    (void)leave_at("\xA3" TPR_BYTES, 5, SVM_EXIT_NPF, NPF_WRITE, TPR);
    assert_true(leave_at("\xA3" TPR_BYTES, 5, SVM_EXIT_NPF, NPF_WRITE, TPR));
    vpc.interp.cpu.segments[SEG_CS].attributes &= (uint16_t)~ATTR_DB;
    assert_false(leave(SVM_EXIT_NPF, NPF_WRITE, TPR));
}

/* Eight prefixes, and behind them a store or CPUID: the first word alone does not say which. */
static void test_a_long_instruction_is_known_by_its_first_byte(void **state)
{
    const char prefixed[] = "\x3E\x3E\x3E\x3E\x3E\x3E\x3E\x3E\xA3" TPR_BYTES;

    (void)state;
    for (unsigned pass = 0; pass < 2; pass++)
        assert_false(leave_at(prefixed, 13, SVM_EXIT_NPF, NPF_WRITE, TPR));
    assert_false(leave_at("\x3E\x3E\x3E\x3E\x3E\x3E\x3E\x3E" CPUID, 10, SVM_EXIT_CPUID, 0, 0));
}

static void test_a_long_store_is_looked_at_to_its_end(void **state)
{
    (void)state;
    (void)leave_at("\xC7\x05" TPR_BYTES "\x30\x00\x00\x00", 10, SVM_EXIT_NPF, NPF_WRITE, TPR);
    assert_false(leave_at("\xC7\x05" TPR_BYTES "\x30\x00\x00\x01", 10, SVM_EXIT_NPF, NPF_WRITE, TPR));
}

static void test_frames_that_move_are_forgotten(void **state)
{
    (void)state;
    learn_cpuid();
    ram.asks->moved(ram.view, CODE >> PAGE_SHIFT, 0);
    assert_false(leave(SVM_EXIT_CPUID, 0, 0));
}

/* What a port gives goes to so much of EAX as was asked for. */
static void test_ports(void **state)
{
    const uint64_t port = 0x21ull << SVM_IO_PORT_SHIFT, byte = 1u << SVM_IO_BYTES_SHIFT;

    (void)state;
    vpc.interp.cpu.gpr[GPR_EAX] = 0x123456A5;
    assert_true(leave(SVM_EXIT_IOIO, port | byte, CODE + 2));
    assert_int_equal(vpc.interp.cpu.eip, CODE + 2);
    vpc.interp.cpu.gpr[GPR_EAX] = 0x12345600;
    assert_true(leave(SVM_EXIT_IOIO, port | byte | SVM_IO_IN, CODE + 1));
    assert_int_equal(vpc.interp.cpu.gpr[GPR_EAX], 0x123456A5);
    assert_int_equal(vpc.interp.cpu.eip, CODE + 1);
    assert_false(leave(SVM_EXIT_IOIO, port | byte | SVM_IO_IN | SVM_IO_STRING, CODE + 1));
    assert_true(leave(SVM_EXIT_IOIO, port | 4u << SVM_IO_BYTES_SHIFT | SVM_IO_IN, CODE + 1));
    assert_int_equal(vpc.interp.cpu.gpr[GPR_EAX], 0xFFFFFFA5);
}

/* A byte to port 80 is an exit that is counted, and nothing else; another port, or a wider value, is a port's. */
static void test_a_pause_reaches_nobody(void **state)
{
    const uint64_t port = (uint64_t)PORT_PAUSE << SVM_IO_PORT_SHIFT, byte = 1u << SVM_IO_BYTES_SHIFT;
    const uint64_t *writes = &vpc.exits[VPC_EXIT_PORT_WRITE];
    uint32_t trail = vpc.trail_count;

    (void)state;
    vpc.interp.cpu.eflags |= EFLAGS_RF;
    assert_true(leave(SVM_EXIT_IOIO, port | byte, CODE + 2));
    assert_int_equal(vpc.interp.cpu.eip, CODE + 2);
    assert_false(vpc.interp.cpu.eflags & EFLAGS_RF);
    assert_int_equal(*writes, 1);
    assert_int_equal(vpc.trail_count, trail);
    assert_true(leave(SVM_EXIT_IOIO, port | 2 * byte, CODE + 2));
    assert_int_equal(*writes, 2);
    assert_int_equal(vpc.trail_count, trail + 1);
    assert_true(leave(SVM_EXIT_IOIO, port | byte | SVM_IO_IN, CODE + 1));
    assert_int_equal(vpc.interp.cpu.gpr[GPR_EAX] & 0xFF, 0xFF);
    assert_false(leave(SVM_EXIT_IOIO, (uint64_t)BIOS_PORT << SVM_IO_PORT_SHIFT | byte, CODE + 2));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        TEST(test_cpuid_says_the_same_without_the_interpreter), TEST(test_time_is_the_same_without_the_interpreter),
        TEST(test_stores_to_the_apic), TEST(test_stores_to_the_text_page),
        TEST(test_the_first_byte_of_the_text_page_is_looked_at), TEST(test_who_fills_the_text_page_is_interpreted),
        TEST(test_an_interrupt_that_waits), TEST(test_what_is_not_plain_is_looked_at),
        TEST(test_other_code_is_not_the_same), TEST(test_another_page_is_not_the_same),
        TEST(test_another_table_is_not_the_same), TEST(test_another_directory_is_not_the_same),
        TEST(test_16_bit_code_is_not_the_same), TEST(test_a_long_store_is_looked_at_to_its_end),
        TEST(test_a_long_instruction_is_known_by_its_first_byte), TEST(test_frames_that_move_are_forgotten),
        TEST(test_ports), TEST(test_a_pause_reaches_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
