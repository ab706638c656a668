"""Kernels of tests/vpc whose bytes no row shows, that somebody types to, or that are about how long things take, in
Cobble by each engine and in plain QEMU: the same bytes, and the same status.

All are in one boot, each on the wall's clock, so that a second of one is a second of all.
"""
import dataclasses

from harness import Result, check
from vpc_bytes import Plain, run, same_bytes
from vpc_kernels import ENGINES, KERNELS

COBBLES_DATE = ("-rtc", "base=2026-01-01T00:00:00")     # a PC's clock begins there
STATUS = 42             # of each that is content
PROMPT = b"type\n"      # of those that are typed to
KEYS = (("a",), ("shift", "b"), ("ret",), ("dot",))
TYPED = r'type="aB\n."'


@dataclasses.dataclass
class Case:
    """A kernel, its command line, more words of a plan, and how plain QEMU has the same: options, and who types when
    it has said that it waits for that, keys or bytes for its serial line."""
    name: str
    line: str = ""
    words: str = ""
    options: tuple = ()
    keys: tuple = ()
    data: bytes = b""

    @property
    def title(self):
        return "_".join(word for word in (self.name, self.line, "serial" if self.data else "") if word)


CASES = (Case("bytes"), Case("heavy"), Case("speed"), Case("share", "1", options=COBBLES_DATE),
         Case("seconds", "three"), Case("typed", words=TYPED, keys=KEYS), Case("typed", "second", TYPED, keys=KEYS),
         Case("typed", words=f"{TYPED} input=serial", data=b"aB\r."))


def begin(case):
    """A case in plain QEMU, typed to."""
    pc = Plain(case.name, *case.options, line=case.line, has_input=bool(case.data))
    if case.keys or case.data:
        pc.wait(len(PROMPT))
    for keys in case.keys:
        pc.press(*keys)
    pc.send(case.data)
    return pc


def autorun(case, engine):
    """The same as a line of a plan."""
    line = f"cmdline={case.line}" if case.line else ""
    return f"{case.name}.vpc engine={engine} as={case.title}-{engine} mem=32M clock=wall expect={STATUS} " \
           f"timeout=120s {line} {case.words}"


def plain_too():
    """Each of them by each engine, and in plain QEMU."""
    pcs = [begin(case) for case in CASES]
    boot = run("--together", *(word for name in sorted({case.name for case in CASES})
                               for word in ("--guest", KERNELS / f"{name}.vpc")),
               *(word for case in CASES for engine in ENGINES for word in ("--autorun", autorun(case, engine))))
    yield check("vpc.plain_too", boot.status == 0 and "# leaked frames: 0" in boot.out, boot)
    for case, pc in zip(CASES, pcs):
        status, said = pc.close()
        yield Result(f"vpc.plain_too.{case.title}.status", status == STATUS, f"{status}")
        for engine in ENGINES:
            yield same_bytes(f"plain_too.{case.title}.{engine}", boot.sent.get(f"{case.title}-{engine}", []), said)


def tests():
    """Name and function of each test."""
    yield "vpc.plain_too", plain_too
