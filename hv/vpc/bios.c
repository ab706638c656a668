/*
 * bios.c - see bios.h (PURE). Everything is done at once, and the run ends with it, as one call may be as much as some
 * thousand instructions of the guest's. A key that is not there yet is asked for again: the caller goes back to its INT
 * 16h.
 */
#include "vpc/bios.h"

#include "base/string.h"
#include "cpu/x86.h"
#include "pebpeb.h"
#include "vpc/firmware.h"
#include "vpc/vpc.h"

#define ROM 0xF0000u
#define CALLS_AT 0xFE000u           /* four bytes for each call */
#define HANDLERS_AT 0xFFEA5u        /* where a BIOS of old has INT 8 */
#define IRET_AT 0xFFF53u            /* and this */
#define TICKS_AT 0x46Cu
#define SECTORS_MOST 127u           /* of a call, as EDD has it */
#define HEADS 16u
#define SECTORS 63u
#define FIRST_DISK 0x80u
#define MAP_MAGIC 0x534D4150u       /* SMAP */
#define MAP_BYTES 20u
enum { BAD_COMMAND = 1, NO_SECTOR = 4, NO_FUNCTION = 0x86 };

static const uint8_t vectors_of[BIOS_CALLS] = { 0x10, 0x12, 0x13, 0x15, 0x16, 0x1A };

/*
 * The timer's interrupt counts in the BIOS data area, tells INT 1Ch, and ends. The keyboard's takes its bytes as far as
 * there is room: what stayed would keep the line up, and there would be no edge any more. The others only end: whoever
 * wants to know of them has a handler of his own.
 */
static const uint8_t handlers[] = {
    0x50, 0x1E,                         /* push ax; push ds */
    0xB8, 0x40, 0x00, 0x8E, 0xD8,       /* mov $0x40, ax; mov ax, ds */
    0x66, 0xFF, 0x06, 0x6C, 0x00,       /* incl 0x6C */
    0x1F, 0xCD, 0x1C, 0xEB, 0x05,       /* pop ds; int 0x1C; jmp to the end of the first */
    0x50, 0xB0, 0x20, 0xE6, 0xA0,       /* SECOND: push ax; end at the second 8259, */
    0xB0, 0x20, 0xE6, 0x20,             /* and at the first */
    0x58, 0xCF,                         /* pop ax; iret */
    0x50, 0xEB, 0xF7,                   /* FIRST: push ax; jmp there */
    0x50, 0xB4, 0x12, 0xCD, 0x16,       /* KEYS: push ax; mov $0x12, ah; int 0x16, which takes what the keyboard has; */
    0xEB, 0xF0,                         /* jmp there */
};
enum { SECOND = 17, FIRST = 28, KEYS = 31 };

static void set_half(uint32_t *reg, uint32_t value)
{
    *reg = (*reg & 0xFFFF0000u) | (value & 0xFFFF);
}

static void set_high(uint32_t *reg, uint8_t value)
{
    *reg = (*reg & ~0xFF00u) | (uint32_t)value << 8;
}

static uint32_t stack_at(const struct vpc *vpc, uint16_t offset)
{
    const struct vcpu *cpu = &vpc->interp.cpu;

    return cpu->segments[SEG_SS].base + (uint16_t)(cpu->gpr[GPR_ESP] + offset);
}

/* The flags that the caller gets. */
static void set_flag(struct vpc *vpc, uint16_t flag, bool is_set)
{
    uint16_t flags = (uint16_t)vpc_load(vpc, stack_at(vpc, 4), 2);

    flags = (uint16_t)(is_set ? flags | flag : flags & ~flag);
    (void)vpc_store(vpc, stack_at(vpc, 4), &flags, sizeof(flags));
}

/* As the guest itself would store them, so that what scrolls is seen. */
static void put_cells(struct vpc *vpc, uint32_t cell, unsigned bytes, uint32_t value)
{
    uint8_t *memory = vpc_own_page(vpc, TEXT_PAGE_BASE >> PAGE_SHIFT);

    if (memory != NULL)
        text_page_store(&vpc->text, memory, 2 * cell, bytes, value);
}

/* From an even cell on, to the end. */
static void put_blanks(struct vpc *vpc, uint32_t cell)
{
    for (; cell < TEXT_PAGE_CELLS; cell += 2)
        put_cells(vpc, cell, 4, TEXT_PAGE_BLANK << 16 | TEXT_PAGE_BLANK);
}

