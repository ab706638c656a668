"""What graders rely on: what is judged, runs that come again, scripts/grade."""
import contextlib
import json
import os
import pathlib
import pty
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time
import xml.etree.ElementTree as xml

import trace_rules
from harness import ROOT, Boot, Result, check, run
from lib import build

HELLO_ROW = "Hello from a guest kernel: 24 MiB of RAM, addresses up to 0xfeffffff."
# Name, the line's words, what the verdict shows below "got: exit 0" when it is not ok.
JUDGED = [
    ("row", 'match="guest kernel" match!=panic', ""), ("console", 'console="{folder}/want it.txt"', ""),
    ("dumped_console", "console={folder}/dumped.txt", ""),
    ("missing_row", "match=Hello match=guest", "expected a row with: guest\n    |seen: no row like it \n"),
    ("nearest_row", 'match="24 GiB"', "expected a row with: 24 GiB\n    |seen, most like it:  " + HELLO_ROW + "\n"),
    ("forbidden_row", "match!=up", "expected no row with: up\n    |seen:                 " + HELLO_ROW + "\n"),
    ("other_console", "console={folder}/other.txt",
     f"row 1 expected: Hello\n    |row 1 seen:     {HELLO_ROW}\n    |row 2 expected: you\n    |row 2 seen:     \n"),
]


def judged():
    """Rows and consoles are judged, too, and a failure shows what was expected above what was seen."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "want it.txt").write_text(HELLO_ROW + "\n")
        (folder / "other.txt").write_text("Hello\nyou\n")
        dump = run("--autorun", "hello", "--dump-console", folder / "dumped.txt")
        specs = [words.format(folder=folder) for _, words, _ in JUDGED]
        boot = run(*(word for words in specs for word in ("--autorun", "hello " + words)))
    verdicts = re.split(r"^(?=ok|not ok)", boot.out, flags=re.MULTILINE)[1:]
    for (name, _, shown), verdict in zip(JUDGED, verdicts):
        block = f"got: exit 0\n  differences: |\n    |{shown}  console: |\n    |{HELLO_ROW}\n  ...\n"
        yield check(f"judged.{name}", block in verdict if shown else verdict.startswith("ok "), boot)
    yield check("judged.status", dump.status == 0 and boot.status == 1 and len(verdicts) == len(JUDGED), boot)
    boot = run("--autorun", "hello console=/nowhere/at/all")
    yield check("judged.missing_file", boot.status == 2 and "/nowhere/at/all" in boot.err and not boot.out, boot)


RACES = "lost_update", "missed_wakeup", "reentered"
SOUND = "masked_update", "polled_wakeup", "masked_handler"
SEEDS = range(1, 9)
# Everything that has a time in it, keys and a flood of rows among them.
COUNTED = ["hello", "turns", 'keys type="ab" expect=timeout timeout=2s', "crash.de expect=crash", "print_order.spin "
           "expect=timeout timeout=1s", *(f"race.{name}" for name in RACES),
           *(f"race.{name} seed={seed}" for seed in SEEDS for name in RACES + SOUND)]


def counted():
    """Two boots that count instructions give the same stream to the byte; races show with some seeds, and only they."""
    arguments = ["--counted", *(word for spec in COUNTED for word in ("--autorun", spec))]
    first, second = run(*arguments), run(*arguments)
    yield check("counted.two_streams_are_the_same", first.out == second.out and first.out.endswith("\n"), second)
    verdicts = re.findall(r"^(?:not )?ok ", first.out, re.MULTILINE)
    yield check("counted.not_one_is_missing", len(verdicts) == len(COUNTED), first)
    yield check("counted.no_time_of_the_firmware", "hand-off at TSC" not in first.out, first)
    for name in RACES + SOUND:
        ends = re.findall(rf"^(not ok|ok) \d+ - race\.{name}", first.out, re.MULTILINE)
        wrong = ends.count("not ok")
        good = 0 < wrong < len(SEEDS) and ends[0] == "ok" if name in RACES else wrong == 0
        yield check(f"counted.race.{name}", good, first)


# A class as it hands in: the guest, words, what the verdict is. Of each kind a file of its own for every student.
HANDED_IN = [("hello", "match=Hello", True), ("hello", "match=Goodbye", False), ("crash.de", "expect=crash", True),
             ("crash.ud", "", False), ("loop", "timeout=500ms", False), ("junk", "", False), ("hello", "hidden", True),
             ("console", "expect=77 points=2", True)]
STUDENTS = 25


def write_class(folder):
    """Two hundred files and their plan; what is expected of each line."""
    plan, expected = [], []
    for student in range(STUDENTS):
        for number, (guest, words, good) in enumerate(HANDED_IN):
            path = folder / f"student {student}" / f"kernel #{number}.elf"
            path.parent.mkdir(exist_ok=True)
            if guest == "junk":
                path.write_bytes(b"not a guest\n")
            else:
                shutil.copyfile(build.GUESTS / guest, path)
            plan.append(f'"{path.relative_to(folder)}" {words}\n')
            expected.append(good)
    (folder / "plan").write_text("".join(plan))
    return expected


@contextlib.contextmanager
def tell_times(what):
    """Print what a block took: by the clock, and of processors, which does not hang on what else they do."""
    began, used = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    yield
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"# {what}: {time.monotonic() - began:.1f} s, processors "
          f"{now.ru_utime - used.ru_utime + now.ru_stime - used.ru_stime:.1f} s", flush=True)


def grade(*arguments, limit=550):
    """scripts/grade, ended after limit seconds; its status, stdout and stderr."""
    result = subprocess.run([str(ROOT / "scripts" / "grade"), *map(str, arguments)], capture_output=True, text=True,
                            stdin=subprocess.DEVNULL, check=False, timeout=limit)
    return Boot(result.returncode, result.stdout, result.stderr)


def times_out(text):
    """A stream without its times."""
    return re.sub(r"\d+ ms", "@ ms", text)


def grading():
    """Two hundred files of a class, in two boots and in one; pages for everybody. How long it took is printed."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        expected = write_class(folder)
        with tell_times("grading.two_hundred_guests, boots included"):
            boot = grade(folder / "plan", "--json", folder / "r.json", "--html", folder / "html", "--junit",
                         folder / "r.xml")
        verdicts = [line.startswith("ok") for line in boot.out.splitlines() if re.match(r"(not )?ok ", line)]
        yield check("grading.verdicts", verdicts == expected and boot.status == 1, boot)
        results = json.loads((folder / "r.json").read_text())
        yield check("grading.points", sum(result["points"] for result in results) == 5 * STUDENTS, boot)
        yield check("grading.pages", len(list((folder / "html").iterdir())) == STUDENTS + 1 and
                    len(xml.parse(folder / "r.xml").findall(".//failure")) == expected.count(False), boot)
        again = grade(folder / "plan", "--jobs", "1", "--results", folder / "one boot")
        yield check("grading.in_one_boot", times_out(again.out) == times_out(boot.out), again)
        if shutil.which("prove"):
            (folder / "out.tap").write_text(boot.out)
            seen = subprocess.run(["prove", "-e", "cat", folder / "out.tap"], capture_output=True, text=True,
                                  check=False)
            yield check("grading.prove_reads_it", f"Failed {expected.count(False)}/200 subtests" in seen.stdout +
                        seen.stderr, boot)


