"""Virtual PCs that get into trouble: what ends them, what never ends, what one of QEMU, SVM and the interpreter does
not have; and what info tells."""
import contextlib
import pathlib
import re
import signal
import struct
import tempfile
import time

from harness import Result, check
from lib import build
from session import Terminal, judge, say
from vpc_bytes import Plain, overhearing, plain, run, same_bytes
from vpc_kernels import ENGINES, EXITS, KERNELS, drive

# Those that do not end by themselves, and why; plain QEMU, told not to start again, just goes, or halts for ever.
CRASHES = {"init": "the guest reset its machine, by an INIT: a virtual PC is not started twice",
           "stops": "HLT with interrupts off: it would wait for ever",
           "triple": "triple fault: an exception while a double fault was delivered"}
WAITS = "stops"
# What its report is to say, row by row; {eip}, {directory} and {table} are what it says itself.
WHOLE_REPORT = r"""crash: HLT with interrupts off: it would wait for ever
at: 0x{after} halt_for_ever\+0x[0-9a-f]+
registers: eax=0xa0a0a0a0 ebx=0xb1b1b1b1 ecx=0xc2c2c2c2 edx=0xd3d3d3d3 esi=0x51515151 edi=0xd1d1d1d1 \
ebp=0x[0-9a-f]{{8}} esp=0x[0-9a-f]{{8}} eip=0x{after} eflags=0x000000[0-9a-f]{{2}}
processor: cs=0008 ss=0010 ds=0010 es=0010 cpl=0 cr0=80010011 cr2=00c0de00 cr3={directory} cr4=00000010 \
gdt=[0-9a-f]{{8}}/2f idt=[0-9a-f]{{8}}/7ff tr=0028
code at eip: 90( [0-9a-f]{{2}}){{15}}
stack at esp:.* [0-9a-f]{{8}} (?P<from>[0-9a-f]{{8}}) .*
tables for eip 0x{after}: PDE 0x{table_at}23, PTE 0x{page}021 \(present, read-only, supervisor\)
tables for cr2 0x00c0de00: PDE 0x00000000 \(not present\)
backtrace:
  from 0x(?P=from) go_down\+0x[0-9a-f]+
  from 0x[0-9a-f]{{8}} main\+0x[0-9a-f]+
  from 0x[0-9a-f]{{8}} start\+0x[0-9a-f]+
last exits, newest first:
  halts at eip 0x{eip}: 0x0, value 0x0
  port writes at eip 0x[0-9a-f]{{8}}: 0x21, value 0xfb
  port writes at eip 0x[0-9a-f]{{8}}: 0x3f8, value 0xa
  port reads at eip 0x[0-9a-f]{{8}}: 0x3fd, value 0x60
(  port .* at eip 0x[0-9a-f]{{8}}: 0x3f[8d], value 0x[0-9a-f]{{2}}
){{12}}\
not there: 0 instructions .*, 0 MSRs, 0 task switches, 0 ways to virtual-8086 mode"""
# QEMU 7.2's processor has no alignment checks, plain or under SVM. What the manual says of each row of align.c:
ALIGNED = {"a word, read": 1, "a word, written": 1, "a word, changed": 1, "half a word": 1}
NULL_TR = ["#GP, error 00000000"] * 4 + ["a call from privilege 3"]
LIMIT_S = 60
PAUSE_S = 5
TICKS_MOST = 105        # of seconds.c in a second: 100, the one that was missed, and what a second is off
ELF = 0x464C457F        # the first word of one
INITRD_MIB = 40
NO_MEMORY = "the machine has no memory left for what this virtual PC starts with"
WAYS = ("db", "ac", "irq")     # of endless.c, for each engine


def rows_in(said):
    """Bytes of a serial line as a stream shows them: rows that are not empty."""
    return [line.rstrip() for line in said.decode("latin-1").split("\n") if line.strip()]


def rows_by_engine(boot, name, sign="|"):
    """What the stream has of each launch of a guest, in their order."""
    parts = re.split(rf"(?m)^# [^\n]*{re.escape(name)}: a virtual PC", boot.out)[1:]
    return [re.findall(rf"^# {re.escape(name)}{re.escape(sign)} (.*)$", part, re.MULTILINE) for part in parts]


