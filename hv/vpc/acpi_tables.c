/*
 * acpi_tables.c - see acpi_tables.h (PURE). ACPI 1.0b "Root System Description Pointer", "Fixed ACPI Description
 * Table", "Firmware ACPI Control Structure"; revision 1, so that nothing is said of what a PC has since ever.
 *
 * There is no SMI_CMD: the PC is in ACPI's mode from the start. Buttons and wake-ups are said not to be in the fixed
 * registers, so nothing ever raises the SCI. The DSDT has one name: \_S5, the sleep type that switches off.
 */
#include "vpc/acpi_tables.h"

#include <stddef.h>

#include "base/string.h"
#include "vpc/checksum.h"

#define SCI_LINE 9u
#define NO_C2 101u                  /* latencies beyond what such a state may have: there is none */
#define NO_C3 1001u
#define CENTURY_REGISTER 0x32u
#define FLAG_WBINVD 0x01u
#define FLAGS_NOT_FIXED 0x70u       /* power button, sleep button, RTC */

struct acpi_header {
    char signature[4];
    uint32_t bytes;
    uint8_t revision, checksum;
    char maker[6], table[8];
    uint32_t maker_revision;
    char creator[4];
    uint32_t creator_revision;
} __attribute__((packed));

#define HEADER(name, type) { .signature = name, .bytes = sizeof(type), .revision = 1, .maker = "COBBLE", \
                             .table = "VIRTUAL", .creator = "COBB" }

struct acpi_root {
    struct acpi_header header;
    uint32_t fixed;
} __attribute__((packed));

struct acpi_fixed {
    struct acpi_header header;
    uint32_t control_structure, definitions;
    uint8_t interrupt_model, profile;
    uint16_t sci;
    uint32_t smi_command, smi_values;
    uint32_t event_a, event_b, control_a, control_b, control_2, timer, general_0, general_1;
    uint8_t event_bytes, control_bytes, control_2_bytes, timer_bytes, general_bytes[2], general_1_base, state_control;
    uint16_t latency_c2, latency_c3, flush[2];
    uint8_t duty[2], day_alarm, month_alarm, century, reserved[3];
    uint32_t flags;
} __attribute__((packed));

struct acpi_definitions {
    struct acpi_header header;
    uint8_t code[12];
} __attribute__((packed));

/* In the order in which they lie in memory; each where its alignment wants it. */
struct acpi_tables {
    char signature[8];
    uint8_t checksum;
    char maker[6];
    uint8_t revision;
    uint32_t root_at;
    uint8_t gap[12];
    struct acpi_root root;
    struct acpi_fixed fixed;
    struct acpi_definitions definitions;
    uint8_t second_gap[20];
    uint8_t control_structure[64];      /* signature, length; the rest stays 0: no waking vector, no lock */
} __attribute__((packed));

_Static_assert(sizeof(struct acpi_tables) <= ACPI_TABLES_BYTES, "the room that acpi_tables.h tells");
_Static_assert(offsetof(struct acpi_tables, control_structure) % 64 == 0, "ACPI wants it on a boundary of 64 bytes");
_Static_assert(sizeof(struct acpi_fixed) == 116, "as long as in ACPI 1.0");

static const struct acpi_tables made = {
    .signature = "RSD PTR ", .maker = "COBBLE",
    .root = { .header = HEADER("RSDT", struct acpi_root) },
    .fixed = {
        .header = HEADER("FACP", struct acpi_fixed), .sci = SCI_LINE, .event_a = ACPI_EVENT_PORT,
        .control_a = ACPI_CONTROL_PORT, .event_bytes = 4, .control_bytes = 2, .latency_c2 = NO_C2,
        .latency_c3 = NO_C3, .century = CENTURY_REGISTER, .flags = FLAG_WBINVD | FLAGS_NOT_FIXED,
    },
    /* Name (\_S5, Package (4) { 0, 0, 0, 0 }) */
    .definitions = { .header = HEADER("DSDT", struct acpi_definitions),
                     .code = { 0x08, '_', 'S', '5', '_', 0x12, 6, 4, 0, 0, 0, 0 } },
    .control_structure = { 'F', 'A', 'C', 'S', 64 },
};

void acpi_tables_make(uint8_t bytes[ACPI_TABLES_BYTES], uint32_t at)
{
    struct acpi_tables *tables = (struct acpi_tables *)bytes;

    memcpy(tables, &made, sizeof(made));
    tables->root_at = at + (uint32_t)offsetof(struct acpi_tables, root);
    tables->root.fixed = at + (uint32_t)offsetof(struct acpi_tables, fixed);
    tables->fixed.definitions = at + (uint32_t)offsetof(struct acpi_tables, definitions);
    tables->fixed.control_structure = at + (uint32_t)offsetof(struct acpi_tables, control_structure);
    tables->checksum = checksum(tables, offsetof(struct acpi_tables, gap));
    tables->root.header.checksum = checksum(&tables->root, sizeof(tables->root));
    tables->fixed.header.checksum = checksum(&tables->fixed, sizeof(tables->fixed));
    tables->definitions.header.checksum = checksum(&tables->definitions, sizeof(tables->definitions));
}
