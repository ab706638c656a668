/*
 * pic.c - 8259A data sheet: ICW1 to ICW4, then the mask.
 */
#include "irq/pic.h"

#include "cpu/insn.h"

#define PIC1_COMMAND 0x20
#define PIC1_DATA 0x21
#define PIC2_COMMAND 0xA0
#define PIC2_DATA 0xA1
#define ICW1_INIT_ICW4 0x11
#define ICW4_8086 0x01
#define OCW2_EOI 0x20
#define IRQ0 0x01

static void write_slowly(uint16_t port, uint8_t value)
{
    insn_outb(port, value);
    insn_outb(0x80, 0);     /* old controllers want a microsecond between commands */
}

void pic_init(uint8_t base)
{
    write_slowly(PIC1_COMMAND, ICW1_INIT_ICW4);
    write_slowly(PIC2_COMMAND, ICW1_INIT_ICW4);
    write_slowly(PIC1_DATA, base);
    write_slowly(PIC2_DATA, base);
    write_slowly(PIC1_DATA, 1 << 2);        /* the second one is on input 2 */
    write_slowly(PIC2_DATA, 2);
    write_slowly(PIC1_DATA, ICW4_8086);
    write_slowly(PIC2_DATA, ICW4_8086);
    write_slowly(PIC1_DATA, 0xFF);
    write_slowly(PIC2_DATA, 0xFF);
}

void pic_unmask_timer(void)
{
    insn_outb(PIC1_DATA, (uint8_t)~IRQ0);
}

void pic_eoi(void)
{
    insn_outb(PIC1_COMMAND, OCW2_EOI);
}
