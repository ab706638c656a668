"""The teaching Unix of tests/vpc/teach at its prompt: its programs run in ring 3, from files on its RAM disk or on an
IDE disk, typed to, in Cobble by each engine beside neighbours; and in plain QEMU, where it must say the same."""
import collections
import re
import struct
import tempfile

from harness import Result, check
from vpc_bytes import Plain, run, same_bytes
from vpc_kernels import ENGINES, KERNELS, drive, rows_of, write_disks

KERNEL = KERNELS / "teach.vpc"
DISK = KERNELS / "teach.disk"       # what the kernel has in it, as a file
ENTRY = struct.Struct("<24sII")
NUMBERS = 40960
STATUS = 77
LIMIT = 120
# The issue's own line, but for its kernel's name and for its 60 s, which would be a minute of each run of all tests.
ISSUE = 'teach.vpc engine=interp mem=256M expect=timeout timeout=10s type="ls\\n"'
TYPED_AT_ONCE = 6                   # lines, as the typist waits for a second of silence before each text


def listing():
    """What ls has to tell: the disk's directory."""
    entries = (ENTRY.unpack_from(DISK.read_bytes(), at) for at in range(0, 512, ENTRY.size))
    return [f"{name.rstrip(bytes(1)).decode()} {size}" for name, _, size in entries if name[0]]


def fault(trap, error, address=r"[0-9a-f]{8}"):
    """The rows of a program that is killed: where it was is the program's affair."""
    return [rf"fault: process \d+, trap {trap}, error {error:08x}, eip [0-9a-f]{{8}}, address {address}", "killed"]


def session(has_disks):
    """Lines, and the rows that each brings, as patterns."""
    yield "echo one two", ["one two"]
    yield "ls", [re.escape(row) for row in listing()]
    yield "cat poem", [r"A file of two rows,", r"which cat reads\."]
    yield "sum numbers", [f"{4 * NUMBERS} bytes, {NUMBERS * (NUMBERS - 1) // 2}"]
    yield "fault kernel", fault(14, 5, "80100000")
    yield "twins", ["6 interrupts"]
    yield "sector 0 3", ["4"] if has_disks else ["no disk", "status 1"]
    yield from () if has_disks else failures()
    yield f"halt {STATUS}", [r"serial line: \d+ bytes, [0-9a-f]{8}"]


def failures():
    """Programs that are not there, that end badly, or are ended; which disk they are on is all the same."""
    yield "what", ["no program what"]
    yield "cat novel", ["no file", "status 1"]
    yield "spin", ["status 3"]
    yield "fault screen", fault(14, 7, "800b8000")
    yield "fault nothing", fault(14, 6, "40000000")
    yield "fault cli", fault(13, 0, "40000000")
    yield "fault code", fault(14, 7)
    yield "fault stack", fault(14, 5)
    yield "fault jump", fault(14, 4, "40000000")
    yield "fault int", fault(13, 0x102)
    yield "fault port", fault(13, 0)
    yield "fault divide", fault(0, 0)
    yield "fault opcode", fault(6, 0)
    yield "fault call", ["refused"]


def is_wanted(rows, has_disks):
    """Are these rows the session's, all of them?"""
    wanted = [row for line, answer in session(has_disks) for row in (re.escape(f"$ {line}"), *answer)]
    return len(rows) == len(wanted) and all(re.fullmatch(want, row) for want, row in zip(wanted, rows))


def boot_plain(disks):
    """The session in plain QEMU, whose keys are bytes of the serial line: its status, and all that it says."""
    typed = "".join(f"{line}\n" for line, _ in session(bool(disks)))
    drives = [word for index, path in enumerate(disks) for word in drive(path, index)]
    pc = Plain("teach", *drives, memory=256, has_input=True)
    pc.send(typed.encode())
    return pc.close()


def from_prompt(rows):
    """What is said from the first prompt with something typed on."""
    return rows[next((index for index, row in enumerate(rows) if row.startswith("$ ")), len(rows)):]