static void scroll_rows(struct vpc *vpc)
{
    const uint32_t last = TEXT_PAGE_CELLS - VCON_COLS;

    for (uint32_t cell = 0; cell < last; cell += 2)
        put_cells(vpc, cell, 4, vpc_load(vpc, TEXT_PAGE_BASE + 2 * (cell + VCON_COLS), 4));
    put_blanks(vpc, last);
}

/* A character, and its colours if there are two bytes: the cell where the next one goes, perhaps behind the page. */
static uint32_t put_character(struct vpc *vpc, uint32_t cell, unsigned bytes, uint32_t value)
{
    switch (value & 0xFF) {
    case '\a': return cell;
    case '\b': return cell - (cell % VCON_COLS != 0);
    case '\r': return cell - cell % VCON_COLS;
    case '\n': return cell + VCON_COLS;
    default:
        put_cells(vpc, cell, bytes, value);
        return cell + 1;
    }
}

static void write_character(struct vpc *vpc, uint8_t character)
{
    uint32_t cell = put_character(vpc, crtc_cursor(&vpc->text.crtc) % TEXT_PAGE_CELLS, 1, character);

    if (cell >= TEXT_PAGE_CELLS) {
        scroll_rows(vpc);
        cell -= VCON_COLS;
    }
    crtc_place_cursor(&vpc->text.crtc, cell);
}

/* A row and a column, as a call has them in one register. */
static uint32_t cell_of(uint32_t place)
{
    return (place >> 8 & 0xFF) * VCON_COLS + (place & 0xFF);
}

/* Rows CH to DH of columns CL to DL go up by AL, or all out if that is 0. BH: the colours of what comes. */
static void scroll_window(struct vpc *vpc, const uint32_t *gpr)
{
    uint32_t rows = gpr[GPR_EAX] & 0xFF, bottom = gpr[GPR_EDX] >> 8 & 0xFF;

    bottom = bottom < VCON_ROWS ? bottom : VCON_ROWS - 1;
    for (uint32_t row = gpr[GPR_ECX] >> 8 & 0xFF; row <= bottom; row++)
        for (uint32_t column = gpr[GPR_ECX] & 0xFF; column <= (gpr[GPR_EDX] & 0xFF) && column < VCON_COLS; column++) {
            uint32_t cell = row * VCON_COLS + column, value = (gpr[GPR_EBX] & 0xFF00) | ' ';
            if (rows != 0 && row + rows <= bottom)
                value = vpc_load(vpc, TEXT_PAGE_BASE + 2 * (cell + rows * VCON_COLS), 2);
            put_cells(vpc, cell, 2, value);
        }
}

/* AL, CX times, in the colours BL. */
static void repeat_character(struct vpc *vpc, const uint32_t *gpr)
{
    uint32_t first = crtc_cursor(&vpc->text.crtc);

    for (uint32_t cell = first; cell < TEXT_PAGE_CELLS && cell - first < (gpr[GPR_ECX] & 0xFFFF); cell++)
        put_cells(vpc, cell, 2, (gpr[GPR_EBX] & 0xFF) << 8 | (gpr[GPR_EAX] & 0xFF));
}

/*
 * CX characters from ES:BP on, to row DH, column DL and on, in the colours BL; AL bit 0: the cursor goes along, bit 1:
 * each has its own colours behind it. What comes behind the page is lost: a call does not scroll for long.
 */
static void draw_text(struct vpc *vpc, const uint32_t *gpr)
{
    uint32_t from = vpc->interp.cpu.segments[SEG_ES].base + (gpr[GPR_EBP] & 0xFFFF), cell = cell_of(gpr[GPR_EDX]);
    uint32_t count = gpr[GPR_ECX] & 0xFFFF, step = gpr[GPR_EAX] & 2 ? 2 : 1;

    count = count < TEXT_PAGE_CELLS ? count : TEXT_PAGE_CELLS;
    for (; count > 0 && cell < TEXT_PAGE_CELLS; count--, from += step) {
        uint32_t colours = step == 2 ? vpc_load(vpc, from + 1, 1) : gpr[GPR_EBX] & 0xFF;
        cell = put_character(vpc, cell, 2, colours << 8 | vpc_load(vpc, from, 1));
    }
    if (gpr[GPR_EAX] & 1)
        crtc_place_cursor(&vpc->text.crtc, cell < TEXT_PAGE_CELLS ? cell : TEXT_PAGE_CELLS - 1);
}

