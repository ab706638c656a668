/*
 * unreached.c - what load_elf.c and debug_print.c reach when a guest dies, and no test of theirs does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guest/deliver.h"
#include "guest/gmem.h"
#include "guest/report.h"

void report_write(struct guest *of, enum report_kind kind, const char *why, char *text, size_t text_bytes,
                  struct report_texts *texts)
{
    (void)of, (void)kind, (void)why, (void)text, (void)text_bytes, (void)texts;
    fail();
}

bool gmem_peek(struct guest *of, gva_t address, void *to, size_t bytes, gva_t *bad)
{
    (void)of, (void)address, (void)to, (void)bytes, (void)bad;
    fail();
    return false;
}

bool deliver_exception(struct guest *to, uint8_t vector, uint32_t error_code, uint32_t fault_address)
{
    (void)to, (void)vector, (void)error_code, (void)fault_address;
    fail();
    return false;
}
