"""scripts/run --gdb GUEST with a real gdb: source lines, breakpoints, watchpoints, steps, user mode, a crash."""
import pathlib
import re
import shlex
import subprocess
import tempfile

from harness import ROOT, RUN, Boot, Result, check
from lib import build

SECONDS = 150
PC = build.DIRECTORY / "tests" / "vpc" / "endless.vpc"
USER_CODE = "0x40000000"        # of tests/guests/lib/paging.h
SOURCE = """
#include "sdk.h"

static volatile uint32_t ticks, steps, three = 3;
static volatile uint8_t copied[4];

static void timer(struct event *event)
{
    (void)event;
    ticks++;
}

static __attribute__((noinline)) uint32_t triple(uint32_t value)
{
    steps++;
    return value * 3;
}

int main(void)
{
    event_handle(HV_SLOT_TIMER, timer, true);
    uint32_t nine = triple(three);
    hv_enable_interrupts();
    while (ticks < 2)
        hlt();
    copied[1] = (uint8_t)nine;
    *(volatile uint32_t *)0xF0000000 = nine;
    return 0;
}
"""


# What is looked for is read, written, written again as it is, and read by a hypercall; BESIDE, again and again.
ACCESSES = """
#include "sdk.h"

#define BESIDE 0
static volatile uint32_t flag = 5, other = 7, same = 9;
static volatile uint32_t ticks;
static char text[8] = "quiet\\n";

static void timer(struct event *event)
{
    (void)event;
    ticks++;
}

int main(void)
{
    event_handle(HV_SLOT_TIMER, timer, true);
    hv_enable_interrupts();
    uint32_t sum = flag;
    flag = sum + 1;
    other = 8;
    sum += other;
    same = 9;
    hv_print(6, text);
    while (ticks < (BESIDE ? 3000 : 20))
        if (BESIDE)
            flag = other + same;
        else
            hlt();
    return (int)sum;
}
"""


def debug(name, arguments, commands):
    """Boot with this guest under gdb; what gdb wrote, and the boot."""
    with tempfile.TemporaryDirectory() as folder, open(pathlib.Path(folder, "out"), "w+b") as out:
        process = subprocess.Popen([str(RUN), "--headless", "--gdb", name, *map(str, arguments)],
                                   stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, text=True)
        said = process.stderr.readline() + process.stderr.readline()
        command = shlex.split(said.splitlines()[1]) if said.startswith("waiting for:") else ["false"]
        command[1:1] = ["-batch", "-nx"]
        for line in commands:
            command += ["-ex", line]
        gdb = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        _, err = process.communicate(timeout=SECONDS)
        out.seek(0)
        boot = Boot(process.returncode, out.read().decode("utf-8", "replace"), said + err)
    return gdb.stdout + gdb.stderr, boot


def make_guest(folder, source=SOURCE):
    """A guest outside the tree, with source lines."""
    subprocess.run([ROOT / "scripts" / "new-guest", folder], stdout=subprocess.DEVNULL, check=True)
    (folder / f"{folder.name}.c").write_text(source, encoding="ascii")
    subprocess.run(["make", "-s", "-C", folder], check=True)
    return folder / f"{folder.name}.elf"


def kernel():
    """A kernel of somebody's own, line by line, to its crash."""
    with tempfile.TemporaryDirectory() as name:
        image = make_guest(pathlib.Path(name, "mine"))
        seen, boot = debug("mine.elf", ["--guest", image, "--autorun", "mine.elf expect=crash timeout=100s"], [
            f"directory {name}/mine", "break triple", "continue", "backtrace", "finish", "p $eax", "x/i $pc", "p steps",
            "set var steps = 40", "p steps + 2", "break timer", "continue", "delete", "p ticks", "watch ticks",
            "continue", "delete", "watch copied[1]", "continue", "delete", "monitor vidt",
            "monitor tables 0xf0000000", "continue", "p nine", "info line", "monitor reason", "continue"])
    wanted = {
        "stops_before_the_first_instruction": r"_start \(\) at sdk/crt0\.S:\d+",
        "breakpoint_with_source_line": r"Breakpoint 1, triple \(value=.*\) at mine\.c:15\n15\s+steps\+\+;",
        "backtrace": r"#0 +triple .*\n#1 .* in main \(\) at mine\.c:22",
        "finish_and_registers": r"Value returned is \$1 = 9\n\$2 = 9\n=> 0x",
        "memory_is_written": r"\$3 = 1\n\$4 = 42\n",
        "breakpoint_in_a_handler": r"Breakpoint 2, timer .*at mine\.c:10\n10\s+ticks\+\+;\n\$5 = 0\n",
        "watchpoint_in_a_handler": r"atchpoint 3: ticks\n\nOld value = 0\nNew value = 1\n.*timer",
        "watchpoint": r"atchpoint 4: copied\[1\]\n\nOld value = 0 '\\000'\nNew value = 9",
        "slots": r"0x20 [0-9a-f]{8}\n", "tables": r"paging is off: RAM is 0x00000000\.\.0x017fffff",
        "stops_at_the_crash": r"Program received signal SIGSEGV.*\nmain \(\) at mine\.c:27\n(.*\n)*\$6 = 9\nLine 27 ",
        "reason_before_the_crash": r"\n#PF \(page fault\) at 0x.*write of 0xf0000000",
        "end": r"Program terminated with signal SIGSEGV",
    }
    for name, pattern in wanted.items():
        yield Result(f"gdb.kernel.{name}", re.search(pattern, seen) is not None, seen)
    yield check("gdb.kernel.its_report_is_the_usual_one", boot.status == 0 and
                boot.verdict("mine.elf").startswith("ok 1 - mine.elf # crash 0xdeadc0de"), boot)
    yield check("gdb.kernel.no_leak", "\n# leaked frames: 0\n" in boot.out, boot)


