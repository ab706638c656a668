/*
 * stretch.c - a plugin for QEMU: the longest stretches of the hypervisor during which no interrupt could come in, and
 * what they were made of. Of those whose dearest block of instructions is the same, the longest is kept.
 *
 * A stretch ends where a guest's code begins, or where the hypervisor lets interrupts in: at STI and HLT, and at an
 * IRETQ to a guest, which may have one pending. STI behind CLGI lets none in: it is for a guest under SVM, of which
 * code has to run. With until=guest only a guest's code ends it, and HLT: it is how long
 * nobody ran. scripts/bench loads this (bench_stretch.py); the image is the shipped one and does not know of it. For
 * the interface see profile.c.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin.h"

#define HYPERVISOR_BASE 0xFFFFFFFF80000000u     /* hv/hv.ld */
#define BLOCKS (1u << 18)
#define BLOCKS_IN_STRETCH 8192
#define LAUNCHES 4096
#define KINDS 32                                /* of stretches, by their dearest blocks */
#define KEPT_LEAST 20000                        /* instructions */
#define PATH_BYTES 4096

int qemu_plugin_version = 1;

/* One of the hypervisor, as QEMU translated it: some come twice. */
struct block {
    uint64_t address, instructions;
    uint64_t stretch, count;        /* the last stretch that it was in, and how many instructions of it */
    enum opens { OPENS_NOT, OPENS_INTERRUPTS, OPENS_HALT } opens;   /* by its last instruction */
};

static struct block blocks[BLOCKS];
static uint32_t block_count;
static struct block *in_stretch[BLOCKS_IN_STRETCH];
static uint32_t in_stretch_count;
static uint64_t stretch = 1, length;
/*
 * Blocks of guests' code that ran, and how many had when the hypervisor ran last. They are counted only, as QEMU does
 * by itself: with a call for each, guests that compute for seconds took minutes.
 */
static uint64_t guest_blocks, guest_blocks_before;

/* The longest of each kind, and by how many guests had been launched. */
static struct kept {
    uint64_t dearest, length, launches;
    uint32_t block_count;
    struct { uint64_t address, count; } blocks[BLOCKS_IN_STRETCH];
} kept[KINDS];
static uint64_t most_by_launch[LAUNCHES];

static char path[PATH_BYTES];
static uint64_t launch_address, inner_first, inner_end; /* guest_join; where an IRETQ goes back to the hypervisor */
static uint32_t launches;
static bool has_guests;         /* the way to the first of them is no stretch that anybody waits for */
static bool until_guest;        /* only a guest's own code ends a stretch, and HLT: how long does nobody run? */

static uint64_t find_dearest(void)
{
    const struct block *dearest = in_stretch[0];

    for (uint32_t i = 1; i < in_stretch_count; i++)
        if (in_stretch[i]->count > dearest->count)
            dearest = in_stretch[i];
    return dearest->address;
}

/* The longest so far of its kind, or the least of all kinds: the place for this one; NULL when it is no longer. */
static struct kept *find_place(uint64_t dearest)
{
    struct kept *least = kept;

    for (struct kept *each = kept; each < kept + KINDS; each++) {
        if (each->length > 0 && each->dearest == dearest)
            return length > each->length ? each : NULL;
        if (each->length < least->length)
            least = each;
    }
    return length > least->length ? least : NULL;
}

static void keep_stretch(void)
{
    uint64_t dearest = find_dearest();
    struct kept *place = find_place(dearest);

    if (place == NULL)
        return;
    place->dearest = dearest;
    place->length = length;
    place->launches = launches;
    place->block_count = in_stretch_count;
    for (uint32_t i = 0; i < in_stretch_count; i++) {
        place->blocks[i].address = in_stretch[i]->address;
        place->blocks[i].count = in_stretch[i]->count;
    }
}

static void end_stretch(void)
{
    uint32_t launch = launches < LAUNCHES ? launches : LAUNCHES - 1;

    if (has_guests && length > most_by_launch[launch])
        most_by_launch[launch] = length;
    if (has_guests && length >= KEPT_LEAST)
        keep_stretch();
    has_guests = launches > 0;
    stretch++;
    length = 0;
    in_stretch_count = 0;
}

/* Did a guest run since the hypervisor's last block? Then that one was the last of a stretch. */
static void end_if_guest_ran(void)
{
    if (guest_blocks == guest_blocks_before)
        return;
    guest_blocks_before = guest_blocks;
    if (length > 0)
        end_stretch();
}

