/*
 * pebpeb.h - the PebPeb v2 guest contract in numbers: the one header that guests and hypervisor share.
 *
 * Only the preprocessor and fixed-width integers, so that assembly, 32-bit guests, the 64-bit hypervisor and host tests
 * can all include it. The hypercall list is an X-macro: the SDK makes its functions from it, the hypervisor its table.
 */
#ifndef PEBPEB_H
#define PEBPEB_H

#ifndef __ASSEMBLER__
#include <stdint.h>
#endif

#define HV_INT_VECTOR 0xDE          /* int $0xDE: number in EAX, arguments at 0(%esp), 4(%esp), ... */
#define HV_MAGIC 0xC001C0DE         /* what hv_magic returns */
#define HV_LAUNCH_EAX 0x15410DE0    /* EAX at the guest's first instruction */
#define HV_MAX_GVA 0xFEFFFFFF       /* highest legal guest-virtual address, inclusive; ECX at launch */
#define HV_LAUNCH_EFLAGS 0x202      /* PUSHF shows IF = 1 always */
#define HV_STATUS_CRASH 0xDEADC0DE  /* exit status of a guest the hypervisor ended */

#define HV_MODE_KERNEL 0x00001337   /* event frame, +12: kernel mode was interrupted */
#define HV_MODE_USER 0x13370000     /* event frame, +12: user mode was interrupted */

#define HV_IDT_SLOTS 256
#define HV_SLOT_TIMER 0x20
#define HV_SLOT_KEYBOARD 0x21
#define HV_SLOT_CHILD 0x22          /* a child ended, or the view came back: "Control calls" */

#define HV_SLOT_MESSAGE 0x23        /* HV_MESSAGE_... in the frame's error code: only guests with that right, too */

#define HV_MESSAGE_MEMORY 1         /* the machine is short of memory: give back (hv_give_back) what is free */

#define HV_CONSOLE_ROWS 25
#define HV_CONSOLE_COLS 80
#define HV_PRINT_MAX_BYTES 4096     /* longest hv_print and hv_print_at buffer */

#define HV_TICK_MS 10               /* one timer tick each 10 ms */

/* Hypercall numbers: X(number, NAME, name, argument words). */
#define HV_CALLS(X)                                       \
    X(0x0, MAGIC, magic, 0)                               \
    X(0x1, EXIT, exit, 1)                                 \
    X(0x2, IRET, iret, 5)                                 \
    X(0x3, SETIDT, setidt, 3)                             \
    X(0x4, DISABLE_INTERRUPTS, disable_interrupts, 0)     \
    X(0x5, ENABLE_INTERRUPTS, enable_interrupts, 0)       \
    X(0x6, SETPD, setpd, 2)                               \
    X(0x7, ADJUSTPG, adjustpg, 1)                         \
    X(0x8, PRINT, print, 2)                               \
    X(0x9, CONS_SET_TERM_COLOR, cons_set_term_color, 1)   \
    X(0xA, CONS_SET_CURSOR_POS, cons_set_cursor_pos, 2)   \
    X(0xB, CONS_GET_CURSOR_POS, cons_get_cursor_pos, 2)   \
    X(0xC, PRINT_AT, print_at, 5)                         \
    X(0x20, COUNTERS, counters, 2)

/* For guests with the right to start guests (docs/abi.md "Control calls"); for others there are no such calls. */
#define HV_CONTROL_CALLS(X)                               \
    X(0x21, START, start, 2)                              \
    X(0x22, STATE, state, 4)                              \
    X(0x23, SIGNAL, signal, 2)                            \
    X(0x24, VIEW, view, 1)                                \
    X(0x25, LIST, list, 4)                                \
    X(0x26, CLONE, clone, 2)                              \
    X(0x27, GIVE_BACK, give_back, 2)

#ifndef __ASSEMBLER__
enum hv_call {
#define X(number, NAME, name, words) HV_CALL_##NAME = number,
    HV_CALLS(X)
    HV_CONTROL_CALLS(X)
#undef X
};
#endif

#ifndef __ASSEMBLER__
/* What hv_counters stores (docs/abi.md "Beyond the contract"). Counts never go back; new fields come at the end. */
struct hv_counters {
    uint64_t time_ns;           /* the hypervisor's clock: wall time since it was started */
    uint64_t cr3_writes;        /* of the whole machine, from here */
    uint64_t invlpg;
    uint64_t port_in;
    uint64_t port_out;
    uint64_t frames_total;      /* 4 KiB frames that the hypervisor may give away, and those it still can */
    uint64_t frames_free;
    uint64_t hypercalls;        /* of the calling guest, from here; this call included */
    uint64_t events;            /* exceptions, virtual interrupts and INT n delivered to it */
    uint64_t hidden_faults;     /* page faults that it never saw */
    uint64_t run_ns;            /* processor time in its finished turns */
    uint64_t rights;            /* what it may: HV_RIGHT_CONTROL */
};
#endif

