"""What system tests share: run scripts/run, read its TAP, and say what was seen."""
import dataclasses
import pathlib
import re
import subprocess
import types

ROOT = pathlib.Path(__file__).resolve().parents[2]
RUN = ROOT / "scripts" / "run"
MANIFEST = ROOT / "tests" / "guests" / "manifest"
EXPECTED = ROOT / "tests" / "guests" / "expected"


@dataclasses.dataclass
class Result:
    """One check: its name, whether it held, and what to show when it did not."""
    name: str
    passed: bool
    detail: str = ""


@dataclasses.dataclass
class Guest:
    """A line of the manifest."""
    name: str
    spec: str
    reason: str
    heading: str


@dataclasses.dataclass
class Boot:
    """What a run of scripts/run left behind."""
    status: int
    out: str
    err: str

    def verdict(self, name):
        """The result line of a guest, '' when there is none."""
        found = re.search(rf"^(not )?ok \d+ - {re.escape(name)}(?: #.*)?$", self.out, re.MULTILINE)
        return found.group(0) if found else ""

    def tail(self, lines=15):
        """The end of both streams, for a failure's detail."""
        return "\n".join((self.out + self.err).splitlines()[-lines:])


def read_manifest():
    """Every guest of tests/guests/manifest."""
    guests, heading = [], ""
    for line in MANIFEST.read_text().splitlines():
        line, _, reason = line.partition("  # reason:")
        line = line.split("  #")[0].strip()
        if line.startswith("["):
            heading = line.strip("[]")
        elif line and line[0] != "#":
            guests.append(Guest(line.split()[0], line, reason.strip(), heading))
    return guests


def run(*arguments, headless=True, limit=900, input_bytes=None, environment=None):
    """scripts/run with these arguments, ended after limit seconds."""
    command = [str(RUN), *(["--headless"] if headless else []), *map(str, arguments)]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=limit, check=False,
                            env=environment, input=input_bytes,
                            stdin=None if input_bytes is not None else subprocess.DEVNULL)
    return Boot(result.returncode, result.stdout.decode("utf-8", "replace"), result.stderr.decode("utf-8", "replace"))


def machine_options(**changes):
    """What lib.machine.Machine asks of the options of scripts/run, for a machine that is started without it."""
    return types.SimpleNamespace(**{"boot_from": "disk", "memory_mib": 256, "processors": 1, "headless": True,
                                    "screenshot": None, "gdb_guest": None, "gdb_hypervisor": False, "counted": False,
                                    "secure_boot": False, "trace": None, "qemu": [], **changes})


def check(name, condition, boot=None):
    """A result; the boot's last lines explain a failure."""
    return Result(name, bool(condition), boot.tail() if boot and not condition else "")
