/*
 * i8042.c - see i8042.h (PURE).
 */
#include "vpc/i8042.h"

#define PORT_DATA 0x60u
#define PORT_COMMAND 0x64u
#define CONFIG_INTERRUPT 0x01u
#define CONFIG_AUXILIARY_INTERRUPT 0x02u
#define CONFIG_SYSTEM 0x04u
#define CONFIG_DISABLED 0x10u
#define CONFIG_AUXILIARY_DISABLED 0x20u
#define CONFIG_TRANSLATES 0x40u
#define STATUS_FULL 0x01u
#define STATUS_SYSTEM 0x04u
#define STATUS_COMMAND 0x08u
#define STATUS_AUXILIARY 0x20u
#define OUTPUT_A20 0x02u
#define OUTPUT_RUNS 0x01u       /* bit 0 low resets the processor */
#define BREAK 0x80u             /* of set 1: the key went up */
#define FIRST_PREFIX 0xE0u      /* E0 and E1 are the same in both sets */
#define SECOND_SET_BREAK 0xF0u
#define ACKNOWLEDGE 0xFAu
#define RESEND 0xFEu
#define SELF_TEST_GOOD 0xAAu
#define ROOM_FOR_ANSWERS 8u     /* of the queue, that keys leave free */

/* Set 2's codes, by set 1's: IBM PS/2 Technical Reference "101/102-Key Keyboards". */
static const uint8_t second_set[] = {
    0x00, 0x76, 0x16, 0x1E, 0x26, 0x25, 0x2E, 0x36, 0x3D, 0x3E, 0x46, 0x45, 0x4E, 0x55, 0x66, 0x0D, 0x15, 0x1D,
    0x24, 0x2D, 0x2C, 0x35, 0x3C, 0x43, 0x44, 0x4D, 0x54, 0x5B, 0x5A, 0x14, 0x1C, 0x1B, 0x23, 0x2B, 0x34, 0x33,
    0x3B, 0x42, 0x4B, 0x4C, 0x52, 0x0E, 0x12, 0x5D, 0x1A, 0x22, 0x21, 0x2A, 0x32, 0x31, 0x3A, 0x41, 0x49, 0x4A,
    0x59, 0x7C, 0x11, 0x29, 0x58, 0x05, 0x06, 0x04, 0x0C, 0x03, 0x0B, 0x83, 0x0A, 0x01, 0x09, 0x77, 0x7E, 0x6C,
    0x75, 0x7D, 0x7B, 0x6B, 0x73, 0x74, 0x79, 0x69, 0x72, 0x7A, 0x70, 0x71, 0x84, 0x00, 0x61, 0x78, 0x07,
};

void i8042_reset(struct i8042 *keyboard)
{
    *keyboard = (struct i8042){ .config = CONFIG_INTERRUPT | CONFIG_SYSTEM | CONFIG_TRANSLATES, .is_scanning = true,
                                .output_port = OUTPUT_A20 | OUTPUT_RUNS };
}

bool i8042_line(const struct i8042 *keyboard)
{
    return keyboard->is_full && !keyboard->is_auxiliary && keyboard->config & CONFIG_INTERRUPT;
}

bool i8042_auxiliary_line(const struct i8042 *keyboard)
{
    return keyboard->is_full && keyboard->is_auxiliary && keyboard->config & CONFIG_AUXILIARY_INTERRUPT;
}

void i8042_advance(struct i8042 *keyboard)
{
    if (keyboard->is_full || keyboard->count == 0)
        return;
    keyboard->data = keyboard->queue[keyboard->first];
    keyboard->first = (uint8_t)((keyboard->first + 1) % I8042_QUEUE);
    keyboard->count--;
    keyboard->is_full = true;
    keyboard->is_sent = true;
    keyboard->is_auxiliary = false;
}

static void add_byte(struct i8042 *keyboard, uint8_t byte)
{
    if (keyboard->count == I8042_QUEUE)
        return;
    keyboard->queue[(keyboard->first + keyboard->count++) % I8042_QUEUE] = byte;
    i8042_advance(keyboard);
}

static bool gives_first_set(const struct i8042 *keyboard)
{
    return keyboard->config & CONFIG_TRANSLATES || keyboard->sends_first_set;
}

/* Of set 2, a byte may become two. */
unsigned i8042_room(const struct i8042 *keyboard)
{
    bool listens = keyboard->is_scanning && !(keyboard->config & CONFIG_DISABLED);
    unsigned most = I8042_QUEUE - ROOM_FOR_ANSWERS;

    return listens && keyboard->count < most ? (most - keyboard->count) >> !gives_first_set(keyboard) : 0;
}

void i8042_key(struct i8042 *keyboard, uint8_t byte)
{
    if (!gives_first_set(keyboard) && byte < FIRST_PREFIX) {
        unsigned key = byte & ~BREAK;
        if (byte & BREAK)
            add_byte(keyboard, SECOND_SET_BREAK);
        byte = key < sizeof(second_set) ? second_set[key] : 0;
    }
    add_byte(keyboard, byte);
}

/*
 * An answer of the controller is there at once, before what the keyboard sent: of that a byte which nobody has read yet
 * comes again behind it, or a driver that probes would lose a key's release.
 */
static void give_answer(struct i8042 *keyboard, uint8_t byte)
{
    if (keyboard->is_full && keyboard->is_sent && keyboard->count < I8042_QUEUE) {
        keyboard->first = (uint8_t)((keyboard->first + I8042_QUEUE - 1) % I8042_QUEUE);
        keyboard->queue[keyboard->first] = keyboard->data;
        keyboard->count++;
    }
    keyboard->is_sent = false;
    keyboard->data = byte;
    keyboard->is_full = true;
    keyboard->is_auxiliary = false;
}

