/*
 * paging_stack.c - stacks, argument blocks and buffers in pages that lie elsewhere than their physical addresses, and
 * across the boundary of two pages whose frames are not neighbours.
 *
 * Five kernel pages show five frames in reverse order: whoever took a gva for a gpa, or went on in the next frame,
 * would meet other bytes. An INT pushes its frame at every distance from the boundary; hypercalls with 1 to 5 words
 * read them there; outputs are stored across it; hv_iret goes on from there. What is printed from such buffers is in
 * expected/paging_stack.txt. The last buffer is one that only the kernel may read: it must be printed, in either wp.
 */
#include "lib/paging.h"

#define PAGES 5u
#define REGION FREE_GVA
#define BOUNDARY (REGION + 2 * PAGE_BYTES)
#define SLOT_INT 0x50

static uint32_t pd, frames[PAGES];

/* int $0xDE, or INT SLOT_INT, with ESP anywhere. */
static uint32_t call_on(uint32_t esp, uint32_t number)
{
    uint32_t eax = number;

    __asm__ volatile("movl %%esp, %%esi; movl %1, %%esp; int $0xDE; movl %%esi, %%esp"
                     : "+a"(eax) : "r"(esp) : "esi", "memory");
    return eax;
}

static void int_on(uint32_t esp)
{
    __asm__ volatile("movl %%esp, %%esi; movl %0, %%esp; int %1; movl %%esi, %%esp"
                     : : "r"(esp), "i"(SLOT_INT) : "esi", "memory");
}

static void frames_check(void)
{
    for (uint32_t esp = BOUNDARY - 4; esp <= BOUNDARY + 28; esp++) {
        uint32_t before = seen_count;
        uint32_t words[5];

        memset((void *)(uintptr_t)(esp - 40), 0xEE, 60);
        int_on(esp);
        CHECK_EQUAL(seen_count, before + 1);
        CHECK_EQUAL(seen.slot, SLOT_INT);
        CHECK_EQUAL(seen_frame, esp - 20);
        CHECK_EQUAL(seen_esp, esp);
        CHECK_EQUAL(seen.mode, HV_MODE_KERNEL);
        CHECK_EQUAL(*(const uint32_t *)(uintptr_t)esp, 0xEEEEEEEE);
        memcpy(words, (const void *)(uintptr_t)(esp - 20), sizeof(words));
        CHECK_EQUAL(words[4], seen.eflags);
    }
}

/* Where a gva of the region lies in physical memory. */
static uint8_t *byte_of(uint32_t gva)
{
    return (uint8_t *)frame_words(frames[PAGES - 1 - (gva - REGION) / PAGE_BYTES]) + gva % PAGE_BYTES;
}

/* Through the frames themselves: what a store of the kernel to the region would do. */
static void region_write(uint32_t gva, const void *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        *byte_of(gva + i) = ((const uint8_t *)bytes)[i];
}

static uint32_t region_word(uint32_t gva)
{
    return *byte_of(gva) | (uint32_t)*byte_of(gva + 1) << 8 | (uint32_t)*byte_of(gva + 2) << 16 |
           (uint32_t)*byte_of(gva + 3) << 24;
}

static void calls_check(void)
{
    for (uint32_t k = 0; k < 24; k++) {
        uint32_t block = BOUNDARY - k, row_at = BOUNDARY - k % 8, column_at = BOUNDARY + 2 * PAGE_BYTES - k % 6;
        const uint32_t set[] = { k, 79 - k }, get[] = { row_at, column_at };

        region_write(block, set, sizeof(set));
        call_on(block, HV_CALL_CONS_SET_CURSOR_POS);
        region_write(block - 100, get, sizeof(get));
        call_on(block - 100, HV_CALL_CONS_GET_CURSOR_POS);
        CHECK_EQUAL(region_word(row_at), k);
        CHECK_EQUAL(region_word(column_at), 79 - k);
        region_write(block, get, sizeof(get));
        CHECK_EQUAL(call_on(block, HV_CALL_MAGIC), HV_MAGIC);
    }
}

