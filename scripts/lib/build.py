"""Build Cobble with Meson in build/, one build at a time. Where scripts/package has put us, nothing is built."""
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

# A package has this in place of sources.
FINISHED = ROOT / "cobble.efi"
IS_PACKAGE = FINISHED.exists()
# COBBLE_EFI names another application to boot: the benchmark has one of its own.
BUILT = FINISHED if IS_PACKAGE else DIRECTORY / "efi" / "cobble.efi"
EFI = pathlib.Path(os.environ.get("COBBLE_EFI", BUILT)).absolute()
HV_ELF = DIRECTORY / "hv" / "hv.elf"
GUESTS = DIRECTORY / "guestfs"
# What scripts/run needs; the tests are not built for it.
RUN_TARGETS = ["efi/cobble.efi"]


def open_lock(directory):
    """The file to lock, or None: who may not write to a directory waits for its builds, if there ever were some."""
    for flags in (os.O_RDWR | os.O_CREAT, os.O_RDONLY):
        with contextlib.suppress(OSError):
            return open(os.open(directory / ".lock", flags, 0o666), "rb")
    return None


def command(name):
    """What a person types to run a script of ours."""
    return f"cobble-{name}" if IS_PACKAGE else f"scripts/{name}"


@contextlib.contextmanager
def locked(directory, how):
    """Hold a directory's build lock: to build (fcntl.LOCK_EX), or to look with others (LOCK_SH). Says when it waits."""
    with contextlib.suppress(OSError):
        directory.mkdir(parents=True, exist_ok=True)
    lock = open_lock(directory)
    with lock or contextlib.nullcontext():
        if lock is None:
            yield
            return
        try:
            fcntl.flock(lock, how | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another build in {directory}")
            fcntl.flock(lock, how)
        yield


def run_tool(command, what, **options):
    """Run a build tool; its output goes to stderr, and is shown when it fails (quiet) or always."""
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, errors="replace", **options)
    if result.returncode != 0:
        sys.stderr.write(result.stdout)
        raise SetupError(f"{what} failed (status {result.returncode})")
    return result.stdout


def check_writable(directory):
    """What is not up to date has to be built, and this user may have to do that elsewhere."""
    if not os.access(directory, os.W_OK | os.X_OK):
        raise SetupError(f"{directory} is not up to date, and this user may not write there; name another place to "
                         "build in: COBBLE_BUILD=DIRECTORY scripts/run")


def is_up_to_date(directory, targets):
    """Whether a build directory has nothing to build."""
    return ((directory / "build.ninja").exists() and
            "no work to do" in run_tool(["ninja", "-C", str(directory), "-n", *targets], "ninja"))


def build_in(source, directory, targets, options=()):
    """Configure, with Meson's options, and build targets (none: everything) of a source tree in a directory.

    Looking comes first, under a lock that many may hold: of two who start at once with nothing to build, none waits.
    """
    with locked(directory, fcntl.LOCK_SH):
        if is_up_to_date(directory, targets):
            return
    with locked(directory, fcntl.LOCK_EX):
        if not (directory / "build.ninja").exists():
            check_writable(directory)
            say(f"configuring {directory}")
            run_tool(["meson", "setup", *options, str(directory), str(source)], "meson setup",
                     env={**os.environ, "CC": "clang"})
        if not is_up_to_date(directory, targets):
            check_writable(directory)
            say("building")
            run_tool(["ninja", "--quiet", "-C", str(directory), *targets], "the build")


def ensure(targets=()):
    """Install what is missing and bring the build up to date; of a package, see that what it needs is there."""
    if IS_PACKAGE:
        packages.check_tools()
        return
    packages.ensure()
    build_in(ROOT, DIRECTORY, list(targets))
