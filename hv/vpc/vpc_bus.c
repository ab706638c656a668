/*
 * vpc_bus.c - what a virtual PC's processor is wired to (PURE): x86/bus.h.
 */
#include "vpc/ports.h"
#include "vpc/vpc.h"

#define ABSENT_WORD 0xFFFFFFFFu

static struct vpc *vpc_of(void *context)
{
    return context;
}

/*
 * RAM is backed when it is first read, too: what was handed out must stay good when it is written to, and a page of
 * zeroes that all share would not.
 */
static uint8_t *ram_page(void *context, gpa_t address, bool is_write)
{
    struct vpc *vpc = vpc_of(context);
    uint32_t frame = address.v >> PAGE_SHIFT;

    if (frame >= vpc->ram->frame_count || (is_write && frame == TEXT_PAGE_BASE >> PAGE_SHIFT))
        return NULL;
    hpa_t page = ram_back(vpc->ram, frame);
    if (page.v)
        return hpa_to_ptr(page);
    vpc_finish(vpc, VPC_END_MEMORY, 0, "the machine has no memory left for this virtual PC's");
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
    uint8_t *memory = ram_page(vpc, GPA(TEXT_PAGE_BASE), false);

    if (memory != NULL)
        text_page_store(&vpc->text, memory, at, bytes, value);
}

static void device_write(void *context, gpa_t address, unsigned bytes, uint32_t value)
{
    struct vpc *vpc = vpc_of(context);
    uint32_t page = address.v & ~PAGE_MASK, word = address.v & PAGE_MASK;
    int ended = -1;

    if (page == TEXT_PAGE_BASE)
        vpc_count(vpc, VPC_EXIT_WRITE);         /* too many to be among the last in a report */
    else
        vpc_note(vpc, VPC_EXIT_WRITE, address.v, value);
    if (page == LAPIC_BASE)
        ended = lapic_write(&vpc->lapic, word, value, vpc_now_ns(vpc));
    else if (page == I82093_BASE)
        i82093_write(&vpc->ioapic, word, value, &vpc->lapic);
    else if (page == TEXT_PAGE_BASE)
        store_text(vpc, word, bytes, value);
    else
        return;
    if (ended >= 0)
        i82093_end(&vpc->ioapic, (uint8_t)ended, &vpc->lapic);
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

static uint8_t take_vector(void *context)
{
    struct vpc *vpc = vpc_of(context);
    bool is_apic = lapic_has_interrupt(&vpc->lapic);
    uint8_t vector = is_apic ? lapic_acknowledge(&vpc->lapic) : i8259_acknowledge(&vpc->pic);

    vpc_note(vpc, VPC_EXIT_INTERRUPT, 0, vector);
    vpc_settle_lines(vpc);
    return vector;
}

/* The time stamp counter counts nanoseconds. */
static uint64_t bus_time(void *context)
{
    return vpc_now_ns(vpc_of(context));
}

static bool bus_msr_read(void *context, uint32_t number, uint64_t *value)
{
    vpc_note(vpc_of(context), VPC_EXIT_MSR, number, 0);
    *value = 0;
    return false;
}

static bool bus_msr_write(void *context, uint32_t number, uint64_t value)
{
    vpc_note(vpc_of(context), VPC_EXIT_MSR, number, (uint32_t)value);
    return false;
}

const struct bus vpc_bus = {
    .page = ram_page, .read = device_read, .write = device_write, .port_read = bus_port_read,
    .port_write = bus_port_write, .acknowledge = take_vector, .time = bus_time, .msr_read = bus_msr_read,
    .msr_write = bus_msr_write,
};