/* The same, as if a mouse had sent it. */
static void loop_back(struct i8042 *keyboard, uint8_t byte)
{
    give_answer(keyboard, byte);
    keyboard->is_auxiliary = true;
}

static void write_controller(struct i8042 *keyboard, uint8_t value)
{
    switch (value) {
    case 0x20: give_answer(keyboard, keyboard->config); break;
    case 0x60: case 0xD1: case 0xD2: case 0xD3: case 0xD4: keyboard->command = value; break;
    case 0xA7: keyboard->config |= CONFIG_AUXILIARY_DISABLED; break;
    case 0xA8: keyboard->config &= (uint8_t)~CONFIG_AUXILIARY_DISABLED; break;
    case 0xA9: give_answer(keyboard, 0); break;
    case 0xAA: give_answer(keyboard, 0x55); break;
    case 0xAB: give_answer(keyboard, 0); break;
    case 0xAD: keyboard->config |= CONFIG_DISABLED; break;
    case 0xAE: keyboard->config &= (uint8_t)~CONFIG_DISABLED; break;
    case 0xC0: give_answer(keyboard, 0x80); break;
    case 0xD0: give_answer(keyboard, keyboard->output_port); break;
    default:
        if (value >= 0xF0 && !(value & 1))      /* pulses of the output port: bit 0 is the reset line */
            keyboard->wants_reset = true;
    }
}

static void write_output_port(struct i8042 *keyboard, uint8_t value)
{
    keyboard->output_port = value;
    if (!(value & OUTPUT_RUNS))
        keyboard->wants_reset = true;
}

/* The data of a controller's command. */
static void finish_command(struct i8042 *keyboard, uint8_t value)
{
    uint8_t command = keyboard->command;

    keyboard->command = 0;
    if (command == 0x60)
        keyboard->config = value;
    else if (command == 0xD1)
        write_output_port(keyboard, value);
    else if (command == 0xD2)
        give_answer(keyboard, value);
    else if (command == 0xD3)
        loop_back(keyboard, value);
    else if (command == 0xD4)
        loop_back(keyboard, RESEND);        /* there is no mouse, and it is not the keyboard that says so */
}

static void identify(struct i8042 *keyboard)
{
    add_byte(keyboard, ACKNOWLEDGE);
    add_byte(keyboard, 0xAB);
    add_byte(keyboard, keyboard->config & CONFIG_TRANSLATES ? 0x41 : 0x83);
}

/* 0 asks which it is, which is translated like any other byte. There is no set 3. */
static void choose_set(struct i8042 *keyboard, uint8_t value)
{
    bool translates = keyboard->config & CONFIG_TRANSLATES;

    if (value != 0)
        keyboard->sends_first_set = value == 1;
    else if (keyboard->sends_first_set)
        add_byte(keyboard, translates ? 0x43 : 0x01);
    else
        add_byte(keyboard, translates ? 0x41 : 0x02);
}

static void write_keyboard(struct i8042 *keyboard, uint8_t value)
{
    if (keyboard->key_command != 0) {
        uint8_t command = keyboard->key_command;
        keyboard->key_command = 0;
        add_byte(keyboard, ACKNOWLEDGE);
        if (command == 0xF0)
            choose_set(keyboard, value);
        return;
    }
    switch (value) {
    case 0xED: case 0xF0: case 0xF3:
        keyboard->key_command = value;
        add_byte(keyboard, ACKNOWLEDGE);
        break;
    case 0xEE: add_byte(keyboard, 0xEE); break;
    case 0xF2: identify(keyboard); break;
    case 0xF4: case 0xF5: case 0xF6:
        keyboard->is_scanning = value != 0xF5;
        add_byte(keyboard, ACKNOWLEDGE);
        break;
    case 0xFF:
        keyboard->is_scanning = true;
        keyboard->sends_first_set = false;
        add_byte(keyboard, ACKNOWLEDGE);
        add_byte(keyboard, SELF_TEST_GOOD);
        break;
    default: add_byte(keyboard, RESEND); break;
    }
}

uint8_t i8042_read(struct i8042 *keyboard, uint16_t port)
{
    if (port == PORT_DATA) {
        keyboard->is_full = false;
        return keyboard->data;
    }
    if (port == PORT_COMMAND)
        return (uint8_t)((keyboard->is_full ? STATUS_FULL : 0) |
                         (keyboard->is_full && keyboard->is_auxiliary ? STATUS_AUXILIARY : 0) |
                         (keyboard->config & STATUS_SYSTEM) | 0x10 | (keyboard->is_command ? STATUS_COMMAND : 0));
    return keyboard->output_port & OUTPUT_A20;
}

void i8042_write(struct i8042 *keyboard, uint16_t port, uint8_t value)
{
    if (port == PORT_COMMAND || port == PORT_DATA)
        keyboard->is_command = port == PORT_COMMAND;
    if (port == PORT_COMMAND) {
        write_controller(keyboard, value);
    } else if (port != PORT_DATA) {
        keyboard->output_port = (uint8_t)((keyboard->output_port & ~OUTPUT_A20) | (value & OUTPUT_A20));
        keyboard->wants_reset |= value & 1;
    } else if (keyboard->command != 0) {
        finish_command(keyboard, value);
    } else {
        keyboard->config &= (uint8_t)~CONFIG_DISABLED;
        write_keyboard(keyboard, value);
    }
}
