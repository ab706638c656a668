/*
 * sdk.h - everything a guest gets from the SDK, in one include: hypercalls, printing, strings, the processor, events.
 */
#ifndef SDK_SDK_H
#define SDK_SDK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cpu.h"
#include "events.h"
#include "hv.h"
#include "print.h"
#include "string.h"

/* What the registers held at the guest's first instruction, kept by crt0.S. */
struct sdk_launch {
    uint32_t eax, ebx, ecx, edx, esi, edi, ebp, esp, eflags;
};
extern const struct sdk_launch sdk_launch;

/* The stack that main runs on: 16 KiB, and its upper end. */
extern uint8_t sdk_stack[];
extern uint8_t sdk_stack_top[];

/* From guest.ld: the image in memory, and its zero-filled part. */
extern uint8_t guest_start[], guest_end[], guest_bss_start[], guest_bss_end[];

/* Bytes of guest RAM, from the number of the highest frame that the hypervisor gave at launch. */
static inline uint32_t sdk_memory_bytes(void)
{
    return (sdk_launch.ebx + 1) * 4096u;
}

/* Each guest writes this. What it returns is the guest's exit status. */
int main(void);

#endif
