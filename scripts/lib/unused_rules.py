"""What nobody uses goes: functions and variables of object files, functions and macros of headers.

Both ways of use count, so that no build option hides one: the symbols that object files want, which see through the
macros that make names, and the words of the sources, which are there whatever is compiled.
"""
import collections
import pathlib
import re

from lib import source_rules, symbol_rules

PRODUCT, TESTS = ("hv", "efi"), "tests"
CODE = (".c", ".S", ".inc", ".ld")
WORD = re.compile(r"[A-Za-z_]\w*")
MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.MULTILINE)
INLINE = re.compile(r"^static inline [^(]*?(\w+)\(", re.MULTILINE)
# What a compiler calls by itself, and where the firmware and the loader begin.
GIVEN = {"memcpy", "memset", "memmove", "memcmp", "hv_start", "efi_main"}
# Only tests or only its own file uses them, for a reason. One that is used, or is gone, must be taken off.
ALLOWED = {}


def count_words(files):
    """{path: how often each word is in its code}, of the product and its tests."""
    words = {}
    for path in files:
        if path.parts[0] in (*PRODUCT, TESTS) and path.suffix in source_rules.C_SUFFIXES:
            text = source_rules.code_of(path, "\n".join(source_rules.read_lines(path)))
            words[path] = collections.Counter(WORD.findall(re.sub(r"\.globl [^\n]*", "", text)))
    return words


def find_unused(symbols, words):
    """{name: problem} of global symbols, {source: (defined, wanted)}."""
    problems = {}
    for source, (defined, _) in symbols.items():
        wanted = set().union(*(other for path, (_, other) in symbols.items() if path != source))
        product = collections.Counter()
        for path, counted in words.items():
            if path.parts[0] in PRODUCT and str(path) != source and path.suffix in CODE:
                product.update(counted.keys() & defined)
        headers = collections.Counter()
        for path, counted in words.items():
            if path.parts[0] in PRODUCT and path.suffix == ".h":
                headers.update({name: counted[name] for name in counted.keys() & defined})
        tests = set().union(*(counted.keys() & defined for path, counted in words.items() if path.parts[0] == TESTS))
        own = words.get(pathlib.PurePosixPath(source), collections.Counter())
        for name in sorted(filter(WORD.fullmatch, defined - wanted - product.keys() - GIVEN)):     # strings have names
            if headers[name] > 1 or (own[name] > 1 and name in tests):
                continue
            problems[name] = (f"{source}: {name} is used only here: make it static" if own[name] > 1 else
                              f"{source}: nobody but tests uses {name}" if name in tests else
                              f"{source}: nobody uses {name}")
    return problems


def find_unused_in_text(texts, words):
    """{name: problem} of macros and of inline functions, {path: code}, that are named only where they are made."""
    total, product = collections.Counter(), collections.Counter()
    for path, counted in words.items():
        total.update(counted)
        if path.parts[0] in PRODUCT:
            product.update(counted)
    problems = {}
    for path, text in texts.items():
        problems.update({name: f"{path}: nobody uses the macro {name}" for name in MACRO.findall(text)
                         if total[name] == 1})
        problems.update({name: f"{path}: nobody uses the inline function {name}" for name in INLINE.findall(text)
                         if product[name] == 1})
    return problems


def judge(problems, allowed):
    """The problems that are not allowed, and what is allowed for nothing."""
    yield from (problems[name] for name in sorted(problems.keys() - allowed))
    yield from (f"scripts/lib/unused_rules.py: {name} is used or gone, take it off"
                for name in sorted(allowed - problems.keys()))


def check_unused(files):
    """Functions, variables and macros of efi/ and hv/ are used, and only what another file uses is global."""
    words, problems = count_words(files), {}
    for folder in PRODUCT:
        built = symbol_rules.list_objects(files, folder)
        problems.update(find_unused(symbol_rules.read_symbols(built), words))
    texts = {path: source_rules.code_of(path, "\n".join(source_rules.read_lines(path)))
             for path in words if path.parts[0] in PRODUCT}
    problems.update(find_unused_in_text(texts, words))
    yield from judge(problems, ALLOWED.keys())


RULES = {"source.unused": check_unused}
