/*
 * control_pc.c - guests whose children are virtual PCs (docs/abi.md "Control calls", docs/vpc.md): from an image in the
 * caller's memory, and, by name, from the machine's files.
 *
 * The images made here are Multiboot kernels of some bytes: what a PC did is told by its status, which it writes to
 * port F4, and by its console, which shows what it sends to COM1. An image of the caller's is overwritten as soon as it
 * is asked for, and 1 MiB of it has to be there all the same. The plan's last line counts frames.
 */
#include "lib/children.h"
#include "test.h"

#define PC_KIB (4u * 1024)              /* RAM of a small PC */
#define LOAD_AT 0x100000u
#define CODE_BYTES 28u
#define IN_A_ROW 200u

/* Multiboot Specification "The layout of Multiboot header", with addresses. */
struct tiny_pc {
    uint32_t magic, flags, checksum, header_at, load_at, load_end, bss_end, entry;
    uint8_t code[CODE_BYTES];
};

/* mov $0x3F8, %dx; "PC\n" to %dx; mov $42, %al; out %al, $0xF4 */
static const uint8_t says_pc[CODE_BYTES] = { 0x66, 0xBA, 0xF8, 0x03, 0xB0, 'P', 0xEE, 0xB0, 'C', 0xEE, 0xB0, '\n', 0xEE,
                                             0xB0, 42, 0xE6, 0xF4 };
static const uint8_t spins[CODE_BYTES] = { 0xEB, 0xFE };
static const uint8_t halts_for_ever[CODE_BYTES] = { 0xF4 };
/* mov $0x3FD, %dx; 1: in %dx, %al; test $1, %al; jz 1b; mov $0x3F8, %dx; in %dx, %al; out %al, $0xF4 */
static const uint8_t ends_by_serial[CODE_BYTES] = { 0x66, 0xBA, 0xFD, 0x03, 0xEC, 0xA8, 0x01, 0x74, 0xFB,
                                                    0x66, 0xBA, 0xF8, 0x03, 0xEC, 0xE6, 0xF4 };
/* mov LOAD_AT + HV_START_IMAGE_MAX - 1, %al; out %al, $0xF4 */
static const uint8_t tells_last[CODE_BYTES] = { 0xA0, 0xFF, 0xFF, 0x1F, 0x00, 0xE6, 0xF4 };

static uint8_t large[HV_START_IMAGE_MAX];

static void make_pc(void *at, const uint8_t *code)
{
    struct tiny_pc *pc = at;

    *pc = (struct tiny_pc){ .magic = 0x1BADB002, .flags = 0x10000, .header_at = LOAD_AT, .load_at = LOAD_AT,
                            .entry = LOAD_AT + offsetof(struct tiny_pc, code) };
    pc->checksum = 0u - pc->magic - pc->flags;
    memcpy(pc->code, code, CODE_BYTES);
}

/* Ask for one of these; its bytes are others as soon as the call is back. */
static int32_t start_pc(const uint8_t *code, uint32_t flags)
{
    static struct tiny_pc image;

    make_pc(&image, code);
    int32_t id = children_start("my.pc", (struct hv_start){ .image = (uint32_t)&image, .image_bytes = sizeof(image),
                                                            .engine = HV_ENGINE_INTERP, .memory_kib = PC_KIB,
                                                            .flags = flags });
    memset(&image, 0xCC, sizeof(image));
    return id;
}

static void expect_refused(struct hv_start start, const char *reason)
{
    int32_t id = children_start("no.pc", start);

    if (!CHECK(id > 0))
        return;
    struct hv_child child = children_wait(id);
    CHECK_EQUAL(child.end, HV_END_REFUSED);
    if (!CHECK(children_begins(child.reason, reason)))
        printf("refused: %s\n", child.reason);
    CHECK_EQUAL(hv_signal((uint32_t)id, HV_SIGNAL_FORGET), 0);
}

static void judge_console(int32_t id)
{
    static struct hv_console console;

    CHECK_EQUAL(hv_state((uint32_t)id, HV_STATE_CONSOLE, &console, sizeof(console)), sizeof(console));
    CHECK_EQUAL(console.cells[0][0] & 0xFF, 'P');
    CHECK_EQUAL(console.cells[0][1] & 0xFF, 'C');
    CHECK_EQUAL(console.row, 1);
}