def crashes():
    """INIT to oneself, HLT with interrupts off, a triple fault: the same rows as in plain QEMU, then a report with the
    reason; and #AC, and LTR of what is no TSS."""
    names = [*CRASHES, "align", "null_tr"]
    files = [word for name in names for word in ("--guest", str(KERNELS / f"{name}.vpc"))]
    boot = run(*files, *(word for name in names for engine in ENGINES for word in
                         ("--autorun", f"{name}.vpc engine={engine} mem=32M timeout=30s "
                          f"expect={'crash' if name in CRASHES else 42}")))
    yield check("vpc.crashes", boot.status == 0 and "# leaked frames: 0" in boot.out, boot)
    for name, reason in CRASHES.items():
        said, reports = rows_by_engine(boot, f"{name}.vpc"), rows_by_engine(boot, f"{name}.vpc", "!")
        sent = boot.sent.get(f"{name}.vpc", [])
        plain_said = plain(name, count=len(sent[0]) if name == WAITS and sent else 0)
        wanted = rows_in(plain_said)
        yield same_bytes(name, sent, plain_said, len(ENGINES))
        yield Result(f"vpc.{name}.says_the_same", said == [wanted] * len(ENGINES) and len(wanted) > 0, f"{said}")
        yield Result(f"vpc.{name}.report", len(reports) == len(ENGINES) and
                     all(report[:1] == [f"crash: {reason}"] for report in reports), f"{reports}")
        if name == WAITS:
            yield from whole_reports(said, reports)
    yield from null_tr(boot)
    plain_said = plain("align")
    rows = rows_in(plain_said)
    yield same_bytes("align.svm", boot.sent.get("align.vpc", [])[1:2], plain_said)
    interpreted, under_svm, _ = rows_by_engine(boot, "align.vpc")
    yield Result("vpc.align.svm_says_the_same", under_svm == rows and len(rows) > 0, f"{under_svm}\nplain: {rows}")
    at = rows.index("with AM")
    wanted = rows[:at] + [f"{row.rsplit(':', 1)[0]}: {ALIGNED[row.rsplit(':', 1)[0]]}"
                          if row.rsplit(":", 1)[0] in ALIGNED else row for row in rows[at:]]
    yield Result("vpc.align.as_the_manual_says", interpreted == wanted, f"{interpreted}\nwanted: {wanted}")


def null_tr(boot):
    """Engines among themselves, as it ends plain QEMU: so long as that is so."""
    said, sent = rows_by_engine(boot, "null_tr.vpc"), boot.sent.get("null_tr.vpc", [])
    yield Result("vpc.null_tr", said == [NULL_TR] * len(ENGINES) and len(set(sent)) == 1, f"{said}\n{sent}")
    status, plain_said = Plain("null_tr").close()
    yield Result("vpc.null_tr.plain", status == -signal.SIGABRT or [plain_said] * len(ENGINES) == sent,
                 f"status {status}: {plain_said}")


def whole_reports(said, reports):
    """Each row of a report: processor, code, stack, the guest's own tables, names of its symbols, last exits."""
    for engine, rows, report in zip(ENGINES, said, reports):
        told = re.match(r"halts at (\w{8}), directory (\w{8}), table (\w{8})$", rows[0]) if rows else None
        if told:
            eip, directory, table = told.groups()
            pattern = WHOLE_REPORT.replace("\\\n", "").format(
                eip=eip, after=f"{int(eip, 16) + 1:08x}", directory=directory, table_at=table[:6], page=eip[:5])
        yield Result(f"vpc.{WAITS}.{engine}.whole_report", told and re.fullmatch(pattern, "\n".join(report)),
                     f"{rows}\n" + "\n".join(report))


def endless():
    """Guests that never get out of #DB, #AC or an interrupt: others run, the monitor answers, each can be killed."""
    launches = [f"run endless.vpc engine={engine} mem=16M cmdline={way} &" for engine in ENGINES[:2] for way in WAYS]
    with overhearing() as (devices, read), \
            Terminal("--guest", str(KERNELS / "endless.vpc"), "--", *devices) as terminal:
        yield check("vpc.endless.prompt", terminal.wait(r"cobble> *\n", 120))
        terminal.type("\r".join(launches) + "\rclear\rps\r")
        yield check("vpc.endless.all_run", terminal.wait(rf"\n *{len(launches)} +endless.vpc .*\n", 60))
        terminal.type("clear\rrun turns\r")
        yield check("vpc.endless.neighbour", terminal.wait(rf"\n{len(launches) + 1} turns: exit 0", 120))
        terminal.type("clear\r" + "".join(f"kill {number}\r" for number in range(1, len(launches) + 1)))
        killed = all(terminal.wait(rf"{number} endless.vpc: killed", 60) for number in range(1, len(launches) + 1))
        yield Result("vpc.endless.killed", killed, "\n".join(terminal.screen.display))
        sent = read().get("endless.vpc", [])
    for at, way in enumerate(WAYS):
        wanted = plain("endless", line=way, count=len(f"endless {way}\n"))
        yield same_bytes(f"endless.{way}", sent[at::len(WAYS)], wanted, 2)


