/*
 * gdb_packet.h - packets of gdb's remote serial protocol (PURE): "$TEXT#SS", acknowledged by '+' or '-'.
 *
 * Source: the gdb manual, "Remote Protocol" "Overview".
 */
#ifndef MONITOR_GDB_PACKET_H
#define MONITOR_GDB_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GDB_PACKET_BYTES 1024       /* text of a packet, either way; gdb is told */

enum gdb_input { GDB_NOTHING, GDB_PACKET, GDB_INTERRUPT, GDB_AGAIN };

/* What comes in. All zero at first. */
struct gdb_packet {
    unsigned length;
    bool is_open, is_escaped, too_long;
    uint8_t sum, digits, wanted;        /* of the text; digits of the sum that came, and what they say */
    char text[GDB_PACKET_BYTES + 1];    /* NUL-terminated once it is whole */
};

/*
 * The next byte. GDB_PACKET: text is whole and its sum right. GDB_AGAIN: it is not; ask for it again. GDB_INTERRUPT:
 * Ctrl-C at gdb.
 */
enum gdb_input gdb_packet_take(struct gdb_packet *packet, uint8_t byte);

/* What goes out. */
struct gdb_answer {
    unsigned length;
    char text[GDB_PACKET_BYTES + 1];
};

/* Text is cut where it does not fit. */
void gdb_answer_text(struct gdb_answer *answer, const char *text);
/* Bytes as pairs of hexadecimal digits. */
void gdb_answer_hex(struct gdb_answer *answer, const void *bytes, size_t count);
/* A word as the processor has it in memory: low byte first. */
void gdb_answer_word(struct gdb_answer *answer, uint32_t word);

/* "$TEXT#SS" around the answer: returns how many bytes of frame, which has GDB_PACKET_BYTES + 4, it takes. */
size_t gdb_answer_frame(const struct gdb_answer *answer, char *frame);

/* Read a hexadecimal number (no 0x), at most 32 bits: *text goes behind it. False: there is none. */
bool gdb_parse_hex(const char **text, uint32_t *value);
/* Read count bytes of two digits each. False: there are fewer. */
bool gdb_parse_bytes(const char **text, uint8_t *bytes, size_t count);

#endif
