"""The benchmark's figures that are no operations, by part: what each may cost. Those of operations are in bench.py."""
import dataclasses

# Of busy guests beside hostile ones, for each: how long one may wait beyond the turns of all, in ms, what it may lack
# of its share and be off the mean, in %: of the 56 turns of one among forty, one may be cut off at either end. The
# figures of 200 are above.
GAPS_BEYOND_MS, GAPS_LACKED_LIMIT, GAPS_OFF_LIMIT = 2, 5, 4


@dataclasses.dataclass(frozen=True)
class Figure:
    """A figure of a part that is no operation; without a limit it is printed only.

    waits: part of it is how long the host takes to read a disk, so that only the limit judges it, and no growth.
    part_of: the key of the figure that it is what is left of, when most is taken away. That may be next to nothing, or
    below 0, so its growth is judged by the whole's size.
    """
    key: str
    title: str
    goal: float | None = None
    limit: float | None = None
    waits: bool = False
    part_of: str = ""


SCALE = (1, 10, 100, 200, 300, 1000)        # guests of tests/bench/bench_scale.py
SCALE_CROWDS = 200, 1000            # woken at once: tests/bench/crowd.c

FIGURES = {
    "boot": [
        Figure("total", "hand-off to the first guest instruction, without calibration", 5_000_000, 10_000_000),
        Figure("calibration_ms", "calibration, in ms", 10, 10),
        Figure("loader", "before: loader, files on the boot volume and ExitBootServices"),
        Figure("loader_files", "the same with 200 files of 8 KiB on the boot volume", 12_000_000, 13_000_000,
               True),
        *(Figure(key, f"of the first row: {title}") for key, title in (
            ("cpu", "processor, serial port"), ("frames", "frame allocator"), ("page tables", "own page tables"),
            ("consoles", "framebuffer and consoles"), ("interrupts", "interrupt controllers"),
            ("devices", "ACPI, PCI, keyboard and serial line"), ("monitor", "configuration, finding the guest"),
            ("guest load", "loading the guest"), ("first turn", "drawing the screen, entering the guest"),
            ("log", "telling these figures, host interrupts before the guest gets anywhere"))),
    ],
    "first": [
        Figure("touch_off", "first touch of a page, paging off", 640, 900),
        Figure("copy", "copy of a page as fork makes it: two first touches and hv_adjustpg", 1500, 2000),
        Figure("adjust_unused", "hv_adjustpg in a region never touched", 120, 160),
    ],
    "stops": [
        Figure("setpd_first", "hv_setpd, first look at 1,000 full tables", 1_000_000, 2_000_000),
        Figure("setpd_changed", "hv_setpd, every entry of 1,000 tables changed", 1_000_000, 2_000_000),
        Figure("setpd_search", "hv_setpd, the leaves of a frame looked for in 1,000 full tables", 100_000, 200_000),
        Figure("fault_read_table", "page fault that reads a full table again", 100_000, 200_000),
        Figure("fault_evict", "page fault that evicts tables which 64 directories link", 100_000, 200_000),
        Figure("fault_evict_scattered", "the same, each at another place in each directory", 100_000, 200_000),
        Figure("list_images", "hv_list past all images of this build and one of the volume", 1_000_000, 2_000_000),
    ],
    "prints": [
        Figure("stretch", "longest stretch of hv_print and hv_print_at of 4,096 bytes", 200_000, 400_000),
        Figure("serial", "print flood, hypervisor a row of 80 bytes, until the serial line has it", 900, 1_300),
        Figure("screen", "the same with a screen", 1_000, 1_300),
    ],
    "idle": [
        Figure("tick_1", "tick of a sleeping guest, alone: wake, deliver, handler, back to HLT", 500, 800),
        Figure("tick_200", "the same of each of 200 sleeping guests", 500, 800),
        Figure("wakes_1", "times a second that the machine wakes for it"),
        Figure("wakes_200", "the same for 200 sleeping guests", 200, 400),
    ],
    "ends": [
        Figure("end_touched", "end of a guest of 3 GiB that touched it all", 1_000_000, 2_000_000),
        Figure("end_untouched", "end of a guest of 3 GiB that touched nothing", 1_000_000, 2_000_000),
        Figure("end_directories", "end of a guest with 64 directories and 240 tables in each", 500_000, 1_000_000),
        Figure("longest", "the longest of all these", 1_000_000, 2_000_000),
    ],
    "clones": [
        Figure("small", "clone of a guest that touched few frames, beside an older one"),
        Figure("small_frames", "that few"),
        Figure("small_beyond", "the first beyond 12 for each frame", 20_000, 20_000, part_of="small"),
        Figure("large", "clone of one that touched much"),
        Figure("large_frames", "that many frames"),
        Figure("large_beyond", "the same beyond 12 for each", 20_000, 20_000, part_of="large"),
        Figure("stretch", "longest time in which a guest that never stops did not run meanwhile", 1_000_000, 2_000_000),
        Figure("write_copied", "write to a shared frame, with its copy", 900, 900),
        Figure("write_last", "the same where nobody else has it any more", 900, 900),
        Figure("memory_still", "KiB of each of 64 clones of a booted Pebbles that stand still", 60, 60),
        Figure("memory_idle", "the same when all wait at the prompt, beside what each has written", 60, 60),
        Figure("memory_second", "KiB of a second Pebbles, launched and at its prompt, with counts of owners", 400, 400),
        Figure("memory_ninth", "KiB of each of seven more", 350, 350),
        Figure("launch_first", "launch of Pebbles", 160_000, 200_000),
        Figure("launch_second", "launch of a second Pebbles beside one that has booted", 160_000, 200_000),
        Figure("launch_ninth", "launch of a ninth", 160_000, 200_000),
    ],
    "longest": [
        Figure("suite", "longest stretch with interrupts off while all test guests run", 1_000_000, 2_000_000),
    ],
    "gaps": [
        Figure("gap_alike", "longest time without the processor among 200 busy guests, in ms", 202, 202),
        Figure("gap_hostile", "the same of 189, beside eleven hostile ones", 202, 202),
        Figure("lacked_alike", "what the one with least lacks of 1/200 in eight seconds, in %", 3, 5),
        Figure("beyond_alike", "what the one with most has beyond it, in %", 3, 5),
        Figure("lacked_hostile", "what the one with least lacks beside eleven hostile ones, in %", 3, 5),
        Figure("off_mean", "of these, how far any is off the mean of all fair ones, in %", 3, 5),
        Figure("hostile_off_mean", "the same of the five hostile ones that never stop", 3, 5),
    ],
    "gaps_beside": [
        Figure("gap", "longest time without the processor of a guest, in ms", 17, 17),
        Figure("lacked", "what the guest with least lacks of its share, in %", 3, 5),
        Figure("beyond", "what the guest with most has beyond it, in %", 3, 5),
        Figure("unlike", "how much less the PC with least got done than the one with most, in %", 3, 5),
    ],
    "scale": [
        *(Figure(f"{key}_{count}", f"{title}, N = {count:,}", *limits if count >= least else ())
          for key, title, limits, least in (
              ("memory", "KiB of one of N, the pages of its image included", (), 1),
              ("launch", "launch of one of N, its line of the plan included", (), 1),
              ("tick", "tick of one of N, beside a busy guest", (600, 800), 10),
              ("look", "longest look that launches nobody", (500_000, 1_000_000), 1))
          for count in SCALE),
        *(Figure(f"crowd_{count}", f"look in which all of {count:,} sleepers are woken, for places in the middle",
                 500_000, 1_000_000) for count in SCALE_CROWDS),
    ],
    "launches": [
        Figure("together", "200 launches together", 1_000_000, 2_000_000),
        Figure("memory", "launch of a guest of 3 GiB, with those that go on together with it", 1_000_000, 2_000_000),
        Figure("image", "launch of an image of 8 MiB with 20,000 names", 1_000_000, 2_000_000),
        Figure("machines", "launches of virtual PCs, with those that go on together with one", 1_000_000, 2_000_000),
        Figure("timeouts", "look in which the time of 48 guests is up, and reports are written", 1_000_000, 2_000_000),
    ],
    "memory": [
        Figure("hypervisor", "hypervisor", 1024, 2048),
        Figure("image", "of that its image with stacks"),
        Figure("loader_leaves", "of that what the loader leaves: the memory map, the options, symbols for panics"),
        Figure("counts", "counts of owners, while guests share: of copies, or launched from the same image", 64, 96),
        Figure("guest", "each guest beside its RAM and 16 bytes a frame of each MiB it touched, paging off", 64, 96),
        Figure("guest_paging", "the same with paging on, without its directories and tables", 64, 96),
        Figure("touched_page", "each page that a guest touches, by 64 guests of 24 MiB with 99 more", 4, 4),
        Figure("guest_linear", "more for each of the guests 34 to 64 than for those before", 0, 0),
        Figure("directory", "each cached directory", 24, 24),
        Figure("table", "each live 4 MiB", 8, 8),
        Figure("role", "the same in another role", 8, 8),
        Figure("changed_table", "each changed table that is live in two roles, until hv_setpd has read it"),
    ],
    "vpc": [
        Figure("arithmetic", "arithmetic in registers, for each instruction", 40, 100),
        Figure("memory", "loads and stores, for each instruction", 40, 100),
        Figure("calls", "calls and returns, for each instruction", 40, 100),
        Figure("system", "system calls by a gate, for each instruction", 40, 300),
        Figure("ports", "reads of the 8259's mask in a loop, for each instruction"),
        Figure("copy", "copy of 4 KiB by REP MOVSB, for each copy"),
        *(Figure(f"way_{key}", f"{of}, with its loop", None, 1_000) for key, of in (
            ("empty", "a write of port 80, where nobody is"), ("port", "a read of the 8259's mask"),
            ("cpuid", "CPUID"), ("apic_read", "a read of the local APIC"),
            ("apic_write", "a write to the local APIC"))),
        Figure("marks", "benchmark kernel, all that it measures, strings of 512 bytes and more apart: for each "
               "instruction", 40, 60),
        Figure("mark_call", "benchmark kernel, a system call: for each instruction", 40, 200),
        Figure("mark_fault", "benchmark kernel, a page fault: for each instruction", 40, 250),
        Figure("mark_fork", "benchmark kernel, a fork: for each instruction", 40, 100),
        Figure("mark_switch", "benchmark kernel, a context switch: for each instruction", 40, 250),
        Figure("mark_pipe", "benchmark kernel, a byte there and back by two pipes: for each instruction", 40, 250),
        Figure("mark_exec", "benchmark kernel, fork, exec, exit and wait: for each instruction", 40, 100),
        Figure("mark_sector", "benchmark kernel, a sector read: for each instruction", 40, 2000),
        Figure("mark_character", "benchmark kernel, a character: for each instruction", 40, 250),
        Figure("mark_call_guest", "the guest's instructions for a system call"),
        Figure("mark_call_plain", "the same in plain QEMU"),
        Figure("mark_fault_guest", "the guest's instructions for a page fault"),
        Figure("mark_fault_plain", "the same in plain QEMU"),
        Figure("mark_fork_guest", "the guest's instructions for a fork"),
        Figure("mark_fork_plain", "the same in plain QEMU"),
        Figure("mark_switch_guest", "the guest's instructions for a context switch"),
        Figure("mark_switch_plain", "the same in plain QEMU"),
        Figure("mark_pipe_guest", "the guest's instructions for a byte there and back by two pipes"),
        Figure("mark_pipe_plain", "the same in plain QEMU"),
        Figure("mark_exec_guest", "the guest's instructions for fork, exec, exit and wait"),
        Figure("mark_exec_plain", "the same in plain QEMU"),
        Figure("mark_sector_guest", "the guest's instructions for a sector read"),
        Figure("mark_sector_plain", "the same in plain QEMU"),
        Figure("mark_character_guest", "the guest's instructions for a character"),
        Figure("mark_character_plain", "the same in plain QEMU"),
        Figure("exits_port_reads", "benchmark kernel, the whole of it: reads of ports, each element of a string"),
        Figure("exits_port_writes", "benchmark kernel, the whole of it: writes of ports"),
        Figure("exits_device_reads", "benchmark kernel, the whole of it: reads of a device's memory (MMIO)"),
        Figure("exits_device_writes", "benchmark kernel, the whole of it: writes of a device's memory (MMIO)"),
        Figure("exits_interrupts", "benchmark kernel, the whole of it: interrupts"),
        Figure("exits_halts", "benchmark kernel, the whole of it: HLT"),
        Figure("exits_msr_accesses", "benchmark kernel, the whole of it: RDMSR and WRMSR"),
        Figure("step", "the longest single instruction of tests/vpc/heavy.c", 50_000, 100_000),
        Figure("stretch", "longest time without interrupts beside that, hostile and endless ones", 600_000, 1_500_000),
    ],
    "svm": [
        Figure("empty", "a write of port 80, where nobody is: the way out and back", 60, 100),
        Figure("port", "a read of the 8259's mask", 200, 320),
        Figure("cpuid", "CPUID", 60, 150),
        Figure("apic_read", "a read of the local APIC", 0, 10),
        Figure("apic_write", "a write to the local APIC", 200, 500),
        Figure("mark_call", "benchmark kernel, a system call: for one in plain QEMU", 1.0, 1.1),
        Figure("mark_fault", "the same of a page fault", 1.02, 1.3),
        Figure("mark_fork", "the same of a fork", 1.02, 1.3),
        Figure("mark_switch", "the same of a context switch", 1.02, 1.1),
        Figure("mark_pipe", "the same of a byte there and back by two pipes", 1.0, 1.1),
        Figure("mark_exec", "the same of fork, exec, exit and wait", 1.02, 1.1),
        Figure("mark_character", "the same of a character to the serial line, which is two exits", None, 15),
        Figure("screen", "a character to serial line and screen, in instructions: more than in plain QEMU", None, 5000),
        Figure("character", "such a character for one in plain QEMU, of a kernel whose own takes 12,000 by estimate",
               1.2, 1.3),
        Figure("sector", "the same of a sector read, of a kernel whose own takes 28,305 instructions", 1.12, 1.2),
        Figure("mark_sector", "a sector read, in instructions", None, 3_000),
        *(Figure(f"exits_{key}", f"exits: {of}", goal, limit) for key, of, goal, limit in (
            ("call", "a system call", 0, 0.01), ("pipe", "a byte there and back by two pipes", 0, 0.01),
            ("switch", "a context switch", 0, 0.01), ("fault", "a page fault", 0, 0.05),
            ("fork", "a fork, of which one in ten meets the host's clock", None, 0.3),
            ("exec", "fork, exec, exit and wait", None, 0.3), ("sector", "a sector read", 13, 13),
            ("character", "a character to the serial line", 2, 2),
            ("screen", "one to serial line and screen", 12, 12))),
        Figure("exits_in_all", "exits of the benchmark kernel without times, the whole of it", None, 2_000),
        *(Figure(f"exits_{kind.replace(' ', '_').lower()}", f"of these {kind}") for kind in (
            "port reads", "port writes", "device reads", "device writes", "interrupts", "halts", "MSR accesses")),
        Figure("stretch", "longest time without interrupts beside heavy, hostile and endless ones", 600_000, 1_500_000),
    ],
    "linux": [
        Figure("ratio", "all instructions, for one in plain QEMU", 1.02, 1.05),
        Figure("svm", "all instructions, in millions"),
        Figure("plain", "the same in plain QEMU"),
        Figure("hypervisor", "of the first the hypervisor's, in millions"),
        Figure("exits_in_all", "times that the processor left the guest", 120_000, 120_000),
        Figure("exits_port_reads", "of these reads of ports"),
        Figure("exits_port_writes", "writes of ports"),
        Figure("exits_device_writes", "writes of a device's memory (MMIO), the text page's"),
        Figure("exits_interrupts", "interrupts begun, which are no exits by themselves"),
        Figure("serial_byte", "a byte that a program writes to the serial line by itself, for one in plain QEMU", None,
               4),
        Figure("serial_plain", "instructions of it in plain QEMU, with two interrupts"),
        Figure("serial_more", "under SVM so many more"),
        Figure("serial_exits", "exits of it"),
        Figure("screen_byte", "a byte to the screen by itself, for one in plain QEMU", None, 3),
        Figure("screen_plain", "instructions of it in plain QEMU, with the cursor's place and shape"),
        Figure("screen_more", "under SVM so many more"),
        Figure("screen_exits", "exits of it"),
    ],
    "pebbles": [
        Figure("total", "instructions in all, from the hypervisor's first to the machine's end; no idle time"),
        Figure("programs", "programs, in %"),
        Figure("kernel", "Pebbles' kernel, in %"),
        Figure("hypervisor", "hypervisor, in %", 8, 12),
        Figure("searches", "of that searches for the leaves of frames that many map (hv/pagetable/rmap.c), in %", 0.1,
               1),
        Figure("others", "of that all else, in %"),
    ],
}
