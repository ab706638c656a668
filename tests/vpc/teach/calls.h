/*
 * calls.h - what the kernel and the programs of the teaching Unix both know: calls by INT 0x40, whose number is in EAX
 * and whose arguments are in EBX, ECX, EDX, ESI; and the directory.
 */
#ifndef TESTS_VPC_TEACH_CALLS_H
#define TESTS_VPC_TEACH_CALLS_H

#include <stdint.h>

enum call { CALL_EXIT = 1, CALL_WRITE, CALL_TAKE_LINE, CALL_OPEN, CALL_READ, CALL_SPAWN, CALL_WAIT, CALL_TICKS,
            CALL_GROW, CALL_SECTOR, CALL_HALT };

#define LINE_BYTES 64u
#define NAME_BYTES 24u
#define DIRECTORY 0                     /* the file that is the directory itself */

struct entry {
    char name[NAME_BYTES];
    uint32_t at, bytes;                 /* from the disk's beginning, a multiple of 512 */
};

#endif
