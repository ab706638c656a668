/*
 * test_interp_paging.c - the interpreter's paging: every combination of an entry's low bits against a walk written a
 * second time, from the manual; and translations that are kept, against a machine that keeps none.
 *
 * Source: SDM vol. 3 "32-Bit Paging", "Access Rights", "Accessed and Dirty Flags", "Page-Fault Exceptions".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/x86.h"
#include "fake_pc.h"
#include "random.h"
#include "vpc/x86/pagewalk.h"
#include "vpc/x86/state.h"

#define DIRECTORY 0x40000u
#define TABLE 0x41000u
#define LINEAR 0x00C05678u          /* directory entry 3, table entry 5 */
#define PDE_AT (DIRECTORY + 4 * 3)
#define PTE_AT (TABLE + 4 * 5)
#define FRAME 0x52000u
#define LARGE_FRAME 0x00400000u
#define CODE 0x20000u
#define OTHER_DIRECTORY 0x43000u
#define OTHER_TABLE 0x44000u
#define MOVING 0x200000u            /* a frame that lies elsewhere in the host now and then */

static struct fake_pc pc;
static uint8_t places[2][PAGE_SIZE];

/* What the manual says of one access. */
struct verdict {
    bool is_allowed;
    uint32_t error, physical, pde, pte;     /* the entries as they are afterwards */
};

static bool bit(uint32_t entry, unsigned number)
{
    return entry >> number & 1;
}

static struct verdict judge(uint32_t pde, uint32_t pte, bool has_pse, bool wp, bool is_user, bool is_write)
{
    struct verdict verdict = { .pde = pde, .pte = pte, .error = (is_user ? 4u : 0) + (is_write ? 2u : 0) };
    bool is_large = has_pse && bit(pde, 7), is_writable, is_users;

    if (!bit(pde, 0) || (!is_large && !bit(pte, 0)))
        return verdict;
    verdict.error |= 1;
    if (is_large && (pde & 0x003FE000) != 0) {
        verdict.error |= 8;
        return verdict;
    }
    is_writable = bit(pde, 1) && (is_large || bit(pte, 1));
    is_users = bit(pde, 2) && (is_large || bit(pte, 2));
    if (is_user && !is_users)
        return verdict;
    if (is_write && !is_writable && (is_user || wp))
        return verdict;
    verdict.is_allowed = true;
    verdict.pde |= 1u << 5;
    if (is_large) {
        verdict.pde |= is_write ? 1u << 6 : 0;
        verdict.physical = (pde & 0xFFC00000) + (LINEAR & 0x003FF000);
    } else {
        verdict.pte |= 1u << 5 | (is_write ? 1u << 6 : 0);
        verdict.physical = pte & 0xFFFFF000;
    }
    return verdict;
}

static void check_walk(uint32_t pde, uint32_t pte, unsigned how)
{
    bool has_pse = how & 1, wp = how & 2, is_user = how & 4, is_write = how & 8;
    struct vcpu *cpu = &pc.interp.cpu;
    struct pagewalk walk;

    cpu->cr0 = CR0_PG | CR0_PE | (wp ? CR0_WP : 0);
    cpu->cr4 = has_pse ? CR4_PSE : 0;
    fake_pc_put(&pc, PDE_AT, pde, 4);
    fake_pc_put(&pc, PTE_AT, pte, 4);
    bool is_allowed = pagewalk(&pc.interp, LINEAR, is_write, is_user, &walk);
    struct verdict want = judge(pde, pte, has_pse, wp, is_user, is_write);
    if (is_allowed != want.is_allowed || (is_allowed ? walk.page.v != want.physical : walk.error != want.error) ||
        fake_pc_get(&pc, PDE_AT, 4) != want.pde || fake_pc_get(&pc, PTE_AT, 4) != want.pte)
        fail_msg("PDE %x, PTE %x, how %x: allowed %d page %x error %x, by the manual %d %x %x; entries %x %x, %x %x",
                 pde, pte, how, is_allowed, walk.page.v, walk.error, want.is_allowed, want.physical, want.error,
                 fake_pc_get(&pc, PDE_AT, 4), fake_pc_get(&pc, PTE_AT, 4), want.pde, want.pte);
}

static void test_every_bit(void **state)
{
    (void)state;
    fake_pc_init(&pc);
    pc.interp.cpu.cr3 = DIRECTORY;
    for (uint32_t low = 0; low < 0x10000; low++) {
        uint32_t pde = low & 0xFF, pte = FRAME | low >> 8;
        for (unsigned how = 0; how < 16; how++)
            check_walk((pde & 0x80 && how & 1 ? LARGE_FRAME : TABLE) | pde, pte, how);
    }
}

