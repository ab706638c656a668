#!/usr/bin/python3 -B
"""In PATH as qemu-system-x86_64: QEMU that dies, or whose hypervisor panics, when a guest prints that it shall.

"# NAME| die: kill" ends QEMU as the host's memory killer does; "once" does so the first time only; "panic" presses the
NMI button. What came on the serial line is added to the file "serial" beside this program.
"""
import json
import os
import pathlib
import re
import socket
import subprocess
import sys

FOLDER = pathlib.Path(sys.argv[0]).parent
WISH = re.compile(rb"^# \S+\| die: (\w+)\r?\n", re.MULTILINE)


def press_nmi_button(path):
    """By the machine protocol, as scripts/run does."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(path))
        answers = line.makefile("r", encoding="utf-8")
        answers.readline()
        for command in ("qmp_capabilities", "inject-nmi"):
            line.sendall(json.dumps({"execute": command}).encode())
            answers.readline()


def fulfil(wish, process, qmp):
    """What the guest wants of its machine."""
    marker = FOLDER / "has died once"
    if wish == b"panic":
        press_nmi_button(qmp)
    elif wish == b"kill" or not marker.exists():
        marker.touch()
        process.kill()


def main():
    """The machine's serial line passes through here."""
    real = next(path for folder in os.get_exec_path() if (path := pathlib.Path(folder, "qemu-system-x86_64")).exists()
                and path.parent != FOLDER)
    qmp = FOLDER / f"qmp{os.getpid()}"
    process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", real, *sys.argv[1:],
                                "-qmp", f"unix:{qmp},server=on,wait=off"], stdout=subprocess.PIPE, close_fds=False)
    seen = b""
    with open(FOLDER / "serial", "ab") as log:
        while data := os.read(process.stdout.fileno(), 65536):
            log.write(data)
            os.write(sys.stdout.fileno(), data)
            seen += data
            if wish := WISH.search(seen):
                seen = seen[wish.end():]
                fulfil(wish[1], process, qmp)
    status = process.wait()
    if status < 0:
        os.kill(os.getpid(), -status)
    return status


sys.exit(main())
