/*
 * vpc_bus.c - what a virtual PC's processor is wired to (PURE): x86/bus.h.
 */
#include "base/string.h"
#include "vpc/ports.h"
#include "vpc/vpc.h"

#define ABSENT_WORD 0xFFFFFFFFu
#define MSR_APIC_BASE 0x1Bu
#define APIC_BASE_FIRST 0x100u                  /* of the processor that starts the others, whatever is written */
#define APIC_BASE_IS (LAPIC_BASE | APIC_BASE_FIRST | 0x800u)        /* enabled */

static struct vpc *vpc_of(void *context)
{
    return context;
}

/*
 * RAM is backed when it is first read, too: what was handed out must stay good when it is written to, and a page of
 * zeroes that all share would not. One that is shared with a copy is for reading only: who writes comes to
 * device_write, at which nothing else is open that would lie elsewhere afterwards.
 */
static uint8_t *ram_page(void *context, gpa_t address, bool is_write)
{
    struct vpc *vpc = vpc_of(context);
    uint32_t frame = address.v >> PAGE_SHIFT;

    if (frame >= vpc->ram->frame_count || (is_write && frame == TEXT_PAGE_BASE >> PAGE_SHIFT))
        return NULL;
    hpa_t page = ram_back(vpc->ram, frame);
    if (is_write && vpc->ram->frames[frame].flags & GFRAME_SHARED)
        return NULL;
    if (page.v)
        return hpa_to_ptr(page);
    vpc_lack_memory(vpc);
    return NULL;
}

/* Registers of the APICs are words; a part of one is read as such, and a write of a part is a write of all. */
static uint32_t device_read(void *context, gpa_t address, unsigned bytes)
{
    struct vpc *vpc = vpc_of(context);
    uint32_t value = ABSENT_WORD, page = address.v & ~PAGE_MASK, word = address.v & PAGE_MASK & ~3u;

    if (page == LAPIC_BASE)
        value = lapic_read(&vpc->lapic, word, vpc_now_ns(vpc));
    else if (page == I82093_BASE)
        value = i82093_read(&vpc->ioapic, word);
    value >>= 8 * (address.v & 3);
    value = bytes == 4 ? value : value & ((1u << 8 * bytes) - 1);
    vpc_note(vpc, VPC_EXIT_READ, address.v, value);
    return value;
}

static void store_text(struct vpc *vpc, uint32_t at, unsigned bytes, uint32_t value)
{
    uint8_t *memory = vpc_own_page(vpc, TEXT_PAGE_BASE >> PAGE_SHIFT);

    if (memory != NULL)
        text_page_store(&vpc->text, memory, at, bytes, value);
}

/* To a page that is, or a moment ago was, shared. */
static void store_shared(struct vpc *vpc, gpa_t address, unsigned bytes, uint32_t value)
{
    uint8_t *memory = vpc_own_page(vpc, address.v >> PAGE_SHIFT);

    if (memory != NULL)
        memcpy(memory + (address.v & PAGE_MASK), &value, bytes);
}

/* To the processor by other ways than its interrupt line. An INIT has firmware start a PC anew. */
static void take_sent(struct vpc *vpc)
{
    struct lapic *apic = &vpc->lapic;

    if (apic->sent_nmi) {
        vpc->interp.cpu.has_nmi = true;
        interp_notice(&vpc->interp);
    }
    if (apic->sent_init)
        vpc_finish(vpc, VPC_END_CRASH, 0, "the guest reset its machine, by an INIT: a virtual PC is not started twice");
    apic->sent_nmi = apic->sent_init = false;
}

/* Apart, so that the others, which are written most, keep nothing for it. */
static __attribute__((noinline)) void write_apic_setting(struct vpc *vpc, uint32_t offset, uint32_t value)
{
    (void)lapic_write(&vpc->lapic, offset, value, vpc_now_ns(vpc));
    if (vpc->lapic.sent_nmi || vpc->lapic.sent_init)
        take_sent(vpc);
    vpc_settle_lines(vpc);
}

static __attribute__((noinline)) void settle_apic(struct vpc *vpc)
{
    vpc_settle_processor(vpc);
}

static __attribute__((noinline)) void end_apic_interrupt(struct vpc *vpc, uint32_t offset)
{
    int ended = lapic_write(&vpc->lapic, offset, 0, 0);

    if (ended >= 0)
        i82093_end(&vpc->ioapic, (uint8_t)ended, &vpc->lapic);
    settle_apic(vpc);
}

