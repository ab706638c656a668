"""Rules for the sources that a compiler does not check: layers, headers that stand alone, lines, names."""
import pathlib
import re
import subprocess

from lib.build import GIT, ROOT

# Lower layers first; a folder may include itself and everything in earlier groups (docs/architecture.md).
LAYERS = [{"base"}, {"cpu"}, {"pagetable", "irq", "io"}, {"guest"}, {"vpc", "hypercall"}, {"monitor"}]
# Contracts with the outside world: no layer owns them.
CONTRACTS = {"boot_info.h", "pebpeb.h"}
TEXT_SUFFIXES = {".c", ".h", ".S", ".inc", ".ld", ".py", ".build", ".sh", ".md", ".txt", ""}
C_SUFFIXES = {".c", ".h", ".S", ".inc", ".ld"}
MAX_COLUMNS = 120
NAMED_FILE = re.compile(r"(?<![\w./*-])[\w.][\w./-]*\.(?:c|h|S|inc|ld|md|py)\b(?![\w(*])")
# Files that a document has its reader write.
EXAMPLES = {"guestfs/count/count.c", "count/count.c", "count.c", "my.c"}
# A file that the tutorial has its reader write, its name above it; tests/system/tutorial_tests.py builds and runs it.
LISTING = re.compile(r"^`([\w./]+)`\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PLACEHOLDER = re.compile(r"NAME|FILE|OUTPUT")
IDENTIFIER = re.compile(r"(?<![\w/.$-])([A-Za-z]\w*_\w+)\b(?!\.[a-z]|/|\*|\.\.\.)|\b(?:struct|enum) ([a-z]\w+)")
SECTION = re.compile(r'\b([\w-]+\.md)(?:\))?[`,]*[ \n*#]+"([^"]+)"')
READING_ORDER = "## A reading order"
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


def names_in(build, listed):
    """The files that an expression of a meson.build lists, in it or by the names of other lists there."""
    for word, name in re.findall(r"\b(\w+)\b(?!['.(])|'([^']+)'", listed):
        if name:
            yield name
        elif found := re.search(rf"^{word} = (.*?)^(?=\w)", build + "\nend", re.MULTILINE | re.DOTALL):
            yield from names_in(build, re.sub(r"#.*", "", found[1]))


def check_pure(files):
    """What is listed as PURE has no assembly in it."""
    for path in files:
        if path.name != "meson.build" or path.parts[0] != "hv":
            continue
        build = (ROOT / path).read_text()
        for listed in re.findall(r"^pure_sources \+=(.*?)^(?=\w)", build + "\nend", re.MULTILINE | re.DOTALL):
            for name in names_in(build, listed):
                text = (ROOT / path.parent / name).read_text()
                if re.search(r"\b(__)?asm(__)?\b\s*(volatile|\()|cpu/insn\.h", text):
                    yield f"{path.parent / name}: listed as PURE, but uses assembly"


def is_tutorial(path):
    return path.parts[:2] == ("docs", "tutorial")


def prose_of(path, text):
    """A document without what is fenced in the tutorial: that is built and run."""
    if not is_tutorial(path):
        return text
    return re.sub(r"^ *```.*?^ *```$", lambda match: "\n" * match[0].count("\n"), text, flags=re.MULTILINE | re.DOTALL)


def listings_of(files):
    """Names and texts of the files that the tutorial has its reader write."""
    return [listing for path in files if is_tutorial(path) for listing in LISTING.findall("\n".join(read_lines(path)))]


def comments_of(path, text):
    """A text with all but its comments blanked, line for line; of a document all is comment."""
    if path.suffix == ".md":
        return prose_of(path, text)
    if path.suffix in C_SUFFIXES:
        pattern = r"/\*.*?\*/|//[^\n]*"
    else:
        pattern = r'"""(?:.*?)"""|(?<!\S)#[^\n]*'
    kept, last = [], 0
    for match in re.finditer(pattern, text, re.DOTALL):
        kept += ["\n" * text.count("\n", last, match.start()), match[0]]
        last = match.end()
    return "".join(kept)


def check_named_files(files):
    """Every file that a comment or a document names exists: by its path, or the end of it."""
    ends = {"/".join(path.parts[first:]) for path in files for first in range(len(path.parts))}
    ends |= {name for name, _ in listings_of(files)}
    for path in files:
        for number, line in enumerate(comments_of(path, "\n".join(read_lines(path))).split("\n"), 1):
            for name in NAMED_FILE.findall(line):
                if re.sub(r"^\.{1,2}/", "", name) not in ends | EXAMPLES and not PLACEHOLDER.search(name):
                    yield f"{path}:{number}: names {name}, which does not exist"


def check_sections(files):
    """A section that is cited by its title stands in that document."""
    titles = {path: set(re.findall(r"^#+ (.*)$", "\n".join(read_lines(path)), re.MULTILINE)) for path in files
              if path.suffix == ".md"}
    for path in files:
        text = "\n".join(read_lines(path))
        for match in SECTION.finditer(comments_of(path, text)):
            document = next((each for each in titles if each.name == match[1]), None)
            title = re.sub(r"\s*\n[ \t]*[*#]?\s*", " ", match[2])
            if document is not None and title not in titles[document]:
                yield f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {document} has no section {title!r}"


def code_of(path, text):
    """Of a C source the code alone: what only a comment speaks of is not there."""
    return re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.DOTALL) if path.suffix in C_SUFFIXES else text


