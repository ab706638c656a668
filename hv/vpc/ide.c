/*
 * ide.c - see ide.h (PURE).
 */
#include "vpc/ide.h"

#include "base/string.h"

#define STATUS_READY 0x40u
#define STATUS_SEEK 0x10u
#define STATUS_DATA 0x08u
#define STATUS_ERROR 0x01u
#define STATUS_IDLE (STATUS_READY | STATUS_SEEK)
#define ERROR_ABORTED 0x04u
#define ERROR_NOT_FOUND 0x10u
#define DEVICE_SECOND 0x10u
#define DEVICE_LBA 0x40u
#define CONTROL_RESET 0x04u
#define HEADS 16u
#define SECTORS 63u

/* The multiple commands are on, as they are on QEMU's disks: kernels that grew up there use them without C6. */
void ide_reset(struct ide *ide)
{
    memset((uint8_t *)ide + sizeof(ide->disks), 0, sizeof(*ide) - sizeof(ide->disks));
    ide->status = STATUS_IDLE;
    ide->error = ide->count = ide->lba[0] = 1;
    ide->multiple = IDE_MULTIPLE_MAX;
}

static uint8_t selected_number(const struct ide *ide)
{
    return ide->device & DEVICE_SECOND ? 1 : 0;
}

static struct disk *selected(struct ide *ide)
{
    return &ide->disks[selected_number(ide)];
}

static void finish_command_with(struct ide *ide, uint8_t error)
{
    ide->error = error;
    ide->status = (uint8_t)(STATUS_IDLE | (error ? STATUS_ERROR : 0));
    ide->left = ide->at = ide->end = 0;
    ide->has_interrupt = true;
}

static uint32_t cylinders_of(const struct disk *disk)
{
    uint32_t cylinders = disk->sectors / (HEADS * SECTORS);

    return cylinders < 1 ? 1 : cylinders < 16383 ? cylinders : 16383;
}

/* LBA of 28 bits, or cylinder, head and sector by the geometry that IDENTIFY tells. */
static uint32_t address_of(const struct ide *ide)
{
    uint32_t cylinder = ide->lba[1] | (uint32_t)ide->lba[2] << 8, head = ide->device & 0x0F;

    if (ide->device & DEVICE_LBA)
        return ide->lba[0] | cylinder << 8 | head << 24;
    return (cylinder * HEADS + head) * SECTORS + ide->lba[0] - 1u;
}

static uint32_t block_now(const struct ide *ide)
{
    return ide->left < ide->block ? ide->left : ide->block;
}

static void fill_block(struct ide *ide)
{
    uint32_t sectors = block_now(ide);

    for (uint32_t i = 0; i < sectors; i++)
        disk_read(&ide->disks[ide->busy], ide->sector + i, ide->data + i * DISK_SECTOR_BYTES);
    ide->sector += sectors;
    ide->left -= sectors;
    ide->count = (uint8_t)ide->left;
    ide->at = 0;
    ide->end = sectors * DISK_SECTOR_BYTES;
    ide->status = STATUS_IDLE | STATUS_DATA;
    ide->has_interrupt = true;
}

static void await_block(struct ide *ide)
{
    ide->at = 0;
    ide->end = block_now(ide) * DISK_SECTOR_BYTES;
    ide->status = STATUS_IDLE | STATUS_DATA;
}

static void begin_transfer(struct ide *ide, bool is_write, uint8_t block)
{
    uint32_t sectors = ide->count != 0 ? ide->count : 256, first = address_of(ide);

    if (block == 0 || first >= selected(ide)->sectors || sectors > selected(ide)->sectors - first) {
        finish_command_with(ide, block == 0 ? ERROR_ABORTED : ERROR_NOT_FOUND);
        return;
    }
    ide->busy = selected_number(ide);
    ide->sector = first;
    ide->left = sectors;
    ide->block = block;
    ide->is_writing = is_write;
    ide->error = 0;
    if (is_write)
        await_block(ide);
    else
        fill_block(ide);
}

/* A block has been written by the guest. */
static void take_block(struct ide *ide)
{
    uint32_t sectors = ide->end / DISK_SECTOR_BYTES;

    for (uint32_t i = 0; i < sectors && !ide->lacks_memory; i++)
        ide->lacks_memory = !disk_write(&ide->disks[ide->busy], ide->sector + i, ide->data + i * DISK_SECTOR_BYTES);
    ide->sector += sectors;
    ide->left -= sectors;
    ide->count = (uint8_t)ide->left;
    if (ide->left == 0 || ide->lacks_memory) {
        finish_command_with(ide, 0);
        return;
    }
    await_block(ide);
    ide->has_interrupt = true;
}

static void end_block(struct ide *ide)
{
    if (ide->is_writing)
        take_block(ide);
    else if (ide->left > 0)
        fill_block(ide);
    else
        ide->status = STATUS_IDLE;
}

/* Elements that the block has room for, in that direction. */
static uint32_t elements_left(const struct ide *ide, bool is_writing, unsigned bytes)
{
    return ide->status & STATUS_DATA && ide->is_writing == is_writing ? (ide->end - ide->at) / bytes : 0;
}

static void advance_block(struct ide *ide, uint32_t bytes)
{
    ide->at += bytes;
    if (ide->at == ide->end)
        end_block(ide);
}

uint32_t ide_read_string(struct ide *ide, unsigned bytes, void *to, uint32_t count)
{
    uint32_t left = elements_left(ide, false, bytes), done = left < count ? left : count;

    if (done == 0)
        return 0;
    memcpy(to, ide->data + ide->at, done * bytes);
    advance_block(ide, done * bytes);
    return done;
}

