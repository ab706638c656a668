/*
 * guest.h - processes that are guest kernels: an image of the machine, run by the hypervisor for one thread that waits
 * for its end. Only where this kernel itself was given the right to start guests (docs/control.md).
 */
#ifndef PEBBLES_GUEST_H
#define PEBBLES_GUEST_H

#include "exec.h"
#include "hv.h"
#include "thread.h"

/* Ask what this kernel may do; before anything else here. */
void guest_boot(void);

/* May guests be started, and frames be given back? */
bool guest_has_control(void);

/*
 * Start the image that exec names. Words behind the name: mem=SIZE (K or M behind the number), control=on; of a virtual
 * PC engine=interp or svm, cmdline=, initrd=, disk= (twice at most), input=serial, clock=instructions. It has keyboard
 * and screen in the foreground. 0 and its ID, or PEBBLES_ERROR_*: NONE where there is no such image, or file.
 */
int32_t guest_launch(const struct exec_arguments *arguments, bool background, uint32_t *id);

/* The current thread is all that is left of its task's program: wait for the guest's end, and end the same way. */
_Noreturn void guest_attend(void);

/* The task is killed: so is its guest. */
void guest_stop(const struct task *task);

/* Show the guest's console, and give it the keyboard; 0: this kernel's own. False: it is none, or has ended. */
bool guest_view(uint32_t id);

/* From the slot of children: some guest ended, or the view came back. */
void guest_event(void);

/* Ctrl-C at this kernel's own console: guests in the foreground end. */
void guest_interrupt(void);

/* Up to HV_LIST_MOST images of the machine from this index on; how many. */
uint32_t guest_list_images(uint32_t from, struct hv_listed_image *images);

#endif
