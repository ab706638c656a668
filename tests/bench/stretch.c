/*
 * stretch.c - a plugin for QEMU: the longest stretch of the hypervisor during which no interrupt could come in, and
 * what it was made of.
 *
 * A stretch ends where a guest's code begins, or where the hypervisor lets interrupts in: at STI and HLT, and at an
 * IRETQ to a guest, which may have one pending. scripts/bench prints loads it (bench_stretch.py); the image is the
 * shipped one and does not know of it. For the interface see profile.c.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HYPERVISOR_BASE 0xFFFFFFFF80000000u     /* hv/hv.ld */
#define BLOCKS (1u << 18)
#define BLOCKS_IN_STRETCH 8192
#define LAUNCHES 4096
#define PATH_BYTES 4096
#define PLUGIN_NO_REGISTERS 0

struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef void plugin_translated(uint64_t id, struct qemu_plugin_tb *block);
typedef void plugin_executed(unsigned processor, void *data);
typedef void plugin_ends(uint64_t id, void *data);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, plugin_translated *call);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block, plugin_executed *call, int flags, void *data);
void qemu_plugin_register_atexit_cb(uint64_t id, plugin_ends *call, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *instruction);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *instruction);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *instruction);

/* What QEMU looks for. */
extern int qemu_plugin_version;
int qemu_plugin_version = 1;
int qemu_plugin_install(uint64_t id, const void *info, int count, char **arguments);

/* One of the hypervisor, as QEMU translated it: some come twice. */
struct block {
    uint64_t address, instructions;
    uint64_t stretch, count;        /* the last stretch that it was in, and how many instructions of it */
    bool opens;                     /* its last instruction lets interrupts in */
};

static struct block blocks[BLOCKS];
static uint32_t block_count;
static struct block *in_stretch[BLOCKS_IN_STRETCH];
static uint32_t in_stretch_count;
static uint64_t stretch = 1, length;

/* The longest one, of all and by how many guests had been launched. */
static uint64_t most, most_at, most_by_launch[LAUNCHES];
static struct { uint64_t address, count; } most_blocks[BLOCKS_IN_STRETCH];
static uint32_t most_count;

static char path[PATH_BYTES];
static uint64_t launch_address, inner_first, inner_end; /* guest_create; where an IRETQ goes back to the hypervisor */
static uint32_t launches;
static bool has_guests;         /* the way there is no stretch that anybody waits for */

static void keep_most(void)
{
    most = length;
    most_at = launches;
    most_count = in_stretch_count;
    for (uint32_t i = 0; i < in_stretch_count; i++) {
        most_blocks[i].address = in_stretch[i]->address;
        most_blocks[i].count = in_stretch[i]->count;
    }
}

static void end_stretch(void)
{
    uint32_t launch = launches < LAUNCHES ? launches : LAUNCHES - 1;

    if (has_guests && length > most_by_launch[launch])
        most_by_launch[launch] = length;
    if (has_guests && length > most)
        keep_most();
    stretch++;
    length = 0;
    in_stretch_count = 0;
}

static void hypervisor_ran(unsigned processor, void *data)
{
    struct block *block = data;

    (void)processor;
    if (block->address == launch_address)
        launches++;
    if (block->stretch != stretch) {
        block->stretch = stretch;
        block->count = 0;
        if (in_stretch_count < BLOCKS_IN_STRETCH)
            in_stretch[in_stretch_count++] = block;
    }
    block->count += block->instructions;
    length += block->instructions;
    if (block->opens)
        end_stretch();
}

static void guest_ran(unsigned processor, void *data)
{
    (void)processor;
    (void)data;
    has_guests = true;
    if (length > 0)
        end_stretch();
}

static bool lets_interrupts_in(const struct qemu_plugin_insn *instruction)
{
    static const uint8_t sti = 0xFB, hlt = 0xF4, iretq[] = { 0x48, 0xCF };
    const void *bytes = qemu_plugin_insn_data(instruction);
    uint64_t address = qemu_plugin_insn_vaddr(instruction);

    switch (qemu_plugin_insn_size(instruction)) {
    case 1:
        return memcmp(bytes, &sti, 1) == 0 || memcmp(bytes, &hlt, 1) == 0;
    case sizeof(iretq):
        return memcmp(bytes, iretq, sizeof(iretq)) == 0 && (address < inner_first || address >= inner_end);
    default:
        return false;
    }
}

static void translated(uint64_t id, struct qemu_plugin_tb *translation)
{
    static bool is_late;        /* the hypervisor was entered: what has low addresses is a guest, no firmware */
    uint64_t address = qemu_plugin_tb_vaddr(translation);

    (void)id;
    if (address < HYPERVISOR_BASE) {
        if (is_late)
            qemu_plugin_register_vcpu_tb_exec_cb(translation, guest_ran, PLUGIN_NO_REGISTERS, NULL);
        return;
    }
    if (block_count == BLOCKS)
        abort();
    struct block *block = &blocks[block_count++];
    is_late = true;
    block->address = address;
    block->instructions = qemu_plugin_tb_n_insns(translation);
    for (size_t i = 0; i < block->instructions; i++)
        block->opens |= lets_interrupts_in(qemu_plugin_tb_get_insn(translation, i));
    qemu_plugin_register_vcpu_tb_exec_cb(translation, hypervisor_ran, PLUGIN_NO_REGISTERS, block);
}

/* "most INSTRUCTIONS LAUNCHES", its blocks as "ADDRESS INSTRUCTIONS", and "after LAUNCHES INSTRUCTIONS". */
static void write_all(uint64_t id, void *data)
{
    FILE *file = fopen(path, "w");

    (void)id;
    (void)data;
    if (file == NULL)
        return;
    fprintf(file, "most %" PRIu64 " %" PRIu64 "\n", most, most_at);
    for (uint32_t i = 0; i < most_count; i++)
        fprintf(file, "block %" PRIx64 " %" PRIu64 "\n", most_blocks[i].address, most_blocks[i].count);
    for (uint32_t i = 0; i < LAUNCHES; i++)
        if (most_by_launch[i] > 0)
            fprintf(file, "after %" PRIu32 " %" PRIu64 "\n", i, most_by_launch[i]);
    fclose(file);
}

/* Arguments: out=PATH launch=ADDRESS first=ADDRESS end=ADDRESS, the last two of where IRETQ stays in the hypervisor. */
int qemu_plugin_install(uint64_t id, const void *info, int count, char **arguments)
{
    (void)info;
    if (count != 4 || strncmp(arguments[0], "out=", 4) != 0 || strlen(arguments[0]) >= PATH_BYTES ||
        sscanf(arguments[1], "launch=%" SCNx64, &launch_address) != 1 ||
        sscanf(arguments[2], "first=%" SCNx64, &inner_first) != 1 ||
        sscanf(arguments[3], "end=%" SCNx64, &inner_end) != 1)
        return -1;
    strcpy(path, arguments[0] + 4);
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, write_all, NULL);
    return 0;
}
