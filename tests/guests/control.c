/*
 * control.c - a guest that starts guests, of every kind, and judges their ends (docs/abi.md "Control calls").
 *
 * The children are other test guests of the ramdisk, whose ends their own lines of the manifest prove: what is proved
 * here is that their parent is told the same, that the virtual interrupt tells it, and that nothing is left of them:
 * the plan's last line counts frames. Some cases end while children are in every state, none of them forgotten.
 */
#include "lib/children.h"
#include "test.h"

#define MANY 10000u

/* What the crash of a child says, in its parent's hands. */
static void judge_crash(void)
{
    char report[200] = "";
    int32_t id = children_start_small("crash.de");
    struct hv_child child = children_wait(id);

    CHECK_EQUAL(child.end, HV_END_CRASH);
    CHECK_EQUAL(child.status, HV_STATUS_CRASH);
    CHECK(children_begins(child.reason, "#DE (divide error) at "));
    CHECK(child.run_ns > 0 && child.ended_ns > child.started_ns);
    CHECK(hv_state((uint32_t)id, HV_STATE_REPORT, report, sizeof(report)) > (int32_t)sizeof(report));
    CHECK(children_begins(report, "crash: #DE (divide error) at "));
    /* Not forgotten: it ends with its parent. */
}

/* Every kind of end. */
CASE(ends)
{
    children_begin();
    uint32_t told_before = children_told;
    children_expect_end(children_start_small("exit.minus_ten"), HV_END_EXIT, -10);
    CHECK(children_told > told_before);
    children_expect_end(children_start("console", (struct hv_start){ .memory_kib = 0 }), HV_END_EXIT, 77);
    children_expect_end(children_start_small("exit.like_a_crash"), HV_END_EXIT, (int32_t)HV_STATUS_CRASH);
    children_expect_end(children_start_small("call_unknown.0x28"), HV_END_CRASH, (int32_t)HV_STATUS_CRASH);
    children_expect_end(children_start_small("bad_text.elf"), HV_END_REFUSED, 0);
    judge_crash();
    int32_t id = children_start_small("loop");
    CHECK_EQUAL(children_state(id).end, HV_END_NONE);
    CHECK_EQUAL(hv_signal((uint32_t)id, HV_SIGNAL_END), 0);
    children_expect_end(id, HV_END_KILL, 0);
    CHECK(children_start_small("loop") > 0);     /* one that runs, when its parent ends */
    CHECK(children_start_small("exit.one") > 0); /* and one that has not begun */
}

/* Requests for 10,000 children in a row, each known to its end, and no more at a time than there may be. */
CASE(many)
{
    uint32_t refused = 0, forgotten = 0;
    int32_t newest = 0;

    children_begin();
    for (uint32_t asked = 0; asked < MANY; asked++) {
        int32_t id = children_start_small("exit.one");
        if (id == HV_ERROR_CHILDREN) {
            refused++;
            struct hv_listed_child children[HV_LIST_MOST];
            int32_t count = hv_list(HV_LIST_CHILDREN, 0, children, HV_LIST_MOST);
            CHECK_EQUAL(count, 16);
            for (int32_t i = 0; i < count; i++)
                forgotten += hv_signal(children[i].id, HV_SIGNAL_FORGET) == 0;
            continue;
        }
        if (id <= newest) {
            CHECK(id > newest);
            return;
        }
        newest = id;
    }
    CHECK(refused > MANY / 17 - 2);
    CHECK_EQUAL(forgotten, 16 * refused);
    CHECK_EQUAL(children_state(0).children, MANY - refused - forgotten);
}

/* The same, each waited for: a thousand whole lives. */
CASE(lives)
{
    children_begin();
    for (uint32_t i = 0; i < 1000; i++) {
        int32_t id = children_start_small("exit.minus_ten");
        struct hv_child child = children_wait(id);
        if (child.status != -10 || hv_signal((uint32_t)id, HV_SIGNAL_FORGET) != 0) {
            CHECK_EQUAL(child.status, -10);
            return;
        }
    }
    CHECK_EQUAL(children_state(0).children, 0);
    CHECK_EQUAL(children_state(0).children_kib, 0);
}

/* What no child is, and what no call means. Nothing of it is the caller's end, nor leaves anything. */
CASE(hostile)
{
    static const uint32_t values[] = { 0, 1, 2, 5, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF };
    static uint8_t buffer[HV_PRINT_MAX_BYTES];
    const uint32_t count = sizeof(values) / sizeof(values[0]);

    children_begin();
    int32_t id = children_start_small("loop");
    CHECK(id > 0);
    for (uint32_t i = 0; i < count * count; i++) {
        uint32_t a = values[i / count], b = values[i % count];
        struct hv_start start = { .name = (uint32_t)"loop", .memory_kib = a | 1, .flags = b, .children = a };
        CHECK(hv_start(&start, sizeof(start)) < 0);
        start = (struct hv_start){ .name = (uint32_t)"loop", .image = (uint32_t)buffer, .image_bytes = a | 0x80000000,
                                   .flags = b & 3 };
        CHECK(hv_start(&start, sizeof(start)) < 0);
        if (a != (uint32_t)id) {
            CHECK(a == 0 || hv_state(a, b, buffer, 64) < 0);
            CHECK(hv_signal(a, b) < 0);
            CHECK(a == 0 || hv_view(a) < 0);
        }
        CHECK(b <= HV_SIGNAL_RESUME || hv_signal((uint32_t)id, b) < 0);
        CHECK(hv_list(a, b, buffer, b) == (a > 1 ? HV_ERROR_ARGUMENT : hv_list(a, b, buffer, b)));
    }
    CHECK_EQUAL(hv_list(HV_LIST_CHILDREN, 0, (void *)0xFFFFFFF0, 0), 0);
    CHECK_EQUAL(children_state(0).children, 1);
    CHECK_EQUAL(children_state(id).end, HV_END_NONE);
}