static void call_video(struct vpc *vpc, uint32_t *gpr)
{
    uint32_t at = crtc_cursor(&vpc->text.crtc);

    switch (gpr[GPR_EAX] >> 8 & 0xFF) {
    case 0x00:
        put_blanks(vpc, 0);
        crtc_place_cursor(&vpc->text.crtc, 0);
        break;
    case 0x02:
        crtc_place_cursor(&vpc->text.crtc, cell_of(gpr[GPR_EDX]));
        break;
    case 0x03:
        set_half(&gpr[GPR_ECX], 0x0607);
        set_half(&gpr[GPR_EDX], at / VCON_COLS << 8 | at % VCON_COLS);
        break;
    case 0x06: scroll_window(vpc, gpr); break;
    case 0x09: repeat_character(vpc, gpr); break;
    case 0x0E: write_character(vpc, (uint8_t)gpr[GPR_EAX]); break;
    case 0x0F:
        set_half(&gpr[GPR_EAX], VCON_COLS << 8 | 3);
        set_high(&gpr[GPR_EBX], 0);
        break;
    case 0x13: draw_text(vpc, gpr); break;
    }
}

/* What INT 13h ends with: a status in AH, and carry if it is an error. */
static void end_disk_call(struct vpc *vpc, uint8_t status)
{
    set_high(&vpc->interp.cpu.gpr[GPR_EAX], status);
    set_flag(vpc, EFLAGS_CF, status != 0);
}

static void read_sectors(struct vpc *vpc, const struct disk *disk, uint64_t first, uint32_t count, uint32_t to)
{
    uint8_t sector[DISK_SECTOR_BYTES];

    if (first + count > disk->sectors) {
        end_disk_call(vpc, NO_SECTOR);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        disk_read(disk, (uint32_t)first + i, sector);
        if (!vpc_store(vpc, to + i * DISK_SECTOR_BYTES, sector, sizeof(sector)))
            return;
    }
    end_disk_call(vpc, 0);
}

static void read_by_geometry(struct vpc *vpc, const struct disk *disk, const uint32_t *gpr)
{
    uint32_t cylinder = (gpr[GPR_ECX] >> 8 & 0xFF) | (gpr[GPR_ECX] << 2 & 0x300), sector = gpr[GPR_ECX] & 0x3F;
    uint32_t head = gpr[GPR_EDX] >> 8 & 0xFF, count = gpr[GPR_EAX] & 0xFF;

    if (sector == 0 || head >= HEADS || count == 0 || count > SECTORS_MOST)
        end_disk_call(vpc, BAD_COMMAND);
    else
        read_sectors(vpc, disk, (cylinder * HEADS + head) * SECTORS + sector - 1, count,
                     vpc->interp.cpu.segments[SEG_ES].base + (gpr[GPR_EBX] & 0xFFFF));
}

/* DS:SI: size, 0, count, offset, segment, number of the sector. */
static void read_by_packet(struct vpc *vpc, const struct disk *disk, const uint32_t *gpr)
{
    uint32_t packet = vpc->interp.cpu.segments[SEG_DS].base + (gpr[GPR_ESI] & 0xFFFF);
    uint32_t count = vpc_load(vpc, packet + 2, 2);
    uint64_t first = vpc_load(vpc, packet + 8, 4) | (uint64_t)vpc_load(vpc, packet + 12, 4) << 32;

    if (vpc_load(vpc, packet, 1) < 16 || count > SECTORS_MOST || first >> 32 != 0)
        end_disk_call(vpc, BAD_COMMAND);
    else
        read_sectors(vpc, disk, first, count,
                     vpc_load(vpc, packet + 6, 2) * 16 + vpc_load(vpc, packet + 4, 2));
}

static void tell_geometry(struct vpc *vpc, const struct disk *disk, uint32_t *gpr)
{
    uint32_t cylinders = disk->sectors / (HEADS * SECTORS), last;

    last = cylinders < 1 ? 0 : cylinders < 1024 ? cylinders - 1 : 1023;
    set_half(&gpr[GPR_ECX], (last & 0xFF) << 8 | (last >> 2 & 0xC0) | SECTORS);
    set_half(&gpr[GPR_EDX], (HEADS - 1) << 8 | (vpc->ide.disks[1].bytes != NULL ? 2 : 1));
    end_disk_call(vpc, 0);
}

