"""Firmware that makes it hard: images above 4 GiB, 5-level paging, devices left running (tests/firmware), its Shell."""
import contextlib
import os
import pathlib
import re
import select
import subprocess
import tempfile
import time

from lib import build, image, machine

from harness import Boot, Result, check, machine_options

HARSH = build.DIRECTORY / "tests" / "firmware" / "harsh.efi"
CONFIG = b"autorun hello expect=0 timeout=20s\nafter poweroff\n"
# As editors leave it that write UTF-16.
UTF16_CONFIG = "\ufeffautorun hello timeout=20s # \u00e9t\u00e9, \u4e2d\U0001f600\r\nafter poweroff\r\n"
PATIENCE_S = 60
# A disk controller with MSI-X behind a bridge, and a USB host controller, for leaves_devices_running.
PCI_MACHINES = {
    "q35": ["-device", "pcie-root-port,id=bridge,chassis=1", "-device", "virtio-scsi-pci,bus=bridge",
            "-device", "qemu-xhci"],
    "pc": ["-machine", "pc", "-device", "pci-bridge,id=bridge,chassis_nr=1", "-device",
           "virtio-scsi-pci,bus=bridge,addr=3", "-device", "piix3-usb-uhci"],
    # Two host bridges: ACPI's AML says so, and nothing on bus 0 leads to the second one's buses.
    "two_hosts_q35": ["-device", "pxb-pcie,id=host,bus_nr=128", "-device",
                      "pcie-root-port,id=bridge,bus=host,chassis=1", "-device", "virtio-scsi-pci,bus=bridge",
                      "-device", "qemu-xhci,bus=pcie.0"],
    "two_hosts_pc": ["-machine", "pc", "-device", "pxb,id=bridge,bus_nr=128", "-device",
                     "virtio-scsi-pci,bus=bridge,addr=3", "-device", "piix3-usb-uhci,bus=pci.0"],
}


def read_until(wanted, pipe, seconds):
    """All that the machine prints until it says this, ends, or time is up."""
    text, end = b"", time.monotonic() + seconds
    while time.monotonic() < end and (not wanted or wanted not in text):
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


@contextlib.contextmanager
def booting_volume(files, memory_mib, qemu=(), secure_boot=False):
    """A machine with a volume of these files, by path: the file to copy, or its bytes. Cobble is cobble.efi on it."""
    options = machine_options(memory_mib=memory_mib, secure_boot=secure_boot, qemu=list(qemu))
    with tempfile.TemporaryDirectory(prefix="cobble-") as name:
        folder = pathlib.Path(name)
        sources = {"cobble.efi": build.EFI}
        for path, content in files.items():
            sources[path] = content if isinstance(content, pathlib.Path) else folder / pathlib.Path(path).name
            if isinstance(content, bytes):
                sources[path].write_bytes(content)
        image.make_esp(folder / "volume", sources, image.reproducible_environment(build.GIT))
        pc = machine.Machine(options, folder / "volume", folder)
        try:
            yield pc
        finally:
            pc.close()


def booting(letters, memory_mib, config=CONFIG, qemu=()):
    """A machine that boots harsh.efi with these letters (see there) and Cobble behind it."""
    return booting_volume({"EFI/BOOT/BOOTX64.EFI": HARSH, "harsh.txt": letters.encode(), "cobble.cfg": config},
                          memory_mib, qemu)


def ended(booting_machine):
    """What such a machine said until it ended."""
    with booting_machine as pc:
        text = read_until(b"", pc.serial_out, PATIENCE_S)
        return Boot(wait(pc.process), text, "")


def boot(letters, memory_mib, config=CONFIG):
    """What a machine with harsh.efi said until it ended."""
    return ended(booting(letters, memory_mib, config))


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


def control_registers():
    """What firmware left on in CR4 would forbid the guest's kernel its user pages, and its user code RDTSC."""
    result = boot("C", 256, b"autorun hello timeout=20s\nautorun user_int timeout=60s\nautorun turns timeout=60s\n"
                            b"after poweroff\n")
    yield check("firmware.control_registers.made", "harsh: SMEP and SMAP are on" in result.out, result)
    yield check("firmware.control_registers.runs", runs_a_guest(result) and
                result.verdict("user_int").startswith("ok "), result)


