/*
 * flood.c - rows of 79 letters and a newline without a pause: as many thousands as it has MiB of RAM.
 *
 * scripts/bench compares what the hypervisor executes for few and for many, so this guest needs no clock.
 */
#include "sdk.h"

#define ROW_BYTES 80

static char row[ROW_BYTES];

int main(void)
{
    uint32_t rows = (sdk_memory_bytes() >> 20) * 1000;

    memset(row, 'x', sizeof(row));
    row[ROW_BYTES - 1] = '\n';
    for (uint32_t i = 0; i < rows; i++) {
        row[i % (ROW_BYTES - 1)] = (char)('a' + i % 26);
        hv_print(ROW_BYTES, row);
    }
    return 0;
}
