"""The table of docs/vpc.md that has the same operations under each kind of guest; scripts/bench --write writes it."""
from lib.build import ROOT

PAGE = ROOT / "docs" / "vpc.md"
BEGIN, END = "<!-- engines: scripts/bench --write -->\n", "<!-- end of engines -->\n"
HEAD = "| operation | plain QEMU | PebPeb | interp | svm |\n|---|---|---|---|---|\n"
NONE = "-"
# Operation, row of PebPeb's, key of marks.c's.
OPERATIONS = (
    ("a system call and back", "user_int", "call"),
    ("a page fault that the guest's kernel serves", "page_fault_user_no_page", "fault"),
    ("a context switch, with its address space", "setpd_16", "switch"),
    ("a fork", None, "fork"),
    ("a byte to another program and back, by two pipes", None, "pipe"),
    ("fork, exec, exit and wait", None, "exec"),
    ("a character on the console", None, "character"),
    ("a sector read", None, "sector"),
)
# Key of speed.c's: under SVM the way out and back, interpreted all that it takes, its loop included.
WAYS = (
    ("empty", "a write of a port, where nobody is"),
    ("port", "a read of a port"),
    ("cpuid", "CPUID"),
    ("apic_read", "a read of the local APIC, under SVM shown as memory"),
    ("apic_write", "a write to the local APIC"),
)


def count(value):
    """Instructions, as the table has them."""
    return f"{value:,.0f}"


def row_of(figures, name, row, key):
    """One operation: all that the machine executes for it, the guest's own instructions included."""
    interpreted, svm = figures["vpc"], figures["svm"]
    plain = interpreted[f"mark_{key}_plain"]
    under_svm = svm["mark_sector"] if key == "sector" else svm[f"mark_{key}"] * plain
    pebpeb = count(figures["rows"][row]["instructions"]) if row else NONE
    return (f"| {name} | {count(plain)} | {pebpeb} | "
            f"{count(interpreted[f'mark_{key}'] * interpreted[f'mark_{key}_guest'])} | {count(under_svm)} |\n")


def table(figures):
    """The whole of it."""
    ways = (f"| {name} | {NONE} | {NONE} | {count(figures['vpc'][f'way_{key}'])} | {count(figures['svm'][key])} |\n"
            for key, name in WAYS)
    return HEAD + "".join(row_of(figures, *operation) for operation in OPERATIONS) + "".join(ways)


def update(page, figures):
    """The page with its table made from these figures."""
    before, rest = page.split(BEGIN)
    return before + BEGIN + table(figures) + END + rest.split(END)[1]
