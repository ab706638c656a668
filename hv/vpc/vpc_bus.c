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

    (void)is_write;
    if (frame >= vpc->ram->frame_count)
        return NULL;
    hpa_t page = ram_back(vpc->ram, frame);
    if (page.v)
        return hpa_to_ptr(page);
    vpc_finish(vpc, VPC_END_MEMORY, 0, "the machine has no memory left for this virtual PC's");
    return NULL;
}

static uint32_t device_read(void *context, gpa_t address, unsigned bytes)
{
    uint32_t value = bytes == 4 ? ABSENT_WORD : (1u << 8 * bytes) - 1;

    vpc_note(vpc_of(context), VPC_EXIT_READ, address.v, value);
    return value;
}

static void device_write(void *context, gpa_t address, unsigned bytes, uint32_t value)
{
    (void)bytes;
    vpc_note(vpc_of(context), VPC_EXIT_WRITE, address.v, value);
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
    uint8_t vector = i8259_acknowledge(&vpc->pic);

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