def interrupt(command, after):
    """Run a command at a terminal, and Ctrl-C it when that many tests are done; its status, and what it said."""
    ours, theirs = pty.openpty()
    said, is_sent = b"", False
    with subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs,
                          start_new_session=True) as process:
        os.close(theirs)
        with contextlib.suppress(OSError):          # EIO: nobody has the terminal any more
            while data := os.read(ours, 4096):
                said += data
                counts = [int(count) for count in re.findall(rb"\r(\d+) of \d+", said)]
                if not is_sent and counts and counts[-1] >= after:
                    is_sent = True
                    process.send_signal(signal.SIGINT)
    os.close(ours)
    return process.returncode, said.decode("utf-8", "replace")


def interrupted():
    """Ctrl-C in the middle of a boot: what has a verdict is kept, and --resume does the rest and no more."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        expected = write_class(folder)[:40]
        plan = folder / "plan"
        plan.write_text("".join(plan.read_text().splitlines(True)[:40]))
        status, said = interrupt([ROOT / "scripts" / "grade", plan, "--jobs", "1"], 5)
        kept = (folder / "plan.results").read_text().splitlines()
        yield check("grading.interrupted", status == 130 and 3 < len(kept) < 40 and
                    f"stopped; {len(kept)} of 40 results are kept" in said, Boot(status, "", said))
        rest = grade(plan, "--resume")
        verdicts = [line.startswith("ok") for line in rest.out.splitlines() if re.match(r"(not )?ok ", line)]
        now = (folder / "plan.results").read_text().splitlines()
        yield check("grading.goes_on", verdicts == expected and now[:len(kept)] == kept and len(now) == 40, rest)


def traced():
    """trace=on in a plan: what the guest did is on its student's page, and in a file for Perfetto; of no other test."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "plan").write_text("hello student=ada\nhello student=ada trace=on\nnobody trace=on expect=refused\n"
                                     "loop student=bob trace=on timeout=1s expect=timeout\n"
                                     "hello student=bob trace=on hidden\n")
        boot = grade(folder / "plan", "--jobs", "1", "--html", folder / "html")
        files = {path.name: path.read_text(encoding="utf-8") for path in (folder / "html").iterdir()}
    wanted = ["ada-test2.trace.json", "ada.html", "bob-test1.trace.json", "bob.html", "everybody.html", "index.html"]
    yield check("grading.trace.files", boot.status == 0 and sorted(files) == wanted, Boot(boot.status, boot.out,
                                                                                         f"{sorted(files)} {boot.err}"))
    ada, bob = files.get("ada.html", ""), files.get("bob.html", "")
    yield check("grading.trace.on_the_page", ada.count("<summary>What it did") == 1 and "hv_print" in ada and
                '<a href="ada-test2.trace.json"' in ada, Boot(boot.status, ada, ""))
    yield check("grading.trace.of_a_timeout", "ends: timeout" in bob and bob.count("<summary>What it did") == 1,
                Boot(boot.status, bob, ""))
    for file in ("ada-test2.trace.json", "bob-test1.trace.json"):
        names = trace_rules.problems(files.get(file, "{}"))
        yield Result(f"grading.trace.format.{file[:3]}", not names, "\n".join(names[:10]))


