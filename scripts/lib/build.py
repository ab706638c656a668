"""Build Cobble with Meson in build/, one build at a time."""
import contextlib
import fcntl
import os
import pathlib
import subprocess
import sys

from lib import packages
from lib.report import SetupError, say

ROOT = pathlib.Path(__file__).resolve().parents[2]
# The checkout may belong to another user than the one who builds.
GIT = ["git", "-c", "safe.directory=*", "-C", str(ROOT)]
# COBBLE_BUILD names another build directory: for a second one beside the first.
DIRECTORY = pathlib.Path(os.environ.get("COBBLE_BUILD", ROOT / "build")).absolute()

# COBBLE_EFI names another application to boot: the benchmark has one of its own.
EFI = pathlib.Path(os.environ.get("COBBLE_EFI", DIRECTORY / "efi" / "cobble.efi")).absolute()
HV_ELF = DIRECTORY / "hv" / "hv.elf"
GUESTS = DIRECTORY / "guestfs"
# What scripts/run needs; the tests are not built for it.
RUN_TARGETS = ["efi/cobble.efi"]


@contextlib.contextmanager
def locked(directory):
    """Hold a directory's build lock; says so when another process has it."""
    directory.mkdir(parents=True, exist_ok=True)
    with open(directory / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another build in {directory}")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run_tool(command, what, **options):
    """Run a build tool; its output goes to stderr, and is shown when it fails (quiet) or always."""
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, errors="replace", **options)
    if result.returncode != 0:
        sys.stderr.write(result.stdout)
        raise SetupError(f"{what} failed (status {result.returncode})")
    return result.stdout


def build_in(source, directory, targets, options=()):
    """Configure, with Meson's options, and build targets (none: everything) of a source tree in a directory."""
    with locked(directory):
        if not (directory / "build.ninja").exists():
            say(f"configuring {directory}")
            run_tool(["meson", "setup", *options, str(directory), str(source)], "meson setup",
                     env={**os.environ, "CC": "clang"})
        plan = run_tool(["ninja", "-C", str(directory), "-n", *targets], "ninja")
        if "no work to do" not in plan:
            say("building")
            run_tool(["ninja", "--quiet", "-C", str(directory), *targets], "the build")


def ensure(targets=()):
    """Install what is missing and bring the build up to date."""
    packages.ensure()
    build_in(ROOT, DIRECTORY, list(targets))