#define HV_RIGHT_CONTROL 1u         /* the control calls */

/* What a control call returns when it does nothing. All else that it returns is 0 or more. */
#define HV_ERROR_ARGUMENT (-1)      /* a value that means nothing here */
#define HV_ERROR_NO_CHILD (-2)      /* no child of the caller has this ID (any more) */
#define HV_ERROR_NO_IMAGE (-3)      /* the machine has no image of this name */
#define HV_ERROR_CHILDREN (-4)      /* one more guest is more than the caller, or one above it, may have below it */
#define HV_ERROR_MEMORY (-5)        /* the same of their RAM in all */
#define HV_ERROR_DEPTH (-6)         /* the caller is at HV_DEPTH_MAX */
#define HV_ERROR_BUSY (-7)          /* an image of the caller's still waits to be loaded: ask again */
#define HV_ERROR_NO_ROOM (-8)       /* the machine has no memory for it now */
#define HV_ERROR_STATE (-9)         /* the child has ended, or is not there yet */

#define HV_DEPTH_MAX 8              /* guests above a guest, at most */
#define HV_CHILDREN_MAX 256         /* guests below one, at most, whatever was allowed */
#define HV_START_IMAGE_MAX 0x100000 /* bytes of an image in the caller's memory */
#define HV_LIST_MOST 16             /* entries that a call of hv_list stores */
#define HV_NAME_BYTES 64            /* of a guest's name, with its NUL */
#define HV_REASON_BYTES 200

/* hv_start: flags. */
#define HV_START_CONTROL 0x1        /* it may start guests, too, within what its parent may */
#define HV_START_VIEW 0x2           /* it has the caller's view from the start: hv_view */
#define HV_START_SERIAL 0x4         /* of a virtual PC: keys for it are typed on its serial line */
#define HV_START_COUNTED 0x8        /* of a virtual PC: its time is the count of its instructions */
#define HV_START_FLAGS 0xF

/* hv_start: what executes the child. */
#define HV_ENGINE_NONE 0            /* the processor: a PebPeb guest kernel */
#define HV_ENGINE_INTERP 1          /* a virtual PC (docs/vpc.md), interpreted */
#define HV_ENGINE_SVM 2             /* the same, executed by the processor; refused where that cannot */
#define HV_ENGINES 3
#define HV_COMMAND_LINE_BYTES 2048  /* of a virtual PC's command line, with its NUL */

/* hv_state: what to store. */
#define HV_STATE_CHILD 0            /* struct hv_child */
#define HV_STATE_REPORT 1           /* its crash report, text with a NUL at the end; empty if there is none */
#define HV_STATE_CONSOLE 2          /* struct hv_console */

/* hv_signal: what is to be done. */
#define HV_SIGNAL_END 0             /* end it: what it was stays to be asked for */
#define HV_SIGNAL_FORGET 1          /* end it if it has not ended, and know it no more: its place is free again */
#define HV_SIGNAL_PAUSE 2           /* do not give it the processor */
#define HV_SIGNAL_RESUME 3          /* do again */

/* hv_clone: flags. */
#define HV_CLONE_PAUSED 0x1         /* the copy has no turn until HV_SIGNAL_RESUME */
#define HV_CLONE_FLAGS 0x1

/* hv_list: of what. */
#define HV_LIST_IMAGES 0            /* struct hv_listed_image; those of Cobble's own tests are left out */
#define HV_LIST_CHILDREN 1          /* struct hv_listed_child */

/* A child's state. */
#define HV_CHILD_STARTING 0         /* asked for, not there yet */
#define HV_CHILD_RUNNING 1          /* has the processor when it is its turn */
#define HV_CHILD_IDLE 2             /* waits for a virtual interrupt */
#define HV_CHILD_ENDED 3

/* A child's end. */
#define HV_END_NONE 0
#define HV_END_EXIT 1               /* status: what it gave to hv_exit */
#define HV_END_CRASH 2              /* status: HV_STATUS_CRASH; there is a reason, and a report */
#define HV_END_KILL 3               /* by its parent, or the operator */
#define HV_END_REFUSED 4            /* it never was a guest: the reason says what is wrong with the image */

/* A child's flags. */
#define HV_CHILD_HAS_VIEW 0x1       /* its parent lent it the view */
#define HV_CHILD_HAS_CONTROL 0x2
#define HV_CHILD_IS_PAUSED 0x4

