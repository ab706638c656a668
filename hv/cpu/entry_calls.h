/*
 * entry_calls.h - the functions of C that entry.S calls. Each is with the rest of its subject: file names stand beside.
 *
 * All of them run on the stack that guest_enter left, with interrupts off. A guest comes by its frame, which is the
 * first thing in struct guest and is complete but for R8 to R15, which no guest has. True: the guest may go on at once;
 * false: its turn is over, and guest_enter returns.
 */
#ifndef CPU_ENTRY_CALLS_H
#define CPU_ENTRY_CALLS_H

#include <stdbool.h>

struct boot_info;
struct guest;
struct hv_trap_frame;
struct processor;

/*
 * main.c: the processor that the firmware started, on whose stack hv_start begins. The firmware's others stay parked:
 * nobody sends them the INIT and SIPI that would start them (SDM vol. 3 "Multiple-Processor (MP) Initialization").
 */
extern struct processor boot_processor;

/* main.c: the first and last of them all; info is in the direct map. */
void hv_main(const struct boot_info *info);

/* trap.c: any trap of a guest that has no function of its own below. */
bool trap_from_guest(struct guest *guest);
/* guest/page_fault.c: #PF of a guest. */
bool page_fault_from_guest(struct guest *guest);
/* guest/tick.c: the timer's interrupt while a guest ran; not acknowledged yet. */
bool timer_from_guest(struct guest *guest);
/* guest/tick.c: the same, acknowledged and counted by lean_tick.S, which could not deliver it. */
bool tick_from_guest(struct guest *guest);
/* guest/trace.c: the traps of all guests that cpu_watch has come here. */
bool watched_from_guest(struct guest *guest);
/* trap.c: a trap with a frame that no guest may have (trap_frame_is_guests). The guest has ended afterwards. */
void strange_mode_from_guest(struct guest *guest);
/* trap.c: IRETQ to this guest faulted. */
bool iretq_refused_from_guest(struct guest *guest);
/* trap.c: a trap taken in ring 0; NMI, #DF and #MC from anywhere. Returns where the hypervisor may go on. */
void trap_in_hv(struct hv_trap_frame *frame);

#endif
