/*
 * xhci.c - the registers of a controller, and the way from the firmware's hands into ours.
 */
#include "io/usb/xhci.h"

#include <stddef.h>

#include "base/frames.h"
#include "base/string.h"
#include "io/usb/xhci_mmio.h"

/* "Host Controller Capability Registers". */
#define CAP_LENGTH 0x00             /* a byte; the version is the upper half */
#define HCSPARAMS1 0x04
#define HCSPARAMS2 0x08
#define HCCPARAMS1 0x10
#define HCC_64_BIT 0x1u
#define HCC_CONTEXT_64_BYTES 0x4u
#define HCC_EXTENDED_SHIFT 16       /* in double words */
#define DOORBELL_OFFSET 0x14
#define RUNTIME_OFFSET 0x18
#define INTERRUPTER_0 0x20          /* in the runtime registers */

/* "xHCI Extended Capabilities": number, link in double words. "USB Legacy Support Capability". */
#define EXTENDED_MAX 64
#define EXTENDED_LEGACY 1
#define LEGACY_FIRMWARE_OWNS (1u << 16)
#define LEGACY_WE_OWN (1u << 24)
#define LEGACY_CONTROL 4            /* from the capability on: what makes a system management interrupt */
#define LEGACY_CONTROL_KEPT 0x000E1FEEu     /* reserved bits; enables become 0 */
#define LEGACY_CONTROL_EVENTS 0xE0000000u   /* cleared by ones */

/* "Host Controller Operational Registers". */
#define USBCMD 0x00
#define COMMAND_RUN 0x1u
#define COMMAND_RESET 0x2u
#define USBSTS 0x04
#define STATUS_HALTED 0x1u
#define STATUS_SYSTEM_ERROR 0x4u
#define STATUS_NOT_READY (1u << 11)
#define STATUS_CONTROLLER_ERROR (1u << 12)
#define PAGE_SIZES 0x08
#define PAGE_SIZE_4K 0x1u
#define COMMAND_RING 0x18
#define CONTEXT_ARRAY 0x30
#define CONFIGURE 0x38
#define PORTS 0x400                 /* 16 bytes each */
#define PORT_KEPT 0x0E00C200u       /* power, indicators, wake enables: written back as they are */

/* "Interrupter Register Set". */
#define INTERRUPTER_SEGMENTS 0x08
#define INTERRUPTER_TABLE 0x10
#define INTERRUPTER_DEQUEUE 0x18
#define DEQUEUE_BUSY 0x8u           /* cleared by a one */

#define COMMANDS 64
#define EVENTS (PAGE_SIZE / sizeof(struct xhci_trb))
#define SCRATCHPADS_MAX (PAGE_SIZE / sizeof(uint64_t))
#define NS_PER_MS 1000000ull
#define HAND_OFF_NS (1000 * NS_PER_MS)
#define HALT_NS (100 * NS_PER_MS)   /* "USB Status Register": 16 ms */
#define RESET_NS (1000 * NS_PER_MS)

static uint32_t read_operational(const struct xhci *xhci, uint32_t offset)
{
    return xhci_mmio_read(xhci->mmio, xhci->operational + offset);
}

static void write_operational(const struct xhci *xhci, uint32_t offset, uint32_t value)
{
    xhci_mmio_write(xhci->mmio, xhci->operational + offset, value);
}

/* The low half first: "Register Attributes" of 64-bit registers. */
static void write_64(const struct xhci *xhci, uint32_t offset, uint64_t value)
{
    xhci_mmio_write(xhci->mmio, offset, (uint32_t)value);
    xhci_mmio_write(xhci->mmio, offset + 4, (uint32_t)(value >> 32));
}

/* Links may lead in a circle: bound: EXTENDED_MAX. 0: there is none, or not where we can see it. */
static uint32_t find_legacy(const struct xhci *xhci, uint32_t at)
{
    for (unsigned i = 0; i < EXTENDED_MAX && at != 0 && at <= XHCI_MMIO_BYTES - 8; i++) {
        uint32_t value = xhci_mmio_read(xhci->mmio, at);
        if ((value & 0xFF) == EXTENDED_LEGACY)
            return at;
        if ((value >> 8 & 0xFF) == 0)
            return 0;
        at += (value >> 8 & 0xFF) * 4;
    }
    return 0;
}

