/*
 * call_counters.c - hv_counters, an extension: what the machine and the calling guest did, for benchmarks. See
 * docs/abi.md "Beyond the contract".
 */
#include "base/counters.h"

#include "base/frames.h"
#include "guest/gmem.h"
#include "guest/guest.h"
#include "hypercall/calls.h"
#include "irq/timer.h"

void call_counters(struct guest *guest, const uint32_t *arguments)
{
    uint32_t buffer = arguments[0], bytes = arguments[1];
    struct hv_counters shown = {
        .time_ns = timer_now_ns(),
        .cr3_writes = counters.cr3_writes,
        .invlpg = counters.invlpg,
        .port_in = counters.port_in,
        .port_out = counters.port_out,
        .frames_total = frames_count_total(),
        .frames_free = frames_count_free(),
        .hypercalls = guest_hypercall_count(guest),
        .events = guest->event_count,
        .hidden_faults = guest->hidden_fault_count,
        .run_ns = guest->turns.run_ns,
        .rights = guest->family.rights.control ? HV_RIGHT_CONTROL : 0,
    };
    gva_t bad;

    if (bytes > sizeof(shown))
        bytes = sizeof(shown);
    if (!gmem_write(guest, GVA(buffer), &shown, bytes, &bad)) {
        call_crash(guest, "hv_counters(0x%08x, %u): 0x%08x cannot be written", buffer, arguments[1], bad.v);
        return;
    }
    guest->state.frame.eax = sizeof(shown);
}