def check_identifiers(files):
    """Every identifier in a document exists: what has an underscore, and what is called a struct or an enum."""
    known = {word for _, text in listings_of(files) for word in re.findall(r"\w+", text)}
    for path in files:
        if path.suffix != ".md":
            known.update(re.findall(r"\w+", code_of(path, "\n".join(read_lines(path))) + " " + path.stem))
    for path in files:
        if path.suffix != ".md":
            continue
        is_measured = False         # figures name the functions of the day they were taken
        for number, line in enumerate(prose_of(path, "\n".join(read_lines(path))).split("\n"), 1):
            if line.startswith("<!-- generated"):
                is_measured = line.endswith("begin -->")
            for name in IDENTIFIER.findall(line):
                if not is_measured and (name[0] or name[1]) not in known:
                    yield f"{path}:{number}: {name[0] or name[1]} does not exist"


def reading_order(lines):
    """Files that the README's reading order names; one without a folder is where the one before it was."""
    folder = ""
    for number, line in enumerate(lines[lines.index(READING_ORDER):], lines.index(READING_ORDER) + 1):
        if line.startswith("## ") and line != READING_ORDER:
            return
        for name in re.findall(r"(?<![\w./-])[\w./]+\.(?:c|h|S|inc|ld)\b", line):
            folder, _, base = name.rpartition("/") if "/" in name else (folder, "", name)
            yield number, f"{folder}/{base}"


def check_reading_order(files):
    """Each source file of efi/ and hv/ stands in the README's reading order; a header goes with its .c or .S."""
    sources = {str(path) for path in files if path.parts[0] in ("efi", "hv") and
               path.suffix in (".c", ".h", ".S", ".inc", ".ld")}
    named = set()
    for number, name in reading_order(read_lines(pathlib.PurePosixPath("README.md"))):
        named.add(name)
        if name.startswith(("efi/", "hv/")) and name not in sources:
            yield f"README.md:{number}: {name} does not exist"
    for name in sorted(sources - named):
        stem = name.removesuffix(".h")
        if not (name.endswith(".h") and {f"{stem}.c", f"{stem}.S"} & sources):
            yield f"{name}: is not in the README's reading order"


RULES = {
    "source.layers": check_layers,
    "source.headers": check_headers,
    "source.lines": check_lines,
    "source.first_comments": check_first_comments,
    "source.paths": check_paths,
    "source.pure": check_pure,
    "source.named_files": check_named_files,
    "source.sections": check_sections,
    "source.identifiers": check_identifiers,
    "source.reading_order": check_reading_order,
}
