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
    svm = figures["svm"]
    ways = (f"| a read of a port, the way out and back | {NONE} | {NONE} | {NONE} | {count(svm['port'])} |\n"
            f"| CPUID | {NONE} | {NONE} | {NONE} | {count(svm['cpuid'])} |\n"
            f"| a read of the local APIC, shown as memory | {NONE} | {NONE} | {NONE} | {count(svm['apic_read'])} |\n"
            f"| a write to the local APIC | {NONE} | {NONE} | {NONE} | {count(svm['apic_write'])} |\n")
    return HEAD + "".join(row_of(figures, *operation) for operation in OPERATIONS) + ways


def update(page, figures):
    """The page with its table made from these figures."""
    before, rest = page.split(BEGIN)
    return before + BEGIN + table(figures) + END + rest.split(END)[1]