static void call_disk(struct vpc *vpc, uint32_t *gpr)
{
    uint32_t number = (gpr[GPR_EDX] & 0xFF) - FIRST_DISK, function = gpr[GPR_EAX] >> 8 & 0xFF;
    const struct disk *disk = &vpc->ide.disks[number & 1];

    if (number > 1 || disk->bytes == NULL) {
        end_disk_call(vpc, BAD_COMMAND);
        return;
    }
    switch (function) {
    case 0x00: end_disk_call(vpc, 0); break;
    case 0x02: read_by_geometry(vpc, disk, gpr); break;
    case 0x08: tell_geometry(vpc, disk, gpr); break;
    case 0x41:
        set_half(&gpr[GPR_EBX], 0xAA55);
        set_half(&gpr[GPR_ECX], 1);         /* packets, and nothing else */
        end_disk_call(vpc, 0);
        set_high(&gpr[GPR_EAX], 0x30);
        break;
    case 0x42: read_by_packet(vpc, disk, gpr); break;
    default: end_disk_call(vpc, BAD_COMMAND);
    }
}

/* AX=E820h: the range of number EBX, to ES:DI. */
static bool tell_range(struct vpc *vpc, uint32_t *gpr)
{
    struct firmware_range map[FIRMWARE_RANGES];
    uint32_t count = firmware_memory_map(vpc->ram->bytes, map), number = gpr[GPR_EBX];

    if (gpr[GPR_EDX] != MAP_MAGIC || gpr[GPR_ECX] < MAP_BYTES || number >= count)
        return false;
    const struct firmware_range *range = &map[number];
    uint32_t words[5] = { (uint32_t)range->base, 0, (uint32_t)range->bytes, 0, range->type };
    if (!vpc_store(vpc, vpc->interp.cpu.segments[SEG_ES].base + (gpr[GPR_EDI] & 0xFFFF), words, sizeof(words)))
        return false;
    gpr[GPR_EAX] = MAP_MAGIC;
    gpr[GPR_ECX] = MAP_BYTES;
    gpr[GPR_EBX] = number + 1 < count ? number + 1 : 0;
    return true;
}

/* KiB from 1 MiB on, as far as the call counts. */
static uint32_t kib_above(const struct vpc *vpc, uint32_t most)
{
    uint32_t kib = (vpc->ram->bytes >> 10) - 1024;

    return kib < most ? kib : most;
}

static void call_system(struct vpc *vpc, uint32_t *gpr)
{
    uint32_t function = gpr[GPR_EAX] & 0xFFFF, below_16m = kib_above(vpc, 0x3C00);
    bool good = true;

    if (function == 0xE820) {
        good = tell_range(vpc, gpr);
    } else if (function == 0xE801) {
        set_half(&gpr[GPR_EAX], below_16m);
        set_half(&gpr[GPR_ECX], below_16m);
        set_half(&gpr[GPR_EBX], (kib_above(vpc, UINT32_MAX) - below_16m) >> 6);
        set_half(&gpr[GPR_EDX], gpr[GPR_EBX]);
    } else if (function >> 8 == 0x88) {
        set_half(&gpr[GPR_EAX], kib_above(vpc, 0xFC00));
    } else if (function == 0x2401 || function == 0x2402) {
        set_half(&gpr[GPR_EAX], function == 0x2402);    /* A20 is open, and nothing else is there */
    } else {
        good = false;
    }
    if (!good)
        set_high(&gpr[GPR_EAX], NO_FUNCTION);
    set_flag(vpc, EFLAGS_CF, !good);
}

/* What the keyboard has, as long as there is room for one more key. */
static void take_keys(struct vpc *vpc)
{
    struct bios *bios = &vpc->bios;
    uint32_t word;

    while (bios->key_count < BIOS_KEYS && vpc->keyboard.is_full) {
        uint8_t code = i8042_read(&vpc->keyboard, 0x60);
        i8042_advance(&vpc->keyboard);
        if (!keymap_scancode(&bios->keymap, code, &word) || !(word & HV_KEY_MAKE) ||
            keymap_is_modifier((uint8_t)(word >> HV_KEY_RAW_SHIFT)))
            continue;
        uint8_t character = word & HV_KEY_HASDATA ? (uint8_t)(word & HV_KEY_CHAR_MASK) : 0;
        bios->keys[bios->key_count++] = (uint16_t)(code << 8 | (character == '\n' ? '\r' : character));
    }
}

