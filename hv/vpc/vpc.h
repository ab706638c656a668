/*
 * vpc.h - a virtual PC: RAM, an interpreted processor, a bus, and the devices on it (PURE).
 *
 * Its time is nanoseconds of a clock that its owner provides; devices do nothing by themselves, but tell when
 * something is due next. What goes out on its serial line waits here for the owner, as does how it ended.
 */
#ifndef VPC_VPC_H
#define VPC_VPC_H

#include <stdbool.h>
#include <stdint.h>

#include "pagetable/ram.h"
#include "vpc/bios.h"
#include "vpc/i8042.h"
#include "vpc/i8254.h"
#include "vpc/i8259.h"
#include "vpc/i82093.h"
#include "vpc/ide.h"
#include "vpc/lapic.h"
#include "vpc/mc146818.h"
#include "vpc/text_page.h"
#include "vpc/uart16550.h"
#include "vpc/x86/interp.h"

#define VPC_OUTPUT_STOP 1024u       /* the run ends with so many bytes waiting */
#define VPC_OUTPUT_BYTES 5120u      /* one instruction more sends 4 KiB at most; and rowlog.c knows this length */
#define VPC_TRAIL 16u
#define VPC_RUN_EXITS 64u           /* a run ends after so many: each is some hundred instructions' work */
#define VPC_NS_PER_INSTRUCTION 10u  /* where time is the count of instructions */
#define VPC_MEMORY_MAX 0xC0000000u  /* above it are the devices */

/* Lines of the ISA bus. */
enum { VPC_LINE_TIMER = 0, VPC_LINE_KEYBOARD = 1, VPC_LINE_SERIAL = 4, VPC_LINE_CLOCK = 8, VPC_LINE_AUXILIARY = 12,
       VPC_LINE_IDE = 14 };

/* What became of a run. */
enum vpc_state {
    VPC_RUNS,           /* the instructions are done, or something waits for the owner */
    VPC_WAITS,          /* for an interrupt, halted */
    VPC_ENDED,
};

enum vpc_end {
    VPC_END_NONE,
    VPC_END_EXIT,       /* debug exit: status is what was written; or powered off: 0 */
    VPC_END_CRASH,      /* reason says why */
    VPC_END_MEMORY,     /* the machine below has no frame left */
};

/* Ways out of the processor. */
enum vpc_exit { VPC_EXIT_PORT_READ, VPC_EXIT_PORT_WRITE, VPC_EXIT_READ, VPC_EXIT_WRITE, VPC_EXIT_INTERRUPT,
                VPC_EXIT_HALT, VPC_EXIT_MSR, VPC_EXITS };

/* One of the last exits, for a report. */
struct vpc_step {
    enum vpc_exit kind;
    uint32_t eip, where, value;     /* where: port, physical address, number of the register; value: vector, data */
};

struct vpc_clock {
    uint64_t (*now_ns)(void *owner);
    void *owner;
    bool is_counted;                /* time is the count of instructions, and now_ns is not asked */
    uint64_t skipped_ns;            /* is_counted: what was left out while it was halted */
    /*
     * The host's time stamp counter, which is the PC's but for tsc_offset; the owner changes that between runs only.
     * NULL: the PC's counts nanoseconds of its time.
     */
    uint64_t (*host_tsc)(void);
    uint64_t tsc_offset;
};

struct svm;

struct vpc {
    struct interp interp;
    struct bus bus;
    struct ram *ram;
    struct vpc_clock clock;
    struct i8259_pair pic;
    struct i8254 timer;
    struct uart16550 uart;
    struct i8042 keyboard;
    struct lapic lapic;
    struct i82093 ioapic;
    struct text_page text;
    struct mc146818 cmos;
    struct ide ide;
    struct bios bios;
    uint8_t acpi_enable[2];         /* PM1 Enable, of events that never come */
    uint16_t lines;                 /* levels of the sixteen interrupt lines of an ISA bus */
    bool pic_asks;                  /* the 8259s' answer to them, as it reaches the processor */
    uint64_t due_ns;                /* when a device has something to do next */
    bool is_stirred;                /* due_ns, whether there is an interrupt, or what the local APIC's page shows, may
                                       be another. An engine clears it where it has looked at them */
    enum vpc_end end;
    int32_t status;
    const char *reason;
    uint64_t exits[VPC_EXITS];
    uint32_t exits_left;            /* until this run ends */
    struct vpc_step trail[VPC_TRAIL];
    uint32_t trail_count;           /* of all there were */
    /* Who executes the processor: interp_run's part. NULL: the interpreter, always. */
    enum exit_reason (*engine)(struct vpc *vpc, uint64_t instructions);
    struct svm *svm;                /* of the engine svm_run */
    void (*unit)(struct vcpu *cpu, struct fpu_operation *operation);   /* for it, too */
    uint32_t output_count;
    uint8_t output[VPC_OUTPUT_BYTES];
};