def no_memory():
    """Four PCs that go on for ever, each with an initrd of which two fit: who finds no memory is told so, and others go
    on."""
    with tempfile.NamedTemporaryFile(suffix=".img") as initrd:
        initrd.write(b"initrd. " * (INITRD_MIB << 17))
        initrd.flush()
        boot = run("--mem", "176", "--together", "--guest", KERNELS / "endless.vpc", "--guest", initrd.name,
                   *(word for number in range(4) for word in
                     ("--autorun", f"endless.vpc as=pc-{number} engine={ENGINES[number % 2]} mem=64M cmdline=ac "
                      f"expect=timeout timeout=8s initrd={pathlib.Path(initrd.name).name}")), "--autorun", "turns")
    ends = re.findall(r"^# pc-\d! crash: (.*)$", boot.out, re.MULTILINE)
    print(f"# vpc.no_memory: {len(ends)} of 4 found none", flush=True)
    yield check("vpc.no_memory.told", 0 < len(ends) < 4 and set(ends) == {NO_MEMORY}, boot)
    yield check("vpc.no_memory.others", boot.out.count("\nok ") == 5 - len(ends) and
                boot.verdict("turns").startswith("ok") and "# leaked frames: 0" in boot.out, boot)


def absent():
    """What is not interpreted: a switch of tasks ends its guest with a report, and a way to virtual-8086 mode is a
    fault of the guest's. Both are there in plain QEMU, and the second under SVM. No engine has XSAVE. RDTSCP is
    intercepted, but QEMU 7.2 asks for no intercept of it: there it runs under SVM, and tells the host's 0."""
    plan = ("interp expect=crash cmdline=task", "interp expect=42 cmdline=v86", "svm expect=42 cmdline=v86",
            "interp expect=42 cmdline=rdtscp", "svm expect=42 cmdline=rdtscp",
            *(f"{engine} expect=42 cmdline=xsave" for engine in ENGINES))
    boot = run("--guest", str(KERNELS / "absent.vpc"),
               *(word for words in plan for word in ("--autorun", f"absent.vpc mem=16M timeout=30s engine={words}")))
    yield check("vpc.absent", boot.status == 0 and "# leaked frames: 0" in boot.out, boot)
    task, refused, there, no_stamp, stamp, *xsave = rows_by_engine(boot, "absent.vpc")
    report = rows_by_engine(boot, "absent.vpc", "!")[0]
    yield Result("vpc.absent.task_ends_with_a_report", task == ["switches tasks"] and
                 report[:1] == ["crash: a task switch, which this processor does not have"] and
                 any(" 1 task switches" in row for row in report), f"{task}\n{report}")
    yield Result("vpc.absent.virtual_8086", refused == ["goes to virtual-8086 mode", "IRET is refused, error 0"],
                 f"{refused}")
    both, sent = ["goes to virtual-8086 mode", "virtual-8086 mode runs, error 0"], boot.sent.get("absent.vpc", [])
    yield Result("vpc.absent.svm_has_it", there == both and sent[2:3] == [plain("absent", line="v86")], f"{there}")
    yield Result("vpc.absent.xcr0", xsave == [["asks for XSAVE", "CR4.OSXSAVE is refused, error 0"]] * len(ENGINES),
                 f"{xsave}")
    yield Result("vpc.absent.rdtscp", no_stamp == ["RDTSCP is refused, vector 6"] and
                 sent[3:4] == [plain("absent", line="rdtscp")] and stamp == ["RDTSCP runs, 0"], f"{no_stamp}\n{stamp}")
    yield Result("vpc.absent.plain_task", rows_in(plain("absent", line="task")) == [*task, "another task runs"])


def exits_of(terminal, number):
    """What info says of a PC's exits: {kind: count}, once its screen shows all kinds; else {}."""
    if not say(terminal, f"info {number}", rf"(?s){EXITS[0]}: \d+ .*{EXITS[-1]}: \d+ "):
        return {}
    return {kind: int(count) for kind, count in
            re.findall(rf"(?m)^({'|'.join(EXITS)}): (\d+) *$", "\n".join(terminal.screen.display))}