def user():
    """A breakpoint in user mode, behind the guest's own page tables; then gdb goes, and the guest runs to its end."""
    seen, boot = debug("USER_INT", ["--autorun", "user_int timeout=100s", "--autorun", "hello"], [
        "break user_enter", "continue", "delete", f"break *{USER_CODE}", "continue", "p $cs & 3", "x/1i $pc",
        "monitor tables " + USER_CODE, "detach"])
    stopped = re.search(r"Breakpoint 2, 0x\w+ in .*\n\$1 = 3\n=> ", seen)
    tables = re.search(r"PDE\[0x100\] 0x\w+ PTE\[0x000\] 0x\w+ user, read-only", seen)
    yield Result("gdb.user.stops_in_user_mode", stopped is not None, seen)
    yield Result("gdb.user.tables", tables is not None, seen)
    yield check("gdb.user.goes_on_without_gdb", boot.status == 0 and boot.verdict("user_int").startswith("ok 1"), boot)


def accesses():
    """awatch and rwatch; a guest beside it does the same at the same addresses all the time, and is not seen; nor is a
    virtual PC under SVM, whose every end of a run turns the real processor's breakpoints off."""
    with tempfile.TemporaryDirectory() as name:
        image = make_guest(pathlib.Path(name, "mine"), ACCESSES)
        beside = make_guest(pathlib.Path(name, "beside"), ACCESSES.replace("BESIDE 0", "BESIDE 1"))
        seen, boot = debug("mine.elf", ["--together", "--guest", image, "--autorun", "mine.elf expect=13 timeout=100s",
                                        "--guest", beside, "--autorun", "beside.elf expect=13",
                                        "--guest", PC, "--autorun", f"{PC.name} engine=svm mem=16M cmdline=ac "
                                        "expect=timeout timeout=15s"], [
            f"directory {name}/mine", "break main", "continue", "delete", "awatch flag", "continue", "continue",
            "delete", "rwatch other", "continue", "delete", "awatch same", "continue", "delete", "awatch text",
            "continue", "delete", "awatch other", "continue"])
    wanted = {
        "read": r"atchpoint 2: flag\n\nValue = 5\n(.*\n)*.* at mine\.c:\d+",
        "write": r"atchpoint 2: flag\n\nOld value = 5\nNew value = 6\n",
        "read_only": r"read watchpoint 3: other\n\nValue = 8\n",
        "write_of_the_same": r"atchpoint 4: same\n\nValue = 9\n",
        "read_by_a_hypercall": r"atchpoint 5: text\n\nValue = .quiet.*\nhv_print \(\) at sdk/hypercalls\.S",
        "end": r"exited with code 015",
    }
    for name, pattern in wanted.items():
        yield Result(f"gdb.accesses.{name}", re.search(pattern, seen) is not None, seen)
    yield check("gdb.accesses.nobody_else_stops", boot.status == 0 and boot.out.count("\nok ") == 3, boot)


def steps():
    """A hardware breakpoint, a source line, an instruction, one over INT n with the one behind it, what is pending."""
    with tempfile.TemporaryDirectory() as name:
        image = make_guest(pathlib.Path(name, "mine"))
        seen, _ = debug("mine.elf", ["--guest", image, "--autorun", "mine.elf expect=crash timeout=100s"], [
            f"directory {name}/mine", "hbreak triple", "continue", "step", "break hv_enable_interrupts", "continue",
            "stepi", "stepi", "x/i $pc", "stepi", "x/i $pc", "monitor pending", "delete", "detach"])
    wanted = {"hardware_breakpoint": r"Breakpoint 1, triple .*at mine\.c:15\n", "line": r"\n16\s+return value \* 3;",
              "instruction": r"=> 0x\w+ <hv_enable_interrupts\+6>:\s+int +\$0xde",
              "over_int": r"=> 0x\w+ <hv_enable_interrupts\+9>:\s+ret", "pending": r"virtual IF on; waiting: "}
    for name, pattern in wanted.items():
        yield Result(f"gdb.steps.{name}", re.search(pattern, seen) is not None, seen)


def killed():
    """gdb's kill, the last thing that a session does: the guest has ended, and not by its time-out."""
    seen, boot = debug("loop", ["--autorun", "loop timeout=30s"], ["kill"])
    yield check("gdb.kill", boot.status == 1 and re.search(r"\[Inferior 1 \(.*\) killed\]", seen) and
                "\n  got: killed after " in boot.out, boot)


def hypervisor():
    """--gdb hypervisor: from before the firmware's first instruction to C code of ours, and on to the usual end."""
    seen, boot = debug("hypervisor", ["--autorun", "hello"], [
        "info registers rip", "hbreak hv_main", "continue", "backtrace", "delete", "detach"])
    yield Result("gdb.hypervisor.before_the_firmware", re.search(r"\nrip +0xfff0 ", seen), seen)
    stopped = re.search(r"Breakpoint 1, hv_main \(info=0x\w+\) at .*hv/main\.c:\d+\n(.*\n)*#0 +hv_main", seen)
    yield Result("gdb.hypervisor.break", stopped, seen)
    yield check("gdb.hypervisor.goes_on", boot.status == 0 and boot.verdict("hello").startswith("ok 1"), boot)


def tests():
    """Name and function of each test."""
    for function in (kernel, user, accesses, steps, killed, hypervisor):
        yield f"gdb_tests.{function.__name__}", function
