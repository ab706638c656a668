/*
 * keys.c - shows what getchar gives for each key, until q.
 */
#include "pebbles.h"

int main(void)
{
    int key;

    print_string("press keys; q ends\n");
    do {
        key = getchar();
        printf(key > ' ' && key < 127 ? "0x%02x %c\n" : "0x%02x\n", (unsigned)key, key);
    } while (key >= 0 && key != 'q');
    return key < 0;
}