#ifndef __ASSEMBLER__
/* What hv_start is told. Zeros are what is usual; new fields come at the end. */
struct hv_start {
    uint32_t name;              /* gva of the image's name, with a NUL */
    uint32_t image;             /* gva of an ELF file to be started under that name; 0: the machine's image */
    uint32_t image_bytes;       /* up to HV_START_IMAGE_MAX */
    uint32_t memory_kib;        /* RAM, a multiple of 4; 0: 24 MiB, of a virtual PC 64 MiB */
    uint32_t flags;             /* HV_START_... */
    uint32_t children;          /* with HV_START_CONTROL: guests that may be below it; 0: as below its parent */
    uint32_t children_kib;      /* their RAM in all; 0: as below its parent */
    uint32_t engine;            /* HV_ENGINE_...; all below is a virtual PC's: 0 for other guests */
    uint32_t command_line;      /* gva, with a NUL; 0: none */
    uint32_t initrd, disks[2];  /* gva of the name of one of the machine's files; 0: none */
};

/* One entry of hv_list for children, and how struct hv_child begins. */
struct hv_listed_child {
    uint32_t id;
    uint32_t state;             /* HV_CHILD_STARTING ... */
    uint32_t end;               /* HV_END_... */
    int32_t status;             /* of HV_END_EXIT and HV_END_CRASH */
    uint32_t flags;             /* HV_CHILD_HAS_... */
};

struct hv_listed_image {
    uint32_t index;             /* counts up in the list */
    uint32_t bytes;
    char name[HV_NAME_BYTES];
};

/* What hv_state tells of a child, or of the caller itself. */
struct hv_child {
    uint32_t id, state, end;
    int32_t status;
    uint32_t flags;
    uint32_t memory_kib, touched_kib;           /* its RAM, and what of it is backed; 0 when it has ended */
    uint32_t children, children_max;            /* guests below it, and how many may be */
    uint32_t children_kib, children_kib_max;    /* their RAM, the same */
    uint32_t depth;                             /* guests above it */
    uint64_t started_ns, ended_ns;              /* the hypervisor's clock, as in struct hv_counters */
    uint64_t run_ns, hypercalls, events, hidden_faults;
    char name[HV_NAME_BYTES];
    char reason[HV_REASON_BYTES];               /* of HV_END_CRASH and HV_END_REFUSED: one line */
    uint32_t shared_kib, reserved;              /* of touched_kib, what others may have, too */
};

struct hv_console {
    uint32_t row, column;                       /* its cursor */
    uint16_t cells[HV_CONSOLE_ROWS][HV_CONSOLE_COLS];   /* character, and attribute in the high byte */
};
#endif

/* The keyboard word, +4 of a slot 0x21 frame (docs/abi.md "Keyboard word"). */
#define HV_KEY_CHAR_MASK 0x000000FF     /* character after modifiers */
#define HV_KEY_RAW_SHIFT 8              /* bits 8-15: unshifted character or key code below */
#define HV_KEY_RAW_MASK 0x0000FF00
#define HV_KEY_MAKE 0x00010000
#define HV_KEY_NUMPAD 0x00020000
#define HV_KEY_HASDATA 0x00040000
#define HV_KEY_HASRAW 0x00080000
#define HV_KEY_NUMLOCK 0x01000000
#define HV_KEY_CAPSLOCK 0x02000000
#define HV_KEY_RALT 0x04000000
#define HV_KEY_LALT 0x08000000
#define HV_KEY_RCTRL 0x10000000
#define HV_KEY_LCTRL 0x20000000
#define HV_KEY_RSHIFT 0x40000000
#define HV_KEY_LSHIFT 0x80000000

/* Raw codes of keys that have no character. */
#define HV_KEYCODE_UNDEFINED 0x80
#define HV_KEYCODE_UP 0x81
#define HV_KEYCODE_LEFT 0x82
#define HV_KEYCODE_DOWN 0x83
#define HV_KEYCODE_RIGHT 0x84
#define HV_KEYCODE_LALT 0x85
#define HV_KEYCODE_RALT 0x86
#define HV_KEYCODE_LCTRL 0x87
#define HV_KEYCODE_RCTRL 0x88
#define HV_KEYCODE_LSHIFT 0x89
#define HV_KEYCODE_RSHIFT 0x8A
#define HV_KEYCODE_CAPSLOCK 0x8B
#define HV_KEYCODE_NUMLOCK 0x8C
#define HV_KEYCODE_F1 0x8D              /* F1-F12: 0x8D-0x98 */
#define HV_KEYCODE_PAUSE 0x99
#define HV_KEYCODE_PRINTSCREEN 0x9A

#endif
