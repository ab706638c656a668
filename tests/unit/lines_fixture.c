/* lines_fixture.c - code whose lines test_image_lines.c knows: it says itself where each function stands. */
int first(int number);
int second(int number);
void last(void);

#line 100 "deep/folder/one.c"
__attribute__((noinline)) int first(int number)
{
    return number * number + 1;
}
#line 2000 "two.h"
__attribute__((noinline)) int second(int number)
{
    int sum = 0;
    for (int i = 0; i < number; i++)
        sum += first(i);
    return sum;
}
#line 70000 "/three.c"
void last(void)
{
    __builtin_trap();
}
