/*
 * power.c - off as an operating system does it: the ACPI tables say which port, and which type of sleep is off.
 */
#include "lib/pc.h"

#define POINTER_BYTES 20u
#define ENABLED 0x01u           /* SCI_EN: the machine is in ACPI's mode */
#define SLEEP 0x2000u           /* SLP_EN */
#define PACKAGE 0x12u
#define BYTE_PREFIX 0x0Au

/* Fields of the FADT, in bytes: ACPI 1.0b "Fixed ACPI Description Table". */
enum { AT_DSDT = 40, AT_SMI_COMMAND = 48, AT_ACPI_ENABLE = 52, AT_CONTROL = 64 };

static bool is_whole(const uint8_t *table, uint32_t bytes)
{
    uint8_t sum = 0;

    for (uint32_t i = 0; i < bytes; i++)
        sum = (uint8_t)(sum + table[i]);
    return sum == 0;
}

static uint32_t word(const uint8_t *table, uint32_t at)
{
    uint32_t value;

    memcpy(&value, table + at, sizeof(value));
    return value;
}

static const uint8_t *find_pointer(void)
{
    for (const uint8_t *at = (const uint8_t *)0xE0000; at < (const uint8_t *)0x100000; at += 16)
        if (memcmp(at, "RSD PTR ", 8) == 0 && is_whole(at, POINTER_BYTES))
            return at;
    return NULL;
}

static const uint8_t *find_table(const uint8_t *root, const char *signature)
{
    for (uint32_t at = 36; at + 4 <= word(root, 4); at += 4)
        if (memcmp((const uint8_t *)word(root, at), signature, 4) == 0)
            return (const uint8_t *)word(root, at);
    return NULL;
}

/* What \_S5 has first, in AML: a package's length, its count, and a number as it is or behind a prefix. */
static int off_type(const uint8_t *definitions)
{
    for (uint32_t at = 36; at + 8 < word(definitions, 4); at++)
        if (memcmp(definitions + at, "_S5_", 4) == 0 && definitions[at + 4] == PACKAGE)
            return definitions[at + 7] == BYTE_PREFIX ? definitions[at + 8] : definitions[at + 7];
    return -1;
}

int main(uint32_t magic, const uint32_t *info)
{
    const uint8_t *pointer = find_pointer();

    (void)magic;
    (void)info;
    check(pointer != NULL, "pointer");
    if (pointer == NULL)
        return 1;
    const uint8_t *root = (const uint8_t *)word(pointer, 16);
    check(is_whole(root, word(root, 4)), "root table");
    const uint8_t *fixed = find_table(root, "FACP");
    check(fixed != NULL && is_whole(fixed, word(fixed, 4)), "fixed table");
    if (fixed == NULL)
        return 1;
    const uint8_t *definitions = (const uint8_t *)word(fixed, AT_DSDT);
    check(is_whole(definitions, word(definitions, 4)), "definitions");
    int type = off_type(definitions);
    uint16_t control = (uint16_t)word(fixed, AT_CONTROL);
    check(type >= 0, "type");
    if (!(inw(control) & ENABLED))
        outb((uint16_t)word(fixed, AT_SMI_COMMAND), fixed[AT_ACPI_ENABLE]);
    check(inw(control) & ENABLED, "enabled");
    say("off by port %x, type %d, %u failed\n", control, type, failures);
    if (failures == 0) {
        outw(control, (uint16_t)(SLEEP | (uint16_t)type << 10));
        for (unsigned i = 0; i < 100000000; i++)    /* QEMU's processor goes on for a while */
            (void)inw(control);
    }
    return 1;
}
