/*
 * firmware.c - see firmware.h (PURE). BIOS data area: IBM PC AT Technical Reference "BIOS Data Area".
 */
#include "vpc/firmware.h"

#include "vpc/acpi_tables.h"
#include "vpc/mp_table.h"
#include "vpc/text_page.h"

#define BDA_COM1 0x400u
#define BDA_EBDA 0x40Eu
#define BDA_MEMORY 0x413u
#define EBDA (FIRMWARE_LOW_KIB << 10)
#define ROM 0xF0000u
#define MIB (1u << 20)

unsigned firmware_memory_map(uint32_t memory_bytes, struct firmware_range map[FIRMWARE_RANGES])
{
    map[0] = (struct firmware_range){ 0, EBDA, FIRMWARE_USABLE };
    map[1] = (struct firmware_range){ EBDA, 1024, FIRMWARE_RESERVED };
    map[2] = (struct firmware_range){ ROM, MIB - ROM, FIRMWARE_RESERVED };
    map[3] = (struct firmware_range){ MIB, memory_bytes - MIB, FIRMWARE_USABLE };
    return 4;
}

static bool put_half(struct ram *ram, uint32_t address, uint16_t value)
{
    return ram_store(ram, GPA(address), &value, sizeof(value));
}

/* In the KiB behind base memory, where it is looked for first. */
static bool put_mp_table(struct ram *ram)
{
    uint8_t table[MP_TABLE_BYTES];
    uint32_t bytes = mp_table_make(table, EBDA);

    return ram_store(ram, GPA(EBDA), table, bytes);
}

/* At the start of the ROM. */
static bool put_acpi_tables(struct ram *ram)
{
    uint8_t tables[ACPI_TABLES_BYTES] = { 0 };

    acpi_tables_make(tables, ROM);
    return ram_store(ram, GPA(ROM), tables, sizeof(tables));
}

static bool put_text_page(struct ram *ram)
{
    uint16_t row[VCON_COLS];

    for (unsigned i = 0; i < VCON_COLS; i++)
        row[i] = TEXT_PAGE_BLANK;
    for (uint32_t i = 0; i < VCON_ROWS; i++)
        if (!ram_store(ram, GPA(TEXT_PAGE_BASE + i * sizeof(row)), row, sizeof(row)))
            return false;
    return true;
}

bool firmware_put(struct ram *ram)
{
    return put_mp_table(ram) && put_acpi_tables(ram) && put_text_page(ram) && put_half(ram, BDA_COM1, 0x3F8) &&
           put_half(ram, BDA_EBDA, EBDA >> 4) && put_half(ram, BDA_MEMORY, FIRMWARE_LOW_KIB);
}