def does_not_let_go():
    """ExitBootServices fails for good: said on the serial line and on the firmware's console, then a reset."""
    result = boot("X", 256)
    said = result.out.count("ExitBootServices failed to the end, status 0x8000000000000002.\n")
    yield check("firmware.does_not_let_go.said", said == 2, result)
    yield check("firmware.does_not_let_go.resets", result.status == 0, result)
    yield check("firmware.does_not_let_go.never_returns", "harsh: the image came back" not in result.out, result)


def leaves_binary_options():
    """Load options that are no text are dropped and said to be; cobble.cfg in UTF-16 is read, the high byte first."""
    result = boot("O", 256, UTF16_CONFIG.encode("utf-16-be"))
    yield check("firmware.binary_options.dropped", "\n1..1\n" in result.out and runs_a_guest(result), result)
    yield check("firmware.binary_options.said",
                "\n# loader: load options dropped, they are no text in UTF-16: 16 bytes\n" in result.out, result)


def shell():
    """The UEFI Shell passes the whole command line; cobble.cfg in UTF-16 is read, the low byte first."""
    for name, command in (("path", "fs0:\\cobble.efi"), ("word", "fs0:\r\ncobble")):
        script = f"{command} autorun hello expect=crash\r\n".encode()
        config = UTF16_CONFIG.encode("utf-16-le")
        result = ended(booting_volume({"startup.nsh": script, "cobble.cfg": config}, 256))
        yield check(f"firmware.shell.{name}.config", runs_a_guest(result), result)
        yield check(f"firmware.shell.{name}.options", "\n1..2\n" in result.out and
                    re.search(r"^not ok 2 - hello\b", result.out, re.MULTILINE), result)
        yield check(f"firmware.shell.{name}.no_complaints", not re.search("^# (loader|load options|cobble.cfg)",
                                                                         result.out, re.MULTILINE), result)


def unreadable_config():
    """cobble.cfg in UTF-32 is refused by one line, and the machine is up."""
    with booting("", 256, UTF16_CONFIG.encode("utf-32-le")) as pc:
        text = read_until(b"cobble>", pc.serial_out, PATIENCE_S)
    shown = re.sub(r"\x1b\[[0-9;]*H", " ", text)
    yield Result("firmware.unreadable_config", "cobble>" in text and shown.count("cobble.cfg") == 1 and
                 "loader: cobble.cfg is UTF-32 and not read: save it as UTF-8" in shown, shown[-2000:])


def read_pci(pc):
    """Of each function that QEMU has: its place, base class and sub-class, Command, enable bits of MSI and MSI-X."""
    def ask(line):
        return pc.qmp.call("human-monitor-command", **{"command-line": line})

    def read(at):
        ask(f"o /w 0xcf8 {at:#x}")
        return int(re.search(r"= (0x[0-9a-f]+)", ask("i /w 0xcfc"))[1], 16)

    for place in re.findall(r"Bus +(\d+), device +(\d+), function +(\d+):", ask("info pci")):
        bus, device, number = map(int, place)
        function = 0x80000000 | bus << 16 | device << 11 | number << 8
        command, signals = read(function | 4), []
        at = read(function | 0x34) & 0xFC if command & 0x100000 else 0
        while at:
            value = read(function | at)
            signals += [value >> 16 & 1] if value & 0xFF == 5 else [value >> 31] if value & 0xFF == 0x11 else []
            at = value >> 8 & 0xFC
        yield f"{bus:02x}:{device:02x}.{number}", read(function | 8) >> 16, command & 0xFFFF, signals


def stays_running(kind):
    """Bridges, displays and USB host controllers keep bus mastering."""
    return kind >> 8 in (3, 6) or kind == 0x0C03


def read_log(pc):
    """What the monitor's log command shows, in figures, typed on the PS/2 keyboard; before it, all up to the prompt."""
    text = read_until(b"cobble>", pc.serial_out, PATIENCE_S)
    for key in ("l", "o", "g", "ret"):
        pc.qmp.call("send-key", keys=[{"type": "qcode", "data": key}], **{"hold-time": 40})
        time.sleep(0.2)
    # Words come one by one, with the cursor moved between them.
    return re.sub(r"\x1b\[[0-9;]*H", " ", text + read_until(b"PCI:", pc.serial_out, 20)
                  + read_until(b"cobble>", pc.serial_out, 5))


