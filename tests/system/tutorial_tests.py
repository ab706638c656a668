"""docs/tutorial as a newcomer follows it: each step is built with the installed SDK, run, and shows what it says."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from harness import ROOT, check, run
from lib import build
from lib.source_rules import LISTING

FOLDER = ROOT / "docs" / "tutorial"
PAGES = sorted(FOLDER.glob("[0-9]*.md"))
SEEN = re.compile(r"^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WORDS = re.compile(r"^`make test(?: TEST='([^'\n]*)')?`", re.MULTILINE)
LINKER_SAYS = re.compile(r"^```\n(ld\.lld: error: .*?)^```$", re.MULTILINE | re.DOTALL)
SHELL = re.compile(r"^ *```\n( *meson install.*?)^ *```$", re.MULTILINE | re.DOTALL)
# What may differ from one compiler, and one run, to the next: addresses of code, offsets, times.
VARIES = re.compile(r"\b0x001[0-9a-f]{5}\b|\+0x[0-9a-f]+|\d+ ms")


def shell(folder, script, environment):
    return subprocess.run(["bash", "-e", "-c", script], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


def install_sdk(home):
    """The lines of the first page, word for word but for the build directory; what they leave in the environment."""
    lines = SHELL.search((FOLDER / "README.md").read_text())[1]
    lines = lines.replace("-C build", f"--no-rebuild -C '{build.DIRECTORY}'")
    said = shell(ROOT, f"{lines}\necho; echo $PKG_CONFIG_PATH", {**os.environ, "HOME": str(home)})
    return {**os.environ, "PKG_CONFIG_PATH": said.stdout.splitlines()[-1]}


def place(folder, page):
    """The files of a page over those of the pages before it."""
    for path, text in LISTING.findall(page):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text)


def pattern_of(shown):
    """What a page shows as a pattern: a line of dots is any number of lines."""
    return "".join(r"(?:.*\n)*?" if line == "..." else re.escape(VARIES.sub("@", line)) + r"\n"
                   for line in shown.splitlines())


def stream_of(stream, number):
    """What the stream would be if a step were the only one in it, and were called as on its page."""
    name = rf"step{number}\.elf"
    lines = [line for line in stream.splitlines(True) if re.match(rf"# {name}[|!?:]|(not )?ok \d+ - {name} ", line)]
    lines = [re.sub(rf"(ok )\d+( - ){name}", r"\g<1>1\2kernel.elf", line) for line in lines]
    lines = [re.sub(rf"^# {name}", "# kernel.elf", line) for line in lines]
    return VARIES.sub("@", "TAP version 13\n1..1\n" + "".join(lines))


def build_steps(folder, environment):
    """Build step after step in one folder, as the reader does; results, and each step's page, file and words."""
    steps = []
    work = folder / "my-kernel"
    work.mkdir()
    for number, path in enumerate(PAGES, 1):
        page = path.read_text()
        place(work, page)
        if number == 1:
            (work / "kernel.c").write_text("")
            empty = shell(work, "make", environment)
            yield check("tutorial.an_empty_file", LINKER_SAYS.search(page)[1] in empty.stdout), None
            place(work, page)
        made = shell(work, "make", environment)
        result = check(f"tutorial.{path.stem}.builds", made.returncode == 0 and "warning" not in made.stdout)
        result.detail = made.stdout if not result.passed else ""
        yield result, None
        if result.passed:
            shutil.copyfile(work / "kernel.elf", folder / f"step{number}.elf")
            steps.append((number, path.stem, page, folder / f"step{number}.elf"))
    yield None, steps


def steps_of_the_tutorial():
    """All steps, built one upon the other, in one boot; each shows what its page shows, and is ok."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        steps = []
        for result, found in build_steps(folder, install_sdk(folder)):
            if result is not None:
                yield result
            steps = found or steps
        words = [f"step{number}.elf strict=on {WORDS.search(page)[1] or ''}" for number, _, page, _ in steps]
        boot = run(*(word for _, _, _, elf in steps for word in ("--guest", elf)),
                   *(word for spec in words for word in ("--autorun", spec)))
    for number, title, page, _ in steps:
        seen = stream_of(boot.out, number)
        result = check(f"tutorial.{title}.shows", re.fullmatch(pattern_of(SEEN.search(page)[1]), seen))
        result.detail = seen if not result.passed else ""
        yield result
    yield check("tutorial.all_ten", len(steps) == 10 and boot.status == 0, boot)


def tests():
    """Name and function of each test."""
    yield "tutorial.steps", steps_of_the_tutorial
