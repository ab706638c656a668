/*
 * paging.h - page tables, probes of single accesses and guest user mode, for test guests.
 *
 * Frames come from the RAM behind the image. Every directory of pd_make() maps all of RAM one to one for the kernel, so
 * a frame's number is its address with paging off and on, and tables are edited in place. Pages of a test's own lie
 * anywhere from FREE_GVA up.
 *
 * A probe makes one access, in kernel or user mode, and tells in one word how it went: the value read (puts and
 * executions: DONE), or FAULT(slot, error code). A #PF with the wrong address, or any event with the wrong EIP or mode,
 * is WRONG_FRAME; an access across two pages may fault where the second starts. Values that tests write must not look
 * like 0xFAxxxxxx. traps_record() must have been called.
 */
#ifndef TESTS_GUESTS_LIB_PAGING_H
#define TESTS_GUESTS_LIB_PAGING_H

#include "test.h"

#define PAGE_BYTES 4096u
#define TABLE_ENTRIES 1024u
#define TABLE_SPAN (TABLE_ENTRIES * PAGE_BYTES)     /* what one directory entry maps */

/* Bits of directory and table entries (SDM vol. 3 "32-Bit Paging"). */
#define ENTRY_P 0x001u
#define ENTRY_W 0x002u
#define ENTRY_U 0x004u
#define ENTRY_PWT 0x008u
#define ENTRY_PCD 0x010u
#define ENTRY_A 0x020u
#define ENTRY_D 0x040u
#define ENTRY_BIT_7 0x080u                          /* PDE: PS, a 4 MiB page. PTE: PAT, which the contract ignores */
#define ENTRY_G 0x100u
#define ENTRY_AVAILABLE 0xE00u
#define ENTRY_KERNEL (ENTRY_P | ENTRY_W)
#define ENTRY_USER (ENTRY_P | ENTRY_W | ENTRY_U)
#define ENTRY_USER_READ (ENTRY_P | ENTRY_U)

#define USER_CODE 0x40000000u                       /* in every pd_make() directory: user code, read-only */
#define USER_DATA 0x40002000u                       /* and data: two pages, with the user's stack at their end */
#define USER_STACK 0x40004000u
#define FREE_GVA 0x40400000u
#define SLOT_DONE 0x40                              /* user code ends by INT through this unprivileged slot */

#define DONE 0u
#define FAULT(slot, error) (0xFA000000u | (uint32_t)(slot) << 16 | (error))
#define PF(error) FAULT(14, error)
#define GP(error) FAULT(13, error)
#define PF_P 1u                                     /* bits of a #PF's error code */
#define PF_W 2u
#define PF_U 4u
#define WRONG_FRAME 0xFABADBADu

/* A free frame, all zero (the identity map must be on, or paging off); the guest ends when there is none. */
uint32_t frame_take(void);
/* A frame that was never taken before, as it is: its content is zero. */
uint32_t frame_take_new(void);
/* Back to the free ones, as it is: no word to the hypervisor. */
void frame_give(uint32_t frame);

/* A frame's content as 1024 words: a table, or data. */
static inline uint32_t *frame_words(uint32_t frame)
{
    return (uint32_t *)(uintptr_t)frame;
}

static inline uint32_t address_of(const volatile void *pointer)
{
    return (uint32_t)(uintptr_t)pointer;
}

/* A directory with the identity map (kernel, writable) and the user pages. All directories share those tables. */
uint32_t pd_make(void);
/* The entry of a directory, and of the table under it, which is made (PDE: ENTRY_USER) when the PDE is 0. */
uint32_t *pd_entry(uint32_t pd, uint32_t gva);
uint32_t *pt_entry(uint32_t pd, uint32_t gva);
/* pt_entry() := frame | bits; the hypervisor is not told. */
void page_map(uint32_t pd, uint32_t gva, uint32_t frame, uint32_t bits);

/*
 * Record in all 256 slots, which are "privileged" (SLOT_DONE never is). An event in user mode ends user_run(). One in
 * kernel mode ends its probe; an exception elsewhere ends the guest with status 2; INT and interrupts just return.
 */
void traps_record(bool privileged);
void trap_record(struct event *event);      /* the handler that does it */
extern struct event seen;           /* the last one */
extern uint32_t seen_count;
extern uint32_t seen_esp;           /* ESP of the interrupted code */
extern uint32_t seen_frame;         /* where the frame lay: ESP after delivery */
extern uint32_t seen_live_eflags;   /* EFLAGS in the handler */

/* Probes. The get and put ones access 32 bits. */
uint32_t kernel_get(uint32_t gva);
uint32_t kernel_put(uint32_t gva, uint32_t value);
uint32_t kernel_execute(uint32_t gva);      /* the page should hold a RET there */
uint32_t user_get(uint32_t gva);
uint32_t user_put(uint32_t gva, uint32_t value);
uint32_t user_execute(uint32_t gva);        /* the page should hold INT SLOT_DONE (CD 40) there */

struct user_state {
    uint32_t eax, ebx, ecx, edx, esi, edi, ebp, esp;
    uint32_t eip, eflags;
};

/* Runs user mode from a state until an event, which is then in "seen". Its virtual interrupt flag is eflags.IF. */
void user_run(const struct user_state *state);
/* Copies code (position-independent) to USER_CODE and runs it with these registers; esp and eip are set here. */
void user_run_code(const uint8_t *code, const uint8_t *end, struct user_state *state);
/* Where the traps of user_run() push: esp0, initially the end of a stack of the library's own. */
extern uint32_t user_esp0;

/* One access with its own symbol, for guests that must be crashed by it: reports say "deadly_read+0x..." */
void deadly_read(uint32_t gva);
void deadly_write(uint32_t gva, uint32_t value);
void deadly_call(uint32_t gva);

/*
 * A piece of user code in assembly, with labels: NAME, NAME_at (the instruction of interest), NAME_next (behind it),
 * NAME_end (behind the INT SLOT_DONE that ends it). It is copied: no address of its own may occur in it.
 */
#define USER_PIECE(name, before, instruction)                                                                   \
    extern const uint8_t name[], name##_at[], name##_next[], name##_end[];                                      \
    __asm__(".pushsection .text\n.globl " #name ", " #name "_at, " #name "_next, " #name "_end\n" #name ": "    \
            before "\n" #name "_at: " instruction "\n" #name "_next: int $0x40\n" #name "_end: nop\n.popsection\n")

#endif
