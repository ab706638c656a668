/*
 * config.h - what cobble.cfg and the load options say (PURE): docs/operator.md "Configuration".
 *
 * Nothing in a file can stop the boot: a line that is not understood leaves a message with its number. A malformed
 * autorun stays in the plan as a test that is refused, so that a plan never shrinks.
 */
#ifndef MONITOR_CONFIG_H
#define MONITOR_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "guest/family.h"
#include "monitor/equip.h"
#include "monitor/line_words.h"

#define CONFIG_AUTORUNS_FEW 64          /* for these there is room in the image; more have room of their own */
#define CONFIG_AUTORUNS_MAX 4096
#define CONFIG_TYPINGS_MAX 256
#define CONFIG_MATCHES_MAX 1024
#define CONFIG_TEXT_BYTES 32768
#define CONFIG_MESSAGES_MAX 32
#define CONFIG_MESSAGE_BYTES 224
#define CONFIG_REFUSALS_BYTES 16384
#define CONFIG_CHOICES_MAX 9
#define CONFIG_CHOICE_BYTES 64

enum config_expect { CONFIG_EXPECT_EXIT, CONFIG_EXPECT_CRASH, CONFIG_EXPECT_TIMEOUT, CONFIG_EXPECT_REFUSED };
enum config_clock { CONFIG_CLOCK_DEFAULT, CONFIG_CLOCK_WALL, CONFIG_CLOCK_RUN };   /* or equip.counts_time */
enum config_choice { CONFIG_CHOICE_DEFAULT, CONFIG_CHOICE_OFF, CONFIG_CHOICE_ON };
enum config_after { CONFIG_AFTER_MONITOR, CONFIG_AFTER_POWEROFF, CONFIG_AFTER_REBOOT };

/* One line "autorun SPEC". */
struct config_autorun {
    char name[64];                          /* as written, but fit to be shown; or of as= */
    char image[64];                         /* what it begins from, where as= says another name; "": name */
    enum config_expect expect;
    uint32_t expect_status;                 /* for CONFIG_EXPECT_EXIT */
    uint32_t memory_bytes;
    uint64_t timeout_ms;
    enum config_clock clock;                /* the default is CONFIG_CLOCK_RUN under together, else CONFIG_CLOCK_WALL */
    enum config_choice debug_print;         /* show the simulator's debug print; by default as the directive says */
    uint64_t output_bytes;                  /* limit of its row log */
    bool strict;                            /* mistakes that would stay silent end it */
    bool trace;                             /* what it does is recorded */
    uint32_t seed;                          /* moves its ticks: clock_seed; 0: not */
    char snapshot[64];                      /* it is kept under this name when it first waits for a key; "": not */
    char console[64];                       /* file in \guests\ with the console that it must leave; "": any */
    struct family_rights rights;            /* control=, children=, memory= */
    uint32_t first_match, match_count;      /* in config.matches, as they stand in the line */
    struct equip equip;                     /* of a virtual PC; its texts are in config.text */
    const char *refused;                    /* NULL, or why the line cannot be run: config_refuse */
};

/* The file, or the snapshot, that it begins from. */
static inline const char *config_autorun_image(const struct config_autorun *autorun)
{
    return autorun->image[0] != '\0' ? autorun->image : autorun->name;
}

/* Text to be typed to a guest: from type= (its autorun's number) or from a line "type NAME TEXT" (-1, and a name). */
struct config_typing {
    int autorun;
    char name[64];
    uint32_t text, length;                  /* in config.text */
};

/* match=TEXT or match!=TEXT of an autorun. */
struct config_match {
    bool forbidden;                         /* match!= */
    uint32_t text, length;                  /* in config.text, as characters of a console; never empty */
};

struct config {
    unsigned autorun_count, typing_count, match_count, message_count;
    uint64_t messages_dropped;              /* those after CONFIG_MESSAGES_MAX */
    unsigned choice_count;
    unsigned choice_read;                   /* the one whose lines are being read; 0: lines outside of choices */
    unsigned choice_picked;                 /* the one whose lines count; 0: none's. Set between init and read */
    bool has_snapshots;                     /* an autorun has snapshot= */
    bool together;
    bool counted;                           /* the machine counts instructions: tell only what comes again */
    bool debug_print, trace;                /* for guests of which nothing else is said */
    enum config_after after;
    enum log_level log_level;
    uint32_t tick_ms;
    uint16_t serial_port;                   /* where the operator's serial line is; 0: not told */
    uint8_t serial_irq;                     /* its ISA interrupt, or SERIAL_NO_ISA_IRQ */
    uint8_t terminal_rows;                  /* of the serial terminal; SCREEN_LINES: it only adds lines */
    uint8_t escape;                         /* control character that starts a console command on serial */
    char debug[64];                         /* the guest that waits for gdb; "": none */
    uint64_t linger_ms;                     /* how long the last picture stays before the final lines */
    uint32_t text_used, refusals_used;
    struct config_autorun *autoruns;        /* few_autoruns, or from get_room */
    unsigned autoruns_room;
    struct config_autorun few_autoruns[CONFIG_AUTORUNS_FEW];
    struct words words;                     /* the line being read */
    const char *left;                       /* what is behind it */
    uint64_t left_bytes;
    /*
     * Most machines have no configuration at all: memory for what it says comes when there is something to keep, from
     * get_room, and stays for a further config_init. get_room gives zeroed memory, or NULL: there is none.
     */
    void *(*get_room)(size_t bytes);
    struct config_typing *typings;          /* CONFIG_TYPINGS_MAX of them */
    struct config_match *matches;           /* CONFIG_MATCHES_MAX */
    char (*choices)[CONFIG_CHOICE_BYTES];   /* CONFIG_CHOICES_MAX: their titles, fit to be shown */
    char (*messages)[CONFIG_MESSAGE_BYTES]; /* CONFIG_MESSAGES_MAX: "cobble.cfg:3: unknown directive ..." */
    char *text;                             /* CONFIG_TEXT_BYTES */
    char *refusals;                         /* CONFIG_REFUSALS_BYTES: texts with their NULs, one after the other */
};

/*
 * The values that hold when no file says otherwise. The structure is all zero before the first time; further times
 * forget what was read.
 */
void config_init(struct config *config, void *(*get_room)(size_t bytes));

/* What the serial terminal is, as screen_set_terminal takes it: "lines" or a number of rows. NULL, or what is wrong. */
const char *config_parse_terminal(const char *value, uint8_t *rows);

/* One of these rooms, bytes long, is needed now: the one that is there already, or a new one. NULL: there is none. */
static inline void *config_take_room(const struct config *config, void *room, size_t bytes)
{
    return room != NULL ? room : config->get_room(bytes);
}

/*
 * An autorun of this configuration cannot be run: keep a copy of why, cut to CONFIG_MESSAGE_BYTES. Once
 * CONFIG_REFUSALS_BYTES are full, the reason is that there are too many.
 */
void config_refuse(struct config *config, struct config_autorun *autorun, const char *why);

/*
 * Read a text after whatever was read before; later lines win. source names it in messages ("cobble.cfg"). A line
 * ends at '\n' or the end of the text and, when semicolons is set, at a ';' outside of quotes.
 */
void config_read(struct config *config, const char *source, const char *text, uint64_t bytes, bool semicolons);

#endif
