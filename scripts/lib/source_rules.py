"""Rules for the sources that a compiler does not check: layers, headers that stand alone, lines, paths."""
import pathlib
import re
import subprocess

from lib.build import GIT, ROOT

# Lower layers first; a folder may include itself and everything in earlier groups (docs/architecture.md).
LAYERS = [{"base"}, {"cpu"}, {"pagetable", "irq", "io"}, {"guest"}, {"hypercall"}, {"monitor"}]
# Contracts with the outside world: no layer owns them.
CONTRACTS = {"boot_info.h", "pebpeb.h"}
TEXT_SUFFIXES = {".c", ".h", ".S", ".ld", ".py", ".build", ".sh", ".md", ".txt", ""}
MAX_COLUMNS = 120
# Spelled so that this file does not match itself.
FOREIGN = re.compile(r"(?<![\w.])/(?:work|root|home)[/]\w|"
                     r"\b(?:deb|security|archive|mirror|proxy|registry)[.][\w-]+[.]\w")
HV_FLAGS = ["--target=x86_64-unknown-none-elf", "-ffreestanding", "-mgeneral-regs-only", "-Ihv"]
GUEST_FLAGS = ["--target=i386-unknown-none-elf", "-m32", "-ffreestanding", "-Iguestfs/sdk", "-Iguestfs/pebbles/include",
               "-Ihv"]
EFI_FLAGS = ["--target=x86_64-unknown-windows", "-ffreestanding", "-fshort-wchar", "-DGNU_EFI_USE_MS_ABI",
             "-isystem", "/usr/include/efi", "-isystem", "/usr/include/efi/x86_64", "-Iefi", "-Ihv"]


def list_files():
    """All text files of the project, as paths from its root: those git knows or would take."""
    names = subprocess.run([*GIT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                           stdout=subprocess.PIPE, check=True).stdout.decode().split("\0")
    paths = sorted(pathlib.PurePosixPath(name) for name in names if name)
    return [path for path in paths if path.suffix in TEXT_SUFFIXES and (ROOT / path).is_file()]


def read_lines(path):
    return (ROOT / path).read_text(encoding="utf-8", errors="replace").split("\n")


def rank(folder):
    """A layer's place in the order; what is directly in hv/ is above all."""
    return next((index for index, layer in enumerate(LAYERS) if folder in layer), len(LAYERS))


def check_layers(files):
    """A file under hv/ includes only its own folder and lower layers."""
    for path in files:
        if path.parts[0] != "hv" or path.suffix not in (".c", ".h", ".S"):
            continue
        folder = path.parts[1] if len(path.parts) > 2 else ""
        for number, line in enumerate(read_lines(path), 1):
            match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if match is None or match[1] in CONTRACTS:
                continue
            used = match[1].split("/")[0] if "/" in match[1] else ""
            if used != folder and rank(used) >= rank(folder):
                yield f"{path}:{number}: includes {match[1]}, which is no lower layer"


def check_headers(files):
    """Every header compiles alone."""
    flags = {"hv": HV_FLAGS, "guestfs": GUEST_FLAGS, "efi": EFI_FLAGS}
    for path in files:
        if path.suffix != ".h" or path.parts[0] not in flags:
            continue
        result = subprocess.run(["clang", "-std=gnu17", "-fsyntax-only", "-Wall", "-Wextra", "-x", "c", "-include",
                                 str(path), *flags[path.parts[0]], "/dev/null"],
                                cwd=ROOT, capture_output=True, text=True)
        if result.returncode != 0 or result.stderr:
            yield f"{path}: {result.stderr.strip()}"


def check_lines(files):
    """Lines end without blanks, have no tabs and at most 120 columns; files end with a newline."""
    for path in files:
        lines = read_lines(path)
        if lines.pop() != "":
            yield f"{path}: no newline at the end"
        for number, line in enumerate(lines, 1):
            if len(line) > MAX_COLUMNS and path.name != "manifest" and path.suffix != ".md":
                yield f"{path}:{number}: {len(line)} columns"
            if "\t" in line or line.endswith((" ", "\r")):
                yield f"{path}:{number}: a tab, or a blank at the end"


def check_first_comments(files):
    """Every source file starts by saying what it is for."""
    for path in files:
        if path.suffix in (".c", ".h", ".S") and not read_lines(path)[0].startswith(("/*", "//")):
            yield f"{path}: does not start with a comment"


def check_paths(files):
    """No path or host name of one machine is in the sources."""
    for path in files:
        for number, line in enumerate(read_lines(path), 1):
            if FOREIGN.search(line):
                yield f"{path}:{number}: a path or host name of one machine"


def check_pure(files):
    """What is listed as PURE has no assembly in it."""
    for path in files:
        if path.name != "meson.build" or path.parts[0] != "hv":
            continue
        for listed in re.findall(r"pure_sources\s*\+=\s*files\(([^)]*)\)", (ROOT / path).read_text()):
            for name in re.findall(r"'([^']+)'", listed):
                text = (ROOT / path.parent / name).read_text()
                if re.search(r"\b(__)?asm(__)?\b\s*(volatile|\()|cpu/insn\.h", text):
                    yield f"{path.parent / name}: listed as PURE, but uses assembly"


RULES = {
    "source.layers": check_layers,
    "source.headers": check_headers,
    "source.lines": check_lines,
    "source.first_comments": check_first_comments,
    "source.paths": check_paths,
    "source.pure": check_pure,
}
