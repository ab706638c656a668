/*
 * pic.h - the two 8259 interrupt controllers: moved out of the exceptions' way and masked.
 */
#ifndef IRQ_PIC_H
#define IRQ_PIC_H

#include <stdint.h>

/* Initialise both with vectors base..base+7 (the second shares them: it stays masked), everything masked. */
void pic_init(uint8_t base);

/* For machines without a local APIC's timer: let IRQ 0, the PIT, through; acknowledge it. */
void pic_unmask_timer(void);
void pic_eoi(void);

#endif