/* The caller's INT 16h is executed again, if it was one; its return address is changed. */
static void ask_again(struct vpc *vpc, uint32_t *gpr)
{
    uint16_t back = (uint16_t)(vpc_load(vpc, stack_at(vpc, 0), 2) - 2);
    uint32_t caller = vpc_load(vpc, stack_at(vpc, 2), 2) * 16 + back;

    set_half(&gpr[GPR_EAX], vpc_load(vpc, caller, 2) == 0x16CD ? gpr[GPR_EAX] : 0);
    if (vpc_load(vpc, caller, 2) == 0x16CD)
        (void)vpc_store(vpc, stack_at(vpc, 0), &back, sizeof(back));
}

static void call_keyboard(struct vpc *vpc, uint32_t *gpr)
{
    uint32_t function = gpr[GPR_EAX] >> 8 & 0xEF;       /* 10h and 11h are 0 and 1 of a larger keyboard */
    struct bios *bios = &vpc->bios;

    take_keys(vpc);
    if (function > 1)
        return;
    if (function == 1)
        set_flag(vpc, EFLAGS_ZF, bios->key_count == 0);
    else if (bios->key_count == 0)
        ask_again(vpc, gpr);
    if (bios->key_count == 0)
        return;
    set_half(&gpr[GPR_EAX], bios->keys[0]);
    if (function == 0)
        memmove(bios->keys, bios->keys + 1, --bios->key_count * sizeof(bios->keys[0]));
    take_keys(vpc);
}

static void tell_ticks(struct vpc *vpc, uint32_t *gpr)
{
    uint32_t ticks = vpc_load(vpc, TICKS_AT, 4);
    bool is_known = (gpr[GPR_EAX] >> 8 & 0xFF) == 0;

    set_flag(vpc, EFLAGS_CF, !is_known);
    if (!is_known)
        return;
    set_half(&gpr[GPR_EAX], 0);
    set_half(&gpr[GPR_ECX], ticks >> 16);
    set_half(&gpr[GPR_EDX], ticks);
}

bool bios_call(struct vpc *vpc, uint16_t port)
{
    struct vcpu *cpu = &vpc->interp.cpu;
    uint32_t at = cpu->segments[SEG_CS].base + vpc->interp.start_eip;

    if (cpu->cr0 & CR0_PE || at - CALLS_AT >= 4 * BIOS_CALLS)
        return false;
    switch (vectors_of[(port - BIOS_PORT) % BIOS_CALLS]) {
    case 0x10: call_video(vpc, cpu->gpr); break;
    case 0x12: set_half(&cpu->gpr[GPR_EAX], FIRMWARE_LOW_KIB); break;
    case 0x13: call_disk(vpc, cpu->gpr); break;
    case 0x15: call_system(vpc, cpu->gpr); break;
    case 0x16: call_keyboard(vpc, cpu->gpr); break;
    default: tell_ticks(vpc, cpu->gpr);
    }
    interp_stop(&vpc->interp);
    return true;
}

/* As real mode's vectors have it. */
static uint32_t in_rom(uint32_t at)
{
    return (ROM >> 4) << 16 | (at - ROM);
}

bool bios_put(struct ram *ram)
{
    uint32_t vectors[256];
    uint8_t iret = 0xCF, calls[BIOS_CALLS][4];

    for (unsigned i = 0; i < 256; i++)
        vectors[i] = in_rom(IRET_AT);
    for (unsigned line = 0; line < 8; line++) {
        vectors[BIOS_FIRST_LINES + line] = in_rom(HANDLERS_AT + (line == 0 ? 0 : FIRST));
        vectors[BIOS_SECOND_LINES + line] = in_rom(HANDLERS_AT + SECOND);
    }
    vectors[BIOS_FIRST_LINES + 1] = in_rom(HANDLERS_AT + KEYS);
    for (unsigned i = 0; i < BIOS_CALLS; i++) {
        uint8_t call[4] = { 0xE6, (uint8_t)(BIOS_PORT + i), 0xCF, 0 };      /* out, iret */
        __builtin_memcpy(calls[i], call, sizeof(call));
        vectors[vectors_of[i]] = in_rom(CALLS_AT + 4 * i);
    }
    return ram_store(ram, GPA(0), vectors, sizeof(vectors)) && ram_store(ram, GPA(IRET_AT), &iret, 1) &&
           ram_store(ram, GPA(HANDLERS_AT), handlers, sizeof(handlers)) &&
           ram_store(ram, GPA(CALLS_AT), calls, sizeof(calls));
}