uint32_t ide_write_string(struct ide *ide, unsigned bytes, const void *from, uint32_t count)
{
    uint32_t left = elements_left(ide, true, bytes), done = left < count ? left : count;

    if (done == 0)
        return 0;
    memcpy(ide->data + ide->at, from, done * bytes);
    advance_block(ide, done * bytes);
    return done;
}

uint32_t ide_read_data(struct ide *ide, unsigned bytes)
{
    uint32_t value = 0;

    ide_read_string(ide, bytes, &value, 1);
    return value;
}

void ide_write_data(struct ide *ide, unsigned bytes, uint32_t value)
{
    ide_write_string(ide, bytes, &value, 1);
}

static void put_identity_word(struct ide *ide, unsigned number, uint32_t value)
{
    ide->data[2 * number] = (uint8_t)value;
    ide->data[2 * number + 1] = (uint8_t)(value >> 8);
}

/* ATA strings have the bytes of each word the other way round, and blanks behind. */
static void put_identity_text(struct ide *ide, unsigned number, unsigned words, const char *text)
{
    for (unsigned i = 0; i < 2 * words; i++)
        ide->data[(2 * number + i) ^ 1] = (uint8_t)(*text != '\0' ? *text++ : ' ');
}

static void identify_disk(struct ide *ide)
{
    const struct disk *disk = selected(ide);
    uint32_t cylinders = cylinders_of(disk), by_geometry = cylinders * HEADS * SECTORS;

    memset(ide->data, 0, DISK_SECTOR_BYTES);
    put_identity_word(ide, 0, 0x0040);
    put_identity_word(ide, 1, cylinders);
    put_identity_word(ide, 3, HEADS);
    put_identity_word(ide, 6, SECTORS);
    put_identity_text(ide, 10, 10, ide->device & DEVICE_SECOND ? "2" : "1");
    put_identity_text(ide, 23, 4, "1");
    put_identity_text(ide, 27, 20, "Cobble disk");
    put_identity_word(ide, 47, 0x8000 | IDE_MULTIPLE_MAX);
    put_identity_word(ide, 49, 0x0200);         /* LBA */
    put_identity_word(ide, 53, 1);
    put_identity_word(ide, 54, cylinders);
    put_identity_word(ide, 55, HEADS);
    put_identity_word(ide, 56, SECTORS);
    put_identity_word(ide, 57, by_geometry);
    put_identity_word(ide, 58, by_geometry >> 16);
    put_identity_word(ide, 59, ide->multiple != 0 ? 0x100u | ide->multiple : 0);
    put_identity_word(ide, 60, disk->sectors);
    put_identity_word(ide, 61, disk->sectors >> 16);
    put_identity_word(ide, 80, 0x1E);           /* ATA-1 to ATA-4 */
    ide->is_writing = false;
    ide->left = ide->at = 0;
    ide->end = DISK_SECTOR_BYTES;
    ide->error = 0;
    ide->status = STATUS_IDLE | STATUS_DATA;
    ide->has_interrupt = true;
}

static void set_multiple(struct ide *ide)
{
    bool is_power = (ide->count & (ide->count - 1)) == 0;

    if (is_power && ide->count <= IDE_MULTIPLE_MAX)
        ide->multiple = ide->count;
    finish_command_with(ide, is_power && ide->count <= IDE_MULTIPLE_MAX ? 0 : ERROR_ABORTED);
}

/* Apart: a register that is only kept keeps nothing for it. */
static __attribute__((noinline)) void write_ide_command(struct ide *ide, uint8_t command)
{
    ide->has_interrupt = false;
    if (selected(ide)->bytes == NULL)
        return;
    switch (command) {
    case 0x20: case 0x21: begin_transfer(ide, false, 1); break;
    case 0x30: case 0x31: begin_transfer(ide, true, 1); break;
    case 0xC4: begin_transfer(ide, false, ide->multiple); break;
    case 0xC5: begin_transfer(ide, true, ide->multiple); break;
    case 0xC6: set_multiple(ide); break;
    case 0xEC: identify_disk(ide); break;
    case 0x10: case 0x40: case 0x41: case 0x70: case 0x91: case 0xE0: case 0xE1: case 0xE7: case 0xEF:
        finish_command_with(ide, 0);
        break;
    case 0x90: finish_command_with(ide, 0); ide->error = 1; break;
    default: finish_command_with(ide, ERROR_ABORTED); break;
    }
}

/* Nobody is there: registers of a channel without disks read as zero, as its bus is pulled down. */
uint8_t ide_read(struct ide *ide, unsigned reg)
{
    if (selected(ide)->bytes == NULL && reg != 6)
        return 0;
    switch (reg) {
    case 1: return ide->error;
    case 2: return ide->count;
    case 3: case 4: case 5: return ide->lba[reg - 3];
    case 6: return ide->device | 0xA0;
    case 7:
        ide->has_interrupt = false;
        return ide->status;
    default: return ide->status;
    }
}

static __attribute__((noinline)) void write_ide_control(struct ide *ide, uint8_t value)
{
    if (value & CONTROL_RESET)
        ide_reset(ide);
    ide->control = value;
}

/* Register 0 is the data port, which is no register: a byte that comes to it like this is forgotten, as in QEMU. */
void ide_write(struct ide *ide, unsigned reg, uint8_t value)
{
    switch (reg) {
    case 0: break;
    case 1: ide->features = value; break;
    case 2: ide->count = value; break;
    case 3: case 4: case 5: ide->lba[reg - 3] = value; break;
    case 6: ide->device = value; break;
    case 7: write_ide_command(ide, value); break;
    default: write_ide_control(ide, value); break;
    }
}
