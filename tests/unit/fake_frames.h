/*
 * fake_frames.h - memory for the frames of Pebbles' kernel: a frame number stands for memory at that address.
 */
#ifndef FAKE_FRAMES_H
#define FAKE_FRAMES_H

#include <stdint.h>

#define FIRST_FRAME 256u        /* at 1 MiB */
#define FRAMES_MOST 3000u

/* Stands for vm_boot.c, too, but for vm_reload and vm_active. Frames that were free when the test began. */
extern uint32_t free_at_start;

/* Zeroed memory from FIRST_FRAME to frames. Two are taken: the kernel's directory and the zero frame. 0, or -1. */
int fake_frames_begin(uint32_t frames);

#endif
