"""The generated part of docs/performance.md."""
from lib import bench, bench_figures


def show(value, unit=""):
    """A figure for a table."""
    if value is None:
        return "-"
    return f"{value:.7g} x" if unit else f"{value:,.0f}"


def show_plain(value):
    """A figure of its own kind: with decimals, where it has some."""
    return f"{value:,g}" if isinstance(value, float) else show(value)


def show_events(sample):
    """Events per operation, those that are not 0."""
    names = {"cr3_writes": "CR3", "invlpg": "INVLPG", "port_in": "IN", "port_out": "OUT", "traps": "traps"}
    parts = [f"{sample['events'][name]:g} {shown}" for name, shown in names.items() if sample["events"].get(name)]
    return ", ".join(parts)


def rows_table(rows, floors):
    yield "| operation | instructions | floor | goal | never above | per operation | |"
    yield "|---|---|---|---|---|---|---|"
    for row in bench.ROWS:
        if row.key not in rows:
            continue            # newer than the last measurement
        sample = rows[row.key]
        value = sample["instructions"]
        verdict = "goal met" if value <= row.goal else "" if value <= row.limit else "above"
        floor = floors.get(row.key, {}).get("floor", row.floor)
        figures = " | ".join(show(each, row.unit) for each in (value, floor, row.goal, row.limit))
        yield f"| {row.title} | {figures} | {show_events(sample)} | {verdict} |"


def shares_table(shares):
    yield ("| busy guests | least share | greatest share | switches a second | instructions a switch | CR3 writes "
           "a switch | no guest's time |")
    yield "|---|---|---|---|---|---|---|"
    for count, figures in sorted(shares.items(), key=lambda item: int(item[0])):
        switch = [figures["instructions_per_switch"], figures["cr3_per_switch"]]
        shown = " | ".join("none" if each is None else f"{each:g}" for each in switch)
        yield (f"| {count} | {figures['least']:.4f} / N | {figures['most']:.4f} / N | {figures['switches_per_second']} "
               f"| {shown} | {figures['not_guests'] * 100:.4f} % |")


def plain_table(head, rows):
    yield f"| {head[0]} | {head[1]} |"
    yield "|---|---|"
    for name, value in rows.items():
        yield f"| {name} | {show(value)} |"


def figures_table(part, figures):
    yield "| what | figure | goal | never above | |"
    yield "|---|---|---|---|---|"
    for row in bench_figures.FIGURES[part]:
        if row.key not in figures:
            continue            # newer than the last measurement
        value = figures[row.key]
        is_above = row.limit is not None and value > row.limit
        verdict = "" if row.goal is None else "goal met" if value <= row.goal else "above" if is_above else ""
        yield f"| {row.title} | {show_plain(value)} | {show_plain(row.goal)} | {show_plain(row.limit)} | {verdict} |"


def functions_table(figures):
    """Functions of the hypervisor and of Pebbles' kernel side by side."""
    yield "| hypervisor | in % of all | Pebbles' kernel | in % of all |"
    yield "|---|---|---|---|"
    own, kernels = (list(figures[key].items()) for key in ("hypervisor_functions", "kernel_functions"))
    for (name, part), (kernel_name, kernel_part) in zip(own, kernels):
        yield f"| `{name}` | {part:g} | `{kernel_name}` | {kernel_part:g} |"


def floor_table(floors):
    yield "| operation | floor | instructions | ratio |"
    yield "|---|---|---|---|"
    for row in bench.ROWS:
        if row.key in floors:
            floor, value = (floors[row.key][name] for name in ("floor", "instructions"))
            # Of a slowdown, what is above 1 counts.
            ratio = (value - 1) / (floor - 1) if row.unit == "slowdown" else value / floor
            yield f"| {row.title} | {show(floor, row.unit)} | {show(value, row.unit)} | {ratio:.2f} |"