def exits_when_halted(terminal, number, before):
    """The same once it halts again: what it says of a key comes before that."""
    for _ in range(20):
        exits = exits_of(terminal, number)
        if exits.get("halts", 0) > before.get("halts", 0):
            break
    return exits


def info():
    """info tells exits by kind; a key that is pressed and let go is two interrupts, with a port read in each."""
    with Terminal("--guest", str(KERNELS / "typed.vpc")) as terminal:
        yield judge("vpc.info.prompt", terminal.wait(r"cobble> *\n", 120), terminal)
        yield judge("vpc.info.help", say(terminal, "help run", r"\[trace\] \[&\] *\n(.*\n)? +\[engine=interp\|svm.* "
                                         r"\[moves=N\].*\n.*input=serial\]\] *\n +run a guest"), terminal)
        for number, engine in enumerate(ENGINES[:2], 1):
            say(terminal, f"run typed.vpc engine={engine} mem=16M &", rf"{number} typed.vpc runs in the background")
            terminal.type(f"console {number}\r")
            terminal.wait(r"(?m)^type *$", 60)
            before = exits_of(terminal, number)
            terminal.type(f"console {number}\r")
            shown = terminal.wait(rf" {number} typed.vpc ", 60)
            terminal.type("a")
            typed = shown and terminal.wait(r"(?m)^key 9e *$", 60)
            after = exits_when_halted(terminal, number, before)
            moved = {kind: after[kind] - before[kind] for kind in EXITS} if len(before) == len(after) == 7 else {}
            yield judge(f"vpc.info.{engine}.kinds", typed and len(moved) == len(EXITS), terminal)
            yield Result(f"vpc.info.{engine}.counts", moved.get("interrupts") == 2 and moved["halts"] in (1, 2) and
                         moved["port reads"] >= 2 and moved["port writes"] > 2 and
                         moved["device reads"] == moved["device writes"] == moved["MSR accesses"] == 0, f"{moved}")


def restart():
    """A PC that runs, and one that has ended, are restarted: with their command line and disk, and nothing of what they
    wrote. What it needs to be restarted is given back with it."""
    with tempfile.TemporaryDirectory() as folder:
        disk = pathlib.Path(folder) / "disk"
        disk.write_bytes(struct.pack("<I", 1) + bytes(65532))
        with overhearing() as (devices, read), \
                Terminal("--guest", str(KERNELS / "fresh.vpc"), "--guest", str(disk), "--", *devices) as terminal:
            yield judge("vpc.restart.prompt", terminal.wait(r"cobble> *\n", 120), terminal)
            words = 'mem=16M disk=disk cmdline="fresh.vpc as given"'     # as QEMU gives it
            for first, engine in enumerate(ENGINES[:2]):
                first = 3 * first + 1
                say(terminal, f"run fresh.vpc engine={engine} {words} &", rf"{first} fresh.vpc runs in the background")
                for number in range(first, first + 3):
                    terminal.type(f"console {number}\r")
                    said = rf"(?s)given disk 1, memory 0, .*as given.*now disk 7, memory 7.* {number} fresh.vpc "
                    yield judge(f"vpc.restart.{engine}.{number - first}", terminal.wait(said, 60), terminal)
                    if number == first + 1:
                        say(terminal, f"kill {number}", rf"{number} fresh.vpc: killed")
                    if number < first + 2:
                        say(terminal, f"restart {number}", rf"{number + 1} fresh.vpc runs in the background")
            sent = read().get("fresh.vpc", [])
        wanted = plain("fresh", *drive(disk, 0), line="as given", count=len(sent[0]) if sent else 1)
        yield same_bytes("restart", sent, wanted, 6)


def ramdisk():
    """disk= and initrd= may name what is neither a path here nor on the boot volume, but in the ramdisk."""
    name, words = "fresh.vpc", "mem=16M disk=hello initrd=tumble expect=timeout timeout=3s"
    boot = run("--guest", str(KERNELS / name),
               *(word for engine in ENGINES[:2] for word in
                 ("--autorun", f'{name} engine={engine} {words} cmdline="{name} line"')),
               "--autorun", f"{name} engine=interp disk=nobody.img expect=refused")
    wanted = [f"module {ELF:x}, {(build.GUESTS / 'tumble').stat().st_size} bytes",
              f"given disk {ELF}, memory 0, {name} line", "now disk 7, memory 7"]
    said = rows_by_engine(boot, name)
    yield Result("vpc.ramdisk", said == [wanted] * 2 and boot.status == 0, f"{said}\nwanted: {wanted}\n{boot.tail()}")
    sent = boot.sent.get(name, [])
    wanted = plain("fresh", *drive(build.GUESTS / "hello", 0), "-initrd", str(build.GUESTS / "tumble"), line="line",
                   count=len(sent[0]) if sent else 1)
    yield same_bytes("ramdisk", sent, wanted, 2)


