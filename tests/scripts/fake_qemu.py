#!/usr/bin/python3 -B
"""Stands in for QEMU in test_session.py: plays the scenario in $SCENARIO, a list of Python tuples.

("say", TEXT) writes to serial; ("sleep", SECONDS); ("exit", STATUS); ("event", NAME) sends a QMP event and waits for
commands; ("hang",) waits for commands for ever. screendump writes a file that test_session.py knows.
"""
import ast
import json
import os
import re
import select
import signal
import socket
import sys
import time

NMI_PANIC = "Bail out! panic: NMI (failing hardware, or the NMI button)\nrax 0\n"


def answer(connection):
    """Do one QMP command; False when the other end has gone."""
    data = connection.recv(65536)
    for line in filter(None, data.split(b"\n")):
        command = json.loads(line)
        if command["execute"] == "screendump" and "NO_PICTURE" in os.environ:
            connection.sendall(b'{"error": {"desc": "no room"}}\n')
            continue
        if command["execute"] == "screendump":
            with open(command["arguments"]["filename"], "w") as picture:
                picture.write("picture")
        if command["execute"] == "inject-nmi":
            os.write(1, b"# half a line\n" + os.environ.get("LAST_WORDS", NMI_PANIC).encode())
        if command["execute"] == "quit" and "STUBBORN" not in os.environ:
            sys.exit(0)
        connection.sendall(b'{"return": {}}\n')
    return data != b""


def main():
    words = " ".join(sys.argv)
    connection = socket.socket(fileno=int(re.search(r"socket,id=qmp,fd=([0-9]+)", words)[1]))
    connection.sendall(b'{"QMP": {"version": {}, "capabilities": []}}\n')
    if "PID_FILE" in os.environ:
        with open(os.environ["PID_FILE"], "w") as file:
            file.write(str(os.getpid()))
    with open(re.search(r"file,id=debugcon,path=(\S+)", words)[1], "w") as dump:
        dump.write("== 1 hello cursor 0,0 ==\n" + "\n" * 25)
    for step, *arguments in ast.literal_eval(os.environ["SCENARIO"]):
        if step == "say":
            os.write(1, arguments[0].encode("latin-1"))
        elif step == "sleep":
            time.sleep(arguments[0])
        elif step == "exit":
            os._exit(arguments[0])
        elif step == "event":
            connection.sendall(json.dumps({"event": arguments[0], "data": {}}).encode() + b"\n")
        if step in ("event", "hang"):
            while answer(connection):
                select.select([connection], [], [])


if "STUBBORN" in os.environ:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
main()
