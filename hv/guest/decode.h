/*
 * decode.h - what instruction sits at EIP (PURE), as far as a #GP needs to know: INT n, HLT, and what is privileged.
 */
#ifndef GUEST_DECODE_H
#define GUEST_DECODE_H

#include <stdint.h>

#define DECODE_MAX_BYTES 15     /* SDM vol. 2 "Instruction Format": longer ones are #GP(0) */

enum decode_kind {
    DECODE_OTHER,       /* none of these, or cut off */
    DECODE_INT,         /* CD nn, CC (INT 3), CE (INT 4) */
    DECODE_HLT,
    DECODE_PRIVILEGED,  /* faults outside ring 0, with these segments and this I/O privilege level */
};

struct decoded {
    enum decode_kind kind;
    uint8_t vector;     /* DECODE_INT: n */
    uint8_t length;     /* bytes, prefixes included; DECODE_INT and DECODE_HLT only, else 0 */
    const char *name;   /* how authors write it ("cli"); NULL: DECODE_OTHER */
};

/*
 * Decode 32-bit code. count is how many bytes could be read at EIP; more than DECODE_MAX_BYTES are not looked at.
 * LOCK makes all of these #UD, so a locked one is DECODE_OTHER. Source: SDM vol. 2 "Opcode Map".
 */
struct decoded decode_instruction(const uint8_t *bytes, unsigned count);

#endif
