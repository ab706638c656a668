/*
 * console.h - consoles as the operator sees them: which one is in view, on framebuffer and serial.
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
    bool is_deaf;               /* its owner takes no keys: none waits for it. This and two below: keyline.c */
    unsigned keys_waiting;      /* key words that its owner had no room for */
    uint64_t taken_ns;          /* when the owner had room last */
    uint64_t key_ns;            /* when the oldest key came that the owner has not had yet; 0: none. Owner clears it */
    unsigned back;              /* rows that the view is scrolled back in vcon.history, kept by console.c */
    void *owner;
    void (*key)(void *owner, uint32_t key_word);    /* a key word of docs/abi.md "Keyboard word", make and break */
    unsigned (*room)(const void *owner);            /* key words that it can keep now; NULL: any number */
    void (*viewed)(void *owner);                    /* it has come into view; NULL: its owner does not care */
    void (*kill)(void *owner);  /* the operator wants it ended (prefix k); NULL: cannot be */
    struct console *next, *previous;    /* list in ascending number, kept by console.c */
};

/* framebuffer is the write-combining mapping of the boot framebuffer, or NULL. */
struct boot_framebuffer;
void console_init(const struct boot_framebuffer *description, void *framebuffer);

/* Take a console into the list / out of it. Memory stays the caller's. Removing the one in view shows the monitor. */
void console_attach(struct console *console);
void console_detach(struct console *console);

/* The console of this number, or NULL. */
struct console *console_find(unsigned number);

/* Show this console on every screen; input.c does what its keys need. */
void console_view(struct console *console);
extern struct console *console_shown;           /* kept by console.c; NULL: none */
static inline struct console *console_in_view(void)
{
    return console_shown;
}

/* As the operator asks for it: the monitor is 0, guests count from 1 in the order of their IDs, whatever these are. */
void console_view_position(unsigned position);
void console_view_next(void);
void console_view_previous(void);

/* Look back half a screen, or forward, in a console that keeps rows (false: this one does not), or return. */
bool console_scroll_page(bool up);
void console_scroll_end(void);

/* The prefix's keys in the status line, until another command or view. */
void console_show_help(bool show);

/* Is the serial prefix key the usual one? Then the status line names it. */
void console_tell_prefix(bool is_usual);

/* Is the console in view mirrored to serial as ANSI? Others ask input.h for both directions. */
void console_use_serial(bool use);

/* When there is something to draw although nothing comes; UINT64_MAX: never. */
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
