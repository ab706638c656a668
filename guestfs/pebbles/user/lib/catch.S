/*
 * catch.S - catch_call(function, argument): a call that an exception may cut short. The registers that C wants back lie
 * where catch_esp points; both ways out take them from there.
 */
        .section .text.catch_call, "ax", @progbits
        .globl catch_call, catch_landing
        .type catch_call, @function
catch_call:
        pushl %ebp
        pushl %ebx
        pushl %esi
        pushl %edi
        movl %esp, catch_esp
        movl 20(%esp), %eax
        pushl 24(%esp)
        call *%eax
        addl $4, %esp
catch_landing:
        popl %edi
        popl %esi
        popl %ebx
        popl %ebp
        ret
        .size catch_call, . - catch_call

        .bss
        .balign 4
        .globl catch_esp
catch_esp: .long 0
        .section .note.GNU-stack, "", @progbits
