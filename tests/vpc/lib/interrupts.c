/*
 * interrupts.c - see interrupts.h.
 */
#include "interrupts.h"

extern const uint8_t gates[256][16];
void on_interrupt(struct frame *frame);

static uint64_t gdt[6];
static uint64_t idt[256];
static uint32_t tss[26];
static handler_t handlers[256];

struct table_pointer {
    uint16_t limit;
    uint32_t base;
} __attribute__((packed));

void on_interrupt(struct frame *frame)
{
    handler_t handler = handlers[frame->vector & 255];

    if (handler != NULL) {
        handler(frame);
        return;
    }
    say("FAILED vector %u, error %x, eip %x\n", frame->vector, frame->error, frame->eip);
    outb(0xF4, 2);
    for (;;)
        __asm__ volatile("cli; hlt");
}

static void set_gate(unsigned vector, uint64_t privilege)
{
    uint32_t at = (uint32_t)gates[vector];

    idt[vector] = (at & 0xFFFFu) | CODE0 << 16 | 0x8E0000000000ull | privilege << 45 |
                  (uint64_t)(at & 0xFFFF0000u) << 32;
}

static void load_tables(void)
{
    struct table_pointer gdtr = { sizeof(gdt) - 1, (uint32_t)gdt }, idtr = { sizeof(idt) - 1, (uint32_t)idt };

    __asm__ volatile("lgdt %0; lidt %1" : : "m"(gdtr), "m"(idtr));
    __asm__ volatile("ljmp $8, $1f; 1: movl $0x10, %%eax; movl %%eax, %%ds; movl %%eax, %%es; movl %%eax, %%fs;"
                     "movl %%eax, %%gs; movl %%eax, %%ss; movl $0x28, %%eax; ltr %%ax" : : : "eax", "memory");
}

void pic_init(void)
{
    outb(0x20, 0x11);
    outb(0x21, PIC_BASE);
    outb(0x21, 4);
    outb(0x21, 1);
    outb(0xA0, 0x11);
    outb(0xA1, PIC_BASE + 8);
    outb(0xA1, 2);
    outb(0xA1, 1);
    pic_mask_all();
}

void interrupts_init(uint32_t stack0)
{
    uint64_t base = (uint32_t)tss;

    gdt[1] = 0x00CF9A000000FFFFull;
    gdt[2] = 0x00CF92000000FFFFull;
    gdt[3] = 0x00CFFA000000FFFFull;
    gdt[4] = 0x00CFF2000000FFFFull;
    gdt[5] = 0x0000890000000067ull | (base & 0xFFFFFF) << 16 | (base & 0xFF000000) << 32;
    tss[2] = DATA0;
    tss[25] = 0x68u << 16;
    set_stack0(stack0);
    for (unsigned i = 0; i < 256; i++)
        set_gate(i, 0);
    load_tables();
    pic_init();
}

void set_stack0(uint32_t stack0)
{
    tss[1] = stack0;
}

void set_handler(unsigned vector, handler_t handler)
{
    handlers[vector] = handler;
}

void open_gate(unsigned vector)
{
    set_gate(vector, 3);
}

/* Its type's lowest bit is whether interrupts stay as they are. */
void open_trap_gate(unsigned vector)
{
    open_gate(vector);
    idt[vector] |= 1ull << 40;
}

void pic_unmask(unsigned line)
{
    uint16_t port = line < 8 ? 0x21 : 0xA1;

    outb(port, inb(port) & (uint8_t)~(1u << (line & 7)));
    if (line >= 8)
        outb(0x21, inb(0x21) & (uint8_t)~4u);
}

void pic_mask_all(void)
{
    outb(0x21, 0xFF);
    outb(0xA1, 0xFF);
}

void pic_end(unsigned line)
{
    if (line >= 8)
        outb(0xA0, 0x20);
    outb(0x20, 0x20);
}
