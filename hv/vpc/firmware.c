/*
 * firmware.c - see firmware.h (PURE). BIOS data area: IBM PC AT Technical Reference "BIOS Data Area".
 */
#include "vpc/firmware.h"

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

bool firmware_put(struct ram *ram)
{
    return put_half(ram, BDA_COM1, 0x3F8) && put_half(ram, BDA_EBDA, EBDA >> 4) &&
           put_half(ram, BDA_MEMORY, FIRMWARE_LOW_KIB);
}
