"""scripts/grade when machines die in the middle: killed, killed once, and by a panic of the hypervisor."""
import json
import os
import pathlib
import re
import subprocess
import tempfile

from gdb_tests import make_guest
from harness import ROOT, Boot, check

SECONDS = 500
PROGRAM = """
#include "sdk.h"

int main(void)
{
    printf("die: WISH\\n");
    for (;;)
        ;
}
"""
NO_VERDICT = "no verdict: its boot ended before its verdict"
# The words of a plan's line, and what its result is.
PLAN = [
    ("hello match=Hello", "exit 0"), ("hello match=Goodbye", "exit 0"), ("kill.elf timeout=60s", NO_VERDICT),
    ("crash.de expect=crash", "crash 0xdeadc0de"), ("once.elf expect=timeout timeout=1s", "timeout after 1000 ms"),
    ("panic.elf timeout=60s points=7", NO_VERDICT), ("crash.ud", "crash 0xdeadc0de"), ("hello", "exit 0"),
]
GOOD = [True, False, False, True, True, False, False, True]


def grade(folder, *arguments):
    """scripts/grade with the plan in folder, on machines that may die."""
    result = subprocess.run([str(ROOT / "scripts" / "grade"), str(folder / "plan"), *map(str, arguments)],
                            capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=SECONDS,
                            env={**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"})
    return Boot(result.returncode, result.stdout, result.stderr)


def deaths():
    """What had a verdict keeps it and does not run again; who always dies has none; status 3; pages for everybody."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for wish in ("kill", "once", "panic"):
            make_guest(folder / wish, PROGRAM.replace("WISH", wish)).rename(folder / f"{wish}.elf")
        (folder / "bin").mkdir()
        (folder / "bin" / "qemu-system-x86_64").symlink_to(pathlib.Path(__file__).with_name("mortal_qemu.py"))
        (folder / "plan").write_text("".join(f"{words} student=ada\n" for words, _ in PLAN))
        boot = grade(folder, "--jobs", "1", "--json", folder / "r.json", "--html", folder / "html",
                     "--junit", folder / "r.xml")
        results = json.loads((folder / "r.json").read_text()) if (folder / "r.json").exists() else []
        serial = (folder / "bin" / "serial").read_text(encoding="utf-8", errors="replace")
        page = (folder / "html" / "ada.html").read_text() if (folder / "html").exists() else ""
    ends = [result["got"] for result in results]
    yield check("grading.death.ends", len(ends) == len(PLAN) and all(end.startswith(got) for end, (_, got) in
                                                                    zip(ends, PLAN)), boot)
    yield check("grading.death.verdicts", [result["ok"] for result in results] == GOOD, boot)
    yield check("grading.death.points", boot.out.endswith("\n# 4 of 14 points, 4 of 8 ok\n"), boot)
    yield check("grading.death.status", boot.status == 3, boot)
    said = ["\n".join(result["report"]) for result in results] + [""] * len(PLAN)
    yield check("grading.death.says_how_it_was_killed", "the machine ended early (QEMU: status -9)" in said[2], boot)
    panic = re.search(r"^Bail out! panic: NMI.*\n(.*\n)*vector 2 ", said[5])
    yield check("grading.death.says_how_it_panicked", panic, boot)
    verdicts = re.findall(r"^(?:not )?ok \d+ - (\S+)", serial, re.MULTILINE)
    yield check("grading.death.nothing_with_a_verdict_runs_again",
                sorted(re.sub(r"^\d+-", "", name) for name in verdicts) ==
                ["crash.de", "crash.ud", "hello", "hello", "hello", "once.elf"], boot)
    yield check("grading.death.page", page.count(NO_VERDICT) >= 2 and "Bail out! panic: NMI" in page, boot)


def tests():
    """Name and function of each test."""
    yield "grading.deaths", deaths
