"""The marks of tests/vpc/marks.c as a whole, bulk string instructions apart.

What copies or clears half a KiB and more is one instruction to the interpreter, whatever it moves: it says nothing of
what an instruction costs, and there is as much of it as the guest likes. So each of them is taken off as it was
measured, by a plugin for QEMU (strings.c) that counts what the machine executes from the beginning of a string
instruction to that of the next one: that from the machine's instructions, and the one that it is from the guest's.
"""
import pathlib
import re
import subprocess
import tempfile

from bench_runs import GUESTS, BenchError
from lib import bench, build

PLUGIN = GUESTS / "strings.so"
KINDS = (("mark", r"rdtsc"), ("step", r"step_\w+"), ("string", r"(movs|stos|ins|outs)_[124]|step_rep_\w+"),
         ("move", r"memcpy|memmove|memset|step_rep_\w+"))
WHOLE_KINDS = ("move",)         # that are anywhere in the function, not its beginning
TOLD_PART = 0.01                # what the guest's own clock tells may be off the plugin's count by so much


def listing(*command):
    """What a tool says of a file."""
    return subprocess.run([*map(str, command)], stdout=subprocess.PIPE, text=True, check=True).stdout


def places(elf):
    """Lines for the plugin: what begins at which addresses of the hypervisor."""
    out = listing("llvm-nm", "--numeric-sort", "--print-size", elf)
    functions = [(int(words[0], 16), int(words[1], 16), words[3]) for words in map(str.split, out.splitlines())
                 if len(words) == 4 and words[2] in "tT"]
    lines = [f"{kind} {first:x} {first + (size - 1 if kind in WHOLE_KINDS else 0):x}"
             for kind, names in KINDS for first, size, name in functions if re.fullmatch(names, name)]
    for kind, _ in KINDS:
        if not any(line.startswith(kind + " ") for line in lines):
            raise BenchError(f"nothing in {elf} is a {kind}")
    return lines


def exit_places(kernel):
    """The same of a guest under SVM: where it asks for the time, in its function now, and what is behind VMRUN."""
    asks = re.findall(r"^([0-9a-f]+) [tT] now$", listing("llvm-nm", kernel), re.MULTILINE)
    behind = re.findall(r"\tvmrun\b.*\n *([0-9a-f]+):", listing("llvm-objdump", "-d", "--no-show-raw-insn",
                                                               "--disassemble-symbols=svm_enter", build.HV_ELF))
    if len(asks) != 1 or len(behind) != 1:
        raise BenchError(f"{kernel} asks for the time at {asks}, and the hypervisor goes on at {behind}")
    return [f"{kind} {at} {at}" for kind, at in (("mark", asks[0]), ("exit", behind[0]))]


def run_marks(read_rows, where=None):
    """The rows that read_rows gives, which is called with more flags for QEMU, and for each of the guest's last moments
    the machine's instructions so far, those of bulk strings, how many these are, and exits. where: lines for the
    plugin; else those of the interpreter."""
    with tempfile.TemporaryDirectory() as folder:
        plan, path = pathlib.Path(folder) / "places", pathlib.Path(folder) / "marks"
        plan.write_text("\n".join(where or places(build.HV_ELF)) + "\n", encoding="utf-8")
        rows = read_rows([*bench.FLAGS, "-plugin", f"{PLUGIN},in={plan},out={path}"])
        moments = [tuple(map(int, line.split())) for line in path.read_text(encoding="utf-8").splitlines()]
    if len(moments) < 2 * len(rows):
        raise BenchError(f"{len(rows)} marks, and the plugin saw {len(moments)} moments")
    return rows, moments[-2 * len(rows):]


def exits_of(rows, moments):
    """{operation: exits of one}. rows: (kind, operations, time), each between two of the moments."""
    return {kind: (end[-1] - begin[-1]) / int(count)
            for (kind, count, _), begin, end in zip(rows, moments[::2], moments[1::2])}


def whole(rows, moments, guest_instructions):
    """Instructions of the machine for each of the guest's, bulk strings apart. rows: (kind, operations, time), each
    between two of the moments."""
    host = bulk_host = bulks = 0
    for (kind, _, told), begin, end in zip(rows, moments[::2], moments[1::2]):
        taken = [after - before for before, after in zip(begin, end)]
        if abs(taken[0] - int(told)) > TOLD_PART * int(told):
            raise BenchError(f"{kind}: {taken[0]} instructions by the plugin, {told} by the guest's clock")
        host, bulk_host, bulks = host + taken[0], bulk_host + taken[1], bulks + taken[2]
    return (host - bulk_host) / (guest_instructions - bulks)