/* hv_iret's five words across the boundary: on to the label behind the call, with this function's own ESP. */
static void irets_check(void)
{
    for (uint32_t k = 0; k < 24; k++) {
        uint32_t block = BOUNDARY - k, eax = 0xABC00000 + k;
        const uint32_t words[] = { 0, EFLAGS_RESERVED_1, 0, 0, eax };

        region_write(block, words, sizeof(words));
        __asm__ volatile("movl $1f, (%1); movl %%esp, 8(%1); movl %1, %%esp; movl $2, %%eax; int $0xDE; ud2; 1:"
                         : "=&a"(eax) : "r"(block) : "memory");
        CHECK_EQUAL(eax, 0xABC00000 + k);
    }
}

/* Deep recursion on a stack in the region, with hypercalls and printing on the way. */
static uint32_t depth_sum(uint32_t depth)
{
    volatile uint32_t words[32];

    for (uint32_t i = 0; i < 32; i++)
        words[i] = depth * i;
    if (depth == 0)
        return hv_magic() == HV_MAGIC ? 1 : 0;
    if (depth % 25 == 0)
        printf("depth %u\n", depth);
    uint32_t below = depth_sum(depth - 1);
    return below + words[31] / 31 - words[1] + 1;
}

static uint32_t stack_run(uint32_t esp, uint32_t depth)
{
    uint32_t result;

    __asm__ volatile("movl %%esp, %%esi; movl %2, %%esp; pushl %3; call *%1; movl %%esi, %%esp"
                     : "=a"(result) : "r"(depth_sum), "r"(esp), "r"(depth) : "esi", "ecx", "edx", "memory", "cc");
    return result;
}

static const char text[] = "a line that lies across two pages whose frames are far apart\n";

static void prints_check(uint32_t wp)
{
    const uint32_t length = sizeof(text) - 1;

    for (uint32_t k = 0; k < 4; k++) {
        region_write(BOUNDARY - 20 * k, text, length);
        hv_print((int32_t)length, (const char *)(uintptr_t)(BOUNDARY - 20 * k));
    }
    region_write(BOUNDARY - 30, text, length);
    hv_print_at((int32_t)length - 1, (const char *)(uintptr_t)(BOUNDARY - 30), 20 + wp, 10, 0x1E);
    /* 4,096 bytes over three pages, most of them unseen. */
    memset((void *)(uintptr_t)(REGION + 100), '\r', HV_PRINT_MAX_BYTES);
    region_write(REGION + 100 + HV_PRINT_MAX_BYTES - length, text, length);
    hv_print(HV_PRINT_MAX_BYTES, (const char *)(uintptr_t)(REGION + 100));
}

int main(void)
{
    traps_record(true);
    pd = pd_make();
    for (uint32_t i = 0; i < PAGES; i++)
        frames[i] = frame_take();
    for (uint32_t wp = 0; wp < 2; wp++) {
        for (uint32_t i = 0; i < PAGES; i++)
            page_map(pd, REGION + i * PAGE_BYTES, frames[PAGES - 1 - i], ENTRY_KERNEL);
        hv_setpd(pd, wp);
        CHECK_EQUAL(user_get(REGION), PF(PF_U | PF_P));
        frames_check();
        calls_check();
        irets_check();
        hv_cons_set_cursor_pos(wp * 9, 0);
        CHECK_EQUAL(stack_run(REGION + PAGES * PAGE_BYTES - 2, 75), 76);
        prints_check(wp);
        /* Read-only for the kernel, and not for user mode at all. */
        for (uint32_t i = 0; i < PAGES; i++)
            page_map(pd, REGION + i * PAGE_BYTES, frames[PAGES - 1 - i], ENTRY_P);
        hv_setpd(pd, wp);
        hv_print(sizeof(text) - 1, (const char *)(uintptr_t)(REGION + 100 + HV_PRINT_MAX_BYTES - (sizeof(text) - 1)));
    }
    return test_result();
}
