"""The plan of scripts/grade: one test a line, as words of a shell (docs/grading.md "The plan")."""
import collections
import dataclasses
import hashlib
import pathlib
import shlex

from lib import spec

OWN_WORDS = "points= student= title="
TEXTS = ("type", "match", "match!")     # C escapes are read in these, as in cobble.cfg


@dataclasses.dataclass
class Test:
    """A line of the plan."""
    line: int
    student: str
    title: str
    guest: pathlib.Path | None      # None: a guest of the ramdisk
    name: str                       # of the guest, for the ramdisk or the boot volume
    words: list                     # of the autorun, checked, ready for a line
    points: float
    hidden: bool
    autorun: spec.Autorun

    @property
    def is_seeded(self):
        return any(word.startswith("seed=") for word in self.words)


def read_points(text):
    try:
        points = float(text)
    except ValueError:
        points = -1
    if not 0 <= points <= 1000000:      # false for a NaN as well
        raise ValueError(f"points={text}: a number from 0 to 1000000")
    return points


def read_word(word, folder):
    """A word of the autorun as cobble.cfg wants it."""
    key, equals, value = word.partition("=")
    if equals and key in TEXTS:
        return f"{key}={spec.quote(spec.decode_text(value))}"
    if equals and key == "console":
        path = (folder / value).absolute()
        if not path.is_file():
            raise ValueError(f"console={value}: there is no such file")
        return f"console={spec.quote(str(path).encode('utf-8', 'surrogateescape'))}"
    return word


def find_guest(word, folder):
    """The file that is meant; None when the word can only be a guest of the ramdisk."""
    path = folder / word
    if path.is_file():
        return path.absolute()
    if "/" in word:
        raise ValueError(f"{word}: there is no such file")
    spec.check_name(word)
    return None


def volume_name(path, number):
    """A name for a file on the boot volume, whatever it is called: no two of one boot are the same."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in path.name)
    return f"{number}-{plain[-50:]}".rstrip(".")


def read_line(text, number, folder):
    words = shlex.split(text, comments=True)
    if not words:
        return None
    guest = find_guest(words[0], folder)
    own = {"points": "1", "student": guest.parent.name if guest else "", "title": words[0]}
    hidden, rest = False, []
    for word in words[1:]:
        key, equals, value = word.partition("=")
        if word in ("hidden", "shown"):
            hidden = word == "hidden"
        elif equals and key in own:
            own[key] = value
        else:
            rest.append(read_word(word, folder))
    name = volume_name(guest, number) if guest else words[0]
    try:
        autorun = spec.Autorun(" ".join([name, *rest]))
    except ValueError as error:
        raise ValueError(f"{error}; of a plan: {OWN_WORDS} hidden shown") from None
    return Test(number, own["student"] or "everybody", own["title"], guest, name, rest, read_points(own["points"]),
                hidden, autorun)


def read_plan(text, folder):
    """Every test of a plan, whose files are named from folder. ValueError names the line."""
    tests = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            test = read_line(line, number, folder)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
        tests += [test] if test else []
    if not tests:
        raise ValueError("it has no test")
    return tests


@dataclasses.dataclass
class Unit:
    """What one autorun does: a test, or a test under one seed."""
    index: int          # of the test
    seed: int           # 0: as its line says
    spec: str
    key: str            # the same for the same work: for --resume


def make_units(tests, seeds):
    """All work there is. A test under seeds is one under 1 to seeds, unless its line has one of its own."""
    units, times = [], collections.Counter()
    for index, test in enumerate(tests):
        content = b"".join(path.read_bytes() for path in (test.guest, test.autorun.console) if path)
        digest = hashlib.sha256(content).hexdigest()
        for seed in range(1, seeds + 1) if seeds and not test.is_seeded else (0,):
            line = " ".join([test.name, *test.words, *([f"seed={seed}"] if seed else [])])
            work = repr((test.guest or test.name, test.words, seed, seeds > 0, digest))
            times[work] += 1
            units.append(Unit(index, seed, line, hashlib.sha256(f"{work}{times[work]}".encode()).hexdigest()))
    return units
