"""scripts/run as people and graders use it: verdicts and statuses, wrong arguments, screens, the monitor."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import zlib

from harness import ROOT, RUN, Boot, Result, check, run
from lib import build
from session import Terminal


WRONG_ARGUMENTS = {
    "no_autorun": ([], "autorun"),
    "unknown_option": (["--autorun", "hello", "--frobnicate"], "--frobnicate"),
    "bad_expect": (["--autorun", "hello expect=maybe"], "maybe"),
    "bad_memory": (["--autorun", "hello", "--mem", "many"], "many"),
    "bad_guest_memory": (["--autorun", "hello mem=5X"], "5X"),
    "missing_file": (["--guest", "/nonexistent/x.elf", "--autorun", "x.elf"], "/nonexistent/x.elf"),
    "bad_directive": (["--autorun", "hello colour=red"], "colour"),
}

# Test, command, what the screen shows between the command and the next prompt.
MONITOR_COMMANDS = [
    ("run", "run hello", "hello: exit 0 in"), ("mem", "mem", "usable RAM +[0-9]+ KiB"),
    ("unknown", "bogus", "'bogus' is no command"), ("refused", "run nosuch", "nosuch"), ("ps", "ps", "ID NAME"),
    ("ls", "ls", r"hello +\d+ +built in *\n(.*\n)*tumble .*\nand \d{3} guests of Cobble's own tests: ls \*"),
    ("ls_pattern", "ls Call_Bad.block_l*", r"call_bad\.block_last_byte +\d+ +built in"),
    ("ls_nothing", "ls x?x", r"no guest is called 'x\?x'"), ("tab_of_tests", "ls pebb\t", r"pebbles +\d+ +built in"),
]
# What Pebbles says of programs that it ends or refuses.
PEBBLES_REPORTS = [
    ("stack_limit", "crash stack", r"page fault, eip=.*\n +the first stack grows to 4096 KiB, down to 0xbfc00000, and"),
    ("unknown_call", "crash call", r"general protection, eip=.*\n +INT 0x43 is no system call *\n"),
    ("no_memory", "stack_grow", r"page fault, eip=.*\n +the first stack cannot grow: no memory is left *\n"),
    ("obstructed", "crash obstructed", r"page fault, eip=.*\n +the first stack cannot grow: pages of new_pages are in"),
    ("dynamic", "refused_pie", r"refused_pie cannot be run: it is position-independent or dynamic: link it"),
    ("data_below", "refused_data_low", r"refused_data_low cannot be run: it has code or data below 16 MiB"),
    ("linked_by_gnu_ld", "gnu_ld\recho status $?", r"\nstatus 0 *\n"),
]


def find_guest(name):
    """A guest image of the build."""
    return next(path for path in sorted((build.DIRECTORY / "guestfs").rglob(name + "*"))
                if path.is_file() and path.read_bytes()[:4] == b"\x7fELF")


def statuses():
    """0, 1, 124 and 2."""
    boot = run("--autorun", "hello")
    yield check("run.hello_is_0", boot.status == 0 and boot.verdict("hello").startswith("ok 1 - hello # exit 0"), boot)
    boot = run("--autorun", "hello expect=5", "--autorun", "hello expect=crash")
    yield check("run.not_ok_is_1", boot.status == 1 and boot.out.count("\nnot ok ") == 2, boot)
    yield check("run.not_ok_says_what_was_expected", "  expected: exit 5\n  got: exit 0\n" in boot.out, boot)
    with tempfile.TemporaryDirectory() as folder:
        dump = pathlib.Path(folder) / "dump.txt"
        boot = run("--autorun", "hello", "--autorun", "loop timeout=60s", "--timeout", "20", "--dump-console", dump)
        blocks = re.findall(r"^== [0-9] \w+ cursor", dump.read_text(encoding="utf-8"), re.MULTILINE)
    yield check("run.timeout_is_124", boot.status == 124 and boot.out.endswith("Bail out! timeout\n"), boot)
    yield check("run.timeout_tells_of_its_own_nmi", "\ntime-out: this is where the machine was" in boot.err and
                "hardware" not in boot.err, boot)
    yield check("run.timeout_dumps_consoles", blocks == ["== 1 hello cursor", "== 2 loop cursor"], boot)
    boot = run("--autorun", "nosuchguest", "--autorun", "hello")
    refused = boot.verdict("nosuchguest").startswith("not ok 1 - nosuchguest # refused")
    yield check("run.unknown_guest_is_refused", refused and boot.verdict("hello").startswith("ok 2"), boot)


def wrong_arguments():
    """Each is named, and nothing is started."""
    for name, (arguments, wanted) in WRONG_ARGUMENTS.items():
        boot = run(*arguments)
        yield check(f"run.argument.{name}", boot.status == 2 and wanted in boot.err and not boot.out, boot)


def own_guest():
    """An ELF that is not in the image."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "MyKernel.elf"
        shutil.copy(find_guest("hello"), path)
        boot = run("--guest", path, "--autorun", "mykernel.elf")
    yield check("run.guest_from_the_boot_volume", boot.status == 0 and "- MyKernel.elf # exit 0" in boot.out, boot)


