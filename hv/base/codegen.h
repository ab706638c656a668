/*
 * codegen.h - two hints for clang, in the few functions that hot paths run through.
 *
 * Both are assembly of no instructions. What they buy is counted: without them gspace_fault_known and gspace_adjustpg
 * save three registers instead of one, and are 15 and 19 instructions longer (clang 14). They change no meaning: a
 * build without them is right, and slower.
 */
#ifndef BASE_CODEGEN_H
#define BASE_CODEGEN_H

/*
 * Work this variable out here, once, into a register. Clang else works it out again on each way that needs it, from
 * parts that must then all stay in registers: more than a function may use without saving some for its caller.
 */
#define WORK_OUT_HERE(variable) __asm__("" : "+r"(variable))

/* What was read from memory before is read again if it is needed after: that, too, would take a register meanwhile. */
#define KEEP_NOTHING_READ() __asm__ volatile("" : : : "memory")

#endif
