/*
 * selectors.c - proves: of all segment selectors a program can use its own two and null; a far jump, a far return or a
 * load with any other is a general protection fault that names it.
 */
#include "catch.h"
#include "check.h"

#define GENERAL_PROTECTION 13
#define SELECTORS 0x10000u
#define INDEX(selector) ((selector) & ~3u)      /* with its table; without the privilege level it asks for */
#define OWN(name) ({ uint32_t own; __asm__ volatile("movl %%" #name ", %0" : "=r"(own)); INDEX(own & 0xFFFF); })

struct far_pointer {
    uint32_t offset;
    uint16_t selector;
};

static void jump(void *pointer)
{
    struct far_pointer *target = pointer;

    __asm__ volatile("movl $1f, (%0)\n\tljmp *(%0)\n1:" : : "r"(target) : "memory");
}

static void far_return(void *pointer)
{
    uint32_t selector = ((struct far_pointer *)pointer)->selector;

    __asm__ volatile("pushl %0\n\tpushl $1f\n\tlret\n1:" : : "r"(selector) : "memory");
}

static void load(void *pointer)
{
    uint32_t selector = ((struct far_pointer *)pointer)->selector;

    __asm__ volatile("movw %w0, %%gs" : : "r"(selector));
}

static void check_refused(void (*use)(void *), const char *name, uint32_t selector)
{
    struct far_pointer pointer = { .selector = (uint16_t)selector };
    ureg_t ureg = { 0 };

    if (!CHECK_EQUAL(catch_exception(use, &pointer, &ureg), GENERAL_PROTECTION) ||
        !CHECK_EQUAL(ureg.error_code, INDEX(selector)))
        printf("... %s, selector 0x%x\n", name, selector);
}

/* Both tables, all four privilege levels; far from the start only every 61st. */
static void check_all(void)
{
    for (uint32_t selector = 0; selector < SELECTORS; selector += selector < 0x200 ? 1 : 61) {
        if (INDEX(selector) != OWN(cs)) {
            check_refused(jump, "far jump", selector);
            if ((selector & 3) == 3)            /* to a lower level there is no return: another story */
                check_refused(far_return, "far return", selector);
        }
        if (INDEX(selector) != OWN(cs) && INDEX(selector) != OWN(ds) && INDEX(selector) != 0)
            check_refused(load, "load", selector);
    }
}

static void check_allowed(void)
{
    struct far_pointer code = { .selector = (uint16_t)(OWN(cs) | 3) }, data = { .selector = (uint16_t)(OWN(ds) | 3) };
    struct far_pointer null = { 0 };

    CHECK_EQUAL(catch_exception(jump, &code, NULL), CATCH_NOTHING);
    CHECK_EQUAL(catch_exception(far_return, &code, NULL), CATCH_NOTHING);
    CHECK_EQUAL(catch_exception(load, &null, NULL), CATCH_NOTHING);
    CHECK_EQUAL(catch_exception(load, &data, NULL), CATCH_NOTHING);
}

int main(void)
{
    check_allowed();
    check_all();
    return check_result();
}