def seeds(count=6):
    """A test under many seeds: those that fail are named, and fail again by themselves."""
    with tempfile.TemporaryDirectory() as name:
        plan = pathlib.Path(name) / "plan"
        plan.write_text("race.lost_update\nrace.masked_update\n")
        boot = grade(plan, "--seeds", count, limit=550 if count <= 6 else 3600)
        failing = re.search(r"failing_seeds: \"\[([0-9, ]+)\]\"", boot.out)
        yield check("grading.seeds", boot.status == 1 and failing and boot.out.count("failing_seeds") == 1 and
                    "\nok 2 - everybody: race.masked_update" in boot.out, boot)
        seed = failing[1].split(",")[0] if failing else "1"
        again = run("--counted", "--autorun", f"race.lost_update seed={seed}")
        yield check("grading.seed_fails_again", again.status == 1, again)


def shell(folder, script, **environment):
    """A script in a folder, ended at its first error."""
    result = subprocess.run(["bash", "-e", "-c", script], cwd=folder, env={**os.environ, **environment}, check=False,
                            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300)
    return Boot(result.returncode, result.stdout, result.stderr)


def own_folder():
    """scripts/new-guest as an author uses it: make, see it pass; change a line, and see it fail, within seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name, "my-kernel")
        made = shell(name, f"{ROOT}/scripts/new-guest my-kernel && cd my-kernel && make test")
        yield check("author.new_guest", made.status == 0 and "\n# my-kernel.elf| my-kernel: 5 ticks\nok 1" in made.out,
                    made)
        source = folder / "my-kernel.c"
        source.write_text(source.read_text().replace("%u ticks", "%u Ticks"))
        with tell_times("author.edit_build_run"):           # 10 at most on two idle processors
            changed = shell(folder, "make test")
        yield check("author.new_guest_fails", changed.status != 0 and "seen, most like it:  my-kernel: 5 Ticks\n" in
                    changed.out, changed)
        again = shell(name, f"{ROOT}/scripts/new-guest my-kernel")
        yield check("author.nothing_overwritten", again.status == 2 and "not empty" in again.err, again)


def documented_lines():
    """docs/sdk.md to the letter: its file, then its lines, once with the checkout and once with the installed SDK."""
    text = (ROOT / "docs" / "sdk.md").read_text()
    program = re.search(r"```c\n(.*?)```", text, re.DOTALL)[1]
    by_hand, installed = re.findall(r"```\n(clang .*?)```", text, re.DOTALL)
    with tempfile.TemporaryDirectory() as name:
        pathlib.Path(name, "my.c").write_text(program)
        boot = shell(name, by_hand, SDK=str(ROOT / "guestfs" / "sdk"))
        yield check("author.documented_lines", boot.status == 0 and "\nok 1 - my.elf # exit 0" in boot.out, boot)
        put = shell(name, f"meson install --no-rebuild -C {build.DIRECTORY} --tags sdk --destdir {name}/to")
        paths = [str(path.parent) for path in pathlib.Path(name, "to").rglob("cobble-sdk.pc")]
        built = shell(name, "rm my.elf *.o\n" + installed, PKG_CONFIG_PATH=":".join(paths))
        yield check("author.installed_sdk_builds", put.status == 0 and built.status == 0, built)
        boot = run("--guest", pathlib.Path(name, "my.elf"), "--autorun", "my.elf")
        yield check("author.installed_sdk_runs", boot.status == 0, boot)


def slow_tests():
    """Two hundred seeds, which take some twenty minutes."""
    yield "grading.two_hundred_seeds", lambda: seeds(200)


def tests():
    """Name and function of each test."""
    for function in (judged, counted, grading, interrupted, traced, seeds, own_folder, documented_lines):
        yield f"grading.{function.__name__}", function
