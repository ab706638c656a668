"""Kernels of tests/vpc that somebody types to, that tell of a time, or that never end, in Cobble by each engine and in
plain QEMU: the same bytes, and where they end the same status.

All are in one boot, each on the wall's clock, so that a second of one is a second of all.
"""
import contextlib
import dataclasses
import signal
import tempfile

from harness import Result, check
from vpc_bytes import Plain, run
from vpc_kernels import ENGINES, KERNELS, drive, write_disks

COBBLES_DATE = ("-rtc", "base=2026-01-01T00:00:00")     # a PC's clock begins there
KEYS = (("a",), ("shift", "b"), ("ret",), ("dot",))
TYPED = r'type="aB\n."'


@dataclasses.dataclass
class Case:
    """A kernel, its command line, more words of a plan, and how plain QEMU has the same; what it says before somebody
    types, if so the keys or the bytes for its serial line."""
    name: str
    line: str = ""
    words: str = ""
    expect: str = "42"
    options: tuple = ()
    prompt: bytes = b""
    keys: tuple = ()
    data: bytes = b""

    @property
    def goes_on(self):
        return self.expect == "timeout"

    @property
    def title(self):
        return "_".join((self.name, *self.line.split()[1:], *(["serial"] if self.data else [])))


def cases(disks):
    """fresh says its command line, which in QEMU begins with the file's name: it does here, too."""
    yield Case("fresh", "fresh.vpc as given", f"disk={disks[0]} initrd={disks[1]} timeout=4s", "timeout",
               (*drive(disks[0], 0), "-initrd", str(disks[1])))
    for way in ("db", "ac", "irq"):
        yield Case("endless", f"endless.vpc {way}", "timeout=4s", "timeout")
    yield Case("heavy")
    yield Case("speed")
    yield Case("share", "share.vpc 1", options=COBBLES_DATE)
    yield Case("seconds", "seconds.vpc three")
    yield Case("typed", words=TYPED, prompt=b"type\n", keys=KEYS)
    yield Case("typed", "typed.vpc second", TYPED, prompt=b"type\n", keys=KEYS)
    yield Case("typed", words=f"{TYPED} input=serial", prompt=b"type\n", data=b"aB\r.")


def begin(case):
    """A case in plain QEMU, typed to."""
    plain = Plain(case.name, *case.options, line=case.line.partition(" ")[2], has_input=bool(case.data))
    if case.prompt:
        plain.wait(len(case.prompt))
    for keys in case.keys:
        plain.press(*keys)
    if case.data:
        plain.send(case.data)
    return plain


def autorun(case, engine):
    line = f'cmdline="{case.line}"' if case.line else ""
    timeout = "" if "timeout=" in case.words else "timeout=120s"
    return f"{case.name}.vpc engine={engine} as={case.title}-{engine} mem=32M clock=wall expect={case.expect} " \
           f"{line} {case.words} {timeout}"


def plain_too():
    """Each of them by each engine, and in plain QEMU."""
    with contextlib.ExitStack() as places:
        disks = write_disks(places.enter_context(tempfile.TemporaryDirectory()))
        all_cases = list(cases(disks))
        plains = [begin(case) for case in all_cases]
        boot = run("--together", *(word for name in sorted({case.name for case in all_cases})
                                   for word in ("--guest", KERNELS / f"{name}.vpc")),
                   *(word for case in all_cases for engine in ENGINES for word in ("--autorun", autorun(case, engine))))
        yield check("vpc.plain_too", boot.status == 0 and "# leaked frames: 0" in boot.out, boot)
        for case, plain in zip(all_cases, plains):
            sent = [boot.sent.get(f"{case.title}-{engine}", [b""])[0] for engine in ENGINES]
            if case.goes_on:
                plain.wait(len(sent[0]))
            status, said = plain.close(case.goes_on)
            wanted = -signal.SIGKILL if case.goes_on else int(case.expect)
            yield Result(f"vpc.plain_too.{case.title}.status", status == wanted, f"{status}")
            for engine, ours in zip(ENGINES, sent):
                yield Result(f"vpc.plain_too.{case.title}.{engine}.same_bytes", ours == said != b"",
                             f"Cobble: {ours}\nplain QEMU: {said}")


def tests():
    """Name and function of each test."""
    yield "vpc.plain_too", plain_too
