"""What scripts/package makes, unpacked elsewhere: runs and grades with no compiler and nothing of the checkout."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from gdb_terminal_tests import SECONDS, Gdb
from harness import ROOT, Boot, Result, check
from lib import packages

PROGRAM = '#include "sdk.h"\nint main(void)\n{\n    printf("all tests passed\\n");\n    return 0;\n}\n'
PLAN = """\
alice/kernel.elf match="all tests passed" points=3
bob/kernel.elf match="all tests passed"
hello match=Hello
"""
SECTION = re.compile(r"^## Without this repository\n(.*?)^## ", re.MULTILINE | re.DOTALL)
LISTING = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)
QEMU_OK = 33
BUILD = ("clang $(pkg-config --cflags cobble-sdk) -O2 -c my.c && "
         "ld.lld -m elf_i386 -static -o kernel.elf my.o $(pkg-config --libs cobble-sdk)")


def shell(folder, script, **environment):
    """A script in a folder, ended at its first error."""
    result = subprocess.run(["/bin/bash", "-e", "-c", script], cwd=folder, env={**os.environ, **environment},
                            capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL, timeout=300,
                            check=False)
    return Boot(result.returncode, result.stdout, result.stderr)


def place_tools(folder):
    """A PATH with what the package depends on, and nothing else."""
    folder.mkdir()
    for name in (*packages.TOOLS, "mmd", "mcopy"):
        (folder / name).symlink_to(shutil.which(name))
    return str(folder)


def unpack(folder):
    """Both packages, made twice and unpacked once, in a place that no build knows; results on the way."""
    sums = []
    for name in ("first", "second"):
        made = shell(ROOT, f"scripts/package --output {folder}/{name} && cat {folder}/{name}/* | sha256sum")
        sums.append(made.out)
    yield check("package.made", made.status == 0, made)
    yield check("package.the_same_twice", sums[0] == sums[1] != "", made)
    unpacked = shell(folder, "dpkg-deb -x first/*.deb installed && mkdir else && tar -xf first/*.tar.gz -C else")
    yield check("package.unpacked", unpacked.status == 0, unpacked)


def make_kernel(folder):
    """A student's kernel, built with the package's SDK; and one that fails."""
    (folder / "my.c").write_text(PROGRAM)
    built = shell(folder, BUILD, PKG_CONFIG_PATH=f"{folder}/installed/usr/share/pkgconfig")
    yield check("package.sdk_builds", built.status == 0, built)
    for name in ("alice", "bob"):
        (folder / name).mkdir()
    shutil.copyfile(folder / "kernel.elf", folder / "alice" / "kernel.elf")
    (folder / "bob" / "kernel.elf").write_bytes(b"junk")
    (folder / "plan").write_text(PLAN)


def runs(folder, tools):
    """cobble-run of the Debian package, cobble-grade of the archive; PATH has no compiler, and no git."""
    programs = f"{folder}/installed/usr/bin"
    clean = {"PATH": f"{programs}:{tools}"}
    found = shell(folder, "! command -v clang && ! command -v git && ! command -v meson", **clean)
    ran = shell(folder, "cobble-run --headless --guest kernel.elf --autorun 'kernel.elf match=passed'", **clean)
    yield check("package.runs", found.status == 0 and ran.status == 0 and "\nok 1 - kernel.elf" in ran.out, ran)
    graded = shell(folder, f"{next(folder.glob('else/*'))}/bin/cobble-grade plan --html pages", PATH=tools)
    verdicts = re.findall(r"^(?:not )?ok ", graded.out, re.MULTILINE)
    yield check("package.grades", graded.status == 1 and verdicts == ["ok ", "not ok ", "ok "] and
                (folder / "pages" / "bob.html").exists(), graded)
    helped = shell(folder, "cobble-grade --help && cobble-iso --help && cobble-run --help", **clean)
    yield check("package.names_itself", helped.status == 0 and "scripts/" not in helped.out, helped)
    refused = shell(folder, "cobble-iso", PATH=programs)
    yield check("package.names_what_is_missing", refused.status == 2 and "apt-get install mtools" in refused.err,
                refused)
    yield from authors(folder, programs)


def authors(folder, programs):
    """docs/authoring.md with the package: make test, make run and its monitor, make debug."""
    paths = {"PATH": f"{programs}:{os.environ['PATH']}"}
    helped = shell(folder, "cobble-new-guest --help", **paths)
    yield check("package.author.help", helped.out.startswith("usage: cobble-new-guest "), helped)
    made = shell(folder, "cobble-new-guest 'of mine/mine' && cd 'of mine/mine' && make test", **paths)
    yield check("package.author.make_test", made.status == 0 and "\n# mine.elf| mine: 5 ticks\nok 1" in made.out, made)
    place = folder / "of mine" / "mine"
    with Gdb(["make", "run"], place, **paths) as terminal:
        yield Result("package.author.make_run", terminal.wait("mine: 5 ticks"), terminal.text)
        terminal.wait("cobble> ")
        terminal.type("\x1dmrun mine.elf\r")
        moved = r"(\x1b\[[\d;]*H| )"        # to the next word
        yield Result("package.author.monitor", terminal.wait(rf"mine\.elf:{moved}exit{moved}0"), terminal.text)
    with Gdb(["make", "debug"], place, **paths) as gdb:
        gdb.begin()
        said = gdb.do("break timer") + gdb.do("continue")
        yield Result("package.author.make_debug", "ticks++;" in said, gdb.text)
        gdb.do("quit", "no more comes")
        yield Result("package.author.debug_ends", gdb.process.wait(SECONDS) == 0, gdb.text)


def documented_image(folder, tools):
    """docs/grading.md: a configuration, an image in seconds, and one line of QEMU, all to the letter."""
    section = SECTION.search((ROOT / "docs" / "grading.md").read_text())[1]
    config, lines = (text for text in LISTING.findall(section) if text.startswith(("autorun", "cobble-iso")))
    (folder / "cobble.cfg").write_text(config)
    boot = shell(folder, lines, PATH=f"{folder}/installed/usr/bin:{tools}")
    stream = boot.out.replace("\r", "").partition("TAP version 13\n")[2]
    yield check("package.documented_image", boot.status == QEMU_OK and "\nok 1 - kernel.elf" in stream and
                "# cobble: done ok=1 not_ok=0" in stream.splitlines()[-1], boot)


def package():
    """Made, unpacked elsewhere, and used there."""
    with tempfile.TemporaryDirectory(prefix="cobble-test-") as name:
        folder = pathlib.Path(name)
        yield from unpack(folder)
        yield from make_kernel(folder)
        tools = place_tools(folder / "tools")
        yield from runs(folder, tools)
        yield from documented_image(folder, tools)


def tests():
    """Name and function of each test."""
    yield "package.elsewhere", package
