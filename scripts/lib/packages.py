"""Install the Debian packages of scripts/packages.txt that are missing."""
import os
import pathlib
import shutil
import subprocess
import sys

from lib.report import SetupError, say

# What the scripts of a package call, and the Debian package that has it.
TOOLS = {"mformat": "mtools", "qemu-system-x86_64": "qemu-system-x86", "setpriv": "util-linux", "xorriso": "xorriso"}
FIRMWARE = pathlib.Path("/usr/share/OVMF")
LIST = pathlib.Path(__file__).resolve().parent.parent / "packages.txt"


def read_list(path=LIST):
    """The package names in a list: one a line, '#' comments."""
    lines = (line.split("#")[0].strip() for line in path.read_text().splitlines())
    return [line for line in lines if line]


def check_tools():
    """SetupError when something that TOOLS names is not there."""
    missing = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    missing += [] if FIRMWARE.is_dir() else ["ovmf"]
    if missing:
        raise SetupError(f"packages are missing; run this once:\n  apt-get install {' '.join(missing)}")


def find_missing(names):
    """Those of names that dpkg does not call installed."""
    if shutil.which("dpkg-query") is None:
        raise SetupError("dpkg-query is not there: this needs Debian 12; elsewhere install by hand what "
                         "scripts/packages.txt names, and run meson, ninja and QEMU yourself")
    query = subprocess.run(["dpkg-query", "-W", "-f=${Package} ${db:Status-Status}\n", *names],
                           capture_output=True, text=True)
    states = {line.split()[0] for line in query.stdout.splitlines() if line.endswith(" installed")}
    return [name for name in names if name not in states]


def find_root_prefix():
    """The words that make a command run as root: none, or sudo's. None when there is no way."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        return ["sudo", "-n"]
    return None


def ensure():
    """Install what is missing; SetupError with the command to run when that is not possible."""
    missing = find_missing(read_list())
    if not missing:
        return
    prefix = find_root_prefix()
    if prefix is None:
        raise SetupError("packages are missing, and there is neither root nor sudo to install them; run this once:\n"
                         f"  apt-get update && apt-get install -y --no-install-recommends {' '.join(missing)}")
    say(f"installing: {' '.join(missing)}")
    # The options make a second run started at the same time wait instead of failing.
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=600"]
    update = subprocess.run([*apt, "update"], stdin=subprocess.DEVNULL, stdout=sys.stderr).returncode
    install = subprocess.run([*apt, "install", "-y", "--no-install-recommends", *missing],
                             stdin=subprocess.DEVNULL, stdout=sys.stderr).returncode
    left = find_missing(missing)
    if left:
        raise SetupError(f"apt-get update ended with {update}, apt-get install with {install}, and these packages are "
                         f"still missing: {' '.join(left)}")
