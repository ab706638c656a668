"""One boot of scripts/grade: which tests go together, and what a stream says of each."""
import pathlib
import re
import shutil
import subprocess
import tempfile

from lib import build, grade_trace

UNITS_MAX = 200
TEXT_BYTES_MAX = 30000          # what is typed and matched in one boot: hv/monitor/config.h has 32 KiB
WORDS_MAX = 250                 # of these texts
FILE_BYTES_MAX = 400 << 20
MEMORY_MIB = 256
MIB = 1 << 20
VERDICT = re.compile(r"(not )?ok ([0-9]+) - ([^ #]+)(?: # (.*))?")
ROWS_MAX = 2000                 # of a test's log, kept for its page
TRACE = "trace of this boot.json"    # no guest has such a name
ROWS_AT_END = 50                # of these
ENDED_EARLY = "its boot ended before its verdict"


def cost(test):
    """What a test needs of a boot: bytes of text, texts, bytes of files."""
    texts = [word for word in test.words if word.partition("=")[0] in ("type", "match", "match!")]
    size = sum(path.stat().st_size for path in (test.guest, test.autorun.console) if path)
    return sum(map(len, texts)), len(texts), size


def split(units, tests, jobs):
    """Units of one boot each, in order: as many boots as there are processors, and more when one cannot hold them."""
    most = min(UNITS_MAX, -(-len(units) // jobs))
    boots, used = [], (0, 0, 0)
    for unit in units:
        needs = cost(tests[unit.index])
        total = tuple(map(sum, zip(used, needs)))
        if not boots or len(boots[-1]) == most or any(
                have > limit for have, limit in zip(total, (TEXT_BYTES_MAX, WORDS_MAX, FILE_BYTES_MAX))):
            boots.append([])
            total = needs
        boots[-1].append(unit)
        used = total
    return boots


def memory_mib(units, tests):
    """Memory for the machine: the largest guest, the files, and what Cobble is used to."""
    largest = max(tests[unit.index].autorun.memory_bytes for unit in units)
    files = sum(cost(test)[2] for test in {unit.index: tests[unit.index] for unit in units}.values())
    return MEMORY_MIB + (largest + largest // 8 + 2 * files) // MIB


def make_command(units, tests, folder, counted):
    """scripts/run for these units; guests get their names in folder."""
    command = [str(build.ROOT / "scripts" / "run"), "--headless", "--mem", str(memory_mib(units, tests)),
               *["--counted"] * counted]
    if any(tests[unit.index].autorun.is_traced for unit in units):
        command += ["--trace", str(folder / TRACE)]
    placed = set()
    for unit in units:
        test = tests[unit.index]
        if test.guest and test.name not in placed:
            placed.add(test.name)
            shutil.copyfile(test.guest, folder / test.name)
            command += ["--guest", str(folder / test.name)]
        command += ["--autorun", unit.spec]
    return command


def read_block(lines):
    """The values of a verdict's YAML block, texts as lists of rows."""
    block, rows = {}, None
    for line in lines:
        if line.startswith("    |"):
            rows.append(line[5:])
        else:
            key, _, value = line.strip().partition(": ")
            rows = block[key] = [] if value in ("|", '""') else value.strip('"')
    return block


def keep_both_ends(rows):
    """A flood is known by its beginning and by its end."""
    if len(rows) <= ROWS_MAX:
        return rows
    left_out = f"... {len(rows) - ROWS_MAX} rows are left out here ..."
    return [*rows[:ROWS_MAX - ROWS_AT_END], left_out, *rows[-ROWS_AT_END:]]


def read_results(stream):
    """What a stream says of each test that has a verdict, in order."""
    results, rows, report, lines = [], [], [], iter(stream.splitlines())
    for line in lines:
        match = VERDICT.fullmatch(line)
        if match:
            results.append({"ok": not match[1], "got": match[4] or "", "rows": keep_both_ends(rows), "report": report,
                            "block": {}})
            rows, report = [], []
        elif line == "  ---":
            block = read_block(iter(lambda: next(lines, "  ..."), "  ..."))
            results[-1]["block"] = block
            results[-1]["got"] = block.get("got", "")
        elif found := re.match(r"# [A-Za-z0-9._?-]+(: \||[|?!]) ?(.*)", line):
            (report if found[1] == "!" else rows).append(found[2])
    return results


def follow(pipe, tell):
    """A stream as it comes, with tell(how many) at each verdict in it."""
    lines, count = [], 0
    for line in pipe:
        lines.append(line)
        if VERDICT.fullmatch(line.rstrip("\n")):
            count += 1
            tell(count)
    return "".join(lines)


def last_words(stream, said):
    """Of a boot that died: why, in the words of its stream, and what scripts/run said."""
    return "".join(f"{line}\n" for line in stream.splitlines() if line.startswith("Bail out! ")) + said


def run_boot(units, tests, counted, register, tell):
    """Run units. Their results, as far as there are any, the exit status and what is said of the boot."""
    with tempfile.TemporaryDirectory(prefix="cobble-grade-") as name, tempfile.TemporaryFile() as errors:
        command = make_command(units, tests, pathlib.Path(name), counted)
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True,
                                   encoding="utf-8", errors="replace", start_new_session=True)
        with register(process), process.stdout:
            stream = follow(process.stdout, tell)
            status = process.wait()
        errors.seek(0)
        results = read_results(stream)
        grade_trace.give_out(pathlib.Path(name, TRACE), units, tests, results)
        return results, status, last_words(stream, errors.read().decode("utf-8", "replace"))