/* A whole life of each kind: exit, crash, refusals; all of a large image is there. */
CASE(ends)
{
    static uint8_t sector[512];
    char report[100] = "";

    children_begin();
    int32_t id = start_pc(says_pc, 0);
    CHECK_EQUAL(children_wait(id).status, 42);
    CHECK_EQUAL(children_state(0).children_kib, PC_KIB);
    judge_console(id);
    children_expect_end(id, HV_END_EXIT, 42);
    id = start_pc(halts_for_ever, 0);
    struct hv_child child = children_wait(id);
    CHECK_EQUAL(child.end, HV_END_CRASH);
    CHECK(children_begins(child.reason, "HLT with interrupts off"));
    CHECK(hv_state((uint32_t)id, HV_STATE_REPORT, report, sizeof(report)) > (int32_t)sizeof(report));
    CHECK(children_begins(report, "crash: HLT with interrupts off"));
    children_expect_end(id, HV_END_CRASH, HV_STATUS_CRASH);
    make_pc(large, tells_last);
    large[sizeof(large) - 1] = 77;
    struct hv_start start = { .image = (uint32_t)large, .image_bytes = sizeof(large), .engine = HV_ENGINE_INTERP };
    id = children_start("large.pc", start);
    memset(large, 0xCC, sizeof(large));
    CHECK_EQUAL(children_state(0).children_kib, 64 * 1024);
    children_expect_end(id, HV_END_EXIT, 77);
    expect_refused(start, "neither a Linux kernel, nor a boot sector, nor a Multiboot header");
    start.memory_kib = 1024;
    expect_refused(start, "a virtual PC has 2M to");
    sector[510] = 0x55;
    sector[511] = 0xAA;
    expect_refused((struct hv_start){ .image = (uint32_t)sector, .image_bytes = sizeof(sector),
                                      .engine = HV_ENGINE_INTERP }, "it begins with a boot sector");
}

/* Told, paused, copied, ended, left behind: as with any child. */
CASE(lives)
{
    children_begin();
    int32_t id = start_pc(spins, 0), copy;
    while ((copy = hv_clone((uint32_t)id, 0)) == HV_ERROR_STATE)
        hlt();
    CHECK(copy > id);
    while (children_state(copy).run_ns == 0)
        hlt();
    CHECK_EQUAL(children_state(id).state, HV_CHILD_RUNNING);
    CHECK_EQUAL(hv_signal((uint32_t)id, HV_SIGNAL_PAUSE), 0);
    uint64_t ran_ns = children_state(id).run_ns, copy_ns = children_state(copy).run_ns;
    while (children_state(copy).run_ns < copy_ns + 20000000)
        hlt();
    CHECK(children_state(id).run_ns == ran_ns);
    CHECK_EQUAL(hv_signal((uint32_t)copy, HV_SIGNAL_END), 0);
    children_expect_end(copy, HV_END_KILL, 0);
    CHECK_EQUAL(hv_signal((uint32_t)id, HV_SIGNAL_RESUME), 0);
    while (children_state(id).run_ns == ran_ns)
        hlt();
    CHECK_EQUAL(children_state(0).children, 1);     /* it ends with its parent */
}

/* Ask for one of 1 MiB, which takes two looks to make, and for it to be forgotten. Was that before the second? */
static bool forget_half_made(void)
{
    make_pc(large, tells_last);
    int32_t id = children_start("large.pc", (struct hv_start){ .image = (uint32_t)large, .image_bytes = sizeof(large),
                                                               .engine = HV_ENGINE_INTERP, .memory_kib = PC_KIB });
    bool is_half_made = children_state(id).state == HV_CHILD_STARTING;
    CHECK_EQUAL(hv_signal((uint32_t)id, HV_SIGNAL_FORGET), 0);
    return is_half_made;
}

