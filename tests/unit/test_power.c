/*
 * test_power.c - off and reset against fake ports: every way in its order, and what a board without it sees.
 *
 * power.c is compiled in here with instructions that are recorded; HLT ends a case, as nothing comes after it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CPU_INSN_H      /* the real one has the instructions */
struct insn_table_register {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));
static uint8_t insn_inb(uint16_t port);
static uint16_t insn_inw(uint16_t port);
static uint32_t insn_inl(uint16_t port);
static void insn_outb(uint16_t port, uint8_t value);
static void insn_outw(uint16_t port, uint16_t value);
static void insn_outl(uint16_t port, uint32_t value);
static void insn_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4]);
static void insn_lidt(const struct insn_table_register *idtr);
static void insn_cli(void);
static _Noreturn void insn_hlt(void);
static _Noreturn void trap(void);
#define __builtin_trap trap

#include "io/power.c"

static char story[512];                 /* what was done, in order */
static unsigned settles;                /* writes to port 0x80 since the last of it */
static jmp_buf end;
static bool hypervisor, interrupts_off, controller_stuck;
static uint16_t pm1;
static uint32_t debug_exit;
static uint8_t debugcons[DEBUGCON_COM1 - DEBUGCON_DUMP + 1];
static unsigned status_reads;

static void __attribute__((format(printf, 1, 2))) tell(const char *format, ...)
{
    size_t length = strlen(story);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(story + length, sizeof(story) - length, format, arguments);
    va_end(arguments);
    settles = 0;
}

/* A board needs a moment before the next way is tried: a tenth of a second at least, at about 1 us a write. */
static void tell_settled(void)
{
    if (settles >= 100000)
        tell("... ");
}

/* What this board does as it is told, and then nothing more comes: the beginning of what is told; NULL: nothing. */
static const char *works_by;

static void end_if_it_works(const char *done)
{
    if (works_by && strncmp(done, works_by, strlen(works_by)) == 0)
        longjmp(end, 1);
}

static uint8_t insn_inb(uint16_t port)
{
    if (port >= DEBUGCON_DUMP && port <= DEBUGCON_COM1)
        return debugcons[port - DEBUGCON_DUMP];
    assert_int_equal(port, PORT_8042_COMMAND);
    status_reads++;
    return controller_stuck || status_reads < 5 ? 0xFF : 0xFD;
}

static uint16_t insn_inw(uint16_t port)
{
    assert_true(port == 0x604 || port == 0x704);
    return pm1;
}

static uint32_t insn_inl(uint16_t port)
{
    assert_int_equal(port, PORT_DEBUG_EXIT);
    return debug_exit;
}

static void insn_outb(uint16_t port, uint8_t value)
{
    if (port == 0x80) {
        settles++;
        return;
    }
    tell_settled();
    size_t before = strlen(story);
    tell("%x=%02x ", (unsigned)port, (unsigned)value);
    end_if_it_works(story + before);
}

static void insn_outw(uint16_t port, uint16_t value)
{
    tell_settled();
    size_t before = strlen(story);
    tell("%x=%04x ", (unsigned)port, (unsigned)value);
    end_if_it_works(story + before);
}

static void insn_outl(uint16_t port, uint32_t value)
{
    tell("%x=%08x ", (unsigned)port, (unsigned)value);
}

static void insn_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    assert_int_equal(leaf + subleaf, 1);
    out[0] = out[1] = out[3] = 0xFFFFFFFF;
    out[2] = hypervisor ? 1u << 31 : ~(1u << 31);
}

static void insn_lidt(const struct insn_table_register *idtr)
{
    tell_settled();
    tell("lidt %u ", (unsigned)idtr->limit);
}

static void insn_cli(void)
{
    interrupts_off = true;
}

static _Noreturn void insn_hlt(void)
{
    assert_true(interrupts_off);
    tell_settled();
    tell("hlt");
    longjmp(end, 1);
}

static _Noreturn void trap(void)
{
    tell("trap");
    longjmp(end, 1);
}

static void reset_by_firmware(bool off)
{
    size_t before = strlen(story);
    tell("efi %s ", off ? "off" : "reset");
    end_if_it_works(story + before);
}

static const struct power_platform everything = {
    .efi_reset = reset_by_firmware, .pm1a_control = 0x604, .pm1b_control = 0x704, .sleep_type_a = 5,
    .sleep_type_b = 7, .have_s5 = true, .have_reset_register = true, .reset_port = 0xB2, .reset_value = 0x0F,
    .have_8042 = true,
};

static void assert_story(void (*way)(void), const struct power_platform *with, const char *wanted)
{
    story[0] = '\0';
    status_reads = settles = 0;
    interrupts_off = false;
    power_init(with);
    if (setjmp(end) == 0)
        way();
    assert_string_equal(story, wanted);
}