static void test_reserved_bits_of_large_pages(void **state)
{
    (void)state;
    fake_pc_init(&pc);
    pc.interp.cpu.cr3 = DIRECTORY;
    for (unsigned reserved = 12; reserved < 22; reserved++) {
        for (unsigned how = 0; how < 16; how++)
            check_walk(LARGE_FRAME | 0x87 | 1u << reserved, FRAME | 7, how | 1);
    }
}

/* Identity for the first megabyte, for the supervisor and the user, and the page under test. */
static void set_up_paging(uint8_t cpl)
{
    fake_pc_init(&pc);
    fake_pc_protect(&pc, cpl);
    for (uint32_t i = 0; i < 256; i++)
        fake_pc_put(&pc, 0x42000 + 4 * i, i << 12 | 7, 4);
    fake_pc_put(&pc, DIRECTORY, 0x42000 | 7, 4);
    fake_pc_put(&pc, PDE_AT, TABLE | 7, 4);
    pc.interp.cpu.cr3 = DIRECTORY;
    pc.interp.cpu.cr0 |= CR0_PG | CR0_WP;
    pc.interp.cpu.cr4 = CR4_PSE;
    interp_flush(&pc.interp);
}

/* Execute one instruction at CODE at a privilege; the vector of its fault, or -1. */
static int step(const char *bytes, size_t length, uint8_t cpl)
{
    struct vcpu *cpu = &pc.interp.cpu;

    memcpy(pc.ram + CODE, bytes, length);
    for (unsigned i = 0; i < SEG_COUNT; i++)
        fake_pc_load(&pc, i, cpl == 3 ? FLAT_DATA3 : FLAT_DATA0);
    fake_pc_load(&pc, SEG_CS, cpl == 3 ? FLAT_CODE3 : FLAT_CODE0);
    state_set_cpl(&pc.interp, cpl);         /* and not interp_flush: translations are to be kept */
    state_refresh_segments(&pc.interp);
    cpu->gpr[GPR_ESP] = FAKE_PC_STACK0 - 0x800;
    cpu->eip = CODE;
    assert_int_equal(interp_run(&pc.interp, 1), EXIT_BUDGET);
    struct fake_event event = fake_pc_event(&pc);
    if (event.vector >= 0)
        assert_int_equal(event.eip, CODE);
    return event.vector;
}

#define STEP(bytes, cpl) step(bytes, sizeof(bytes) - 1, cpl)

/* After each change of an entry the guest says INVLPG: then a kept translation may differ from none in nothing. */
static void test_kept_translations(void **state)
{
    (void)state;
    uint32_t pte = 0;
    unsigned faults = 0;

    set_up_paging(0);
    random_state = 1;
    for (unsigned i = 0; i < 30000; i++) {
        uint8_t cpl = random_below(2) != 0 ? 3 : 0;
        bool is_write = random_below(2) != 0;
        if (random_below(4) == 0) {
            pte = FRAME | (random_u32() & 0x67) | (random_below(4) != 0);
            fake_pc_put(&pc, PTE_AT, pte, 4);
            pc.interp.cpu.gpr[GPR_EBX] = LINEAR;
            assert_int_equal(STEP("\x0F\x01\x3B", 0), -1);
        }
        pc.interp.cpu.gpr[GPR_EBX] = LINEAR;
        pc.interp.cpu.gpr[GPR_EAX] = i;
        struct verdict want = judge(TABLE | 7, pte, true, true, cpl == 3, is_write);
        int vector = is_write ? STEP("\x89\x03", cpl) : STEP("\x8B\x03", cpl);
        assert_int_equal(vector, want.is_allowed ? -1 : EXC_PF);
        if (vector >= 0) {
            assert_int_equal(fake_pc_event(&pc).error, want.error);
            assert_int_equal(pc.interp.cpu.cr2, LINEAR);
            faults++;
        }
        pte = want.pte;
        assert_int_equal(fake_pc_get(&pc, PTE_AT, 4), pte);
        if (is_write && want.is_allowed)
            assert_int_equal(fake_pc_get(&pc, FRAME + (LINEAR & 0xFFF), 4), i);
    }
    assert_in_range(faults, 5000, 25000);
}

