/*
 * keys.c - see keys.h (PURE).
 */
#include "vpc/keys.h"

#include "io/keymap.h"
#include "pebpeb.h"

#define BREAK 0x80u
#define SETTLED_NS 1000000000u      /* a driver has long finished its set-up by then */

/* What a terminal sends for the keys that have no character. */
static const char *sequence_of(uint8_t raw)
{
    switch (raw) {
    case HV_KEYCODE_UP: return "\x1B[A";
    case HV_KEYCODE_DOWN: return "\x1B[B";
    case HV_KEYCODE_RIGHT: return "\x1B[C";
    case HV_KEYCODE_LEFT: return "\x1B[D";
    default: return "";
    }
}

static void add(struct keys *keys, uint8_t byte)
{
    if (keys->count < KEYS_BYTES)
        keys->bytes[(keys->first + keys->count++) % KEYS_BYTES] = byte;
}

/* A terminal's Enter is a carriage return. */
static void type_on_serial(struct keys *keys, uint32_t word)
{
    uint8_t raw = (uint8_t)(word >> HV_KEY_RAW_SHIFT);

    if (!(word & HV_KEY_MAKE))
        return;
    if (word & HV_KEY_HASDATA) {
        uint8_t character = (uint8_t)(word & HV_KEY_CHAR_MASK);
        add(keys, character == '\n' ? '\r' : character);
        return;
    }
    for (const char *next = sequence_of(raw); *next != '\0'; next++)
        add(keys, (uint8_t)*next);
}

static void type_on_keyboard(struct keys *keys, uint32_t word)
{
    uint16_t code = keymap_code_of((uint8_t)(word >> HV_KEY_RAW_SHIFT), word & HV_KEY_NUMPAD);

    if (code == 0)
        return;
    if (code > 0xFF)
        add(keys, (uint8_t)(code >> 8));
    add(keys, (uint8_t)(code | (word & HV_KEY_MAKE ? 0 : BREAK)));
}

/*
 * A driver that does not raise RTS has its interrupt on. It may still clear the FIFO after that, but not for long, and
 * does not halt before.
 */
static bool is_serial_ready(const struct keys *keys, struct vpc *vpc)
{
    bool is_long = keys->serial_from_ns != 0 && vpc_now_ns(vpc) >= keys->serial_from_ns;

    return uart_is_ready(&vpc->uart) ||
           (uart_wants_interrupt(&vpc->uart) && (is_long || vpc->interp.cpu.is_halted));
}

static unsigned device_room(const struct keys *keys, struct vpc *vpc)
{
    if (!keys->takes_serial_input)
        return i8042_room(&vpc->keyboard);
    return is_serial_ready(keys, vpc) ? uart_room(&vpc->uart) : 0;
}

static void give(const struct keys *keys, struct vpc *vpc, uint8_t byte)
{
    if (keys->takes_serial_input)
        uart_receive(&vpc->uart, byte);
    else
        i8042_key(&vpc->keyboard, byte);
}

void keys_feed(struct keys *keys, struct virq *virq, struct vpc *vpc)
{
    uint32_t word;
    bool any = false;

    if (keys->count == 0 && !virq_is_pending(virq))
        return;
    if (keys->serial_from_ns == 0 && uart_wants_interrupt(&vpc->uart))
        keys->serial_from_ns = vpc_now_ns(vpc) + SETTLED_NS;
    for (unsigned room = device_room(keys, vpc); room > 0; room--) {
        while (keys->count == 0 && virq_is_pending(virq)) {
            (void)virq_take(virq, &word);
            if (keys->takes_serial_input)
                type_on_serial(keys, word);
            else
                type_on_keyboard(keys, word);
        }
        if (keys->count == 0)
            break;
        give(keys, vpc, keys->bytes[keys->first]);
        keys->first = (uint8_t)((keys->first + 1) % KEYS_BYTES);
        keys->count--;
        any = true;
    }
    if (any)
        vpc_settle_lines(vpc);
}

bool keys_wait(const struct keys *keys, const struct virq *virq, struct vpc *vpc)
{
    return (keys->count > 0 || virq_is_pending(virq)) && device_room(keys, vpc) > 0;
}
