/*
 * fuzz.h - what the parts of the fuzz guest share: chance, addresses worth trying, page tables, code.
 *
 * Everything is decided by the seed, but for ticks, which come when they come. What a step does is harmless for the
 * guest in most cases: a guest that ends at its first step tries nothing more. How often one is not is the seed's, too:
 * random_is_bold().
 */
#ifndef TESTS_GUESTS_LIB_FUZZ_H
#define TESTS_GUESTS_LIB_FUZZ_H

#include "paging.h"

#define FUZZ_POOL 24u                               /* frames that are directories, tables and data at once */
#define FUZZ_WINDOWS 6u                             /* directory entries, from FREE_GVA up, that name pool frames */
#define FUZZ_SLOT_DONE 0x40                         /* ends random code, from either mode */

/* fuzz_random.c. random_seed comes first; random_below(0) is not asked. */
void random_seed(uint32_t seed);
uint32_t random_word(void);
uint32_t random_below(uint32_t limit);
bool random_one_in(uint32_t count);
bool random_is_bold(void);
/* A word that is something to somebody: small, an edge, a flag, an address. Kernel mode may store to each of them. */
uint32_t random_value(void);
uint32_t random_flags(void);        /* for EFLAGS as the processor pops it: any bit */
uint32_t random_selector(void);

/* fuzz_tables.c */
void tables_make(void);
uint32_t tables_frame(void);        /* one of the pool */
uint32_t tables_gva(void);          /* an address that pool frames may be mapped at */
void tables_open(const void *page);                  /* guest user may use a page of the image */
void tables_edit(void);             /* some entries, told or not */
void tables_mend(void);             /* before a step */
void tables_load(void);             /* hv_setpd of some directory */

/* fuzz_code.c: fills a page with code that ends by INT FUZZ_SLOT_DONE, if it gets there. */
void code_make(uint8_t *page, uint32_t gva, bool user);

#endif