def make_large_elf(segment_bytes, status):
    """An ELF whose code ends with the last byte of its one segment as its status."""
    base, headers = 0x100000, 52 + 32
    last, block = base + segment_bytes - 1, base + 22
    code = struct.pack("<BIBIBIBIBB", 0xA0, last, 0xA2, block, 0xBC, block, 0xB8, 1, 0xCD, 0xDE)
    ident = b"\x7fELF\1\1\1" + bytes(9)
    header = struct.pack("<HHIIIIIHHHHHH", 2, 3, 1, base, 52, 0, 0, 52, 32, 1, 0, 0, 0)
    program = struct.pack("<IIIIIIII", 1, headers, base, base, segment_bytes, segment_bytes, 7, 0x1000)
    return ident + header + program + code + bytes(segment_bytes - len(code) - 1) + bytes([status])


def large_guest():
    """A guest of 30 MiB runs where it has the memory, to its last byte, and is refused where not."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "large.elf"
        path.write_bytes(make_large_elf(30 << 20, 77))
        boot = run("--guest", path, "--autorun", "large.elf mem=32M expect=77", "--autorun", "large.elf expect=refused")
    yield check("run.guest_of_30_mib", boot.status == 0 and "\nok 1 - large.elf # exit 77 in" in boot.out, boot)
    yield check("run.guest_of_30_mib.has_no_room", re.search(r"\nok 2 - large.elf # refused: .*RAM", boot.out), boot)


def png_size_and_colours(path):
    """Width, height and the number of distinct colours of QEMU's PNG (8-bit RGB, no interlace)."""
    data, offset, pixels = path.read_bytes(), 8, b""
    while offset < len(data):
        length, kind = struct.unpack(">I4s", data[offset:offset + 8])
        body = data[offset + 8:offset + 8 + length]
        if kind == b"IHDR":
            width, height = struct.unpack(">II", body[:8])
        elif kind == b"IDAT":
            pixels += body
        offset += length + 12
    raw = zlib.decompress(pixels)
    return width, height, len({raw[i:i + 3] for i in range(1, len(raw) - 3, 997)})


def screens():
    """The framebuffer as it is, and a machine without one."""
    with tempfile.TemporaryDirectory() as folder:
        picture = pathlib.Path(folder) / "screen.png"
        boot = run("--autorun", "console expect=77", "--screenshot", picture)
        yield check("screen.status", boot.status == 0 and picture.exists(), boot)
        width, height, colours = png_size_and_colours(picture) if picture.exists() else (0, 0, 0)
    yield check("screen.is_a_picture", (width, height) == (1280, 800) and colours > 8, boot)
    boot = run("--autorun", "hello", "--", "-vga", "none")
    yield check("screen.none_still_boots", boot.status == 0 and "serial only" in boot.out, boot)


def game():
    """Tumble as a person plays it: the clock alone brings a piece down to rest (the manifest has the rest of it)."""
    with tempfile.TemporaryDirectory() as folder:
        dump = pathlib.Path(folder) / "dump.txt"
        boot = run("--autorun", 'tumble type="9" expect=timeout timeout=8s clock=run', "--dump-console", dump)
        text = dump.read_text(encoding="utf-8") if dump.exists() else ""
    yield check("game.clock_moves_pieces", re.search(r" Pieces +[1-9]", text) is not None, boot)


