/*
 * fuzz_entry.S - events of the fuzz guest (fuzz.h): what the interrupted code left in DS and ES is not trusted.
 *
 * An event in kernel mode leaves the segment registers as they were, and random code loads null and worse. SS always
 * holds a stack segment, or the event could not have been pushed.
 */
#include "event_frame.h"

        .text
        entry_points fuzz_entries, fuzz_common

        .type fuzz_common, @function
fuzz_common:
        pusha
        cld
        movw %ss:fuzz_selector, %ax
        movw %ax, %ds
        movw %ax, %es
        pushl %esp
        call fuzz_event
        addl $4, %esp
        return_from_event
        .size fuzz_common, . - fuzz_common

/* void fuzz_again(void *stack): whatever was under way is forgotten. */
        .globl fuzz_again
        .type fuzz_again, @function
fuzz_again:
        movl 4(%esp), %esp
        xorl %ebp, %ebp
        call fuzz_steps
        .size fuzz_again, . - fuzz_again

        .section .note.GNU-stack, "", @progbits
