"""docs/abi-numbers.md: what hv/pebpeb.h and the SDK's hv.h say, as tables. scripts/mkabi.py writes it."""
import re

from lib.build import ROOT

PAGE = "docs/abi-numbers.md"
HEADER = "hv/pebpeb.h"
PROTOTYPES = "guestfs/sdk/hv.h"
INTRODUCTION = f"""# The contract in numbers

Made from `{HEADER}` and `{PROTOTYPES}` by `scripts/mkabi.py`; `scripts/test rules` fails when it is not current.
What it all means: [abi.md](abi.md). In C, `#include "sdk.h"` has all of this; in assembly `#include "pebpeb.h"` has the
numbers.
"""
DEFINE = re.compile(r"#define (\w+) +([^\n]*?)\s*(?:/\*\s*(.*?)\s*\*/)?")
LIST = re.compile(r"#define (HV_\w*CALLS)\(X\)((?:.*\\\n)+.*\n)")
TITLES = {"HV_CALLS": "For every guest", "HV_CONTROL_CALLS": "For guests that may start guests"}
PROTOTYPE = re.compile(r"^((?:_Noreturn )?\w+ (hv_\w+)\([^;]*?\));", re.MULTILINE)
STRUCT = re.compile(r"(?:/\*([^\n]*?)\*/\n)?struct (\w+) \{\n(.*?)\n\};", re.DOTALL)
FIELD = re.compile(r" *(\w+) ([\w, \[\]]+); *(?:/\*\s*(.*?)\s*\*/)?")
SIZES = {"uint64_t": 8, "uint32_t": 4, "int32_t": 4, "uint16_t": 2, "char": 1}
ALIGNMENT_MAX = 4       # of a 32-bit guest: System V ABI i386, "Fundamental Types"


def cell(text):
    """A comment as a table has it."""
    return re.sub(r"\s*\n\s*\*?\s*", " ", text or "").replace("|", "\\|").strip()


def read_constants(text):
    """{name: number} of those that are plain numbers."""
    found = re.findall(r"^#define (HV_\w+) (0x[0-9A-Fa-f]+|\d+)u?\b", text, re.MULTILINE)
    return {name: int(value, 0) for name, value in found}


def count_of(declarator, constants):
    """The name of a field, and of how many values it is an array."""
    name, *dimensions = re.findall(r"\w+", declarator)
    count = 1
    for dimension in dimensions:
        count *= constants[dimension] if dimension in constants else int(dimension)
    return name, count


def fields_of(body, constants):
    """Offset, type, declarator and comment of each field, then the size, as a 32-bit guest sees them."""
    fields, offset, widest = [], 0, 1
    for line in body.splitlines():
        kind, declarators, comment = FIELD.fullmatch(line).groups()
        alignment = min(SIZES[kind], ALIGNMENT_MAX)
        widest = max(widest, alignment)
        for index, declarator in enumerate(declarators.split(", ")):
            offset += -offset % alignment
            fields.append((offset, kind, declarator, comment if index == 0 else ""))
            offset += SIZES[kind] * count_of(declarator, constants)[1]
    return fields, offset + -offset % widest


def read_structs(text):
    """Name, comment, fields and size of each struct."""
    constants = read_constants(text)
    for comment, name, body in STRUCT.findall(text):
        yield (name, comment.strip(), *fields_of(body, constants))


def call_tables(text, prototypes):
    """The calls, with their C functions."""
    functions = {name: cell(whole) for whole, name in PROTOTYPE.findall(prototypes)}
    for list_name, body in LIST.findall(text):
        yield f"### {TITLES[list_name]}\n"
        yield "| EAX | words at 0(%esp) | function |"
        yield "|---|---|---|"
        for number, name, words in re.findall(r"X\((\w+), \w+, (\w+), (\d)\)", body):
            yield f"| {number} | {words} | `{functions[f'hv_{name}']}` |"
        yield ""


def number_tables(text):
    """The constants, in groups as the header has them; groups without a title are one table."""
    plain = re.sub(r"^#ifndef __ASSEMBLER__.*?^#endif\n", "", LIST.sub("", text), flags=re.MULTILINE | re.DOTALL)
    is_open = False
    for group in re.split(r"\n\n+", plain):
        defines = [match.groups() for match in map(DEFINE.fullmatch, group.splitlines()) if match]
        if not defines:
            continue
        title = re.match(r"/\*\s*(.*?)\s*\*/\n", group, re.DOTALL)
        if title or not is_open:
            yield from ([""] if is_open else []) + ([f"{cell(title[1])}\n"] if title else [])
            yield "| name | value | |"
            yield "|---|---|---|"
        for name, value, comment in defines:
            yield f"| `{name}` | {cell(value)} | {cell(comment)} |"
        is_open = True
    yield ""


def struct_tables(text):
    """The structures, with offsets."""
    for name, comment, fields, size in read_structs(text):
        yield f"### struct {name}\n"
        yield f"{comment} {size} bytes.\n".lstrip()
        yield "| offset | field | |"
        yield "|---|---|---|"
        for offset, kind, declarator, said in fields:
            yield f"| {offset} | `{kind} {declarator}` | {cell(said)} |"
        yield ""


def make_page(text, prototypes):
    parts = [("Calls", call_tables(text, prototypes)), ("Numbers", number_tables(text)),
             ("Structures", struct_tables(text))]
    lines = [INTRODUCTION]
    for title, table in parts:
        lines += [f"## {title}\n", *table]
    return "\n".join(lines).rstrip("\n") + "\n"


def current_page():
    return make_page((ROOT / HEADER).read_text(encoding="utf-8"), (ROOT / PROTOTYPES).read_text(encoding="utf-8"))


def check_page(_):
    """The page says what the headers say."""
    path = ROOT / PAGE
    if not path.exists() or path.read_text(encoding="utf-8") != current_page():
        yield f"{PAGE}: is not what scripts/mkabi.py makes of {HEADER} and {PROTOTYPES}: run it"


RULES = {"source.abi_page": check_page}
