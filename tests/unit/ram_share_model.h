/*
 * ram_share_model.h - up to six guests whose RAM is shared, held against a model in which each has RAM of its own.
 *
 * A frame is mapped at three places, one more than is kept on record, so that each of them must notice when it moves.
 * The TLB forgets nothing that it is not told to.
 */
#ifndef RAM_SHARE_MODEL_H
#define RAM_SHARE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "fake_mmu.h"
#include "pagetable/gspace.h"

#define GUESTS 6u
#define FRAMES 300u             /* records: one page and a piece */
#define FIRST_DATA 4u
#define DATA 60u                /* frames that are stored to: the first of them, and as many from LATER on */
#define LATER 230u
#define WORDS 2u                /* of each frame */
#define DIRECTORY 1u
#define TABLE 2u                /* all RAM one to one, by PDE 0 and 1 */
#define USER_TABLE 3u           /* by PDE 600, for guest user: any frame anywhere */
#define USER_PDE 600u
#define SHIPPED_STEPS 84u       /* START_STEPS of service.c, CLONE_STEP_COST each */

struct model {
    bool is_used, is_paging;
    struct ram ram;
    struct gspace space;
    struct guest_paging paging;
    uint32_t words[FRAMES][WORDS];
    uint32_t user_frame[DATA];  /* what each page of the user table shows */
};
extern struct model share_guests[GUESTS];

extern unsigned share_clones, share_copies_failed;
extern unsigned share_slices;   /* lengths of slices that were tried in their turn */

/* Before each test: a machine without a guest. At the end of each: all guests end, and nothing is lost. */
int share_start(void **state);
void share_end_all(void);

uint32_t share_data_frame(uint32_t number);

/* A new guest; NULL: no memory. */
struct model *share_make(void);
void share_end(struct model *guest);
/* In pieces, between which others run. False: no memory. */
bool share_clone(struct model *source);
unsigned share_count(void);

void share_load(struct model *guest);
void share_unload(void);

/* Load or store of a word, by one of three ways. False: memory was out. */
bool share_access(struct model *guest, uint32_t number, uint32_t way, uint32_t word, bool is_store);
/* Tables as any kernel makes them; then on with paging. */
bool share_begin_paging(struct model *guest);
/* The guest changes an entry of its user table, which has a shadow and may be shared, and says so. */
void share_remap(struct model *guest, uint32_t number);
/* The guest has no use for some frames, which others may have, too. */
void share_give_back(struct model *guest);

/* Every count of owners and every space; everything that each guest can see, by every way. */
void share_check(void);
void share_compare_all(void);

#endif
