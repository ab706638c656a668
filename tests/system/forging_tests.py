"""Forging, live: guests that try to be the stream; prove, Meson and the exit status agree on what came of them."""
import pathlib
import re
import subprocess
import tempfile
import xml.etree.ElementTree as xml

from harness import check, run

# Words of autoruns, and whether the verdict is ok. After each other those that fail, too; at once those that are ok.
FORGING = [
    ("forge.rows output=64K", True), ("forge.rows output=64K match!=forged", False),
    ("forge.rows output=64K match=genuine", False), ("forge.screen", False), ("forge.screen expect=1", True),
    ("forge.screen expect=1 console={console}", False), ("forge.mid_line", False),
    ("forge.mid_line expect=crash", True), ("forge.flood output=16K", True),
    ("forge.flood output=16K match=genuine", False), ("forge.spin timeout=1s", False),
    ("forge.spin timeout=1s expect=timeout", True), ("debug_print.kernel debug-print=on", True), ("hello", True),
]
KEYS = "expected|got|reason|registers|advice|more|differences|console"
# What a line outside of a block, and one in it, may be.
OUTSIDE = re.compile(r"(not )?ok \d+ - [\w.]+( # (exit -?\d+|crash 0xdeadc0de|timeout) [\w ]*)?|# .*|  ---")
INSIDE = re.compile(rf"    \|.*|  ({KEYS}): .*|  \.\.\.")
MESON = "project('streams')\nread = find_program('cat')\n"


def strange_lines(stream):
    """Lines that are not of the stream's form."""
    version, plan, *lines = stream.split("\n")
    in_block, strange = False, [] if (version, plan[:3]) == ("TAP version 13", "1..") else [version, plan]
    for line in lines[:-1]:
        form = INSIDE if in_block else OUTSIDE
        if not form.fullmatch(line) or re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", line):
            strange.append(line)
        in_block = in_block != (line == ("  ..." if in_block else "  ---"))
    return strange + lines[-1:] * (lines[-1] != "")


def verdicts_of(stream):
    return [line.startswith("ok") for line in stream.splitlines() if re.match(r"(not )?ok ", line)]


def by_prove(path):
    """Its exit status, and how many it takes to have failed."""
    # With a block that has lost its form prove never ends.
    seen = subprocess.run(["timeout", "20", "prove", "-e", "cat", path], capture_output=True, text=True, check=False)
    failed = re.search(r"Failed (\d+)/(\d+) subtests", seen.stdout + seen.stderr)
    total = re.search(r"Tests=(\d+)", seen.stdout)
    return seen.returncode != 0, int(failed[1]) if failed else 0, int(total[1]) if total else 0


def by_meson(folder, names):
    """For each stream what Meson, which reads it as a test of its own protocol, takes it for: the same three."""
    tests = "".join(f"test('{name}', read, args: files('{name}'), protocol: 'tap')\n" for name in names)
    (folder / "meson.build").write_text(MESON + tests)
    subprocess.run(["meson", "setup", folder / "build", folder], stdout=subprocess.DEVNULL, check=True)
    seen = {}
    for name in names:
        ran = subprocess.run(["meson", "test", "-C", folder / "build", name], capture_output=True, text=True,
                             check=False)
        suites = xml.parse(folder / "build" / "meson-logs" / "testlog.junit.xml").getroot().iter("testsuite")
        cases = [case for suite in suites for case in suite.iter("testcase")]
        failed = sum(case.find("failure") is not None or case.find("error") is not None for case in cases)
        seen[name] = ran.returncode != 0, failed, len(cases)
    return seen


def forging():
    """Nothing that a guest does makes a line that counts; every reader sees the verdicts that the machine gave."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "console.txt").write_text("ok 1\n")
        plans = {"mixed.tap": FORGING, "together.tap": [(words, True) for words, good in FORGING if good]}
        boots = {}
        for file, plan in plans.items():
            words = [word.format(console=folder / "console.txt") for word, _ in plan]
            boots[file] = run(*(each for word in words for each in ("--autorun", word)),
                              *["--together"] * file.startswith("together"))
            (folder / file).write_text(boots[file].out)
        meson = by_meson(folder, plans)
        for file, plan in plans.items():
            boot, stem, wanted = boots[file], file.removesuffix(".tap"), [good for _, good in plan]
            yield check(f"forging.{stem}.verdicts", verdicts_of(boot.out) == wanted, boot)
            yield check(f"forging.{stem}.no_strange_line", not strange_lines(boot.out), boot)
            yield check(f"forging.{stem}.status", boot.status == (0 if all(wanted) else 1), boot)
            expected = boot.status != 0, wanted.count(False), len(wanted)
            yield check(f"forging.{stem}.prove_agrees", by_prove(folder / file) == expected, boot)
            yield check(f"forging.{stem}.meson_agrees", meson[file] == expected, boot)


def tests():
    """Name and function of each test."""
    yield "forging.live", forging