/* Who has nothing to ask for asks for nothing at any priority. */
void vpc_write_apic(struct vpc *vpc, uint32_t offset, uint32_t value)
{
    vpc_note(vpc, VPC_EXIT_WRITE, LAPIC_BASE + offset, value);
    if (lapic_is_end(offset)) {
        end_apic_interrupt(vpc, offset);
    } else if (!lapic_is_task_priority(offset)) {
        write_apic_setting(vpc, offset, value);
    } else {
        lapic_set_task_priority(&vpc->lapic, value);
        if (!lapic_is_quiet(&vpc->lapic))
            settle_apic(vpc);
    }
}

static void device_write(void *context, gpa_t address, unsigned bytes, uint32_t value)
{
    struct vpc *vpc = vpc_of(context);
    uint32_t page = address.v & ~PAGE_MASK, word = address.v & PAGE_MASK;

    if (address.v >> PAGE_SHIFT < vpc->ram->frame_count && page != TEXT_PAGE_BASE) {
        store_shared(vpc, address, bytes, value);
        return;
    }
    if (page == LAPIC_BASE) {
        vpc_write_apic(vpc, word, value);
        return;
    }
    if (page == TEXT_PAGE_BASE) {
        vpc_count(vpc, VPC_EXIT_WRITE);         /* too many to be among the last in a report */
        store_text(vpc, word, bytes, value);
        return;
    }
    vpc_note(vpc, VPC_EXIT_WRITE, address.v, value);
    if (page != I82093_BASE)
        return;
    i82093_write(&vpc->ioapic, word, value, &vpc->lapic);
    vpc_settle_lines(vpc);
}

static uint32_t bus_port_read(void *context, uint16_t port, unsigned bytes)
{
    return ports_read(vpc_of(context), port, bytes);
}

static void bus_port_write(void *context, uint16_t port, unsigned bytes, uint32_t value)
{
    ports_write(vpc_of(context), port, bytes, value);
}

static uint32_t bus_port_read_string(void *context, uint16_t port, unsigned bytes, void *to, uint32_t count)
{
    return ports_read_string(vpc_of(context), port, bytes, to, count);
}

static uint32_t bus_port_write_string(void *context, uint16_t port, unsigned bytes, const void *from, uint32_t count)
{
    return ports_write_string(vpc_of(context), port, bytes, from, count);
}

static uint8_t take_vector(void *context)
{
    struct vpc *vpc = vpc_of(context);
    bool is_apic = lapic_has_interrupt(&vpc->lapic);
    uint8_t vector = is_apic ? lapic_acknowledge(&vpc->lapic) : i8259_acknowledge(&vpc->pic);

    vpc_note(vpc, VPC_EXIT_INTERRUPT, 0, vector);
    vpc_settle_pic(vpc);
    return vector;
}

static uint64_t bus_time(void *context)
{
    struct vpc *vpc = vpc_of(context);
    const struct vpc_clock *clock = &vpc->clock;

    return clock->host_tsc != NULL ? clock->host_tsc() + clock->tsc_offset : vpc_now_ns(vpc);
}

static __attribute__((noinline)) void note_msr(void *context, uint32_t number, uint32_t value)
{
    vpc_note(vpc_of(context), VPC_EXIT_MSR, number, value);
}

/* One is there, where the local APIC lies; nobody moves it. */
static bool bus_msr_read(void *context, uint32_t number, uint64_t *value)
{
    note_msr(context, number, 0);
    *value = APIC_BASE_IS;
    return number == MSR_APIC_BASE;
}

static bool bus_msr_write(void *context, uint32_t number, uint64_t value)
{
    note_msr(context, number, (uint32_t)value);
    return number == MSR_APIC_BASE && (value | APIC_BASE_FIRST) == APIC_BASE_IS;
}

const struct bus vpc_bus = {
    .page = ram_page, .read = device_read, .write = device_write, .port_read = bus_port_read,
    .port_write = bus_port_write, .port_read_string = bus_port_read_string,
    .port_write_string = bus_port_write_string, .acknowledge = take_vector, .time = bus_time, .msr_read = bus_msr_read,
    .msr_write = bus_msr_write,
};
