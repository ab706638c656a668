/*
 * fake_xhci.h - an xHCI controller on paper with devices that can be told to misbehave, for fake_usb.c and its tests.
 *
 * Memory is that of fake_mmu.c, whose freed frames are poisoned: a controller that is left with a pointer to one fails
 * the test. Written from the specification, with nothing of the driver but its ring's TRB.
 */
#ifndef FAKE_XHCI_H
#define FAKE_XHCI_H

#include <stdbool.h>
#include <stdint.h>

#define FAKE_PORTS 4
#define FAKE_HUB_PORTS 4

enum fake_answer { FAKE_WELL, FAKE_STALL, FAKE_SILENT, FAKE_SHORT, FAKE_NOISE };

struct fake_device {
    uint8_t speed;                          /* as PORTSC has it: 1 full, 2 low, 3 high */
    bool is_hub;
    const uint8_t *configuration;
    unsigned configuration_bytes;
    struct fake_device *children[FAKE_HUB_PORTS + 1];
    uint16_t child_status[FAKE_HUB_PORTS + 1], child_change[FAKE_HUB_PORTS + 1];
    enum fake_answer class_answer;          /* to requests of HID */
    enum fake_answer answer;                /* to all others from answer_from on: transfers count from 0 */
    unsigned answer_from, transfers;
    bool was_reset, is_addressed, is_configured;
    uint8_t protocol, idle_calls, leds, max_packet;
};

struct fake_controller {
    bool context_64, firmware_owns, is_gone, is_deaf;   /* deaf: answers no command */
    unsigned firmware_lets_go;              /* after so many reads of the semaphore */
    uint16_t scratchpads;
    uint32_t command, status;
    uint64_t array, commands, table, dequeue;
    bool command_cycle, event_cycle;
    uint64_t event_at;
    uint32_t config, legacy_control, ports[FAKE_PORTS + 1];
    struct fake_device *devices[FAKE_PORTS + 1];
    struct {
        bool is_enabled;
        struct fake_device *device;
        struct { uint64_t dequeue; bool cycle, is_running, is_halted; uint16_t max_packet; } endpoints[32];
        uint32_t slot[4];
    } slots[33];
    unsigned events, doorbells;
};
extern struct fake_controller fake;

uint32_t xhci_mmio_read(void *registers, uint32_t offset);
void xhci_mmio_write(void *registers, uint32_t offset, uint32_t value);

void fake_reset(void);
void fake_plug(unsigned port, struct fake_device *device);          /* NULL: pull out */
void fake_hub_plug(struct fake_device *hub, unsigned port, struct fake_device *device);
/* Bytes on endpoint 1 in: false, nobody had asked for any. code: 0, or the error in place of them. */
bool fake_report(struct fake_device *device, unsigned dci, const void *bytes, unsigned count, uint8_t code);

#endif