def leaves_devices_running():
    """Every function writes to memory as it likes: Cobble stops them, behind bridges too, and says how many."""
    for name, qemu in PCI_MACHINES.items():
        with booting("D", 256, b"", qemu) as pc:
            text = read_log(pc)
            pc.qmp.call("stop")         # the two registers that lead to PCI's are the machine's, too
            found = list(read_pci(pc))
        detail = "\n".join([*map(str, found), *text.splitlines()[-20:]])
        stopped = [command & 4 for _, kind, command, _ in found if not stays_running(kind)]
        signalling = [signals for _, _, _, signals in found if signals]
        behind = [place for place, kind, _, signals in found if kind == 0x0100 and signals and place[:2] != "00"]
        said = f"PCI: {len(found)} functions; stopped bus mastering of {len(stopped)}, MSI of {len(signalling)}"
        yield Result(f"firmware.devices.{name}.made", len(behind) == 1 and len(stopped) >= 3, detail)
        yield Result(f"firmware.devices.{name}.said", said in text, detail)
        yield Result(f"firmware.devices.{name}.bus_mastering_is_off", not any(stopped), detail)
        yield Result(f"firmware.devices.{name}.others_keep_it",
                     all(command & 4 for _, kind, command, _ in found if stays_running(kind)), detail)
        yield Result(f"firmware.devices.{name}.signalled_interrupts_are_off", not any(map(any, signalling)), detail)


def other_segment():
    """The window of PCI registers is said to be another segment's: every function is found there, too, by memory."""
    with booting("DS", 256, b"", PCI_MACHINES["q35"]) as pc:
        text = read_log(pc)
    by_ports = re.search(r"PCI: (\d+) functions; stopped bus mastering of ([1-9]\d*), MSI of [1-9]", text)
    by_memory = re.search(r"PCI segment 1: (\d+) functions; stopped bus mastering of 0, MSI of 0", text)
    yield Result("firmware.other_segment.found", by_ports and by_memory and by_ports[1] == by_memory[1], text[-2000:])


def hard_memory_map():
    """A map of more than 400 entries, all of which count, and RAM from 1 TiB on, which is left alone and said."""
    with booting("FT", 256, b"") as pc:
        text = read_log(pc)
        for key in ("d", "i", "a", "g", "ret"):
            pc.qmp.call("send-key", keys=[{"type": "qcode", "data": key}], **{"hold-time": 40})
            time.sleep(0.2)
        text += re.sub(r"\x1b\[[0-9;]*H", " ", read_until(b"refused", pc.serial_out, 20))
    found = re.search(r"memory +(\d+) MiB usable.*map of (\d+) entries", text)
    yield Result("firmware.hard_memory_map.made", found and int(found[2]) > 400, text[-2000:])
    yield Result("firmware.hard_memory_map.usable", found and 200 < int(found[1]) < 256 and "left out" not in text,
                 text[-2000:])
    yield Result("firmware.hard_memory_map.said", "RAM beyond 1 TiB is not used: 2048 GiB" in text, text[-2000:])
    result = boot("FT", 256)
    yield check("firmware.hard_memory_map.runs", runs_a_guest(result), result)


def refuses_unsigned():
    """Secure Boot is on in the machine that the matrix boots signed: there, the unsigned image is not started."""
    with booting_volume({"EFI/BOOT/BOOTX64.EFI": build.EFI}, 256, secure_boot=True) as pc:
        text = read_until(b"Access Denied", pc.serial_out, PATIENCE_S)
    yield Result("firmware.refuses_unsigned", "Access Denied" in text and "Cobble" not in text, text[-2000:])


def tests():
    """Name and function of each test."""
    for function in (above_4_gib, five_levels, control_registers, does_not_let_go, leaves_binary_options, shell,
                     unreadable_config, leaves_devices_running, other_segment, hard_memory_map, refuses_unsigned):
        yield f"firmware.{function.__name__}", function
