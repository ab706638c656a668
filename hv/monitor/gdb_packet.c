/*
 * gdb_packet.c - frames, sums and digits of gdb's remote protocol (PURE).
 */
#include "monitor/gdb_packet.h"

#include "base/string.h"

#define INTERRUPT 0x03
#define ESCAPE '}'
#define ESCAPED 0x20        /* is XORed to a byte behind ESCAPE */

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

static char hex_digit(unsigned value)
{
    return "0123456789abcdef"[value & 0xF];
}

static void take_letter(struct gdb_packet *packet, uint8_t byte)
{
    packet->sum = (uint8_t)(packet->sum + byte);
    if (byte == ESCAPE && !packet->is_escaped) {
        packet->is_escaped = true;
        return;
    }
    if (packet->is_escaped)
        byte ^= ESCAPED;
    packet->is_escaped = false;
    if (packet->length < GDB_PACKET_BYTES)
        packet->text[packet->length++] = (char)byte;
    else
        packet->too_long = true;
}

enum gdb_input gdb_packet_take(struct gdb_packet *packet, uint8_t byte)
{
    if (byte == '$') {
        *packet = (struct gdb_packet){ .is_open = true };
        return GDB_NOTHING;
    }
    if (!packet->is_open && byte == '#')        /* the beginning is lost, as firmware takes it that reads this line */
        *packet = (struct gdb_packet){ .is_open = true, .too_long = true };
    if (!packet->is_open)
        return byte == INTERRUPT ? GDB_INTERRUPT : GDB_NOTHING;
    if (packet->digits == 0 && byte != '#') {
        take_letter(packet, byte);
        return GDB_NOTHING;
    }
    if (packet->digits++ == 0)
        return GDB_NOTHING;             /* the '#' */
    int value = hex_value((char)byte);
    packet->wanted = (uint8_t)(packet->wanted << 4 | (value & 0xF));
    packet->too_long |= value < 0;
    if (packet->digits < 3)
        return GDB_NOTHING;
    packet->is_open = false;
    packet->text[packet->length] = '\0';
    return packet->wanted == packet->sum && !packet->too_long ? GDB_PACKET : GDB_AGAIN;
}

void gdb_answer_text(struct gdb_answer *answer, const char *text)
{
    while (*text != '\0' && answer->length < GDB_PACKET_BYTES)
        answer->text[answer->length++] = *text++;
    answer->text[answer->length] = '\0';
}

void gdb_answer_hex(struct gdb_answer *answer, const void *bytes, size_t count)
{
    const uint8_t *byte = bytes;

    for (size_t i = 0; i < count; i++) {
        char digits[3] = { hex_digit(byte[i] >> 4), hex_digit(byte[i]), '\0' };
        gdb_answer_text(answer, digits);
    }
}

void gdb_answer_word(struct gdb_answer *answer, uint32_t word)
{
    gdb_answer_hex(answer, &word, sizeof(word));
}

size_t gdb_answer_frame(const struct gdb_answer *answer, char *frame)
{
    uint8_t sum = 0;

    frame[0] = '$';
    for (unsigned i = 0; i < answer->length; i++)
        sum = (uint8_t)(sum + (uint8_t)answer->text[i]);
    memcpy(frame + 1, answer->text, answer->length);
    frame[answer->length + 1] = '#';
    frame[answer->length + 2] = hex_digit(sum >> 4);
    frame[answer->length + 3] = hex_digit(sum);
    return answer->length + 4;
}

bool gdb_parse_hex(const char **text, uint32_t *value)
{
    const char *start = *text;
    uint32_t sum = 0;

    for (int digit; (digit = hex_value(**text)) >= 0; ++*text)
        sum = sum << 4 | (uint32_t)digit;
    *value = sum;
    return *text != start && *text - start <= 8;
}

bool gdb_parse_bytes(const char **text, uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int high = hex_value((*text)[0]);
        int low = high < 0 ? -1 : hex_value((*text)[1]);
        if (low < 0)
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
        *text += 2;
    }
    return true;
}
