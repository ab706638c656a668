/*
 * console.h - consoles as the operator sees them: which one is in view, on framebuffer and serial; where keys go.
 *
 * A console belongs to the monitor or to one guest. Output only marks rows dirty; console_output_pump draws them in
 * batches.
 */
#ifndef IO_CONSOLE_H
#define IO_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

#include "io/vcon.h"

struct console {
    struct vcon vcon;
    unsigned number;            /* 0: the monitor; else the guest's ID */
    char name[64];
    char state[32];             /* for the status line: "running", "exit 77", ... kept by the owner */
    uint64_t key_ns;            /* when the oldest key came that the owner has not had yet; 0: none. Owner clears it */
    unsigned back;              /* rows that the view is scrolled back in vcon.history, kept by console.c */
    void *owner;
    void (*key)(void *owner, uint32_t key_word);    /* a key word of abi section 6, make and break */
    void (*kill)(void *owner);  /* the operator wants it ended (prefix k); NULL: cannot be */
    struct console *next;       /* list in ascending number, kept by console.c */
};

/* framebuffer is the write-combining mapping of the boot framebuffer, or NULL. */
struct boot_framebuffer;
void console_init(const struct boot_framebuffer *description, void *framebuffer);

/* Take a console into the list / out of it. Memory stays the caller's. Removing the one in view shows the monitor. */
void console_attach(struct console *console);
void console_detach(struct console *console);

/* Show this console on every screen. */
void console_view(struct console *console);
struct console *console_in_view(void);

/* Is the console in view mirrored to serial as ANSI, and does serial input type into it? Off during a TAP stream. */
void console_use_serial(bool use);

/* The serial prefix key (default Ctrl-], 0x1D). */
void console_set_escape(uint8_t control);

/* Take input from PS/2 and serial, switch consoles on Alt+Fn and Ctrl-], give key words to the console in view. */
void console_input_pump(uint64_t now_ns);
/* When there is something to do although nothing comes: half an escape sequence, a frame's time; UINT64_MAX: never. */
uint64_t console_next_ns(void);
/* Draw some rows of what changed, at most what the serial ring takes. True while something is left to do. */
bool console_output_pump(uint64_t now_ns);
/* The same until everything is on the framebuffer (serial: at most limit_ms). */
void console_flush(unsigned limit_ms);

/*
 * Panic: take over framebuffer and serial from whatever state they are in, and write text (NUL-terminated, '\n' ends
 * lines).
 */
void console_panic_write(const char *text);

#endif
