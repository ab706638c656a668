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
#define VPC_RUN_EXITS 64u           /* the run ends after so many: each is some hundred instructions' work */
#define VPC_NS_PER_INSTRUCTION 10u  /* where time is the count of instructions */
#define VPC_MEMORY_MAX 0xC0000000u  /* above it are the devices */

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
    uint64_t due_ns;                /* when a device has something to do next */
    enum vpc_end end;
    int32_t status;
    const char *reason;
    uint64_t exits[VPC_EXITS];
    uint32_t run_exits;             /* in this run */
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

/* Execute at most so many instructions, up to what is due before. */
enum vpc_state vpc_run(struct vpc *vpc, uint32_t instructions);

/* Its time. */
uint64_t vpc_now_ns(struct vpc *vpc);

/* A counted clock of a halted processor goes on to what is due next. False: nothing is. */
bool vpc_skip(struct vpc *vpc);

/* How its owner, or a device, ends it. The first end wins. */
void vpc_finish(struct vpc *vpc, enum vpc_end end, int32_t status, const char *reason);

/* After a device changed: bring its lines to the controllers, and their answer to the processor. */
void vpc_settle_lines(struct vpc *vpc);

/* Something left the processor: count it, and with vpc_note remember it. */
void vpc_count(struct vpc *vpc, enum vpc_exit kind);
void vpc_note(struct vpc *vpc, enum vpc_exit kind, uint32_t where, uint32_t value);

/* The operations of bus.h, with struct vpc as context. */
extern const struct bus vpc_bus;

#endif
