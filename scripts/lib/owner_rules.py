"""Whose is what can be written: every variable of the layers that a second processor would run, too, has an owner.

What belongs to a processor is in struct processor (hv/guest/processor.h), of a guest in struct guest. What is left is
the machine's, and is listed here with what keeps two processors from writing it at once: docs/architecture.md,
"Another processor", says more.
"""
import subprocess

from lib import symbol_rules

LAYERS = {"base", "cpu", "guest", "hypercall", "irq", "pagetable"}
START = "written while the machine starts, before a second processor would"
FRAMES = "lock of frames"
TABLES = "lock of the hypervisor's own tables"
GUESTS = "lock of the set of guests"
REQUESTS = "lock of the queue of requests"
CALL = "one at a time, within one call or report: to go to struct processor"
TALLY = "a figure: to be one for each processor, added up by who asks"
CALLS_IN = "raised by interrupts: to be atomic"
PANIC = "the first to panic wins: to be atomic"
LOG = "lock of the log"
CLOCK = "to be one for each processor: so is the TSC"
OWNERS = {
    "hv/base/boot_phases.c": {"begun": START, "boot_phases_open": START, "hides_firmware": START, "last": START,
                              "loader": START, "spent": START},
    "hv/base/counters.c": {"counters": TALLY},
    "hv/base/frames.c": {"frames": FRAMES, "frames_hint": FRAMES},
    "hv/base/log.c": {"figure_count": LOG, "kept": LOG, "kept_count": LOG, "kept_figures": LOG, "ring": LOG},
    "hv/base/panic.c": {"is_panicking": PANIC, "symbols": START, "write_text": START},
    "hv/cpu/cpu.c": {"cpu_keeps_error_pointers": START, "idt": GUESTS, "watchers": GUESTS},
    "hv/guest/balloon.c": {"ask_again_ns": REQUESTS, "launch_until_ns": REQUESTS},
    "hv/guest/debug_access.c": {"debug_access_used": GUESTS, "registers": GUESTS},
    "hv/guest/debug_stop.c": {"debug_stop": GUESTS, "wanted": START},
    "hv/guest/guest.c": {"guests": GUESTS, "id_lists": GUESTS, "last_guest": GUESTS, "last_id": GUESTS,
                           "report_bytes": CALL},
    "hv/guest/images.c": {"image_index": REQUESTS, "loader_info": START},
    "hv/guest/launch.c": {"under_way": REQUESTS},
    "hv/guest/reclaim.c": {"dead": GUESTS},
    "hv/guest/request.c": {"end_link": REQUESTS, "first": REQUESTS, "start_is_under_way": REQUESTS,
                             "wanted_view": REQUESTS},
    "hv/guest/stirred.c": {"first_stirred": GUESTS, "stirred_end": GUESTS},
    "hv/hypercall/call_console.c": {"call_print_bytes": START, "print_buffer": CALL},
    "hv/irq/apic.c": {"ops": START},
    "hv/irq/apic_access.c": {"xapic": START, "xapic_registers": START},
    "hv/irq/ioapic.c": {"ioapic_count": START, "ioapics": START},
    "hv/irq/irq.c": {"facts": START, "have_apic": START, "irq_input_came": CALLS_IN,
                     "map_any_device": START, "map_any_table": START, "timer_by_pic": START},
    "hv/irq/reference.c": {"hpet": START, "pm_port": START, "verdicts": START},
    "hv/irq/timer.c": {"alarm_by_apic": START, "alarm_hertz": START, "alarm_per_tsc_32": CLOCK, "calibrated_by": START,
                       "count_per_ns_32": START, "rate_may_change": START, "timer_clock": CLOCK},
    "hv/irq/tsc_watch.c": {"first_hertz": START, "is_steady": START, "is_unsteady": CLOCK, "ns_per_count_32": START,
                           "seen_count": CLOCK, "seen_ns": CLOCK, "seen_tsc": CLOCK, "truth": START,
                           "tsc_watch_next_ns": CLOCK},
    "hv/main.c": {"boot_processor": "the processor's"},
    "hv/pagetable/hvmap.c": {"image_base": START, "next_device": TABLES, "no_execute": START, "physical_top": START,
                             "root": START},
    "hv/pagetable/owners.c": {"not_ready": FRAMES, "owners_beyond": FRAMES, "ready_for": FRAMES},
    "hv/pagetable/ram.c": {"absent_records": START, "sharing": FRAMES},
    "hv/pagetable/vmap.c": {"directory": START, "search_from": TABLES, "taken": TABLES},
    # Variables for the tests' sake only, which set them: nobody writes them here.
    "hv/pagetable/evict.c": {"evict_links_most": START},
    "hv/pagetable/rmap.c": {"rmap_search_tables": START},
    "hv/pagetable/sync.c": {"sync_entries_most": START},
}


def read_writable(path):
    """The names of what can be written in an object file, file-local or global."""
    output = subprocess.run(["llvm-nm", str(path)], stdout=subprocess.PIPE, check=True, text=True).stdout
    return {line.split()[-1] for line in output.splitlines() if line.split()[-2] in "bBdDC"}


def judge(found, owners):
    """A problem for each variable, {source: names}, that has no owner, and for each owner of nothing."""
    for source in sorted(found.keys() | owners.keys()):
        names, listed = found.get(source, set()), owners.get(source, {}).keys()
        for name in sorted(names - listed):
            yield (f"{source}: {name} is everybody's: put it in struct processor or struct guest, or name its owner in "
                   "scripts/lib/owner_rules.py")
        for name in sorted(listed - names):
            yield f"scripts/lib/owner_rules.py: {source} has no {name}, take it off"


def check_owners(files):
    """What two processors could write at once is listed with its owner."""
    built = symbol_rules.list_objects(files, "hv")
    yield from judge({source: read_writable(path) for source, path in built.items()
                      if source.split("/")[1] in LAYERS or source in OWNERS}, OWNERS)


RULES = {"source.owners": check_owners}
