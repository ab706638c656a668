/*
 * heavy.c - single instructions that are the most work for whoever interprets them, by the time stamp counter: each is
 * done so many times, and the shortest is what it costs (the others were interrupted). Then all of them, again and
 * again: what is measured from outside is for how long nobody else gets a turn. times: it says what each costs.
 */
#include "lib/interrupts.h"
#include "lib/paging.h"
#include "lib/words.h"

#define TIMES 40u
#define ROUNDS 30u
#define ELEMENTS 16u            /* an interpreter cuts a longer one into such pieces */
#define BULK 4096u
#define TEXT 0xB8000u
#define LAPIC 0xFEE00000u
#define GATE 0x80u
#define PORT_MASK 0x21u         /* of the 8259 */

static uint8_t stack0[4096];
static uint8_t from[3 * BULK], to[3 * BULK];
static uint32_t directory[1024] __attribute__((aligned(4096)));

static void on_gate(struct frame *frame)
{
    (void)frame;
}

static uint32_t now(void)
{
    uint32_t low;

    __asm__ volatile("rdtsc" : "=a"(low) : : "edx");
    return low;
}

#define STRING(name, operation, source, destination, count)                                                 \
    static void name(void)                                                                                  \
    {                                                                                                       \
        uint32_t esi = (uint32_t)(source), edi = (uint32_t)(destination), ecx = count;                      \
        __asm__ volatile(operation : "+S"(esi), "+D"(edi), "+c"(ecx) : "a"(0), "d"(PORT_MASK) : "memory");  \
    }
STRING(copy_bulk, "rep movsb", from + 1, to + 3, BULK)
STRING(copy_overlapping, "rep movsb", from, from + 1, ELEMENTS * 64)
STRING(fill_bulk, "rep stosl", from, to + 1, BULK / 4)
STRING(compare, "repe cmpsb", from + BULK, from + BULK, ELEMENTS)
STRING(scan, "repe scasl", from, from + BULK, ELEMENTS)
STRING(copy_to_text_page, "rep movsb", from, TEXT, ELEMENTS)
STRING(copy_to_device, "rep movsl", from, LAPIC, ELEMENTS)
STRING(copy_from_device, "rep movsl", LAPIC, to, ELEMENTS)
STRING(read_ports, "rep insb", from, to, ELEMENTS)
STRING(write_ports, "rep outsb", from, to, ELEMENTS)

static void reload_cr3(void)
{
    load_cr3((uint32_t)directory);
}

static void forget_page(void)
{
    __asm__ volatile("invlpg (%0)" : : "r"(from) : "memory");
}

static void enter_gate(void)
{
    __asm__ volatile("int $0x80");
}

static void leave_paging(void)
{
    __asm__ volatile("movl %%cr0, %%eax; andl $0x7FFFFFFF, %%eax; movl %%eax, %%cr0; orl $0x80000000, %%eax;"
                     "movl %%eax, %%cr0" : : : "eax", "memory");
}

static const struct {
    const char *name;
    void (*work)(void);
} steps[] = {
    { "copy of 4 KiB", copy_bulk }, { "copy that overlaps", copy_overlapping }, { "fill of 4 KiB", fill_bulk },
    { "comparison", compare }, { "search", scan }, { "copy to the text page", copy_to_text_page },
    { "copy to the APIC", copy_to_device }, { "copy from the APIC", copy_from_device },
    { "string of port reads", read_ports }, { "string of port writes", write_ports }, { "load of CR3", reload_cr3 },
    { "INVLPG", forget_page }, { "gate and back", enter_gate }, { "paging off and on", leave_paging },
};

static void measure(const char *name, void (*work)(void), bool tells_times)
{
    uint32_t least = UINT32_MAX;

    for (unsigned i = 0; i < TIMES; i++) {
        uint32_t begin = now();
        work();
        uint32_t time = now() - begin;
        least = time < least ? time : least;
    }
    say("step %s", name);
    if (tells_times)
        say(": %u", least);
    say("\n");
}

static void map_one_to_one(void)
{
    for (uint32_t i = 0; i < 1024; i++)
        directory[i] = i << 22 | 0x83;
    start_paging((uint32_t)directory);
}

int main(uint32_t magic, const uint32_t *info)
{
    bool tells_times = has_word((const char *)info[4], "times");

    (void)magic;
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    set_handler(GATE, on_gate);
    map_one_to_one();
    for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        measure(steps[i].name, steps[i].work, tells_times);
    for (unsigned i = 0; i < ROUNDS * sizeof(steps) / sizeof(steps[0]); i++) {
        for (unsigned j = 0; j < ROUNDS; j++)
            steps[i / ROUNDS].work();
    }
    return 42;
}