/* One after another; some are forgotten as soon as they are there, and some while they are made. */
CASE(many)
{
    uint32_t half_made = 0;

    children_begin();
    for (uint32_t i = 0; i < IN_A_ROW; i++) {
        int32_t id = start_pc(says_pc, 0);
        if (i % 4 != 0) {
            children_expect_end(id, HV_END_EXIT, 42);
            continue;
        }
        CHECK_EQUAL(hv_signal((uint32_t)id, HV_SIGNAL_FORGET), 0);
        half_made += forget_half_made();
    }
    CHECK(half_made != 0);
    CHECK_EQUAL(children_state(0).children, 0);
}

/* "q" is typed to the caller: the PC that has its view gets it, on its serial line. */
CASE(view)
{
    children_begin();
    int32_t id = start_pc(ends_by_serial, HV_START_VIEW | HV_START_SERIAL);
    while (children_state(id).state == HV_CHILD_STARTING)
        hlt();
    CHECK_EQUAL(children_state(id).flags, HV_CHILD_HAS_VIEW);
    children_expect_end(id, HV_END_EXIT, 'q');
}

/* Whatever a program might pass. */
CASE(errors)
{
    static char line[HV_COMMAND_LINE_BYTES + 1];
    const uint32_t text = (uint32_t)"console", bad_name = (uint32_t)"a name", nobody = (uint32_t)"nobody.at.all";
    const struct { struct hv_start start; int32_t error; } cases[] = {
        { { .engine = HV_ENGINES }, HV_ERROR_ARGUMENT },
        { { .engine = 0xFFFFFFFF }, HV_ERROR_ARGUMENT },
        { { .engine = HV_ENGINE_INTERP, .flags = HV_START_CONTROL }, HV_ERROR_ARGUMENT },
        { { .flags = HV_START_SERIAL }, HV_ERROR_ARGUMENT },
        { { .flags = HV_START_COUNTED }, HV_ERROR_ARGUMENT },
        { { .command_line = text }, HV_ERROR_ARGUMENT },
        { { .initrd = text }, HV_ERROR_ARGUMENT },
        { { .disks = { 0, text } }, HV_ERROR_ARGUMENT },
        { { .engine = HV_ENGINE_INTERP, .initrd = nobody }, HV_ERROR_NO_IMAGE },
        { { .engine = HV_ENGINE_INTERP, .disks = { text, nobody } }, HV_ERROR_NO_IMAGE },
        { { .engine = HV_ENGINE_INTERP, .disks = { bad_name, text } }, HV_ERROR_ARGUMENT },
        { { .engine = HV_ENGINE_INTERP, .command_line = (uint32_t)line }, HV_ERROR_ARGUMENT },
        { { .engine = HV_ENGINE_INTERP, .memory_kib = 400 * 1024 }, HV_ERROR_MEMORY },
    };

    memset(line, 'x', HV_COMMAND_LINE_BYTES);
    children_begin();
    for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        CHECK_EQUAL(children_start("console", cases[i].start), cases[i].error);
    CHECK_EQUAL(children_state(0).children, 0);
    expect_refused((struct hv_start){ .image = text, .image_bytes = 4, .engine = HV_ENGINE_INTERP, .initrd = text,
                                      .command_line = text }, "");
}

/* Memory that the caller does not have is its end. */
CASE(bad_line)
{
    children_start("console", (struct hv_start){ .engine = HV_ENGINE_INTERP, .command_line = 0xFFFFFFFF });
    test_survived();
}

/* Kernels of tests/vpc, with their disks, by each engine: vpc_tests.py has the machine know them. */
CASE(machines)
{
    children_begin();
    for (uint32_t engine = HV_ENGINE_INTERP; engine < HV_ENGINES; engine++) {
        struct hv_start start = { .engine = engine, .memory_kib = 32 * 1024, .command_line = (uint32_t)"halts",
                                  .initrd = (uint32_t)"hello.vpc" };
        children_expect_end(children_start("hello.vpc", start), HV_END_EXIT, 42);
        start.disks[0] = (uint32_t)"disk0";
        start.disks[1] = (uint32_t)"disk1";
        children_expect_end(children_start("disks.vpc", start), HV_END_EXIT, 42);
        children_expect_end(children_start("sector.vpc", (struct hv_start){ .engine = engine }), HV_END_EXIT, 42);
    }
}

int main(void)
{
    test_case();
    return test_result();
}
