"""No circles of files in efi/ and hv/: which file calls for which is read from the object files of the build.

A .c and its .h are one file here. What hv/cpu/entry.S calls, and on whose stack it begins, is no need of its own: the
gates of the processor lead there, and hv/cpu/entry_calls.h, with DOORS, is the list of them.
"""
import re
import subprocess

from lib.build import DIRECTORY, ROOT

OBJECTS = {"hv": ("hv/libhv.a.p", "hv/libhv_slow.a.p"), "efi": ("efi/libefi.a.p",)}
ENTRY, ENTRY_CALLS = "hv/cpu/entry.S", "hv/cpu/entry_calls.h"
DOORS = {"lean_hypercall", "lean_soft_interrupt", "lean_page_fault", "lean_general_protection", "lean_tick",
         "lean_deliver_tick"}


def read_symbols(objects):
    """Of object files, {source: path}: what each defines and what it wants, {source: (defined, wanted)}."""
    symbols = {}
    for source, path in objects.items():
        output = subprocess.run(["llvm-nm", "-g", str(path)], stdout=subprocess.PIPE, check=True, text=True).stdout
        defined, wanted = set(), set()
        for line in output.splitlines():
            kind, name = line.split()[-2:]
            (wanted if kind in "Uwv" else defined).add(name)
        symbols[source] = defined, wanted
    return symbols


def find_uses(symbols, upcalls):
    """{source: {source that it uses: a symbol}}; the entry's upcalls are not counted."""
    owners = {name: source for source, (defined, _) in symbols.items() for name in defined}
    uses = {source: {} for source in symbols}
    for source, (_, wanted) in symbols.items():
        for name in sorted(wanted - (upcalls if source == ENTRY else set())):
            if owners.get(name, source) != source:
                uses[source].setdefault(owners[name], name)
    return uses


def reach(uses, start):
    """All that a source uses, directly or not: {source: the one that uses it}; itself too, when there is a circle."""
    came_from, waiting = {}, [start]
    while waiting:
        source = waiting.pop(0)
        for used in uses[source]:
            if used not in came_from:
                came_from[used] = source
                waiting.append(used)
    return came_from


def find_circles(uses):
    """The groups of sources that use each other, as sorted tuples, each with its shortest way round as text."""
    reached = {source: reach(uses, source) for source in uses}
    circles = {}
    for source in sorted(uses):
        group = tuple(sorted(other for other in reached[source] if source in reached[other]))
        if group and group not in circles:
            way = [source]
            while len(way) == 1 or way[-1] != source:
                way.append(reached[source][way[-1]])
            way.reverse()
            circles[group] = source + "".join(f" -> {after} ({uses[before][after]})"
                                              for before, after in zip(way, way[1:]))
    return circles


def judge_circles(circles):
    """A problem for each circle."""
    for group in sorted(circles):
        yield f"a circle of {', '.join(group)}: {circles[group]}"


def list_objects(files, folder):
    """The object files of a folder of sources, as the build has them: {source: path}."""
    sources = [path for path in files if path.parts[0] == folder and path.suffix in (".c", ".S")]
    paths = {str(path): DIRECTORY / objects / ("_".join(path.parts[1:]) + ".o")
             for path in sources for objects in OBJECTS[folder]
             if (DIRECTORY / objects / ("_".join(path.parts[1:]) + ".o")).exists()}
    return paths


def check_circles(files):
    """Files of efi/ and of hv/ do not use each other in circles."""
    circles = {}
    upcalls = DOORS | set(re.findall(r"(\w+)[(;]", (ROOT / ENTRY_CALLS).read_text()))
    for folder in OBJECTS:
        built = list_objects(files, folder)
        if not built:
            yield f"no object files of {folder}"
        circles.update(find_circles(find_uses(read_symbols(built), upcalls)))
    yield from judge_circles(circles)


RULES = {"source.circles": check_circles}
