/*
 * strings.c - a plugin for QEMU: what an interpreted guest's bulk string instructions cost the machine, and how often
 * one under SVM was left, between the moments at which the guest asked for the time.
 *
 * scripts/bench vpc and svm load it (bench_strings.py), and tell it by in=FILE where what begins, a line each: "KIND
 * FIRST LAST", in hexadecimal. mark: the guest asks for the time. step: an instruction of the guest's begins. string:
 * one that is a string instruction does. move: here bytes are moved, eight each time that a repeated instruction of
 * the machine's is executed, which QEMU counts. exit: the hypervisor goes on behind VMRUN.
 *
 * So a string instruction is what is executed from its beginning to that of the next one. It is bulk if it has moved
 * 512 bytes and more. As profile.c: counted, not sampled, and virtual time is as without it.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin.h"

#define BULK_MOVES (512 / 8 - 1)        /* of the first one QEMU makes no block of its own */
#define PLACES 1024
#define MARKS 64                        /* the last ones */
#define PATH_BYTES 4096

int qemu_plugin_version = 1;

enum { IS_MARK = 1, IS_STEP = 2, IS_STRING = 4, IS_MOVE = 8, IS_EXIT = 16 };

static const char *const kinds[] = { "mark", "step", "string", "move", "exit" };
static struct place {
    uint64_t first, last;
    unsigned kind;
} places[PLACES];
static unsigned place_count;

/* A block that begins something, each time that QEMU translates it. */
struct block {
    uint64_t instructions;
    unsigned kind;
};

static struct totals {
    uint64_t instructions, bulk_instructions, bulks, exits;
} now, marks[MARKS];
static uint64_t mark_count, moves;
static bool is_in_string;
static uint64_t string_began, string_moves;
static char in[PATH_BYTES], out[PATH_BYTES];

static unsigned kinds_of(uint64_t address)
{
    unsigned found = 0;

    for (unsigned i = 0; i < place_count; i++) {
        if (address >= places[i].first && address <= places[i].last)
            found |= places[i].kind;
    }
    return found;
}

/* Before the block's own instructions. */
static void executed(unsigned processor, void *data)
{
    const struct block *block = data;

    (void)processor;
    if (is_in_string && block->kind & IS_STEP) {
        bool is_bulk = moves - string_moves >= BULK_MOVES;
        now.bulk_instructions += is_bulk ? now.instructions - string_began : 0;
        now.bulks += is_bulk;
        is_in_string = false;
    }
    if (block->kind & IS_STRING) {
        is_in_string = true;
        string_began = now.instructions;
        string_moves = moves;
    }
    now.exits += (block->kind & IS_EXIT) != 0;
    if (block->kind & IS_MARK)
        marks[mark_count++ % MARKS] = now;
    now.instructions += block->instructions;
}

static void translated(uint64_t id, struct qemu_plugin_tb *block)
{
    unsigned kind = kinds_of(qemu_plugin_tb_vaddr(block));
    uint64_t instructions = qemu_plugin_tb_n_insns(block);
    struct block *kept = kind & (IS_MARK | IS_STEP | IS_STRING | IS_EXIT) ? malloc(sizeof(*kept)) : NULL;

    (void)id;
    if (kept != NULL) {
        *kept = (struct block){ .instructions = instructions, .kind = kind };
        qemu_plugin_register_vcpu_tb_exec_cb(block, executed, PLUGIN_NO_REGISTERS, kept);
    } else {
        qemu_plugin_register_vcpu_tb_exec_inline(block, PLUGIN_ADD, &now.instructions, instructions);
    }
    if (kind & IS_MOVE && instructions == 1)        /* a repeated instruction is a block each time but the first */
        qemu_plugin_register_vcpu_tb_exec_inline(block, PLUGIN_ADD, &moves, instructions);
}

/* A line for each of the last moments: instructions so far, those of bulk strings, how many of these, exits. */
static void write_all(uint64_t id, void *data)
{
    FILE *file = fopen(out, "w");

    (void)id;
    (void)data;
    for (uint64_t i = mark_count > MARKS ? mark_count - MARKS : 0; file != NULL && i < mark_count; i++) {
        const struct totals *mark = &marks[i % MARKS];
        fprintf(file, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", mark->instructions,
                mark->bulk_instructions, mark->bulks, mark->exits);
    }
    if (file != NULL)
        fclose(file);
}

static bool read_places(void)
{
    FILE *file = fopen(in, "r");
    char kind[16];
    struct place place;

    while (file != NULL && place_count < PLACES &&
           fscanf(file, "%15s %" SCNx64 " %" SCNx64, kind, &place.first, &place.last) == 3) {
        for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
            place.kind = 1u << i;
            if (strcmp(kind, kinds[i]) == 0)
                places[place_count++] = place;
        }
    }
    if (file != NULL)
        fclose(file);
    return place_count > 0 && place_count < PLACES;
}

/* Arguments: in=PATH, out=PATH. */
int qemu_plugin_install(uint64_t id, const void *info, int count, char **arguments)
{
    (void)info;
    if (count != 2 || strncmp(arguments[0], "in=", 3) != 0 || strncmp(arguments[1], "out=", 4) != 0 ||
        strlen(arguments[0]) >= PATH_BYTES || strlen(arguments[1]) >= PATH_BYTES)
        return -1;
    strcpy(in, arguments[0] + 3);
    strcpy(out, arguments[1] + 4);
    if (!read_places())
        return -1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, write_all, NULL);
    return 0;
}