const char *xhci_probe(struct xhci *xhci, void *mmio)
{
    uint32_t first = xhci_mmio_read(mmio, CAP_LENGTH), structure = xhci_mmio_read(mmio, HCSPARAMS1);
    uint32_t memory = xhci_mmio_read(mmio, HCSPARAMS2), abilities = xhci_mmio_read(mmio, HCCPARAMS1);
    uint32_t slots = structure & 0xFF;

    if (first == 0xFFFFFFFF || (first & 0xFF) < 0x20)
        return "its registers cannot be read";
    *xhci = (struct xhci){
        .mmio = mmio,
        .operational = first & 0xFF,
        .doorbells = xhci_mmio_read(mmio, DOORBELL_OFFSET) & ~3u,
        .interrupter = (xhci_mmio_read(mmio, RUNTIME_OFFSET) & ~31u) + INTERRUPTER_0,
        .scratchpads = (uint16_t)((memory >> 21 & 0x1F) << 5 | memory >> 27),
        .ports = (uint8_t)(structure >> 24),
        .slots = (uint8_t)(slots < XHCI_SLOTS_MAX ? slots : XHCI_SLOTS_MAX),
        .context_bytes = abilities & HCC_CONTEXT_64_BYTES ? 64 : 32,
        .addresses_64 = abilities & HCC_64_BIT,
    };
    if (xhci->doorbells > XHCI_MMIO_BYTES - 4 * 256 || xhci->interrupter > XHCI_MMIO_BYTES - 32)
        return "its registers lie too far apart";
    if (slots == 0 || xhci->ports == 0 || xhci->scratchpads > SCRATCHPADS_MAX)
        return "its parameters make no sense";
    if (!(read_operational(xhci, PAGE_SIZES) & PAGE_SIZE_4K))
        return "its pages are not of 4 KiB";
    xhci->legacy = find_legacy(xhci, (abilities >> HCC_EXTENDED_SHIFT) * 4);
    return NULL;
}

void *xhci_frame(const struct xhci *xhci)
{
    hpa_t frame = frames_alloc();

    if (frame.v && !xhci->addresses_64 && frame.v > UINT32_MAX) {
        frames_free(frame);
        return NULL;
    }
    return frame.v ? memset(hpa_to_ptr(frame), 0, PAGE_SIZE) : NULL;
}

/*
 * "Scratchpad Buffers": the controller's own, behind entry 0 of the array of contexts. Bound: SCRATCHPADS_MAX, more of
 * which xhci_probe refuses; they are zeroed, 0.3 ms of the counting machine, as the machine starts.
 */
static bool allocate_scratchpads(struct xhci *xhci)
{
    if (xhci->scratchpads == 0)
        return true;
    uint64_t *array = xhci_frame(xhci);
    if (!array)
        return false;
    xhci->shared->contexts[0] = ptr_to_hpa(array).v;
    for (unsigned i = 0; i < xhci->scratchpads; i++) {
        void *buffer = xhci_frame(xhci);
        if (!buffer)
            return false;
        array[i] = ptr_to_hpa(buffer).v;
    }
    return true;
}

static void free_frame(void *frame)
{
    if (frame)
        frames_free(ptr_to_hpa(frame));
}

/* The controller has not seen any of it. Bound: SCRATCHPADS_MAX. */
static void free_all(struct xhci *xhci)
{
    uint64_t *array = xhci->shared && xhci->shared->contexts[0] ? hpa_to_ptr(HPA(xhci->shared->contexts[0])) : NULL;

    for (unsigned i = 0; array && i < xhci->scratchpads && array[i]; i++)
        frames_free(HPA(array[i]));
    free_frame(array);
    free_frame(xhci->shared);
    free_frame(xhci->input);
    free_frame(xhci->events);
}

bool xhci_allocate(struct xhci *xhci)
{
    xhci->shared = xhci_frame(xhci);
    xhci->input = xhci_frame(xhci);
    xhci->events = xhci_frame(xhci);
    if (xhci->shared && xhci->input && xhci->events && allocate_scratchpads(xhci))
        return true;
    free_all(xhci);
    xhci->state = XHCI_FAILED;
    xhci->why = xhci->addresses_64 ? "no memory for it" : "no memory for it below 4 GiB";
    return false;
}

void xhci_fail(struct xhci *xhci, const char *why)
{
    write_operational(xhci, USBCMD, 0);
    xhci->state = XHCI_FAILED;
    xhci->why = why;
}

static void set_state(struct xhci *xhci, enum xhci_state state, uint64_t deadline_ns)
{
    xhci->state = state;
    xhci->deadline_ns = deadline_ns;
}

void xhci_take_over(struct xhci *xhci, uint64_t now_ns)
{
    set_state(xhci, XHCI_HAND_OFF, now_ns + HAND_OFF_NS);
    if (xhci->legacy)
        xhci_mmio_write(xhci->mmio, xhci->legacy, xhci_mmio_read(xhci->mmio, xhci->legacy) | LEGACY_WE_OWN);
}

/*
 * The firmware's system management code drives the controller until it has let go; two drivers would write over each
 * other's rings. Firmware that never lets go is no longer asked; either way it gets no interrupt from the controller
 * any more.
 */
static void advance_hand_off(struct xhci *xhci, uint64_t now_ns)
{
    if (xhci->legacy) {
        uint32_t value = xhci_mmio_read(xhci->mmio, xhci->legacy);
        if ((value & LEGACY_FIRMWARE_OWNS) && now_ns < xhci->deadline_ns)
            return;
        if (value & LEGACY_FIRMWARE_OWNS)
            xhci_mmio_write(xhci->mmio, xhci->legacy, (value & ~LEGACY_FIRMWARE_OWNS) | LEGACY_WE_OWN);
        value = xhci_mmio_read(xhci->mmio, xhci->legacy + LEGACY_CONTROL);
        xhci_mmio_write(xhci->mmio, xhci->legacy + LEGACY_CONTROL,
                        (value & LEGACY_CONTROL_KEPT) | LEGACY_CONTROL_EVENTS);
    }
    write_operational(xhci, USBCMD, read_operational(xhci, USBCMD) & ~COMMAND_RUN);
    set_state(xhci, XHCI_HALTING, now_ns + HALT_NS);
}