static void power_off_without_return(void)
{
    power_off();
}

static void power_reset_without_return(void)
{
    power_reset();
}

/* SLP_TYP and SLP_EN change, SCI_EN and all else in the register stay. */
static void off_by_every_way(void **state)
{
    (void)state;
    pm1 = 0xEA05;               /* another sleep type, SLP_EN, SCI_EN and bits that are reserved */
    assert_story(power_off_without_return, &everything, "efi off 604=f605 704=fe05 ... hlt");
    struct power_platform some = everything;
    some.pm1b_control = 0;
    pm1 = 0x0001;
    assert_story(power_off_without_return, &some, "efi off 604=3401 ... hlt");
    some.sleep_type_a = 0;
    assert_story(power_off_without_return, &some, "efi off 604=2001 ... hlt");
    some.sleep_type_a = 0xFF;   /* it has three bits */
    assert_story(power_off_without_return, &some, "efi off 604=3c01 ... hlt");
    some.have_s5 = false;       /* the type is not known: a guess may put it to some other sleep */
    assert_story(power_off_without_return, &some, "efi off hlt");
    assert_story(power_off_without_return, &(struct power_platform){ 0 }, "hlt");
}

/* A controller that is busy gets its time, one that is not there does not hold up the rest. */
static void reset_by_every_way(void **state)
{
    (void)state;
    assert_story(power_reset_without_return, &everything,
                 "efi reset b2=0f ... cf9=02 cf9=06 ... 64=fe ... lidt 0 trap");
    assert_int_equal(status_reads, 5);
    assert_story(power_reset_without_return, &(struct power_platform){ .reset_port = 0xB2, .reset_value = 0x0F },
                 "cf9=02 cf9=06 ... lidt 0 trap");
    assert_int_equal(status_reads, 0);
    controller_stuck = true;
    assert_story(power_reset_without_return, &everything,
                 "efi reset b2=0f ... cf9=02 cf9=06 ... 64=fe ... lidt 0 trap");
    assert_true(status_reads <= 1000000);
    controller_stuck = false;
}

/* Boards that know one way each: it is reached, it is the last, and what is tried before it does no harm. */
static void each_way_by_itself(void **state)
{
    (void)state;
    static const struct {
        const char *works_by;
        void (*way)(void);
        const char *wanted;
    } boards[] = {
        { "efi off", power_off_without_return, "efi off " },
        { "604=", power_off_without_return, "efi off 604=3401 " },
        { "704=", power_off_without_return, "efi off 604=3401 704=3c01 " },
        { "efi reset", power_reset_without_return, "efi reset " },
        { "b2=0f", power_reset_without_return, "efi reset b2=0f " },
        { "cf9=06", power_reset_without_return, "efi reset b2=0f ... cf9=02 cf9=06 " },
        { "64=fe", power_reset_without_return, "efi reset b2=0f ... cf9=02 cf9=06 ... 64=fe " },
        { NULL, power_reset_without_return, "efi reset b2=0f ... cf9=02 cf9=06 ... 64=fe ... lidt 0 trap" },
    };

    pm1 = 0x0001;
    for (unsigned i = 0; i < sizeof(boards) / sizeof(boards[0]); i++) {
        works_by = boards[i].works_by;
        assert_story(boards[i].way, &everything, boards[i].wanted);
    }
    works_by = NULL;
}

/* QEMU's ports may be anything on a real board: without a hypervisor none is touched, nor one that reads otherwise. */
static void debug_ports_only_where_they_are(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        hypervisor = i & 1;
        bool there = i & 2;
        debug_exit = there ? 0 : 0xFFFFFFFF;
        for (enum debugcon port = DEBUGCON_DUMP; port <= DEBUGCON_COM1; port++)
            debugcons[port - DEBUGCON_DUMP] = there ? (uint8_t)port : 0xFF;
        story[0] = '\0';
        power_debug_exit(0x10);
        assert_string_equal(story, hypervisor && there ? "f4=00000010 " : "");
        for (enum debugcon port = DEBUGCON_DUMP; port <= DEBUGCON_COM1; port++)
            assert_true(debugcon_present(port) == (hypervisor && there));
    }
    debugcons[1] = DEBUGCON_DUMP;
    assert_false(debugcon_present(DEBUGCON_TRACE));
    story[0] = '\0';
    debugcon_write(DEBUGCON_DUMP, "AB", 2);
    debugcon_write(DEBUGCON_TRACE, "C", 1);
    debugcon_write(DEBUGCON_COM1, "\0\xff", 2);
    assert_string_equal(story, "e9=41 e9=42 ea=43 eb=00 eb=ff ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(off_by_every_way),
        cmocka_unit_test(reset_by_every_way),
        cmocka_unit_test(each_way_by_itself),
        cmocka_unit_test(debug_ports_only_where_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
