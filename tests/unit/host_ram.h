/*
 * host_ram.h - frames and addresses for ram.c where neither the allocator nor page tables matter: frames come one after
 * the other out of one mapping, and all go at once.
 */
#ifndef HOST_RAM_H
#define HOST_RAM_H

#define HOST_RAM_FRAMES 4096u

/* All frames are free and what they held is gone, as is every struct ram. The first call makes the mapping. */
void host_ram_begin(void);

#endif