/* Memory that the caller does not have is its end. */
CASE(bad_start)
{
    (void)hv_start((const void *)0x40000000, 4);
    test_survived();
}

CASE(bad_name)
{
    (void)children_start_small((const char *)0xFFFFFFFF);
    test_survived();
}

CASE(bad_image)
{
    (void)children_start("x", (struct hv_start){ .image = 0x17FF000, .image_bytes = 0x2000 });
    test_survived();
}

CASE(bad_buffer)
{
    (void)hv_state(0, HV_STATE_CHILD, (void *)0x17FFFF0, 1000);
    test_survived();
}

/* A child of 100 bytes of code that the caller made itself: an ELF file, built word by word. */
struct tiny_elf {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version, entry, program_headers, section_headers, flags;
    uint16_t header_bytes, program_bytes, program_count, section_bytes, section_count, section_names;
    uint32_t segment_type, offset, virtual, physical, file_bytes, memory_bytes, segment_flags, align;
    uint8_t code[16];
};

#define TINY_BASE 0x100000u

static void make_tiny(struct tiny_elf *elf, uint8_t status)
{
    static const uint8_t ident[] = { 0x7F, 'E', 'L', 'F', 1, 1, 1 };
    /* movl $block, %esp; movl $HV_CALL_EXIT, %eax; int $0xDE; block: .byte status, 0, 0, 0 */
    const uint8_t code[16] = { 0xBC, 12, 0, 0x10, 0, 0xB8, 1, 0, 0, 0, 0xCD, 0xDE, status };

    *elf = (struct tiny_elf){
        .type = 2, .machine = 3, .version = 1, .entry = TINY_BASE, .program_headers = 52, .header_bytes = 52,
        .program_bytes = 32, .program_count = 1, .segment_type = 1, .offset = 84, .virtual = TINY_BASE,
        .physical = TINY_BASE, .file_bytes = 16, .memory_bytes = 16, .segment_flags = 7,
    };
    memcpy(elf->ident, ident, sizeof(ident));
    memcpy(elf->code, code, sizeof(code));
}

static void expect_ud(int32_t id)
{
    struct hv_child child = children_wait(id);

    CHECK_EQUAL(child.end, HV_END_CRASH);
    CHECK(children_begins(child.reason, "#UD"));
}

CASE(own_image)
{
    static struct tiny_elf elf;
    struct hv_start start = { .image = (uint32_t)&elf, .image_bytes = sizeof(elf), .memory_kib = SMALL_KIB };

    children_begin();
    make_tiny(&elf, 42);
    int32_t id = children_start("my.own", start);
    make_tiny(&elf, 43);                /* too late: it was copied */
    children_expect_end(id, HV_END_EXIT, 42);
    /* Its report cannot name places by an image that is gone. */
    make_tiny(&elf, 44);
    elf.code[0] = 0x0F;
    elf.code[1] = 0x0B;
    expect_ud(children_start("my.own", start));
    start.image_bytes = sizeof(elf) - 1;
    id = children_start("my.own", start);
    struct hv_child child = children_wait(id);
    CHECK_EQUAL(child.end, HV_END_REFUSED);
    CHECK(children_begins(child.reason, "truncated"));
    static uint8_t large[HV_START_IMAGE_MAX];
    start.image = (uint32_t)large;
    start.image_bytes = sizeof(large);
    children_expect_end(children_start("large", start), HV_END_REFUSED, 0);
    start.image_bytes++;
    CHECK_EQUAL(children_start("large", start), HV_ERROR_ARGUMENT);
}

/* A child of its own memory that stays, as its parent does: what an operator can do with it is for who watches. */
CASE(own_image_stays)
{
    static struct tiny_elf elf;

    children_begin();
    make_tiny(&elf, 0);
    elf.code[0] = 0xEB;                 /* jmp to itself */
    elf.code[1] = 0xFE;
    (void)children_start("stays", (struct hv_start){ .image = (uint32_t)&elf, .image_bytes = sizeof(elf),
                                                     .memory_kib = SMALL_KIB });
    for (;;)
        hlt();
}

/* What ls would show: names in order, none of the tests'. */
CASE(images)
{
    struct hv_listed_image images[HV_LIST_MOST];
    uint32_t from = 0, count = 0;
    bool has_hello = false, has_tests = false;

    for (int32_t stored; (stored = hv_list(HV_LIST_IMAGES, from, images, 3)) > 0;) {
        CHECK(stored <= 3);
        for (int32_t i = 0; i < stored; i++, count++) {
            CHECK_EQUAL(images[i].index, from + (uint32_t)i);
            has_hello |= strcmp(images[i].name, "hello") == 0;
            has_tests |= strcmp(images[i].name, "control.images") == 0;
        }
        from = images[stored - 1].index + 1;
    }
    CHECK(has_hello && !has_tests && count >= 5);
}

int main(void)
{
    test_case();
    return test_result();
}
