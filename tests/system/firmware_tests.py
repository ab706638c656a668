"""Firmware that makes it hard: images above 4 GiB, 5-level paging, and one that does not let go (tests/firmware)."""
import os
import pathlib
import select
import subprocess
import tempfile
import time
import types

from lib import build, image, machine

from harness import Boot, check

HARSH = build.DIRECTORY / "tests" / "firmware" / "harsh.efi"
CONFIG = b"autorun hello expect=0 timeout=20s\nafter poweroff\n"
PATIENCE_S = 60


def read_to_the_end(pipe, seconds):
    """All that the machine prints until it ends, or time is up."""
    text, end = b"", time.monotonic() + seconds
    while time.monotonic() < end:
        if select.select([pipe], [], [], 1)[0]:
            data = os.read(pipe, 65536)
            if not data:
                break
            text += data
    return text.decode("utf-8", "replace").replace("\r\n", "\n")


def wait(process):
    """Its status, or None while it does not end."""
    try:
        return process.wait(10)
    except subprocess.TimeoutExpired:
        return None


def boot(letters, memory_mib):
    """Boot harsh.efi with these letters (see there) and Cobble behind it."""
    options = types.SimpleNamespace(boot_from="disk", memory_mib=memory_mib, processors=1, headless=True,
                                    screenshot=None, gdb=False, qemu=[])
    with tempfile.TemporaryDirectory(prefix="cobble-") as name:
        folder = pathlib.Path(name)
        for file, content in (("harsh.txt", letters.encode()), ("cobble.cfg", CONFIG)):
            (folder / file).write_bytes(content)
        image.make_esp(folder / "volume", {
            "EFI/BOOT/BOOTX64.EFI": HARSH, "cobble.efi": build.EFI, "harsh.txt": folder / "harsh.txt",
            "cobble.cfg": folder / "cobble.cfg"}, image.reproducible_environment(build.GIT))
        pc = machine.Machine(options, folder / "volume", folder)
        try:
            text = read_to_the_end(pc.serial_out, PATIENCE_S)
            return Boot(wait(pc.process), text, "")
        finally:
            pc.close()


def runs_a_guest(result):
    """Cobble came up behind it, read its volume and ran a guest."""
    return "TAP version 13\n" in result.out and result.verdict("hello").startswith("ok ")


def above_4_gib():
    """The image and all it allocates lie above 4 GiB, but for the scraps that must not."""
    result = boot("M", 6144)
    yield check("firmware.above_4_gib.made", "harsh: the image is above 4 GiB" in result.out, result)
    yield check("firmware.above_4_gib.runs", runs_a_guest(result), result)


def five_levels():
    """5-level paging is left for 4-level, from below 4 GiB and from above."""
    for letters, memory_mib, where in (("5", 256, "below"), ("5M", 6144, "above")):
        result = boot(letters, memory_mib)
        yield check(f"firmware.five_levels.{where}.made", "harsh: 5-level paging is on" in result.out and
                    f"harsh: the image is {where} 4 GiB" in result.out, result)
        yield check(f"firmware.five_levels.{where}.runs", runs_a_guest(result), result)


def does_not_let_go():
    """ExitBootServices fails for good: said on the serial line and on the firmware's console, then a reset."""
    result = boot("X", 256)
    said = result.out.count("ExitBootServices failed to the end, status 0x8000000000000002.\n")
    yield check("firmware.does_not_let_go.said", said == 2, result)
    yield check("firmware.does_not_let_go.resets", result.status == 0, result)
    yield check("firmware.does_not_let_go.never_returns", "harsh: the image came back" not in result.out, result)


def tests():
    """Name and function of each test."""
    for function in (above_4_gib, five_levels, does_not_let_go):
        yield f"firmware.{function.__name__}", function
