/*
 * idle_loop.c - follow a guest's next instructions to see whether they come to anything (PURE).
 *
 * A sample of registers cannot tell a loop that waits from one that counts in memory, and a delay loop must not be
 * taken for an idle one. So it is proved: a machine of the few instructions that such loops are made of (compare,
 * test, move, jump, call and return) runs them on a copy of the registers. A store is let through only if it changes
 * nothing, as when a function is called again and again. Whatever is not known here makes the answer no, which costs
 * nobody more than the time that the loop takes. Source: SDM vol. 2, "Instruction Format" and each instruction.
 */
#include "guest/idle_loop.h"

#include <stdint.h>

#include "base/string.h"
#include "guest/guest.h"
#include "guest/idle_path.h"
#include "pagetable/gwalk.h"

#define STEPS_MAX 96u           /* instructions followed: some 100 of the hypervisor's each */

static void follow_jump(struct path *path, uint32_t condition, uint32_t distance)
{
    if (path_condition_holds(path->flags, condition))
        path->eip += distance;
}

static void push(struct path *path, uint32_t value)
{
    path->registers[PATH_ESP] -= 4;
    path_store(path, path->registers[PATH_ESP], value, 4);
}

static uint32_t pop(struct path *path)
{
    uint32_t value = path_load(path, path->registers[PATH_ESP], 4);

    path->registers[PATH_ESP] += 4;
    return value;
}

/* Opcodes 0x00 to 0x3F: an operation in the upper bits, and where its operands are. */
static void step_arithmetic(struct path *path, uint32_t opcode)
{
    uint32_t bytes = opcode & 1 ? 4 : 1, operation = opcode >> 3, reg;

    if ((opcode & 7) >= 6) {
        path->is_lost = true;
    } else if (opcode & 4) {
        path_calculate_in(path, operation, register_place(PATH_EAX, bytes), path_fetch(path, bytes));
    } else {
        struct place operand = path_operand(path, bytes, &reg), other = register_place(reg, bytes);
        if (opcode & 2)
            path_calculate_in(path, operation, other, path_get(path, operand));
        else
            path_calculate_in(path, operation, operand, path_get(path, other));
    }
}

/* Two bytes: jumps, a byte or word widened, a long NOP. */
static void step_0f(struct path *path)
{
    uint32_t opcode = path_fetch(path, 1), bytes = opcode & 1 ? 2 : 1, reg, value;

    if (opcode >> 4 == 8) {
        value = path_fetch(path, 4);
        follow_jump(path, opcode & 15, value);
        return;
    }
    struct place operand = path_operand(path, bytes, &reg);
    switch (opcode) {
    case 0x1F:
        break;
    case 0xB6: case 0xB7:
        path->registers[reg] = path_get(path, operand);
        break;
    case 0xBE: case 0xBF:
        value = path_get(path, operand);
        path->registers[reg] = bytes == 1 ? (uint32_t)(int8_t)value : (uint32_t)(int16_t)value;
        break;
    default:
        path->is_lost = true;
    }
}

/* Opcodes with a ModRM byte, but those of step_arithmetic. */
static void step_operand(struct path *path, uint32_t opcode)
{
    uint32_t bytes = opcode & 1 ? 4 : 1, reg;
    struct place operand = path_operand(path, bytes, &reg);
    struct place other = register_place(reg, bytes);

    switch (opcode) {
    case 0x80: case 0x81:
        path_calculate_in(path, reg, operand, path_fetch(path, bytes));
        break;
    case 0x83:
        path_calculate_in(path, reg, operand, path_fetch_signed(path));
        break;
    case 0x84: case 0x85:
        path_calculate(path, PATH_AND, path_get(path, operand), path_get(path, other), bytes);
        break;
    case 0x88: case 0x89:
        path_put(path, operand, path_get(path, other));
        break;
    case 0x8A: case 0x8B:
        path_put(path, other, path_get(path, operand));
        break;
    case 0x8D:
        path->is_lost |= operand.is_register;
        path->registers[reg] = operand.at;
        break;
    case 0xC6: case 0xC7:
        path->is_lost |= reg != 0;
        path_put(path, operand, path_fetch(path, bytes));
        break;
    default:            /* 0xF6, 0xF7: only TEST */
        path->is_lost |= reg > 1;
        path_calculate(path, PATH_AND, path_get(path, operand), path_fetch(path, bytes), bytes);
    }
}

