/*
 * catch.c - see catch.h. The handler resumes behind the call, on the stack as it was there.
 */
#include "catch.h"

#define STACK_BYTES 4096

/* catch.S */
void catch_call(void (*function)(void *), void *argument);
extern const char catch_landing[];
extern uint32_t catch_esp;

static ureg_t caught;
static int cause;
static char stack[STACK_BYTES] __attribute__((aligned(16)));

static void land(void *argument, ureg_t *ureg)
{
    (void)argument;
    caught = *ureg;
    cause = (int)ureg->cause;
    ureg->eip = (uint32_t)(uintptr_t)catch_landing;
    ureg->esp = catch_esp;
    ureg->eflags &= ~0x500u;            /* direction, trap */
    int error = swexn(NULL, NULL, NULL, ureg);
    printf("catch: swexn refuses to resume (%d)\n", error);
    task_vanish(1);
}

int catch_exception(void (*function)(void *), void *argument, ureg_t *ureg)
{
    cause = CATCH_NOTHING;
    swexn(stack + STACK_BYTES, land, NULL, NULL);
    catch_call(function, argument);
    swexn(NULL, NULL, NULL, NULL);
    if (ureg != NULL)
        *ureg = caught;
    return cause;
}

static void read_byte(void *address)
{
    (void)*(const volatile char *)address;
}

static void write_byte(void *address)
{
    *(volatile char *)address = 1;
}

int catch_read(uintptr_t address, ureg_t *ureg)
{
    return catch_exception(read_byte, (void *)address, ureg);
}

int catch_write(uintptr_t address, ureg_t *ureg)
{
    return catch_exception(write_byte, (void *)address, ureg);
}