def without_devices():
    """Everything a PC may lack."""
    for name, arguments in {"i8042": ["-machine", "q35,i8042=off"], "hpet": ["-machine", "q35,hpet=off"],
                            "hpet_pc": ["-machine", "pc,hpet=off"]}.items():
        boot = run("--autorun", "hello", "--autorun", "event_rate.shown", "--", *arguments)
        yield check(f"boot.without_{name}", boot.status == 0, boot)


def config_and_logs():
    """A cobble.cfg of somebody's own, a folder of guests, and a log for each of them."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "guests").mkdir()
        shutil.copy(find_guest("hello"), folder / "guests" / "mine.elf")
        (folder / "my.cfg").write_text("autorun mine.elf timeout=20s\nbogus\n", encoding="ascii")
        boot = run("--config", folder / "my.cfg", "--guest", folder / "guests", "--logs", folder / "logs", "--autorun",
                   "console expect=0")
        logs = {path.name: path.read_text(encoding="utf-8") for path in (folder / "logs").iterdir()}
    yield check("config.autoruns_of_the_file_come_first", "\nok 1 - mine.elf # exit 0" in boot.out and
                "\nnot ok 2 - console\n" in boot.out and boot.status == 1, boot)
    yield check("config.message", "# cobble.cfg:2: unknown directive 'bogus'" in boot.out, boot)
    yield check("logs.one_each", sorted(logs) == ["1-mine.elf.log", "2-console.log"] and
                logs["1-mine.elf.log"].startswith("| Hello from a guest kernel") and
                "\n= not ok 2 - console\n=   ---\n=   expected: exit 0\n" in logs["2-console.log"], boot)


def repeated_autoruns():
    """as= tells guests of one image apart wherever they are named; log debug tells what becomes of each."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "my.cfg").write_text("log debug\ntype Second x\nautorun keys as=first timeout=1s expect=timeout\n"
                                       "autorun mine.elf as=Second\n", encoding="ascii")
        shutil.copy(find_guest("hello"), folder / "mine.elf")
        boot = run("--together", "--config", folder / "my.cfg", "--guest", folder / "mine.elf", "--autorun",
                   "mine.elf as=third", "--autorun", "MINE.ELF", "--logs", folder / "logs", "--dump-console",
                   folder / "dump")
        logs = sorted(path.name for path in (folder / "logs").iterdir())
        dump = re.findall("^== (.*) cursor", (folder / "dump").read_text(encoding="utf-8"), re.MULTILINE)
    yield check("names.verdicts", boot.status == 0 and re.findall(r"^ok \d - (\S+) #", boot.out, re.MULTILINE) ==
                ["first", "Second", "third", "mine.elf"], boot)
    yield check("names.rows", all(f"\n# {guest}| Hello from" in boot.out for guest in ("Second", "third", "mine.elf")),
                boot)
    yield check("names.logs", logs == ["1-first.log", "2-Second.log", "3-third.log", "4-mine.elf.log"], boot)
    yield check("names.dump", dump == ["1 first", "2 Second", "3 third", "4 mine.elf"], boot)
    refused = run("--autorun", "hello as=a/b")
    yield check("names.refused", refused.status == 2 and "as=" in refused.err, refused)
    for what, pattern in (("begins", r"joins with 24576 KiB, of which \d+ KiB are touched"),
                          ("ends", r"exit 0; ran \d+ us; 2 calls, 0 events, \d+ hidden faults; \d+ KiB .* go back"),
                          ("is_back", r"its memory is back; \d+ KiB are free")):
        yield check(f"log.debug.{what}", re.search(rf"^# debug: guest 3 third: {pattern}$", boot.out, re.MULTILINE),
                    boot)


