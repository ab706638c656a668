/*
 * sort.c - sorts its arguments, or ten thousand numbers when it has none.
 */
#include "pebbles.h"
#include "random.h"

#define NUMBERS 10000

static uint32_t numbers[NUMBERS];

/* Heap sort: the largest of [0, count) to the top, under the rule that parents are not less than children. */
static void sift(uint32_t *values, uint32_t at, uint32_t count)
{
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child + 1 < count && values[child + 1] > values[child])
            child++;
        if (child >= count || values[at] >= values[child])
            return;
        uint32_t value = values[at];
        values[at] = values[child];
        values[child] = value;
        at = child;
    }
}

static void sort_numbers(uint32_t *values, uint32_t count)
{
    for (uint32_t i = count / 2; i-- > 0;)
        sift(values, i, count);
    while (count-- > 1) {
        uint32_t largest = values[0];
        values[0] = values[count];
        values[count] = largest;
        sift(values, 0, count);
    }
}

static int many(void)
{
    uint32_t seed = 12345, sum = 0;
    int start = get_ticks();

    for (uint32_t i = 0; i < NUMBERS; i++)
        sum += numbers[i] = random_next(&seed);
    sort_numbers(numbers, NUMBERS);
    for (uint32_t i = 0; i < NUMBERS; i++) {
        sum -= numbers[i];
        if (i > 0 && numbers[i - 1] > numbers[i])
            sum = 1;
    }
    printf("%d numbers %s in %d ticks\n", NUMBERS, sum == 0 ? "sorted" : "NOT sorted", get_ticks() - start);
    return sum != 0;
}

int main(int argc, char **argv)
{
    if (argc == 1)
        return many();
    for (int done = 1; done < argc; done++) {
        for (int i = argc - 1; i > done; i--) {
            if (strcmp(argv[i - 1], argv[i]) > 0) {
                char *swap = argv[i];
                argv[i] = argv[i - 1];
                argv[i - 1] = swap;
            }
        }
        printf("%s\n", argv[done]);
    }
    return 0;
}
