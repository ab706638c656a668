/*
 * pebbles/abi.h - what a user program may rely on besides the system calls: its memory, limits, errors, exceptions.
 */
#ifndef PEBBLES_ABI_H
#define PEBBLES_ABI_H

#include <stdint.h>

/* User memory. Below and above, the kernel. */
#define PEBBLES_PAGE_BYTES 4096u
#define PEBBLES_USER_START 0x01000000u      /* programs are linked from here on */
#define PEBBLES_USER_END 0xC0000000u        /* exclusive; the first stack ends here */
#define PEBBLES_STACK_BYTES 0x10000u        /* of a program's first thread; zero-filled on demand, and promised */
#define PEBBLES_STACK_MAX_BYTES 0x400000u   /* to which it grows while there is memory; programs end below */

/*
 * A program is entered as _main(int argc, char **argv, void *stack_high, void *stack_low) with a return address of 0;
 * stack_high = PEBBLES_USER_END, stack_low = PEBBLES_USER_END - PEBBLES_STACK_BYTES. It must not return. Below
 * stack_low the stack grows when a page is touched, down to what new_pages gave out there.
 */

/* Limits of exec: the words of argv, and the bytes of all its strings with their NULs. */
#define PEBBLES_ARGUMENTS_MAX 64
#define PEBBLES_ARGUMENT_BYTES_MAX 2048
#define PEBBLES_NAME_BYTES_MAX 64           /* of exec and readfile, with the NUL */

/* Limits of one print and one readline. */
#define PEBBLES_PRINT_MAX 65536
#define PEBBLES_LINE_MAX 1024

/* Negative results. */
#define PEBBLES_ERROR_ARGUMENT (-1)         /* a number out of range, an unaligned address, ... */
#define PEBBLES_ERROR_POINTER (-2)          /* user memory that is not there, or not writable */
#define PEBBLES_ERROR_MEMORY (-3)           /* the machine cannot promise so many frames */
#define PEBBLES_ERROR_NONE (-4)             /* no such thread, child or file */
#define PEBBLES_ERROR_STATE (-5)            /* not now: the thread is not blocked, the task has more threads, ... */
#define PEBBLES_ERROR_FORMAT (-6)           /* not a program */

/* Exit status of a task whose last thread was killed by an exception. */
#define PEBBLES_STATUS_KILLED (-2)

/* get_ticks and sleep count these. */
#define PEBBLES_TICK_MS 10

/* misbehave(mode): how the scheduler chooses; other modes are errors. Returns the mode it replaced. */
#define PEBBLES_MISBEHAVE_NONE 0            /* round robin; the parent goes on after fork */
#define PEBBLES_MISBEHAVE_CHILD_FIRST 1     /* a new thread runs before the one that made it */
#define PEBBLES_MISBEHAVE_RANDOM 2          /* the next thread is drawn by lot */

/*
 * readfile's "." lists all files: names, each with its NUL, and an empty name at the end. The other one lists in the
 * same way the machine's images that exec starts as guest kernels: none, unless this kernel may start any.
 */
#define PEBBLES_FILE_LIST "."
#define PEBBLES_IMAGE_LIST "images."

/* What a software exception handler (swexn) gets, and what swexn(..., newureg) sets. */
typedef struct pebbles_ureg {
    uint32_t cause;                         /* exception number; 14: a page fault that the kernel cannot resolve */
    uint32_t cr2;                           /* of a page fault: the address; else 0 */
    uint32_t ds, es, fs, gs;                /* ignored by swexn */
    uint32_t edi, esi, ebp, zero, ebx, edx, ecx, eax;
    uint32_t error_code, eip, cs, eflags, esp, ss;
} ureg_t;

/* Entered on the stack esp3 (exclusive upper end), no longer registered. Must not return. */
typedef void pebbles_handler(void *argument, ureg_t *ureg);

/* EFLAGS that swexn accepts in a ureg_t: arithmetic, TF, IF, DF, RF and bit 1. IF is on whatever it says. */
#define PEBBLES_EFLAGS_ALLOWED 0x00010FD7u

#endif