def monitor():
    """A session with the monitor over serial."""
    terminal = Terminal()
    try:
        yield check("monitor.prompt", terminal.wait("cobble>", 90))
        for name, command, wanted in MONITOR_COMMANDS:
            terminal.type(command + "\r")
            typed = re.escape(command.split("\t")[0])
            answered = terminal.wait(rf"cobble> {typed}.*\n(.*\n)*.*({wanted})(.*\n)*cobble> *\n", 20)
            yield Result(f"monitor.{name}", answered, "\n".join(terminal.screen.display))
        terminal.type("poweroff\r")
    finally:
        status = terminal.close()
    yield check("monitor.poweroff_ends_qemu", status == 0)


def adopting():
    """ps shows who started whom; a child that is taken over outlives its parent, its brothers do not."""
    terminal = Terminal()
    try:
        yield check("adopting.prompt", terminal.wait("cobble>", 90))
        terminal.type("run control_tree.tree control children=5 &\r")
        terminal.wait(r"console 1 shows it *\n", 20)
        tree = False
        for _ in range(5):          # it may not have run yet
            terminal.type("clear\rps\r")
            tree = tree or terminal.wait(r"\n +1 control_tree.tree +.*\n( +[2-6]   loop +running.*\n){5}", 3)
        yield Result("adopting.tree", tree, "\n".join(terminal.screen.display))
        terminal.type("clear\rrestart 3\radopt 1\radopt 3\rkill 1\rps\r")
        for name, wanted in (("belongs", r"\nrestart: guest 3 belongs to control_tree.tree *\n"),
                             ("owned_already", r"\nadopt: guest 1 is the operator's already *\n"),
                             ("adopted", r"\n3 loop is the operator's now *\n")):
            yield Result(f"adopting.{name}", terminal.wait(wanted, 20), "\n".join(terminal.screen.display))
        terminal.wait(r"\n1 control_tree.tree: killed in", 20)
        terminal.type("clear\rps\r")
        left = terminal.wait(r"\n +1 control_tree.tree +killed.*\n +3 loop +running.*\ncobble> *\n", 20)
        yield Result("adopting.others_end", left, "\n".join(terminal.screen.display))
        terminal.type("kill 3\r")
        yield check("adopting.killed", terminal.wait(r"\n3 loop: killed in", 20))
        terminal.type("poweroff\r")
    finally:
        status = terminal.close()
    yield check("adopting.poweroff", status == 0)


def guest_shell():
    """One command to the prompt inside a guest operating system, two of them on two consoles, and back."""
    terminal = Terminal("--type", "monitor:run pebbles &\nrun pebbles\n")
    try:
        yield check("guest_shell.prompt", terminal.wait(r"pebbles\$ *\n", 90))
        terminal.type("fib 20\r")
        yield check("guest_shell.second_answers", terminal.wait(r"fib\(20\) = 6765"))
        terminal.type("\x1d1")
        yield check("guest_shell.first_is_another", terminal.wait(r"pebbles\$ *\n( *\n)*.*1 pebbles"))
        terminal.type("echo one\r")
        yield check("guest_shell.first_answers", terminal.wait(r"\none *\n"))
        terminal.type("\x1d2")
        yield check("guest_shell.second_is_as_it_was", terminal.wait(r"fib\(20\) = 6765"))
        for name, command, wanted in PEBBLES_REPORTS:
            terminal.type(command + "\r")
            yield check(f"guest_shell.report_{name}", terminal.wait(wanted))
        terminal.type("halt 3\r")
        yield check("guest_shell.back_to_the_monitor", terminal.wait(r"exit 3"))
        terminal.type("info 1\r")
        yield check("guest_shell.page_table_facts",
                    terminal.wait(r"directory 0x[0-9a-f]+, wp 1 *\nshadows: [1-9]\d* directories, [1-9]\d* tables"))
        terminal.type("poweroff\r")
    finally:
        terminal.close()