/* What must be forgotten without INVLPG: by CR3, and by the bits that say how tables are read. */
static void test_what_flushes(void **state)
{
    (void)state;
    static const struct { const char *what, *bytes; uint32_t eax; } changes[] = {
        { "mov cr3", "\x0F\x22\xD8", DIRECTORY },
        { "mov cr4", "\x0F\x22\xE0", CR4_PSE | CR4_PGE },
        { "mov cr0", "\x0F\x22\xC0", CR0_PG | CR0_PE },
    };

    for (unsigned i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        set_up_paging(0);
        fake_pc_put(&pc, PTE_AT, FRAME | 7, 4);
        pc.interp.cpu.gpr[GPR_EBX] = LINEAR;
        assert_int_equal(STEP("\x8B\x03", 0), -1);
        fake_pc_put(&pc, PTE_AT, 0, 4);
        assert_int_equal(STEP("\x8B\x03", 0), -1);          /* kept: the guest has not said anything */
        pc.interp.cpu.gpr[GPR_EAX] = changes[i].eax;
        assert_int_equal(step(changes[i].bytes, 3, 0), -1);
        if (STEP("\x8B\x03", 0) != EXC_PF)
            fail_msg("%s forgets nothing", changes[i].what);
    }
}

/* INVLPG of one address in 4 MiB forgets all of it. */
static void test_invlpg_of_a_large_page(void **state)
{
    (void)state;
    set_up_paging(0);
    fake_pc_put(&pc, PDE_AT, 0x87, 4);                      /* 4 MiB from physical 0 */
    pc.interp.cpu.gpr[GPR_EBX] = 0x00C50000;
    assert_int_equal(STEP("\x8B\x03", 0), -1);
    pc.interp.cpu.gpr[GPR_EAX] = DIRECTORY;
    assert_int_equal(STEP("\x0F\x22\xD8", 0), -1);         /* what is known of it is no other page */
    assert_int_equal(STEP("\x8B\x03", 0), -1);
    fake_pc_put(&pc, PDE_AT, 0, 4);
    pc.interp.cpu.gpr[GPR_ECX] = 0x00C00000;
    assert_int_equal(STEP("\x0F\x01\x39", 0), -1);
    assert_int_equal(STEP("\x8B\x03", 0), EXC_PF);
}

/* Elsewhere it forgets one page, though there are large ones. */
static void test_invlpg_beside_a_large_page(void **state)
{
    (void)state;
    set_up_paging(0);
    fake_pc_put(&pc, PDE_AT + 4, 0x87, 4);                  /* 4 MiB from physical 0, at 0x01000000 */
    fake_pc_put(&pc, PTE_AT, FRAME | 7, 4);
    pc.interp.cpu.gpr[GPR_EBX] = 0x01000000;
    assert_int_equal(STEP("\x8B\x03", 0), -1);
    fake_pc_put(&pc, PDE_AT + 4, 0, 4);
    pc.interp.cpu.gpr[GPR_ECX] = 0x00C05000;
    assert_int_equal(STEP("\x0F\x01\x39", 0), -1);
    assert_int_equal(STEP("\x8B\x03", 0), -1);              /* still kept */
}

/* Moves MOVING to its other place, as a bus may that says so. Numbers of generations run out now and then. */
static void move_frame(void)
{
    uint8_t *to = places[pc.windows[0].host == places[0]];

    memcpy(to, pc.windows[0].host, PAGE_SIZE);
    pc.windows[0].host = to;
    if (random_below(4) == 0)
        pc.interp.walk_generation = UINT32_MAX;
    interp_forget(&pc.interp);
}

static void change_tables(void)
{
    static const char *const bytes[] = { "\x0F\x22\xC0", "\x0F\x22\xE0" };
    uint32_t low = (random_u32() & 0x66) | (random_below(8) != 0), other = random_below(2) * 0x1000;
    bool is_cr4 = random_below(2) != 0;

    switch (random_below(6)) {
    case 0:
        fake_pc_put(&pc, (random_below(2) != 0 ? OTHER_TABLE : TABLE) + 4 * 5, (other != 0 ? MOVING : FRAME) | low, 4);
        break;
    case 1:
        fake_pc_put(&pc, (random_below(2) != 0 ? OTHER_DIRECTORY : DIRECTORY) + 4 * 3,
                    random_below(4) == 0 ? 0x80 | low : (other != 0 ? OTHER_TABLE : TABLE) | low, 4);
        break;
    case 2:
        pc.interp.cpu.gpr[GPR_EAX] = is_cr4 ? pc.interp.cpu.cr4 ^ CR4_PSE : pc.interp.cpu.cr0 ^ CR0_WP;
        assert_int_equal(step(bytes[is_cr4], 3, 0), -1);
        break;
    case 3:
        move_frame();
        break;
    default:
        break;                      /* as after most changes of tasks */
    }
}