def read_seconds(text):
    """Each second of seconds.c, and the ticks since the last one."""
    return [(int(second), int(ticks)) for second, ticks in re.findall(r"(?m)^second (\d\d), (\d+) ticks *$", text)]


def seconds_of(terminal, number):
    """What a PC has said, as its console shows it: a second, and the ticks since the last one."""
    terminal.type(f"console {number}\r")
    terminal.wait(rf"(?s)second \d\d, \d+ ticks *\n.* {number} seconds.vpc ", 20)
    terminal.rest(1)
    seen = read_seconds("\n".join(terminal.screen.display))
    terminal.type("\x1d0")
    return seen


def goes_on(terminal, number, before):
    """What it has said of seconds, once those are two more than before."""
    end = time.monotonic() + LIMIT_S
    while len(after := seconds_of(terminal, number)) < len(before) + 2 and time.monotonic() < end:
        pass
    return after


def judge_seconds(name, before, said):
    """What it said before a pause, and all that it has said then: the seconds of the pause are left out, and of the
    ticks that were due in it there is one at most."""
    at, detail = len(before), f"{before}, then {said}"
    yield Result(f"{name}.seconds", said[:at] == before and len(said) > at + 1 and
                 (said[at][0] - said[at - 1][0]) % 60 >= PAUSE_S and (said[at + 1][0] - said[at][0]) % 60 in (1, 2),
                 detail)
    yield Result(f"{name}.ticks_coalesce", len(said) > at + 1 and 0 < sum(ticks for _, ticks in said[at:at + 2]) and
                 all(ticks <= TICKS_MOST for _, ticks in said), detail)


def plain_seconds(pc, count):
    """What plain QEMU has said, once there are so many."""
    end = time.monotonic() + LIMIT_S
    while len(said := read_seconds(pc.said().decode("latin-1"))) < count and time.monotonic() < end:
        time.sleep(0.1)
    return said


def pause():
    """A paused PC says nothing, and goes on where it was when it is resumed: by the wall's clock, which those have that
    are begun in the monitor, so that the seconds of the pause are not seen; nor are its ticks, but for one. Plain QEMU,
    stopped meanwhile, is judged by the same rules."""
    pc = Plain("seconds")
    with Terminal("--guest", str(KERNELS / "seconds.vpc")) as terminal:
        yield judge("vpc.pause.prompt", terminal.wait(r"cobble> *\n", 120), terminal)
        for number, engine in enumerate(ENGINES[:2], 1):
            say(terminal, f"run seconds.vpc engine={engine} mem=16M &", f"{number} seconds.vpc runs in the background")
        before, numbers = {}, range(1, len(ENGINES[:2]) + 1)
        for number in numbers:
            seconds_of(terminal, number)
            yield judge(f"vpc.pause.{number}", say(terminal, f"pause {number}", f"{number} seconds.vpc: paused"),
                        terminal)
            before[number] = seconds_of(terminal, number)
        plain_seconds(pc, 2)
        pc.qmp.call("stop")
        plain_before = plain_seconds(pc, 2)
        terminal.rest(PAUSE_S)
        while_paused = {number: seconds_of(terminal, number) for number in numbers}
        yield Result("vpc.pause.says_nothing", while_paused == before and all(before.values()),
                     f"{before}\nafter a pause: {while_paused}")
        pc.qmp.call("cont")
        for number in numbers:
            yield judge(f"vpc.resume.{number}", say(terminal, f"resume {number}", f"{number} seconds.vpc: (?!paused)"),
                        terminal)
        for number, engine in enumerate(ENGINES[:2], 1):
            yield from judge_seconds(f"vpc.resume.{engine}", before[number], goes_on(terminal, number, before[number]))
    plain_said = plain_seconds(pc, len(plain_before) + 2)
    pc.close(goes_on=True)
    yield from judge_seconds("vpc.resume.plain_qemu", plain_before, plain_said)


def tests():
    """Name and function of each test."""
    yield "vpc.restart", restart
    yield "vpc.pause", pause
    yield "vpc.ramdisk", ramdisk
    yield "vpc.absent", absent
    yield "vpc.info", info
    yield "vpc.crashes", crashes
    yield "vpc.endless", endless
    yield "vpc.no_memory", no_memory
