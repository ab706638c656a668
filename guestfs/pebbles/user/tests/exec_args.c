/*
 * exec_args.c - proves: a program gets the arguments it was given; exec that cannot work returns and changes nothing.
 *
 * It runs itself with arguments; the copy checks them.
 */
#include "check.h"
#include "process.h"

#define MANY 60

static char numbers[MANY][8];

static int check_arguments(int argc, char **argv)
{
    CHECK_EQUAL(argv[argc] == NULL, 1);
    CHECK_EQUAL((uint32_t)(uintptr_t)main_stack_high, PEBBLES_USER_END);
    CHECK_EQUAL(main_stack_high - main_stack_low, PEBBLES_STACK_BYTES);
    CHECK((char *)argv < main_stack_high && (char *)argv > main_stack_low);
    if (strcmp(argv[1], "three") == 0) {
        CHECK_EQUAL(argc, 4);
        CHECK_EQUAL(strcmp(argv[2], ""), 0);
        CHECK_EQUAL(strcmp(argv[3], "with blank"), 0);
    } else {
        CHECK_EQUAL(argc, MANY + 2);
        for (int i = 0; i < MANY; i++)
            CHECK_EQUAL(strcmp(argv[i + 2], numbers[i]), 0);
    }
    argv[1][0] = 'x';                   /* they are its own */
    return check_result() == 0 ? 33 : 1;
}

static void good(void)
{
    const char *const three[] = { "exec_args", "three", "", "with blank", NULL };
    const char *many[MANY + 3] = { "exec_args", "many" };

    CHECK_EQUAL(process_run(three), 33);
    for (int i = 0; i < MANY; i++)
        many[i + 2] = numbers[i];
    CHECK_EQUAL(process_run(many), 33);
}

static void bad(void)
{
    static char long_text[PEBBLES_ARGUMENT_BYTES_MAX + 1], long_name[PEBBLES_NAME_BYTES_MAX + 1];
    const char *too_many[PEBBLES_ARGUMENTS_MAX + 2];

    memset(long_text, 'a', sizeof(long_text) - 1);
    memset(long_name, 'a', sizeof(long_name) - 1);
    for (int i = 0; i <= PEBBLES_ARGUMENTS_MAX; i++)
        too_many[i] = "x";
    too_many[PEBBLES_ARGUMENTS_MAX + 1] = NULL;
    CHECK(exec("crash", too_many) < 0);
    CHECK(exec("crash", (const char *const[]){ "hello", long_text, NULL }) < 0);
    CHECK(exec(long_name, (const char *const[]){ "hello", NULL }) < 0);
    CHECK(exec("no such file", (const char *const[]){ "hello", NULL }) < 0);
    CHECK(exec("", (const char *const[]){ "hello", NULL }) < 0);
    CHECK(exec(PEBBLES_FILE_LIST, (const char *const[]){ "hello", NULL }) < 0);
}

int main(int argc, char **argv)
{
    for (int i = 0; i < MANY; i++)
        snprintf(numbers[i], sizeof(numbers[i]), "%d", i * i);
    if (argc > 1)
        return check_arguments(argc, argv);
    good();
    CHECK_TO_THE_END(bad);
    return check_result();
}
