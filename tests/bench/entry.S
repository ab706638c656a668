/*
 * entry.S - the shortest handlers there can be: the event frame (struct event in the SDK, from "address" on) turned
 * into hv_iret's arguments. And the way to guest user and back.
 */
#include "floor/floor.h"
#include "pebpeb.h"

#define CALL_IRET 2             /* HV_CALL_IRET: an enum, not visible to the assembler */
#define SLOT_INT 0x80
#define SLOT_DONE 0x81
#define USER_STACK_BYTES 4096
#define ESP0_STACK_BYTES 4096

        .text
/* Kernel mode was interrupted; EIP is what ECX says. */
        .globl bench_resume_handler
bench_resume_handler:
        pushl %eax
        pushl $0
        leal 28(%esp), %eax
        pushl %eax
        pushl 28(%esp)          /* EFLAGS */
        pushl %ecx
        movl $CALL_IRET, %eax
        int $HV_INT_VECTOR

/* Kernel mode was interrupted: count, and go on. */
        .globl bench_tick_handler
bench_tick_handler:
        incl bench_ticks
        pushl %eax
        pushl $0
        leal 28(%esp), %eax
        pushl %eax
        pushl 28(%esp)          /* EFLAGS */
        pushl 24(%esp)          /* EIP */
        movl $CALL_IRET, %eax
        int $HV_INT_VECTOR

/* User mode was interrupted: back there. */
        .globl bench_user_handler
bench_user_handler:
        pushl %eax
        pushl $esp0_stack_top
        pushl 28(%esp)          /* ESP */
        pushl 28(%esp)          /* EFLAGS */
        pushl 24(%esp)          /* EIP */
        movl $CALL_IRET, %eax
        int $HV_INT_VECTOR

/* The same, but EIP is what ECX says. */
        .globl bench_user_resume_handler
bench_user_resume_handler:
        pushl %eax
        pushl $esp0_stack_top
        pushl 28(%esp)
        pushl 28(%esp)
        pushl %ecx
        movl $CALL_IRET, %eax
        int $HV_INT_VECTOR

/* The first three for the floor, by its own hv_iret. */
        .globl bench_floor_resume_handler
bench_floor_resume_handler:
        pushl %eax
        pushl $0
        leal 28(%esp), %eax
        pushl %eax
        pushl 28(%esp)
        pushl %ecx
        movl $CALL_IRET, %eax
        int $BENCH_FLOOR_RESUME

        .globl bench_floor_tick_handler
bench_floor_tick_handler:
        incl bench_ticks
        pushl %eax
        pushl $0
        leal 28(%esp), %eax
        pushl %eax
        pushl 28(%esp)
        pushl 24(%esp)
        movl $CALL_IRET, %eax
        int $BENCH_FLOOR_RESUME

        .globl bench_floor_user_handler
bench_floor_user_handler:
        pushl %eax
        pushl $esp0_stack_top
        pushl 28(%esp)
        pushl 28(%esp)
        pushl 24(%esp)
        movl $CALL_IRET, %eax
        int $BENCH_FLOOR_IRET

/* The first and the last again, but keep the frame for a look. */
.macro keep_frame next
        .irp word, 0, 4, 8, 12, 16, 20
        pushl \word(%esp)
        popl bench_frame + \word
        .endr
        jmp \next
.endm
        .globl bench_floor_seen_resume, bench_floor_seen_user
bench_floor_seen_resume:
        keep_frame bench_floor_resume_handler
bench_floor_seen_user:
        keep_frame bench_floor_user_handler

/* Guest kernel to guest user: eip and rounds are the C caller's arguments, vector is a way of hv_iret. */
.macro enter_user vector
        pushl %ebp
        pushl %ebx
        pushl %esi
        pushl %edi
        movl 20(%esp), %eax
        movl 24(%esp), %ebx
        movl %esp, kernel_esp
        pushl $0
        pushl $esp0_stack_top
        pushl $user_stack_top
        pushl $2                /* EFLAGS: nothing set, virtual interrupts off */
        pushl %eax
        movl $CALL_IRET, %eax
        int $\vector
.endm

        .globl bench_floor_run
bench_floor_run:
        enter_user BENCH_FLOOR_IRET
        .globl bench_user_run
bench_user_run:
        enter_user HV_INT_VECTOR
        .globl bench_done_handler
bench_done_handler:
        movl kernel_esp, %esp
        popl %edi
        popl %esi
        popl %ebx
        popl %ebp
        ret

/* What guest user does. */
        .globl bench_user_int
bench_user_int:
        int $SLOT_INT
        decl %ebx
        jnz bench_user_int
        int $SLOT_DONE
        .globl bench_user_floor_int
bench_user_floor_int:
        int $BENCH_FLOOR_INT
        decl %ebx
        jnz bench_user_floor_int
        int $SLOT_DONE
        .globl bench_user_touch
bench_user_touch:               /* read at bench_touched */
        movl bench_touched, %esi
1:      movl $2f, %ecx
        movl (%esi), %eax
2:      decl %ebx
        jnz 1b
        int $SLOT_DONE
        .globl bench_user_empty
bench_user_empty:
        decl %ebx
        jnz bench_user_empty
        int $SLOT_DONE

        .bss
        .balign 4096
user_stack:
        .skip USER_STACK_BYTES
user_stack_top:
        .skip ESP0_STACK_BYTES
esp0_stack_top:
kernel_esp:
        .skip 4
        .globl bench_ticks
bench_ticks:
        .skip 4
        .globl bench_touched
bench_touched:
        .skip 4
        .globl bench_frame
bench_frame:
        .skip 24

        .section .note.GNU-stack, "", @progbits