def panic():
    """An NMI that nobody expects ends the machine with a report: the stream bails out, the backtrace has names."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "qmp"
        process = subprocess.Popen([str(RUN), "--headless", "--autorun", "loop timeout=20s", "--", "-qmp",
                                    f"unix:{path},server=on,wait=off"], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        seen = b""
        while b"guest 1 loop" not in seen:
            line = process.stdout.readline()
            if not line:
                break
            seen += line
        time.sleep(1)
        with socket.socket(socket.AF_UNIX) as qmp:
            qmp.connect(str(path))
            for command in ("qmp_capabilities", "inject-nmi"):
                qmp.sendall(json.dumps({"execute": command}).encode())
            time.sleep(1)
        out, err = process.communicate(timeout=120)
    boot = Boot(process.returncode, (seen + out).decode("utf-8", "replace"), err.decode("utf-8", "replace"))
    yield check("panic.bails_out", "\nBail out! panic: NMI" in boot.out, boot)
    yield check("panic.status_is_3", boot.status == 3, boot)


def gdb():
    """The machine waits for a debugger, and the socket that it names is there, however deep the temporary folder is."""
    with tempfile.TemporaryDirectory(prefix="cobble-test-") as name:
        deep = pathlib.Path(name, "x" * 120)
        deep.mkdir()
        process = subprocess.Popen([str(RUN), "--gdb"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(deep)})
        said = process.stderr.readline() + process.stderr.readline()
        path = re.search(r"target remote (.*)'$", said)
        with socket.socket(socket.AF_UNIX) as stub:
            connected = path and connect(stub, path[1])
            if connected:
                stub.sendall(b"$?#3f")
            yield Result("gdb.answers", connected and read_until(stub, b"$T05"), said)
            process.terminate()
        process.communicate(timeout=20)
        yield Result("gdb.socket_is_gone", path and not pathlib.Path(path[1]).exists(), said)


def read_until(stub, words):
    """Whether they come before the line falls silent: the stub acknowledges before it answers."""
    seen = b""
    with contextlib.suppress(TimeoutError):
        while words not in seen and (more := stub.recv(100)):
            seen += more
    return words in seen


def connect(stub, path, limit=10):
    """QEMU takes a moment to listen."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        try:
            stub.connect(path)
            stub.settimeout(limit)
            return True
        except OSError:
            time.sleep(0.1)
    return False


def output_lost():
    """A verdict that reaches nobody is none."""
    for name, specs in (("ok", "hello"), ("not_ok", "hello expect=5")):
        with open("/dev/full", "wb") as full:
            result = subprocess.run([str(RUN), "--headless", "--autorun", specs], stdin=subprocess.DEVNULL, stdout=full,
                                    stderr=subprocess.PIPE, check=False, timeout=100)
        yield Result(f"run.full_stdout.{name}_is_3", result.returncode == 3 and
                     b"stdout cannot be written" in result.stderr, f"{result.returncode}\n{result.stderr.decode()}")
    boot = run("--autorun", "hello", "--dump-console", "/dev/full")
    yield check("run.full_dump_is_3", boot.status == 3 and "no console dump" in boot.err, boot)


def together():
    """Twelve guests at once: tickers, crashers, one that spins until its time is up. Each gets its own verdict."""
    specs = ["event_nested"] * 8 + ["crash.de expect=crash", "loop expect=timeout timeout=3s", "crash.ud expect=crash",
                                    "console expect=77"]
    arguments = [argument for spec in specs for argument in ("--autorun", spec)]
    boot = run("--mem", 512, "--together", *arguments)
    for number, spec in enumerate(specs, 1):
        yield check(f"together.{number}.{spec.split()[0]}", f"\nok {number} - {spec.split()[0]} # " in boot.out, boot)
    yield check("together.status_and_no_leak", boot.status == 0 and "\n# leaked frames: 0\n" in boot.out, boot)


def typing():
    """--type reaches the guest it names, in order, and no other."""
    boot = run("--autorun", "event_key_words", "--type", r"event_key_words:a1\n")
    yield check("type.reaches_its_guest", boot.status == 0, boot)
    boot = run("--autorun", "event_key_words timeout=5s expect=timeout", "--autorun", "hello", "--type", r"hello:a1\n")
    yield check("type.reaches_no_other", boot.verdict("event_key_words").startswith("ok 1"), boot)


def tests():
    """Name and function of each test."""
    for function in (statuses, wrong_arguments, own_guest, large_guest, config_and_logs, repeated_autoruns, screens,
                     game,
                     without_devices, monitor, adopting, guest_shell, panic, gdb, output_lost, together, typing):
        yield f"operator.{function.__name__}", function
