/*
 * idle_path.h - the machine on which idle_loop.c follows a guest (PURE): registers of its own, the guest's memory to
 * look at, and arithmetic. Source: SDM vol. 2, "Instruction Format".
 */
#ifndef GUEST_IDLE_PATH_H
#define GUEST_IDLE_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu/x86.h"

struct guest;

/* AF is left out: only decimal arithmetic could tell, which is none of the instructions that are followed. */
#define PATH_FLAGS (EFLAGS_CF | EFLAGS_PF | EFLAGS_ZF | EFLAGS_SF | EFLAGS_OF)

enum { PATH_EAX, PATH_ESP = 4, PATH_EBP };
enum { PATH_ADD, PATH_OR, PATH_AND = 4, PATH_SUB, PATH_XOR, PATH_CMP };

struct path {
    uint32_t registers[8];      /* as instructions number them */
    uint32_t eip, flags;        /* PATH_FLAGS */
    uint32_t access;            /* ACCESS_USER in guest user mode */
    bool is_lost;               /* it came to something that cannot be followed, or is more than waiting */
    const struct guest *guest;
};

/* An operand of 1, 2 or 4 bytes: a register's number, or a gva. */
struct place {
    bool is_register;
    uint32_t at, bytes;
};

static inline struct place register_place(uint32_t number, uint32_t bytes)
{
    return (struct place){ .is_register = true, .at = number, .bytes = bytes };
}

/* Memory that the guest cannot read, and a store that would change it, end the path. */
uint32_t path_load(struct path *path, uint32_t address, uint32_t bytes);
void path_store(struct path *path, uint32_t address, uint32_t value, uint32_t bytes);

/* The next bytes of the instruction; a byte with its sign. */
uint32_t path_fetch(struct path *path, uint32_t bytes);
uint32_t path_fetch_signed(struct path *path);
/* The operand of a ModRM byte, and the register that it names beside. */
struct place path_operand(struct path *path, uint32_t bytes, uint32_t *reg);

uint32_t path_get(struct path *path, struct place place);
void path_put(struct path *path, struct place place, uint32_t value);

/* An operation of a group-1 instruction, with its flags; ADC and SBB end the path. */
uint32_t path_calculate(struct path *path, uint32_t operation, uint32_t a, uint32_t b, uint32_t bytes);
void path_calculate_in(struct path *path, uint32_t operation, struct place to, uint32_t value);
/* The condition of Jcc with this number, 0..15. */
bool path_condition_holds(uint32_t flags, uint32_t condition);

#endif