/* After power-on, without disks. bus is vpc_bus, and unit the floating-point unit for it (NULL: none). */
void vpc_init(struct vpc *vpc, struct ram *ram, const struct vpc_clock *clock, const struct bus *bus,
              void (*unit)(struct vcpu *cpu, struct fpu_operation *operation));

/*
 * copy, zeroed but for its disks, becomes what vpc is, with that RAM, and no engine but the interpreter yet: between
 * runs. owner: of its clock.
 */
void vpc_copy(struct vpc *copy, const struct vpc *vpc, struct ram *ram, void *owner);

/* Execute at most so many instructions, up to what is due before. */
enum vpc_state vpc_run(struct vpc *vpc, uint32_t instructions);

/* Its time. */
uint64_t vpc_now_ns(struct vpc *vpc);

/* A counted clock of a halted processor goes on to what is due next. False: nothing is. */
bool vpc_skip(struct vpc *vpc);

/* How its owner, or a device, ends it. The first end wins. */
void vpc_finish(struct vpc *vpc, enum vpc_end end, int32_t status, const char *reason);
/* The end of one whose RAM finds no frame. */
void vpc_lack_memory(struct vpc *vpc);

/* After a device changed: bring its lines to the controllers, and their answer to the processor. */
void vpc_settle_lines(struct vpc *vpc);

/* The same after a device that reaches the processor by its line only: nothing to do if none is another. */
void vpc_settle_changes(struct vpc *vpc);

/* A line is the other way than it was; all else was settled, and nothing is due at another time. */
void vpc_turn_line(struct vpc *vpc, unsigned line);

/* The same where it may be so: the line is this now. */
static inline void vpc_settle_line(struct vpc *vpc, unsigned line, bool is_high)
{
    if ((vpc->lines >> line & 1) != is_high)
        vpc_turn_line(vpc, line);
}

/* After a change of the interrupt controllers' own, no line being another. */
void vpc_settle_pic(struct vpc *vpc);

/* A line that was high falls for a moment: who is triggered by edges sees one where it is high still. */
void vpc_dip_line(struct vpc *vpc, unsigned line);

/* After a change of what the local APIC has for the processor, but of nothing else. */
static inline void vpc_settle_processor(struct vpc *vpc)
{
    bool asked = vpc->interp.cpu.has_interrupt;

    vpc->interp.cpu.has_interrupt = lapic_has_interrupt(&vpc->lapic) || vpc->pic_asks;
    if (vpc->interp.cpu.has_interrupt != asked) {
        vpc->is_stirred = true;
        interp_notice(&vpc->interp);
    }
}

/* Something left the processor: count it, and with vpc_note remember it. */
static inline void vpc_count(struct vpc *vpc, enum vpc_exit kind)
{
    vpc->exits[kind]++;
    if (--vpc->exits_left == 0)
        interp_stop(&vpc->interp);
}

static inline void vpc_note(struct vpc *vpc, enum vpc_exit kind, uint32_t where, uint32_t value)
{
    vpc_count(vpc, kind);
    vpc->trail[vpc->trail_count++ % VPC_TRAIL] =
        (struct vpc_step){ .kind = kind, .eip = vpc->interp.start_eip, .where = where, .value = value };
}

/*
 * An engine asks after an access to a device. Not 0: anything may have come up, as lines were settled or the run is to
 * end.
 */
static inline unsigned vpc_wants_look(const struct vpc *vpc)
{
    _Static_assert(INTERP_PAUSE_STOP == 1, "a bool");
    return vpc->is_stirred | (vpc->interp.pauses & INTERP_PAUSE_STOP);
}

/* A store of four bytes to a register of the local APIC, and what comes of it. */
void vpc_write_apic(struct vpc *vpc, uint32_t offset, uint32_t value);

/*
 * A page of RAM, by the number of its frame, that may be written: one that is shared with a copy becomes its own. NULL:
 * memory is out, and the PC ends.
 */
uint8_t *vpc_own_page(struct vpc *vpc, uint32_t frame);

/*
 * Memory by the hand of the firmware, at any physical address, as the bus has it: behind the last byte of 4 GiB comes
 * the first; what is no RAM reads all ones and forgets what is written, and a device is no RAM; the text page hears of
 * each store. A number of at most four bytes, in little-endian order. False: memory is out, and the PC ends.
 */
uint32_t vpc_load(const struct vpc *vpc, uint32_t at, unsigned count);
bool vpc_store(struct vpc *vpc, uint32_t at, const void *from, uint32_t count);

/* The operations of bus.h, with struct vpc as context. */
extern const struct bus vpc_bus;

#endif