def play(engine, disks):
    """The words of an autorun of the session, some lines at once."""
    lines = [line for line, _ in session(bool(disks))]
    texts = ["\\n".join(lines[at:at + TYPED_AT_ONCE]) for at in range(0, len(lines), TYPED_AT_ONCE)]
    types = " ".join(f'type="{text}\\n"' for text in texts)
    words = " ".join(f"disk={path}" for path in disks)
    return f"teach.vpc engine={engine} as=teach-{engine} mem=256M timeout={LIMIT}s expect={STATUS} {words} {types}"


def is_said(rows, plain):
    """Are these all of plain QEMU's rows, the last one last? What the stream shows besides is a row that was not whole
    yet, and in which order it comes to rows of serial line and page is a matter of the machine's time: the bytes'
    order is compared without it."""
    missing, more = collections.Counter(plain) - collections.Counter(rows), set(rows) - set(plain)
    return len(plain) > 0 and rows[-1:] == plain[-1:] and not missing and \
        all(any(row.startswith(part) for row in plain) for part in more)


def compare(boot, prefix, disks):
    """Each engine's session against plain QEMU's: rows, status, and each byte of the serial line."""
    status, said = boot_plain(disks)
    plain = [row.rstrip() for row in said.decode("latin-1").split("\n") if row.strip()]
    yield Result(f"{prefix}.plain", status == STATUS and is_wanted(from_prompt(plain), bool(disks)), "\n".join(plain))
    for engine in ENGINES:
        name = f"teach-{engine}"
        rows = [row for row in rows_of(boot, name) if row]
        yield Result(f"{prefix}.{engine}", boot.verdict(name).startswith("ok") and is_said(rows, plain),
                     f"{rows}\nplain QEMU: {plain}\n{boot.tail(60)}")
        yield same_bytes(f"{prefix.removeprefix('vpc.')}.{engine}", boot.sent.get(name, []), said)


def shell():
    """From the RAM disk, beside two guests that watch what is theirs."""
    specs = [play(engine, ()) for engine in ENGINES] + ["turns timeout=60s", "zero_memory timeout=60s"]
    boot = run("--together", "--mem", "1024", "--guest", str(KERNEL),
               *(word for spec in specs for word in ("--autorun", spec)))
    yield from compare(boot, "vpc.shell", ())
    yield check("vpc.shell.neighbours", all(boot.verdict(name).startswith("ok") for name in ("turns", "zero_memory")),
                boot)
    yield check("vpc.shell.no_frame_is_lost", "# leaked frames: 0" in boot.out, boot)


def shell_disks():
    """From the second of two IDE disks, each sector by an interrupt for which its reader sleeps."""
    with tempfile.TemporaryDirectory() as folder:
        disks = [write_disks(folder)[0], DISK]
        boot = run("--mem", "512", "--guest", str(KERNEL),
                   *(word for engine in ENGINES for word in ("--autorun", play(engine, disks))))
        yield from compare(boot, "vpc.shell.disks", disks)
    for engine in ENGINES:
        yield check(f"vpc.shell.disks.{engine}.used",
                    "files on the second disk" in rows_of(boot, f"teach-{engine}"), boot)


def issue_line():
    """As it is called where nothing is known of it: the prompt, one program, and the prompt again until time is up."""
    boot = run("--mem", "512", "--guest", str(KERNEL), "--autorun", ISSUE)
    rows, wanted = rows_of(boot, "teach.vpc"), ["0 failed", "files on a disk in RAM", "$ ls", *listing()]
    yield Result("vpc.shell.issue_line", re.match("ok .* # timeout after", boot.verdict("teach.vpc")) is not None and
                 boot.status == 0 and set(wanted) <= set(rows) and rows[-1:] == ["$"],
                 f"{rows}\nwanted: {wanted}\n{boot.tail(40)}")


def tests():
    """Name and function of each test."""
    yield "vpc.shell", shell
    yield "vpc.shell.disks", shell_disks
    yield "vpc.shell.issue_line", issue_line