/* The rest: one byte says all. */
static void step_simple(struct path *path, uint32_t opcode)
{
    uint32_t value;

    switch (opcode) {
    case 0x90:
        break;
    case 0xA0: case 0xA1:
        path_put(path, register_place(PATH_EAX, opcode & 1 ? 4 : 1),
                 path_load(path, path_fetch(path, 4), opcode & 1 ? 4 : 1));
        break;
    case 0xA8: case 0xA9:
        value = opcode & 1 ? 4 : 1;
        path_calculate(path, PATH_AND, path->registers[PATH_EAX] & (opcode & 1 ? UINT32_MAX : 0xFF),
                       path_fetch(path, value), value);
        break;
    case 0xC3:
        path->eip = pop(path);
        break;
    case 0xC9:
        path->registers[PATH_ESP] = path->registers[PATH_EBP];
        path->registers[PATH_EBP] = pop(path);
        break;
    case 0xE8:
        value = path_fetch(path, 4);
        push(path, path->eip);
        path->eip += value;
        break;
    case 0xE9:
        value = path_fetch(path, 4);
        path->eip += value;
        break;
    case 0xEB:
        value = path_fetch_signed(path);
        path->eip += value;
        break;
    default:
        path->is_lost = true;
    }
}

static bool has_operand(uint32_t opcode)
{
    return (opcode >= 0x80 && opcode <= 0x8D && opcode != 0x82 && opcode != 0x86 && opcode != 0x87 && opcode != 0x8C) ||
           opcode == 0xC6 || opcode == 0xC7 || opcode == 0xF6 || opcode == 0xF7;
}

/* One instruction. */
static void follow(struct path *path)
{
    uint32_t opcode = path_fetch(path, 1), value;

    if (opcode == 0xF3 && path_fetch(path, 1) == 0x90)      /* PAUSE */
        return;
    if (opcode == 0x0F) {
        step_0f(path);
    } else if (opcode < 0x40) {
        step_arithmetic(path, opcode);
    } else if (opcode >> 3 == 0x50 >> 3) {
        push(path, path->registers[opcode & 7]);
    } else if (opcode >> 3 == 0x58 >> 3) {
        value = pop(path);
        path->registers[opcode & 7] = value;
    } else if (opcode >> 4 == 7) {
        value = path_fetch_signed(path);
        follow_jump(path, opcode & 15, value);
    } else if (opcode >> 3 == 0xB8 >> 3) {
        path->registers[opcode & 7] = path_fetch(path, 4);
    } else if (has_operand(opcode)) {
        step_operand(path, opcode);
    } else {
        step_simple(path, opcode);
    }
}

static bool is_same(const struct path *a, const struct path *b)
{
    return a->eip == b->eip && a->flags == b->flags && memcmp(a->registers, b->registers, sizeof(a->registers)) == 0;
}

bool idle_loop_holds(const struct guest *guest)
{
    const struct trap_frame *frame = &guest->state.frame;
    struct path path = {
        .registers = { (uint32_t)frame->eax, (uint32_t)frame->ecx, (uint32_t)frame->edx, (uint32_t)frame->ebx,
                       (uint32_t)frame->esp, (uint32_t)frame->ebp, (uint32_t)frame->esi, (uint32_t)frame->edi },
        .eip = (uint32_t)frame->eip, .flags = (uint32_t)frame->eflags & PATH_FLAGS,
        .access = guest_is_user(guest) ? ACCESS_USER : 0, .guest = guest,
    };
    struct path mark = path;

    if (frame->eflags & EFLAGS_TF)
        return false;
    /* Bound: instructions of the guest's loop. */
    for (unsigned i = 0; i < STEPS_MAX; i++) {
        follow(&path);
        if (path.is_lost)
            return false;
        if (path.eip != mark.eip)
            continue;
        if (is_same(&path, &mark))
            return true;
        mark = path;        /* it may have to go round once: an interrupt has changed what it compares */
    }
    return false;
}