# Of the parts that are one table of figures: key, title, and what stands between them.
SECTIONS = [
    ("boot", "Boot, in instructions", ""),
    ("first", "First use of memory, in instructions", "Of each page 512 instructions are its zeroing."),
    ("stops", "Longest stretches, in instructions",
     "Nothing else runs meanwhile, and no interrupt comes: 1,000,000 are a millisecond here."),
    ("prints", "Printing, in instructions", ""),
    ("idle", "Sleeping guests",
     "A tick of one is all that the machine executes from one to the next, the look at the consoles each second "
     "included."),
    ("ends", "Ends, in instructions",
     "The longest time in which a guest that never stops did not run, nobody else being there to."),
    ("clones", "Clones, in instructions",
     "By hv_clone, all until both can go on; the memory includes what a frame's record takes, which each has anew."),
    ("longest", "Longest stretch of the test suite, in instructions", ""),
    ("gaps", "200 busy guests", ""),
    ("gaps_beside", "Ten busy guests and five busy virtual PCs under SVM",
     "The PCs' kernel is `tests/vpc/share.c`. Fair is a fifteenth each, and a turn of a millisecond in fifteen."),
    ("launches", "Launches, in instructions",
     "The longest time in which no guest ran, while others were launched; interrupts are off for no longer."),
    ("scale", "From 1 to 1,000 guests, in instructions",
     "N guests of 2 MiB that sleep from tick to tick, beside one that watches (`tests/bench/scale.c`). A plan of more "
     "than 64 lines takes 0.6 KiB a line, which is in the memory of each.\n\n"
     "![one of N guests](performance-scale.svg)"),
    ("vpc", "Virtual PCs, in instructions of the machine",
     "What the interpreter executes for a guest's own: `tests/vpc/speed.c`, all in one large page, and the benchmark "
     "kernel `tests/vpc/marks.c` with its user programs. Plain QEMU counts each element of a string instruction. "
     "CPUID and the opening of an interrupt window are no exits here: the interpreter does them itself."),
    ("svm", "Virtual PCs under SVM, in instructions of the machine",
     "Ways out of the guest are what the machine executes for each besides the guest's own instructions "
     "(`tests/vpc/speed.c`). An operation of the benchmark kernel `tests/vpc/marks.c` is all that the machine "
     "executes, for each instruction of the same kernel in plain QEMU."),
    ("linux", "Linux under SVM",
     "Debian's i386 kernel from its first instruction to busybox's shell, which says who it is and ends the machine "
     "(`tests/bench/bench_linux.py`; measured by name only)."),
    ("memory", "Memory, in KiB", ""),
]


def made_of(figures):
    """Which functions a stretch was made of, where that was measured."""
    if "made_of" not in figures:
        return []
    return ["The longest of each kind, and the functions that they were made of:", "",
            *(f"- {text}" for text in figures["made_of"]), ""]


def generated(figures):
    """All generated text, from the figures of docs/performance.json."""
    parts = [*rows_table(figures["rows"], figures.get("floor", {})), "",
             "![hv_setpd by mapped pages](performance-setpd.svg)", ""]
    if "floor" in figures:
        parts += ["### Floor, measured in the same boot", "",
                  "By handlers that compare the call's number, read, check and store, and do nothing else "
                  "(`tests/bench/floor`).", "They are only in the benchmark's own image, whose other code is the "
                  "shipped one; the guest looks whether each did its work.", "", *floor_table(figures["floor"]), ""]
    for key, title, text in SECTIONS:
        if key in figures:
            parts += [f"### {title}", "", *([text, ""] if text else []), *figures_table(key, figures[key]), ""]
            parts += made_of(figures[key])
    if "shares" in figures:
        parts += ["### Busy guests", "", *shares_table(figures["shares"]), "",
                  "A share is the time in which a guest ran, as a part of 1/N of all. A switch is all from the last "
                  "instruction", "of one guest to the first of the next: the alarm, the turn's end, the search, CR3, "
                  "the entry. One guest alone has none.", "No guest's time is switches, ticks and a look at the "
                  "consoles each second.", "",
                  "Goal: each share within 1 % of 1/N, never off by more than 3 %; a switch costs at most 400 "
                  "instructions and 1 CR3 write.", "",
                  "![shares of busy guests](performance-shares.svg)", ""]
    if "pebbles" in figures:
        parts += ["### The test suite of Pebbles, by instructions", "", *figures_table("pebbles", figures["pebbles"]),
                  "", *functions_table(figures["pebbles"]), ""]
    if "wall" in figures:
        parts += ["### Wall clock, for information", "", "Medians of one run without instruction counting, in "
                  "nanoseconds under emulation: they wander with the host, nothing is judged by them.", "",
                  *plain_table(("operation", "ns"), figures["wall"]), ""]
    return "\n".join(parts)


def update(text, figures):
    """The page with its generated part replaced."""
    before, _, rest = text.partition(bench.BEGIN)
    _, _, after = rest.partition(bench.END)
    return f"{before}{bench.BEGIN}\n{generated(figures)}\n{bench.END}{after}"