static void hypervisor_ran(unsigned processor, void *data)
{
    struct block *block = data;

    (void)processor;
    end_if_guest_ran();
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
    if (block->opens > (until_guest ? OPENS_INTERRUPTS : OPENS_NOT))
        end_stretch();
}

static enum opens what_opens(const struct qemu_plugin_insn *instruction)
{
    static const uint8_t sti = 0xFB, hlt = 0xF4, iretq[] = { 0x48, 0xCF };
    const void *bytes = qemu_plugin_insn_data(instruction);
    uint64_t address = qemu_plugin_insn_vaddr(instruction);
    size_t size = qemu_plugin_insn_size(instruction);
    bool is_inner = address >= inner_first && address < inner_end;

    if (size == 1 && memcmp(bytes, &hlt, 1) == 0)
        return OPENS_HALT;
    if (size == 1 && memcmp(bytes, &sti, 1) == 0)
        return OPENS_INTERRUPTS;
    return size == sizeof(iretq) && memcmp(bytes, iretq, size) == 0 && !is_inner ? OPENS_INTERRUPTS : OPENS_NOT;
}

static bool is_clgi(const struct qemu_plugin_insn *instruction)
{
    static const uint8_t clgi[] = { 0x0F, 0x01, 0xDD };

    return qemu_plugin_insn_size(instruction) == sizeof(clgi) &&
           memcmp(qemu_plugin_insn_data(instruction), clgi, sizeof(clgi)) == 0;
}

static void translated(uint64_t id, struct qemu_plugin_tb *translation)
{
    static bool is_late;        /* the hypervisor was entered: what has low addresses is a guest, no firmware */
    uint64_t address = qemu_plugin_tb_vaddr(translation);

    (void)id;
    if (address < HYPERVISOR_BASE) {
        if (is_late)
            qemu_plugin_register_vcpu_tb_exec_inline(translation, PLUGIN_ADD, &guest_blocks, 1);
        return;
    }
    if (block_count == BLOCKS)
        abort();
    struct block *block = &blocks[block_count++];
    is_late = true;
    block->address = address;
    block->instructions = qemu_plugin_tb_n_insns(translation);
    for (size_t i = 0; i < block->instructions && !is_clgi(qemu_plugin_tb_get_insn(translation, i)); i++) {
        enum opens opens = what_opens(qemu_plugin_tb_get_insn(translation, i));
        block->opens = opens > block->opens ? opens : block->opens;
    }
    qemu_plugin_register_vcpu_tb_exec_cb(translation, hypervisor_ran, PLUGIN_NO_REGISTERS, block);
}

/*
 * Each as "stretch INSTRUCTIONS LAUNCHES" and its blocks, "block ADDRESS INSTRUCTIONS"; then, by how many had been
 * launched, "after LAUNCHES INSTRUCTIONS".
 */
static void write_all(uint64_t id, void *data)
{
    FILE *file = fopen(path, "w");

    (void)id;
    (void)data;
    if (file == NULL)
        return;
    end_if_guest_ran();
    for (const struct kept *each = kept; each < kept + KINDS && each->length > 0; each++) {
        fprintf(file, "stretch %" PRIu64 " %" PRIu64 "\n", each->length, each->launches);
        for (uint32_t i = 0; i < each->block_count; i++)
            fprintf(file, "block %" PRIx64 " %" PRIu64 "\n", each->blocks[i].address, each->blocks[i].count);
    }
    for (uint32_t i = 0; i < LAUNCHES; i++)
        if (most_by_launch[i] > 0)
            fprintf(file, "after %" PRIu32 " %" PRIu64 "\n", i, most_by_launch[i]);
    fclose(file);
}

/*
 * Arguments: out=PATH until=interrupt|guest launch=ADDRESS first=ADDRESS end=ADDRESS, the last two of where IRETQ stays
 * in the hypervisor.
 */
int qemu_plugin_install(uint64_t id, const void *info, int count, char **arguments)
{
    (void)info;
    if (count != 5 || strncmp(arguments[0], "out=", 4) != 0 || strlen(arguments[0]) >= PATH_BYTES ||
        strncmp(arguments[1], "until=", 6) != 0 ||
        sscanf(arguments[2], "launch=%" SCNx64, &launch_address) != 1 ||
        sscanf(arguments[3], "first=%" SCNx64, &inner_first) != 1 ||
        sscanf(arguments[4], "end=%" SCNx64, &inner_end) != 1)
        return -1;
    until_guest = strcmp(arguments[1], "until=guest") == 0;
    strcpy(path, arguments[0] + 4);
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, write_all, NULL);
    return 0;
}
