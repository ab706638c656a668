/*
 * profile.c - a plugin for QEMU: how many instructions were executed from each address on, to the end of its block.
 *
 * scripts/bench pebbles loads it (bench_profile.py). QEMU adds to a counter in generated code, so nothing is sampled
 * and virtual time is as without it. Debian has no header for plugins; the declarations here are of the interface,
 * version 1, that QEMU's documentation ("QEMU TCG Plugins", API) describes.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "qemu_plugin.h"

#define HYPERVISOR_BASE 0xFFFFFFFF80000000u     /* hv/hv.ld */
#define BLOCK_BITS 20u
#define BLOCKS (1u << BLOCK_BITS)               /* some thirty times what two guests make */
#define PATH_BYTES 4096

int qemu_plugin_version = 1;

static struct block {
    uint64_t address, instructions;
    bool is_late;
} blocks[BLOCKS];

static char path[PATH_BYTES];
static bool is_late;            /* the hypervisor was entered: what has low addresses is a guest, no firmware */

/* Open addressing; the table never fills up. */
static struct block *block_find(uint64_t address)
{
    uint32_t index = (uint32_t)(address * 0x9E3779B97F4A7C15u >> (64 - BLOCK_BITS));

    while (blocks[index].address != 0 && (blocks[index].address != address || blocks[index].is_late != is_late))
        index = (index + 1) % BLOCKS;
    blocks[index].address = address;
    blocks[index].is_late = is_late;
    return &blocks[index];
}

static void translated(uint64_t id, struct qemu_plugin_tb *block)
{
    uint64_t address = qemu_plugin_tb_vaddr(block);

    (void)id;
    if (address >= HYPERVISOR_BASE)
        is_late = true;
    qemu_plugin_register_vcpu_tb_exec_inline(block, PLUGIN_ADD, &block_find(address)->instructions,
                                             qemu_plugin_tb_n_insns(block));
}

static void write_all(uint64_t id, void *data)
{
    FILE *file = fopen(path, "w");

    (void)id;
    (void)data;
    for (uint32_t i = 0; file != NULL && i < BLOCKS; i++) {
        if (blocks[i].is_late && blocks[i].instructions > 0)
            fprintf(file, "%" PRIx64 " %" PRIu64 "\n", blocks[i].address, blocks[i].instructions);
    }
    if (file != NULL)
        fclose(file);
}

/* Arguments: out=PATH; and all=on for a machine without hypervisor, whose firmware is counted, too. */
int qemu_plugin_install(uint64_t id, const void *info, int count, char **arguments)
{
    (void)info;
    is_late = count == 2 && strcmp(arguments[1], "all=on") == 0;
    if (count != 1 + is_late || strncmp(arguments[0], "out=", 4) != 0 || strlen(arguments[0]) >= PATH_BYTES)
        return -1;
    strcpy(path, arguments[0] + 4);
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, write_all, NULL);
    return 0;
}
