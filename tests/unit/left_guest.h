/*
 * left_guest.h - a virtual PC under SVM whose processor leaves it once, as the test says, at CODE; if it is entered
 * again, by an interrupt of the host's. EAX and ESP are nowhere but in the block.
 */
#ifndef LEFT_GUEST_H
#define LEFT_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fake_mmu.h"
#include "vpc/svm/svm.h"

#define CODE 0x8000u
#define OTHER_CODE 0x9000u
#define DIRECTORY 0x10000u
#define OTHER_DIRECTORY 0x12000u
#define TABLE 0x11000u
#define OTHER_TABLE 0x13000u
#define TPR (LAPIC_BASE + 0x80)
#define NPF_WRITE (SVM_NPF_OPERAND | PF_WRITE)
#define CPUID "\x0F\xA2"
#define RDTSC "\x0F\x31"
#define TPR_BYTES "\x80\x00\xE0\xFE"

extern struct vpc vpc;
extern struct svm svm;
extern struct ram ram;
extern uint64_t now_ns;
extern uint32_t event_left;             /* what was on its way as it left, as the block has it; 0 at first */
extern unsigned entries, by_itself;     /* of the last time: how often it was entered, and gone on without a look */

/* Set-up and tear-down functions of cmocka. Two directories have RAM one to one; OTHER_TABLE has CODE elsewhere. */
int left_start(void **state);
int left_stop(void **state);

void store_bytes(uint32_t at, const void *bytes, size_t count);
void store_word(uint32_t at, uint32_t value);

/* The guest leaves at CODE. Was it seen to without the interpreter? */
bool leave(uint64_t code, uint64_t info1, uint64_t info2);
/* The same with these bytes there; it goes on behind them. */
bool leave_at(const char *bytes, size_t count, uint64_t code, uint64_t info1, uint64_t info2);

#endif
