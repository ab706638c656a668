"""No name twice in hv: files, functions (static ones, too) and static variables of files.

A name in a report, a backtrace or a comment then says where to look, and a search finds one place.
"""
import collections
import re

from lib import source_rules

FUNCTION = re.compile(r"^(?!#|typedef|_Static)[A-Za-z_][^;{}()=\n]*?\b(\w+)\([^;{}]*\)\s*\n\{", re.MULTILINE)
VARIABLE = re.compile(r"^static [^;{}()\n]*?\b(\w+)(?:\[[^\]\n]*\])*(?: *;| = )", re.MULTILINE)
ATTRIBUTE = re.compile(r"__attribute__\(\([^\n]*?\)\)+ ?")
# What must stay, and why.
ALLOWED = {
    "audit_check": "a function in the build that checks, nothing in the other",
    "audit_places": "as audit_check",
    "nested_check": "as audit_check",
    "map_table": "irq.c's looks at the address first and then calls platform.c's",
    "map_device": "as map_table",
}


def find_names(code):
    """The functions and static variables that a file defines."""
    code = ATTRIBUTE.sub("", code)
    return set(FUNCTION.findall(code)) | set(VARIABLE.findall(code))


def judge_names(names, allowed):
    """Problems of {path: names}, and what is allowed for nothing."""
    places = collections.defaultdict(list)
    for path, found in names.items():
        for name in found:
            places[name].append(str(path))
    twice = {name: sorted(paths) for name, paths in places.items() if len(paths) > 1}
    yield from (f"{paths[0]}: {name} is in {', '.join(paths[1:])}, too"
                for name, paths in sorted(twice.items()) if name not in allowed)
    yield from (f"scripts/lib/name_rules.py: {name} is there once now, take it off"
                for name in sorted(allowed - twice.keys()))


def check_names(files):
    """Functions, static variables and files of hv/ have names of their own."""
    sources = [path for path in files if path.parts[0] == "hv" and path.suffix in source_rules.C_SUFFIXES]
    code = {path: source_rules.code_of(path, "\n".join(source_rules.read_lines(path)))
            for path in sources if path.suffix in (".c", ".h")}
    yield from judge_names({path: find_names(text) for path, text in code.items()}, ALLOWED.keys())
    yield from judge_names({path: {path.name} for path in sources}, frozenset())


RULES = {"source.names": check_names}
