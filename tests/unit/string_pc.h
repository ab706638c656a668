/*
 * string_pc.h - a virtual PC under SVM, on a processor on paper, at a string instruction of its disk's; and the same
 * instruction by the interpreter from the same state.
 */
#ifndef STRING_PC_H
#define STRING_PC_H

#include "vpc/svm/svm.h"

#define RAM_FRAMES 192u         /* the text page is one of them */
#define CODE 0x8000u
#define DIRECTORY 0x10000u
#define TABLE 0x11000u
#define DATA 0x20000u           /* linear, so many pages, in frames that do not follow each other */
#define PAGES 4u
#define LARGE 0x400000u         /* linear: the same RAM, in a page of 4 MiB */
#define LARGE_PDE (DIRECTORY + 4)
#define LARGE_PAGE 0x80u
#define PORT 0x1F0u
#define SECTORS 24u
#define PRIMARY_READ 0x20u
#define PRIMARY_WRITE 0x30u
#define READ_MULTIPLE 0xC4u
#define WRITE_MULTIPLE 0xC5u
#define CODE32 (ATTR_P | ATTR_S | ATTR_CODE | ATTR_READABLE | ATTR_ACCESSED | ATTR_DB | ATTR_G)
#define DATA32 (ATTR_P | ATTR_S | ATTR_WRITABLE | ATTR_ACCESSED | ATTR_DB | ATTR_G)
#define USUAL (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)

/* An instruction. One that is not plain is never done without the interpreter. */
struct form {
    const char *bytes;
    uint8_t length, element;
    bool is_in, repeats, is_plain;
};

/* What an instruction may change. */
struct state {
    struct vcpu cpu;
    struct ide ide;
    struct i8259_pair pic;
    uint16_t lines;
    _Alignas(8) uint8_t memory[PAGES + 2][PAGE_SIZE];
    uint8_t sectors[SECTORS * DISK_SECTOR_BYTES];
};

extern struct vpc vpc;
extern struct ram ram;
extern struct vmcb *block;
extern uint8_t file[SECTORS * DISK_SECTOR_BYTES];
extern const uint32_t data_frames[PAGES];
extern const struct form *form;             /* the one that is set up */
extern unsigned entries, by_itself;         /* how often the guest left at it; how often without the interpreter */
extern struct state before, by_svm, by_interp;

/* cmocka's set-up and tear-down of each test. */
int string_pc_start(void **state);
int string_pc_stop(void **state);

/* Privilege 0, everything flat and allowed, and at the instruction; the disk has nothing to do. */
void set_up(const struct form *chosen);

/* Where the string lies, and how many elements it has. */
void set_index(uint32_t address, uint32_t count);

/* A command for so many sectors from one on, and so many bytes of it done. */
void command(uint8_t number, uint8_t sector, uint8_t count, uint32_t done);

void store_word(uint32_t at, uint32_t value);

/* The instruction to its end, or its fault, which is a triple one, as there is no table of handlers. */
enum exit_reason finish_by_svm(void);

/* By SVM and by the interpreter: both begin from what is set up, and must end the same. */
void compare(void);

#endif
