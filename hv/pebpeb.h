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

#ifndef __ASSEMBLER__
enum hv_call {
#define X(number, NAME, name, words) HV_CALL_##NAME = number,
    HV_CALLS(X)
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
