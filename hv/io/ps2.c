/*
 * ps2.c - 8042 controller and keyboard (IBM PS/2 "Keyboard/Auxiliary Device Controller"): every wait counts its reads.
 *
 * Controllers of today are imitated by firmware or by a chip that does much else, and each has its own omissions. So
 * nothing is waited for without a bound, a keyboard that does not answer is no reason to give up the port, and whatever
 * else the port brings (a mouse's bytes, answers that nobody asked for) is recognised and dropped.
 */
#include "io/ps2.h"

#include <stdint.h>

#include "cpu/insn.h"

#define PORT_DATA 0x60
#define PORT_STATUS 0x64        /* write: commands */
#define STATUS_OUTPUT_FULL 0x01
#define STATUS_INPUT_FULL 0x02
#define STATUS_AUX_DATA 0x20
#define COMMAND_READ_CONFIG 0x20
#define COMMAND_WRITE_CONFIG 0x60
#define COMMAND_DISABLE_AUX 0xA7
#define COMMAND_SELF_TEST 0xAA
#define SELF_TEST_PASSED 0x55
#define COMMAND_DISABLE_KEYBOARD 0xAD
#define COMMAND_ENABLE_KEYBOARD 0xAE
#define CONFIG_KEYBOARD_INTERRUPT 0x01
#define CONFIG_AUX_INTERRUPT 0x02
#define CONFIG_KEYBOARD_OFF 0x10
#define CONFIG_TRANSLATION 0x40
#define KEYBOARD_ENABLE_SCANNING 0xF4
#define KEYBOARD_SET_DEFAULTS 0xF6  /* a held key repeats: after 500 ms, 11 times a second */
#define KEYBOARD_SET_LEDS 0xED      /* then a byte of LED bits; the keyboard answers both */
#define KEYBOARD_ACKNOWLEDGE 0xFA   /* neither answer is a scancode of set 1 */
#define KEYBOARD_RESEND 0xFE
#define LED_NUM 0x02
#define LED_CAPS 0x04
#define LEDS_RESENDS 3          /* a keyboard that never understands keeps its LEDs as they are */
#define WAIT_READS 100000       /* of about 1 us: a self-test takes some milliseconds */
#define DRAIN_BYTES 64

static bool present, absent;

/* Setting the LEDs takes two bytes; a DUE one waits until the controller can take it, a SENT one for the answer. */
static struct {
    enum { LEDS_DONE, LEDS_COMMAND_DUE, LEDS_COMMAND_SENT, LEDS_VALUE_DUE, LEDS_VALUE_SENT } step;
    uint8_t value, resends;
} leds;

static bool wait_status(uint8_t mask, uint8_t wanted)
{
    for (unsigned i = 0; i < WAIT_READS; i++)
        if ((insn_inb(PORT_STATUS) & mask) == wanted)
            return true;
    return false;
}

static bool write_port(uint16_t port, uint8_t value)
{
    if (!wait_status(STATUS_INPUT_FULL, 0))
        return false;
    insn_outb(port, value);
    return true;
}

/* -1: nothing came. */
static int read_data(void)
{
    return wait_status(STATUS_OUTPUT_FULL, STATUS_OUTPUT_FULL) ? insn_inb(PORT_DATA) : -1;
}

static void drain(void)
{
    for (unsigned i = 0; i < DRAIN_BYTES && (insn_inb(PORT_STATUS) & STATUS_OUTPUT_FULL); i++)
        insn_inb(PORT_DATA);
}

static bool set_config(void)
{
    if (!write_port(PORT_STATUS, COMMAND_READ_CONFIG))
        return false;
    int config = read_data();
    if (config < 0)
        return false;
    /* Translation makes set 1 of whatever set the keyboard speaks: keymap.c knows that one only. */
    config = (config | CONFIG_KEYBOARD_INTERRUPT | CONFIG_TRANSLATION) & ~(CONFIG_AUX_INTERRUPT | CONFIG_KEYBOARD_OFF);
    return write_port(PORT_STATUS, COMMAND_WRITE_CONFIG) && write_port(PORT_DATA, (uint8_t)config);
}

/* Firmware may have left the keyboard with other habits. One that does not answer may be plugged in later. */
static void set_up_keyboard(void)
{
    bool answers = write_port(PORT_DATA, KEYBOARD_SET_DEFAULTS) && read_data() >= 0;

    if (write_port(PORT_DATA, KEYBOARD_ENABLE_SCANNING) && answers)
        (void)read_data();
}

void ps2_set_absent(void)
{
    absent = true;
}

bool ps2_init(void)
{
    if (absent || insn_inb(PORT_STATUS) == 0xFF)        /* 0xFF: nothing decodes the port */
        return false;
    if (!write_port(PORT_STATUS, COMMAND_DISABLE_KEYBOARD) || !write_port(PORT_STATUS, COMMAND_DISABLE_AUX))
        return false;
    drain();
    if (!write_port(PORT_STATUS, COMMAND_SELF_TEST) || read_data() != SELF_TEST_PASSED)
        return false;
    if (!set_config() || !write_port(PORT_STATUS, COMMAND_ENABLE_KEYBOARD))
        return false;
    set_up_keyboard();
    drain();
    present = true;
    ps2_set_leds(false, false);     /* the firmware may have left one on */
    return true;
}

static void send_leds(void)
{
    bool due = leds.step == LEDS_COMMAND_DUE || leds.step == LEDS_VALUE_DUE;
    if (!due || insn_inb(PORT_STATUS) & STATUS_INPUT_FULL)
        return;
    insn_outb(PORT_DATA, leds.step == LEDS_COMMAND_DUE ? KEYBOARD_SET_LEDS : leds.value);
    leds.step++;
}

/* Each call starts anew: a keyboard that was pulled out half-way must not keep the next one dark. */
void ps2_set_leds(bool num, bool caps)
{
    if (!present)
        return;
    leds.value = (num ? LED_NUM : 0) | (caps ? LED_CAPS : 0);
    leds.resends = LEDS_RESENDS;
    leds.step = LEDS_COMMAND_DUE;
    send_leds();
}

static void take_leds_answer(uint8_t answer)
{
    if (leds.step != LEDS_COMMAND_SENT && leds.step != LEDS_VALUE_SENT)
        return;
    if (answer == KEYBOARD_RESEND)
        leds.step = leds.resends-- > 0 ? leds.step - 1 : LEDS_DONE;
    else
        leds.step = leds.step == LEDS_COMMAND_SENT ? LEDS_VALUE_DUE : LEDS_DONE;
    send_leds();
}

int ps2_read(void)
{
    for (unsigned i = 0; present && i < DRAIN_BYTES; i++) {
        uint8_t status = insn_inb(PORT_STATUS);
        if (status == 0xFF || !(status & STATUS_OUTPUT_FULL))
            break;
        uint8_t byte = insn_inb(PORT_DATA);
        if (status & STATUS_AUX_DATA)
            continue;
        if (byte != KEYBOARD_ACKNOWLEDGE && byte != KEYBOARD_RESEND)
            return byte;
        take_leds_answer(byte);
    }
    send_leds();
    return -1;
}

bool ps2_present(void)
{
    return present;
}