static void advance_halting(struct xhci *xhci, uint64_t now_ns)
{
    if (read_operational(xhci, USBSTS) & STATUS_HALTED) {
        write_operational(xhci, USBCMD, COMMAND_RESET);
        set_state(xhci, XHCI_RESETTING, now_ns + RESET_NS);
    } else if (now_ns >= xhci->deadline_ns) {
        xhci_fail(xhci, "it does not halt");
    }
}

/*
 * xHCI 1.2 "Host Controller Initialization", in its order: all that the controller will read is told before it runs.
 * The table of the event ring comes last of the interrupter's registers, since writing it is what makes the ring known.
 */
static void start(struct xhci *xhci)
{
    xhci_ring_init(&xhci->commands, xhci->shared->commands, COMMANDS);
    xhci->event_cycle = true;
    xhci->shared->segment[0] = ptr_to_hpa(xhci->events).v;
    xhci->shared->segment[1] = EVENTS;
    write_operational(xhci, CONFIGURE, xhci->slots);
    write_64(xhci, xhci->operational + CONTEXT_ARRAY, ptr_to_hpa(xhci->shared->contexts).v);
    write_64(xhci, xhci->operational + COMMAND_RING, xhci_ring_dequeue(&xhci->commands));
    xhci_mmio_write(xhci->mmio, xhci->interrupter + INTERRUPTER_SEGMENTS, 1);
    write_64(xhci, xhci->interrupter + INTERRUPTER_DEQUEUE, ptr_to_hpa(xhci->events).v);
    write_64(xhci, xhci->interrupter + INTERRUPTER_TABLE, ptr_to_hpa(xhci->shared->segment).v);
    write_operational(xhci, USBCMD, COMMAND_RUN);
    xhci->state = XHCI_RUNNING;
}

static void advance_reset(struct xhci *xhci, uint64_t now_ns)
{
    if (!(read_operational(xhci, USBCMD) & COMMAND_RESET) && !(read_operational(xhci, USBSTS) & STATUS_NOT_READY))
        start(xhci);
    else if (now_ns >= xhci->deadline_ns)
        xhci_fail(xhci, "its reset does not end");
}

void xhci_advance(struct xhci *xhci, uint64_t now_ns)
{
    if (xhci->state == XHCI_HAND_OFF)
        advance_hand_off(xhci, now_ns);
    else if (xhci->state == XHCI_HALTING)
        advance_halting(xhci, now_ns);
    else if (xhci->state == XHCI_RESETTING)
        advance_reset(xhci, now_ns);
}

bool xhci_is_lost(struct xhci *xhci)
{
    uint32_t status = read_operational(xhci, USBSTS);
    /* Right after the start it may still say that it is halted. All ones: it was pulled out. */
    return status & (STATUS_SYSTEM_ERROR | STATUS_CONTROLLER_ERROR);
}

hpa_t xhci_command(struct xhci *xhci, uint64_t parameter, uint32_t control)
{
    hpa_t trb = xhci_ring_put(&xhci->commands, parameter, 0, control);
    xhci_doorbell(xhci, 0, 0);
    return trb;
}

void xhci_doorbell(struct xhci *xhci, uint8_t slot, uint8_t dci)
{
    xhci_mmio_write(xhci->mmio, xhci->doorbells + slot * 4u, dci);
}

bool xhci_event(struct xhci *xhci, struct xhci_trb *event)
{
    const struct xhci_trb *trb = &xhci->events[xhci->next_event];
    /* The word with the cycle bit first, the rest after it: the controller writes it last. */
    uint32_t control = __atomic_load_n(&trb->control, __ATOMIC_ACQUIRE);

    if ((control & TRB_CYCLE) != xhci->event_cycle)
        return false;
    *event = (struct xhci_trb){ trb->parameter, trb->status, control };
    if (++xhci->next_event == EVENTS) {
        xhci->next_event = 0;
        xhci->event_cycle = !xhci->event_cycle;
    }
    write_64(xhci, xhci->interrupter + INTERRUPTER_DEQUEUE,
             ptr_to_hpa(&xhci->events[xhci->next_event]).v | DEQUEUE_BUSY);
    return true;
}

uint32_t xhci_port(struct xhci *xhci, unsigned port)
{
    return read_operational(xhci, PORTS + (port - 1) * 16);
}

void xhci_port_set(struct xhci *xhci, unsigned port, uint32_t set)
{
    /*
     * Most bits of PORTSC do something when a 1 is written to them: only those that merely are set or not are written
     * back as read.
     */
    write_operational(xhci, PORTS + (port - 1) * 16, (xhci_port(xhci, port) & PORT_KEPT) | set);
}