static uint8_t *frame_at(uint32_t physical)
{
    return physical == MOVING ? pc.windows[0].host : pc.ram + physical;
}

/* What outlives CR3 is never what the tables say no more: two address spaces, after each change one is loaded. */
static void test_known_walks(void **state)
{
    (void)state;
    unsigned faults = 0;

    set_up_paging(0);
    fake_pc_put(&pc, OTHER_DIRECTORY, 0x42000 | 7, 4);
    pc.windows[0] = (struct fake_window){ .address = MOVING, .bytes = PAGE_SIZE, .host = places[0] };
    random_state = 2;
    for (unsigned i = 0; i < 60000; i++) {
        uint32_t directory = random_below(2) != 0 ? OTHER_DIRECTORY : DIRECTORY, pde_at = directory + 4 * 3, value;
        uint8_t cpl = random_below(2) != 0 ? 3 : 0;
        bool is_write = random_below(2) != 0;

        change_tables();
        pc.interp.cpu.gpr[GPR_EAX] = directory;
        assert_int_equal(STEP("\x0F\x22\xD8", 0), -1);
        uint32_t pde = fake_pc_get(&pc, pde_at, 4), pte_at = (pde & ~PAGE_MASK) + 4 * 5;
        struct verdict want = judge(pde, fake_pc_get(&pc, pte_at, 4), pc.interp.cpu.cr4 & CR4_PSE,
                                    pc.interp.cpu.cr0 & CR0_WP, cpl == 3, is_write);
        pc.interp.cpu.gpr[GPR_EBX] = LINEAR;
        pc.interp.cpu.gpr[GPR_EAX] = i;
        assert_int_equal(is_write ? STEP("\x89\x03", cpl) : STEP("\x8B\x03", cpl), want.is_allowed ? -1 : EXC_PF);
        faults += !want.is_allowed;
        if (!want.is_allowed)
            assert_int_equal(fake_pc_event(&pc).error, want.error);
        assert_int_equal(fake_pc_get(&pc, pde_at, 4), want.pde);
        if (!(pde & 0x80) && pde & 1)
            assert_int_equal(fake_pc_get(&pc, pte_at, 4), want.pte);
        if (!want.is_allowed)
            continue;
        memcpy(&value, frame_at(want.physical) + (LINEAR & 0xFFF), 4);
        assert_int_equal(value, pc.interp.cpu.gpr[GPR_EAX]);
    }
    assert_in_range(faults, 6000, 45000);
}

/* The directory is shared: the walk's own store of A has it moved. Its old place says nothing any more. */
static void move_when_written(void *context, gpa_t address, unsigned bytes, uint32_t value)
{
    (void)context;
    pc.rom_address = 0;
    move_frame();
    memcpy(pc.windows[0].host + (address.v & PAGE_MASK), &value, bytes);
}

static void test_walk_that_moves_its_directory(void **state)
{
    (void)state;
    set_up_paging(0);
    random_state = 3;
    pc.windows[0] = (struct fake_window){ .address = MOVING, .bytes = PAGE_SIZE, .host = places[0] };
    memcpy(places[0], pc.ram + DIRECTORY, PAGE_SIZE);
    places[0][0] |= 0x20;
    pc.interp.cpu.cr3 = MOVING;
    interp_flush(&pc.interp);
    fake_pc_put(&pc, PTE_AT, FRAME | 7, 4);
    pc.interp.cpu.gpr[GPR_EBX] = LINEAR;
    pc.rom_address = MOVING;
    pc.bus.write = move_when_written;
    assert_int_equal(STEP("\x8B\x03", 0), -1);
    assert_ptr_equal(pc.windows[0].host, places[1]);
    assert_int_equal(places[1][4 * 3] & 0x20, 0x20);
    places[0][4 * 3] |= 0x20;           /* as it was when the walk left it */
    places[1][4 * 3] = 0;
    pc.interp.cpu.gpr[GPR_EAX] = MOVING;
    assert_int_equal(STEP("\x0F\x22\xD8", 0), -1);
    assert_int_equal(STEP("\x8B\x03", 0), EXC_PF);
}

