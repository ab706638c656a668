/*
 * memory.c - frames, which are a list through themselves, and address spaces: the kernel's half is the same in each,
 * made anew for each, all of it in pages of 4 KiB.
 */
#include "../lib/paging.h"
#include "teach.h"

#define LARGE (4u << 20)
#define LOADED_AT (1u << 20)            /* teach.ld */
#define ADDRESS(entry) ((entry) & ~(PAGE - 1))

extern uint8_t kernel_data[], kernel_end[];
uint32_t free_frames;
static uint32_t *first_frame, *kernel_space;

void free_frame(void *frame)
{
    uint32_t *words = frame;

    words[0] = (uint32_t)first_frame;
    first_frame = words;
    free_frames++;
}

uint8_t *new_frame(void)
{
    uint32_t *frame = first_frame;

    if (frame == NULL) {
        say("FAILED no frame is left\n");
        end(3);
    }
    first_frame = (uint32_t *)frame[0];
    free_frames--;
    memset(frame, 0, PAGE);
    return (uint8_t *)frame;
}

static uint32_t *kernels(uint32_t entry)
{
    return (uint32_t *)(KERNEL_BASE + ADDRESS(entry));
}

void map(uint32_t *space, uint32_t address, uint8_t *frame, uint32_t rights)
{
    uint32_t *entry = &space[address >> 22];

    if (!(*entry & PRESENT))
        *entry = ((uint32_t)new_frame() - KERNEL_BASE) | PRESENT | WRITE | USER;
    kernels(*entry)[address >> 12 & 1023] = ((uint32_t)frame - KERNEL_BASE) | PRESENT | rights;
}

uint8_t *find(const uint32_t *space, uint32_t address, uint32_t rights)
{
    uint32_t entry;

    rights |= PRESENT;
    if (address >= KERNEL_BASE || !(space[address >> 22] & PRESENT))
        return NULL;
    entry = kernels(space[address >> 22])[address >> 12 & 1023];
    return (entry & rights) == rights ? (uint8_t *)kernels(entry) + address % PAGE : NULL;
}

/* All RAM, where the kernel's own code cannot be written, and the devices that are memory. */
uint32_t *new_space(void)
{
    uint32_t *space = (uint32_t *)new_frame();

    for (uint32_t at = 0; at < RAM_TOP; at += PAGE) {
        bool is_code = at >= LOADED_AT && KERNEL_BASE + at < (uint32_t)kernel_data;
        map(space, KERNEL_BASE + at, (uint8_t *)(KERNEL_BASE + at), is_code ? 0 : WRITE);
    }
    for (uint32_t at = DEVICES; at != 0; at += PAGE)
        map(space, at, (uint8_t *)(KERNEL_BASE + at), WRITE);
    return space;
}

/* The programs' own pages, all tables, and the directory. */
void free_space(uint32_t *space)
{
    for (unsigned i = 0; i < 1024; i++) {
        if (!(space[i] & PRESENT))
            continue;
        for (unsigned j = 0; j < 1024 && i < KERNEL_BASE >> 22; j++)
            if (kernels(space[i])[j] & PRESENT)
                free_frame(kernels(kernels(space[i])[j]));
        free_frame(kernels(space[i]));
    }
    free_frame(space);
}

void enter_space(uint32_t *space)
{
    load_cr3((uint32_t)(space != NULL ? space : kernel_space) - KERNEL_BASE);
}

/* As a list of free frames is made: each is filled, and its first word is the next one's address. */
static void add(uint32_t from, uint32_t end)
{
    for (uint32_t at = from; at < end; at += PAGE) {
        uint32_t to = at, words = PAGE / 4;
        __asm__ volatile("rep stosl" : "+D"(to), "+c"(words) : "a"(0x01010101) : "memory");
        free_frame((void *)at);
    }
}

void start_memory(void)
{
    add(((uint32_t)kernel_end + PAGE - 1) & ~(PAGE - 1), KERNEL_BASE + LARGE);
    kernel_space = new_space();
    enter_space(NULL);
}

void add_frames(void)
{
    uint32_t count = 0;

    add(KERNEL_BASE + LARGE, KERNEL_BASE + RAM_TOP);
    for (const uint32_t *frame = first_frame; frame != NULL; frame = (const uint32_t *)frame[0], count++)
        check(frame[PAGE / 4 - 1] == 0x01010101, "a frame");
    check(count == free_frames, "as many as there are");
    say("%u frames\n", count);
}
