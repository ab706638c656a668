/*
 * test_load_elf.c - an image comes to a guest's RAM in pieces of every length, and the simulator's debug print is
 * patched in pieces of them, as if it were done at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/opcodes.h"
#include "fake_mmu.h"
#include "guest/elf32.h"
#include "guest/elf32_file.h"
#include "guest/guest.h"
#include "guest/launch.h"
#include "guest/request.h"

#define FRAMES 64u
#define SHIPPED_STEPS 250u      /* START_STEPS of service.c */
#define CODE_AT 0x10123u        /* in the middle of a page, as DATA_AT is */
#define CODE_BYTES 5000u
#define DATA_AT 0x20801u
#define DATA_BYTES 9001u
#define SITES 40u
#define PIECE 1024u             /* of debug_print.c */

static struct {
    struct elf32_header header;
    struct elf32_program_header programs[2];
    uint8_t bytes[CODE_BYTES + DATA_BYTES + 4];
} file;

static struct guest guest;
static struct elf32_image parsed;
static char reason[GUEST_REASON_BYTES];
static const struct request_start start = {
    .name = "g", .image = &file, .image_bytes = sizeof(file), .memory_bytes = FRAMES * PAGE_SIZE, .debug_print = true,
    .reason = reason,
};

/* Nobody else has the image: test_same_image.c. */
struct guest *guest_first(void)
{
    return NULL;
}

static void put_site(uint32_t at)
{
    static const uint8_t site[] = { 0x90, 0x90, 0x90, 0xB8, 0, 0, 0, 0, 0x87, 0xDB, 0x5B, 0xC3 };    /* one kind */

    memcpy(file.bytes + at, site, sizeof(site));
}

/* Sites all over it, some of them where one piece ends and the next begins. */
static void make_file(void)
{
    file.header = (struct elf32_header){
        .ident = "\177ELF\1\1\1", .type = 2, .machine = 3, .version = 1, .entry = CODE_AT,
        .program_offset = sizeof(file.header), .header_bytes = sizeof(file.header),
        .program_entry_bytes = sizeof(file.programs[0]), .program_count = 2,
    };
    file.programs[0] = (struct elf32_program_header){
        .type = 1, .offset = offsetof(typeof(file), bytes), .virtual_address = CODE_AT, .physical_address = CODE_AT,
        .file_bytes = CODE_BYTES, .memory_bytes = CODE_BYTES,
    };
    file.programs[1] = (struct elf32_program_header){
        .type = 1, .offset = offsetof(typeof(file), bytes) + CODE_BYTES, .virtual_address = DATA_AT,
        .physical_address = DATA_AT, .file_bytes = DATA_BYTES, .memory_bytes = DATA_BYTES + 3 * PAGE_SIZE,
    };
    for (uint32_t i = 0; i < CODE_BYTES + DATA_BYTES; i++)
        file.bytes[i] = (uint8_t)(i * 7 | 1);
    for (uint32_t i = 0; i < SITES; i++)
        put_site(20 + i * 111);
    for (uint32_t i = 1; i <= 4; i++)
        put_site(CODE_BYTES + i * PIECE - 10 + i % 3);
}

/* How many calls it took. */
static unsigned load_in(uint32_t slice)
{
    struct guest_filling filling = { .segment = 0 };
    uint32_t steps = slice;
    enum guest_fill fill;
    unsigned calls = 1;

    memset(&guest, 0, sizeof(guest));
    assert_true(machine_make(&guest.space, &guest.ram, &guest.state.paging, FRAMES));
    assert_true(guest_pebpeb.check(&start, &parsed, reason));
    assert_true(guest_pebpeb.load(&guest, &start, &parsed, reason));
    for (; (fill = guest_pebpeb.fill(&guest, &start, &parsed, &filling, &steps)) == GUEST_FILL_GOES_ON; calls++) {
        assert_int_equal(steps, 0);
        steps = slice;
    }
    assert_int_equal(fill, GUEST_FILL_DONE);
    assert_int_equal(filling.patching.patched, SITES + 4);
    assert_int_equal(filling.patching.silent, 0);
    return calls;
}

static uint8_t whole[FRAMES][PAGE_SIZE];

static const uint8_t *frame_bytes(uint32_t frame)
{
    static const uint8_t zeroes[PAGE_SIZE];
    const uint8_t *bytes = ram_peek(&guest.ram, frame);

    return bytes != NULL ? bytes : zeroes;
}

/* Byte for byte as in the file, but for the first two of each site. */
static void check_segment(uint32_t address, const uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint8_t found = whole[(address + i) / PAGE_SIZE][(address + i) % PAGE_SIZE];
        if (bytes[i] == 0x87 && bytes[i + 1] == 0xDB && bytes[i + 2] == 0x5B)
            assert_int_equal(found, OPCODE_INT);
        else if (i > 0 && bytes[i - 1] == 0x87 && bytes[i] == 0xDB && bytes[i + 1] == 0x5B)
            assert_int_equal(found, guest.state.debug_sites.vector);
        else
            assert_int_equal(found, bytes[i]);
    }
}

static void test_pieces_of_every_length(void **state)
{
    (void)state;
    make_file();
    assert_int_equal(load_in(UINT32_MAX), 1);
    for (uint32_t i = 0; i < FRAMES; i++)
        memcpy(whole[i], frame_bytes(i), PAGE_SIZE);
    check_segment(CODE_AT, file.bytes, CODE_BYTES);
    check_segment(DATA_AT, file.bytes + CODE_BYTES, DATA_BYTES);
    machine_unmake(&guest.space);
    for (uint32_t slice = 1; slice <= SHIPPED_STEPS; slice++) {
        unsigned calls = load_in(slice);
        for (uint32_t i = 0; i < FRAMES; i++)
            assert_memory_equal(frame_bytes(i), whole[i], PAGE_SIZE);
        assert_true(slice > 1 || calls > 20);
        machine_unmake(&guest.space);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pieces_of_every_length, machine_start, machine_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