/* Over the edge of a page nothing is written before both pages may be. */
static void test_two_pages(void **state)
{
    (void)state;
    set_up_paging(3);
    fake_pc_put(&pc, PTE_AT, FRAME | 7, 4);
    fake_pc_put(&pc, PTE_AT + 4, (FRAME + 0x3000) | 5, 4);
    pc.interp.cpu.gpr[GPR_EBX] = 0x00C05FFE;
    pc.interp.cpu.gpr[GPR_EAX] = 0x11223344;
    assert_int_equal(STEP("\x89\x03", 3), EXC_PF);
    assert_int_equal(fake_pc_event(&pc).error, 7);
    assert_int_equal(pc.interp.cpu.cr2, 0x00C06000);
    assert_int_equal(fake_pc_get(&pc, FRAME + 0xFFE, 2), 0);
    fake_pc_put(&pc, PTE_AT + 4, (FRAME + 0x3000) | 7, 4);
    assert_int_equal(STEP("\x89\x03", 3), -1);
    assert_int_equal(fake_pc_get(&pc, FRAME + 0xFFE, 2), 0x3344);
    assert_int_equal(fake_pc_get(&pc, FRAME + 0x3000, 2), 0x1122);
    pc.interp.cpu.gpr[GPR_EAX] = 0;
    assert_int_equal(STEP("\x8B\x03", 3), -1);
    assert_int_equal(pc.interp.cpu.gpr[GPR_EAX], 0x11223344);
}

/* The first byte's page is there, the next one is not: CR2 names the first byte that is missing. */
static void test_fetch_over_an_edge(void **state)
{
    (void)state;
    struct vcpu *cpu = &pc.interp.cpu;

    set_up_paging(3);
    fake_pc_put(&pc, PTE_AT, FRAME | 7, 4);
    memcpy(pc.ram + FRAME + 0xFFE, "\xB8\x01", 2);
    cpu->eip = 0x00C05FFE;
    assert_int_equal(interp_run(&pc.interp, 1), EXIT_BUDGET);
    assert_int_equal(fake_pc_event(&pc).vector, EXC_PF);
    assert_int_equal(fake_pc_event(&pc).error, 4);
    assert_int_equal(fake_pc_event(&pc).eip, 0x00C05FFE);
    assert_int_equal(cpu->cr2, 0x00C06000);

    set_up_paging(3);
    fake_pc_put(&pc, PTE_AT, FRAME | 7, 4);
    fake_pc_put(&pc, PTE_AT + 4, (FRAME + 0x3000) | 7, 4);
    memcpy(pc.ram + FRAME + 0xFFE, "\xB8\x01", 2);
    memcpy(pc.ram + FRAME + 0x3000, "\x02\x03\x04", 3);
    cpu->eip = 0x00C05FFE;
    assert_int_equal(interp_run(&pc.interp, 1), EXIT_BUDGET);
    assert_int_equal(cpu->gpr[GPR_EAX], 0x04030201);
    assert_int_equal(cpu->eip, 0x00C06003);
}

/* Descriptors and stacks of the kernel are reached with supervisor's rights, whoever interrupts. */
static void test_system_accesses_are_the_supervisors(void **state)
{
    (void)state;
    set_up_paging(3);
    for (uint32_t page = 1; page <= 8; page++)      /* GDT, IDT, TSS, stack */
        fake_pc_put(&pc, 0x42000 + 4 * page, page << 12 | 3, 4);
    interp_flush(&pc.interp);
    memcpy(pc.ram + CODE, "\xCC", 1);
    pc.interp.cpu.eip = CODE;
    assert_int_equal(interp_run(&pc.interp, 1), EXIT_BUDGET);
    assert_int_equal(fake_pc_event(&pc).vector, EXC_BP);
    assert_int_equal(fake_pc_event(&pc).esp, FAKE_PC_STACK0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_bit),
        cmocka_unit_test(test_reserved_bits_of_large_pages),
        cmocka_unit_test(test_kept_translations),
        cmocka_unit_test(test_what_flushes),
        cmocka_unit_test(test_invlpg_of_a_large_page),
        cmocka_unit_test(test_invlpg_beside_a_large_page),
        cmocka_unit_test(test_known_walks),
        cmocka_unit_test(test_walk_that_moves_its_directory),
        cmocka_unit_test(test_two_pages),
        cmocka_unit_test(test_fetch_over_an_edge),
        cmocka_unit_test(test_system_accesses_are_the_supervisors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
