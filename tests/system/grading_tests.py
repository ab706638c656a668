"""What graders rely on: rows and consoles are judged."""
import pathlib
import re
import tempfile

from harness import check, run

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


def tests():
    """Name and function of each test."""
    for function in (judged, counted):
        yield f"grading.{function.__name__}", function
